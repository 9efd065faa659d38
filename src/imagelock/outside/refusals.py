"""What an API server, or the way to it, answered instead of what was asked for.

ClusterError
├── ApiError            the server said no: an HTTP status, and why
└── UnreachableError    no whole answer came
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from imagelock.core.place import printable
from imagelock.errors import ClusterError
from imagelock.syntax.forbidden import parse_missing
from imagelock.syntax.rbac import remedy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from urllib3.exceptions import HTTPError

    from imagelock.syntax.forbidden import Missing

__all__ = ["ApiError", "Status", "UnreachableError", "hidden", "how_to_give", "redacted"]
__all__ += ["refusal", "unreachable"]

_PASSING = {429, 500, 502, 503, 504}  # statuses after which the same request may succeed
_CHECK_NETWORK = "Check the server in the kubeconfig, and the network (VPN, firewall)."
# By the names of urllib3's exceptions, which are imported only when one is raised; a
# class stands before the ones that it derives from.
_SILENCES = {
    "NameResolutionError": (
        "the name of {host} cannot be resolved",
        "Check the server in the kubeconfig, and the network (VPN).",
    ),
    "NewConnectionError": ("cannot connect to {host}{why}", _CHECK_NETWORK),
    "ConnectTimeoutError": ("{host} does not take connections", _CHECK_NETWORK),
    "ReadTimeoutError": ("{host} stopped answering", "It may be overloaded: try again."),
}
_FORBIDDEN, _UNKNOWN = 403, 404
_REDIRECTS, _CLIENT_ERRORS, _SERVER_ERRORS = 300, 400, 500
_ANSWERS = {
    401: (
        "the server does not accept our credentials",
        "Log in again: a token may have run out, or belong to another cluster.",
    ),
    403: ("the server refuses", ""),
    404: ("the server knows no such thing", ""),
    429: ("the server is asked too often", "Try again later."),
}
# By these the server says that what it was sent is wrong. A field that a kind does not have
# is 500 without a reason (up to 1.36 at least), as if the server had failed.
_WRONG_OBJECT = {400, 415, 422}
_WRONG_FIELD = "failed to create typed patch object"
_LONGEST_MESSAGE = 2_000  # characters of a server's message that are shown


class _Metadata(Struct, rename={"continue_token": "continue"}):
    continue_token: str = ""


class _Cause(Struct):
    reason: str = ""
    message: str = ""
    field: str = ""


class _Details(Struct):
    causes: tuple[_Cause, ...] = ()


class Status(Struct):
    """The API server's own account of what went wrong."""

    kind: str = ""
    status: str = ""
    code: int = 0
    message: str = ""
    reason: str = ""
    metadata: _Metadata | None = None
    details: _Details | None = None

    @property
    def continue_token(self) -> str:
        """The token to go on with after a list expired, where there is one."""
        return self.metadata.continue_token if self.metadata else ""

    @property
    def causes(self) -> tuple[_Cause, ...]:
        """What it is made of, such as the fields of a conflict."""
        return self.details.causes if self.details else ()


class ApiError(ClusterError):
    """The API server refused a request.

    Attributes:
        code: The HTTP status.
        status: The server's account, where it gave one.
        wait: The seconds that it wants to be left alone for.
        again: Whether the same request may succeed later.
        blames_object: Whether what was sent is wrong, in the server's own words.
        missing: The permission that is missing, where the server names one.
    """

    def __init__(
        self,
        problem: str,
        *,
        code: int,
        status: Status | None,
        hint: str = "",
        missing: Missing | None = None,
    ) -> None:
        super().__init__(problem, hint=hint)
        self.code = code
        self.status = status
        self.wait = 0.0
        told = status.message if status else ""
        wrong_field = told.startswith(_WRONG_FIELD)
        self.blames_object = wrong_field or (bool(told) and code in _WRONG_OBJECT)
        self.again = code in _PASSING and not wrong_field
        self.missing = missing


class UnreachableError(ClusterError):
    """No whole answer came.

    Attributes:
        wait: No seconds: nobody asked to be left alone.
        again: Whether asking again may help.
        was_silent: Whether an answer had begun, and then nothing more of it came.
    """

    def __init__(self, problem: str, *, hint: str = "", again: bool = False) -> None:
        super().__init__(problem, hint=hint)
        self.wait = 0.0
        self.again = again
        self.was_silent = False


def redacted(url: str) -> str:
    """Return a URL without credentials, query and fragment."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def hidden(text: str, secrets: Iterable[str]) -> str:
    """Return what others wrote as it may be shown: no secrets, no control characters."""
    for secret in secrets:
        text = text.replace(secret, "***")
    text = printable(text)
    return text if len(text) <= _LONGEST_MESSAGE else f"{text[:_LONGEST_MESSAGE]} …"


def refusal(code: int, body: bytes, asked: str, secrets: Iterable[str]) -> ApiError:
    """Say why the server refused.

    Its answer is shown if it is a `Status`, and never otherwise: a proxy's
    error page is no help, and may repeat what was sent to it.

    Args:
        code: The HTTP status.
        body: The answer.
        asked: What was asked for, such as ``GET /api/v1/pods``, with the server.
        secrets: What must not be shown.
    """
    status = _status(body, code)
    told = hidden(status.message, secrets) if status else ""
    problem, hint = _explained(code)
    missing = parse_missing(told) if code == _FORBIDDEN else None
    if missing is not None:
        hint = how_to_give(missing)
    elif code == _UNKNOWN and told.startswith("namespaces "):
        hint = "Make that namespace first."
    said = f": {told}" if told else ", and does not say why" if status else ""
    if status is None:
        said = " with something that is no answer of an API server"
        hint = hint or "Is the server's address right? A proxy or a login page may stand there."
    return ApiError(
        f"{asked}: {problem}{said}", code=code, status=status, hint=hint, missing=missing
    )


def how_to_give(missing: Missing, *, to_watch: bool = False) -> str:
    """Name a missing permission, and what gives it; *to_watch* if ``imagelock watch`` asks."""
    command = remedy(missing, to_watch=to_watch)
    if not command:
        return f"Missing permission: {missing}. Whoever may do so has to give it."
    return f"Missing permission: {missing}. What gives it: {command} | kubectl apply -f -"


def unreachable(error: HTTPError, host: str, proxy: str) -> UnreachableError:
    """Say why no whole answer came from *host*, which may have been asked through *proxy*."""
    from urllib3 import exceptions

    if isinstance(error, exceptions.ProxyError):
        return UnreachableError(
            f"the proxy {proxy} did not let us through to {host}{_system_error(error)}",
            hint="Check proxy-url in the kubeconfig, HTTPS_PROXY and NO_PROXY.",
        )
    if isinstance(error, exceptions.SSLError):
        return _tls(error, host)
    for kind, (problem, hint) in _SILENCES.items():
        if isinstance(error, getattr(exceptions, kind)):
            return UnreachableError(problem.format(host=host, why=_system_error(error)), hint=hint)
    # A reset, a cut, an answer shorter than its Content-Length.
    return UnreachableError(
        f"the connection to {host} broke before the answer was whole",
        hint="Try again; if it stays, look at what stands between: proxy, load balancer.",
        again=True,
    )


def _status(body: bytes, code: int) -> Status | None:
    try:
        status = msgspec.json.decode(body, type=Status)
    except msgspec.DecodeError:
        return None
    # Of its own timeout (504) an API server writes no kind.
    is_nameless = not status.kind and status.status == "Failure" and status.code == code
    return status if status.kind == "Status" or is_nameless else None


def _explained(code: int) -> tuple[str, str]:
    if code in _ANSWERS:
        return _ANSWERS[code]
    if _REDIRECTS <= code < _CLIENT_ERRORS:
        return f"the server answered {code}, a redirect", "Name the API server itself."
    if code >= _SERVER_ERRORS:
        return f"the server failed ({code})", "Try again; its own log says more."
    return f"the server answered {code}", ""


def _tls(error: HTTPError, host: str) -> UnreachableError:
    cause = next((one for one in _chain(error) if isinstance(one, ssl.SSLError)), None)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return UnreachableError(
            f"the certificate of {host} is not trusted: {cause.verify_message}",
            hint="Check certificate-authority and tls-server-name in the kubeconfig.",
        )
    reason = (cause.reason or "").replace("_", " ").lower() if cause else ""
    return UnreachableError(
        f"no TLS connection to {host}{f': {reason}' if reason else ''}",
        hint="Check that the server speaks TLS at this port, and the client certificate.",
    )


def _system_error(error: HTTPError) -> str:
    for one in _chain(error):
        if isinstance(one, OSError) and one.strerror:
            return f": {one.strerror.lower()}"
    return ""


def _chain(error: BaseException | None) -> Iterable[BaseException]:
    while error is not None:
        yield error
        yield from (part for part in error.args if isinstance(part, BaseException))
        error = error.__cause__ or error.__context__
