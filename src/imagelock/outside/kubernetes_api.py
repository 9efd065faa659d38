"""One Kubernetes API server: one request at a time, raw bytes in and out."""

from __future__ import annotations

import ipaddress
import sys
import threading
import time
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote, urlencode, urlsplit

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from imagelock.core.place import printable
from imagelock.errors import ClusterError, InputError
from imagelock.outside.body import Bounds, read_body
from imagelock.outside.endless import Endless
from imagelock.outside.kubeconfig import choose_cluster
from imagelock.outside.login import Credential, Login
from imagelock.outside.refusals import (
    ApiError,
    UnreachableError,
    redacted,
    refusal,
    unreachable,
)
from imagelock.outside.transport import check_transport, open_pool
from imagelock.syntax.kubeconfig import User

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from urllib3 import BaseHTTPResponse, HTTPHeaderDict, PoolManager

    from imagelock.syntax.kubeconfig import Chosen

__all__ = ["Api", "Patience", "connect"]

_UNAUTHORISED, _FORBIDDEN = 401, 403
_DOUBTS = (2, 4)  # pauses before a refusal is believed, as multiples of the first pause
_OK_UNTIL = 300
_WORTH_TELLING = 1.0  # seconds of a pause


DataT = TypeVar("DataT", bytes, bytes | memoryview)
ReadT = TypeVar("ReadT")


class Patience(Struct, frozen=True, kw_only=True):
    """How long an API server is waited for; in seconds but for *tries* and *body*."""

    tries: int = 5
    first_pause: float = 0.5
    longest_pause: float = 30.0
    connect: float = 15.0
    read: float = 60.0
    body: Bounds = Bounds()


def connect(
    kubeconfig: Path | None,
    context: str | None,
    *,
    notice: Callable[[str], None] | None = None,
    patience: Patience | None = None,
) -> Api:
    """Prepare to talk to the cluster that is meant; nothing is sent yet.

    Args:
        kubeconfig: A file that must be there, or ``None`` for the usual places.
        context: A context's name, or ``None`` for the current one.
        notice: Told what a person should know although it went on: TLS that is
            not checked, a list that expired. By default it is printed.
        patience: How long the server is waited for.

    Raises:
        InputError: The kubeconfig is missing or broken, or ``imagelock[cluster]``
            is not installed.
    """
    chosen = choose_cluster(kubeconfig, context)
    check_transport(chosen)
    return Api(chosen, notice or _print, patience or Patience())


class Api:
    """The API server of one context.

    Attributes:
        host: Its address, without credentials, for messages.
        namespace: The context's own namespace, or nothing.
        notice: Told what a person should know although it went on.
    """

    def __init__(self, chosen: Chosen, notice: Callable[[str], None], patience: Patience) -> None:
        self.host = redacted(chosen.cluster.server).rstrip("/")
        self.namespace = chosen.namespace
        self.notice = notice
        self._chosen = chosen
        self._patience = patience
        self._login = Login(chosen)
        self._secure = self.host.startswith("https:")
        self._compress = not (chosen.cluster.disable_compression or _is_near(self.host))
        self._lock = threading.Lock()
        self._pool: PoolManager | None = None
        self._pool_certificate = Credential()
        self._proxy = ""
        self._pausing = threading.Lock()  # held while somebody waits before asking once more
        self._doubts = [patience.first_pause * times for times in _DOUBTS]
        if self._secure and chosen.cluster.insecure_skip_tls_verify:
            notice(
                f"the certificate of {self.host} is not checked (insecure-skip-tls-verify): "
                "whoever stands between can read and change everything"
            )
        if not self._secure and chosen.user != User() and not _is_near(self.host):
            notice(f"no credentials are sent to {self.host}: it is not https")

    def get(self, path: str, params: Mapping[str, str] | None = None) -> bytes:
        """Return the body of what stands at *path*.

        Raises:
            ClusterError: No whole answer came, or a refusal (`ApiError`).
        """
        return bytes(self._request("GET", path, params))

    def get_into(
        self, room: memoryview, path: str, params: Mapping[str, str] | None = None
    ) -> bytes | memoryview:
        """Return the body of what stands at *path*: a part of *room*, if there is enough of it.

        Raises:
            ClusterError: No whole answer came, or a refusal (`ApiError`).
        """
        return self._request("GET", path, params, room=room)

    def patch(
        self, path: str, body: bytes, *, content_type: str, params: Mapping[str, str] | None = None
    ) -> bytes:
        """Change what stands at *path*, and return it as it is then.

        Only for patches that mean the same when they are sent twice.

        Raises:
            ClusterError: No whole answer came, or a refusal (`ApiError`).
        """
        return bytes(self._request("PATCH", path, params, body, content_type))

    def create(self, path: str, body: bytes) -> bytes:
        """Add an object to the list at *path*; a second time it is a conflict (409).

        Raises:
            ClusterError: No whole answer came, or a refusal (`ApiError`).
        """
        return bytes(self._request("POST", path, None, body, "application/json"))

    def stream(self, path: str, params: Mapping[str, str], *, silence: float) -> Endless:
        """Open an answer that has no end, such as a watch; it is asked for once.

        Args:
            path: What is asked for.
            params: Its parameters.
            silence: The seconds without a byte after which the connection is given up.

        Raises:
            ClusterError: The server does not answer, or refuses (`ApiError`).
        """
        target = f"{path}?{urlencode(params)}"
        try:
            response = self._opened(target, silence)
        except ApiError as error:
            if not (_is_unauthorised(error) and self._login.can_renew):
                raise
            self._login.forget()
            response = self._opened(target, silence)
        return Endless(response, self.host, self._proxy)

    def read(self, data: DataT, decode: Callable[[DataT], ReadT]) -> ReadT:
        """Decode an answer: what is wrong with it is not the user's fault.

        Raises:
            ClusterError: It is not what was asked for, or not whole.
        """
        try:
            return decode(data)
        except (InputError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            problem = error.problem if isinstance(error, InputError) else str(error)
            raise ClusterError(
                f"{self.host}: the answer is not whole, or not what was asked for: {problem}",
                hint="Try again; if it stays, look at what stands between: proxy, load balancer.",
            ) from error

    def doubts(self, error: ApiError) -> bool:
        """Say, after a pause, whether a refusal should be asked about once more.

        An API server that is being started refuses everybody until it has read who may do
        what. All refusals of one command together are doubted for three seconds; several
        threads are mostly refused together, and one pause is then a pause for all of them.
        """
        if error.code != _FORBIDDEN:
            return False
        if not self._pausing.acquire(blocking=False):
            with self._pausing:
                return True
        try:
            if not self._doubts:
                return False
            time.sleep(self._doubts.pop(0))
            return True
        finally:
            self._pausing.release()

    def _request(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None,
        body: bytes | None = None,
        content_type: str = "",
        *,
        room: memoryview | None = None,
    ) -> bytes | memoryview:
        target = path + (f"?{urlencode(params)}" if params else "")
        attempt, renewed = 1, False
        while True:
            try:
                return self._once(method, target, body, content_type, room)
            except (ApiError, UnreachableError) as error:
                if _is_unauthorised(error) and self._login.can_renew and not renewed:
                    # The token may have been renewed since, or revoked early.
                    self._login.forget()
                    renewed = True
                    continue
                if not error.again or attempt >= self._patience.tries:
                    raise
                self._pause(attempt, error)
                attempt += 1

    def _once(
        self,
        method: str,
        target: str,
        body: bytes | None,
        content_type: str,
        room: memoryview | None,
    ) -> bytes | memoryview:
        from urllib3.exceptions import HTTPError

        try:
            response = self._open(method, target, body, content_type, self._patience.read)
            answer = self._body(response, room)
        except HTTPError as error:
            raise unreachable(error, self.host, self._proxy) from error
        if response.status < _OK_UNTIL:
            return answer
        raise self._refused(response, answer, method, target)

    def _opened(self, target: str, silence: float) -> BaseHTTPResponse:
        from urllib3.exceptions import HTTPError

        try:
            response = self._open("GET", target, None, "", silence)
            if response.status < _OK_UNTIL:
                return response
            answer = self._body(response)
        except HTTPError as error:
            raise unreachable(error, self.host, self._proxy) from error
        raise self._refused(response, answer, "GET", target)

    def _body(
        self, response: BaseHTTPResponse, room: memoryview | None = None
    ) -> bytes | memoryview:
        try:
            answer = read_body(response, self._patience.body, self.host, room)
        except BaseException:
            response.close()  # what is left of it would be taken for the next answer
            raise
        response.release_conn()
        return answer

    def _refused(
        self, response: BaseHTTPResponse, answer: bytes | memoryview, method: str, target: str
    ) -> ApiError:
        asked = printable(f"{method} {self.host}{target.partition('?')[0]}")
        refused = refusal(response.status, bytes(answer), asked, self._login.secrets())
        refused.wait = _seconds(response.headers.get("Retry-After", ""))
        return refused

    def _open(
        self, method: str, target: str, body: bytes | None, content_type: str, patience: float
    ) -> BaseHTTPResponse:
        from urllib3 import Timeout

        # As client-go does: credentials travel over TLS, or not at all.
        credential = self._login.current() if self._secure else Credential()
        return self._pool_for(credential).request(
            method,
            self._chosen.cluster.server.rstrip("/") + target,
            body=body,
            headers=self._headers(credential, content_type),
            timeout=Timeout(connect=self._patience.connect, read=patience),
            retries=False,
            redirect=False,  # a token is for the server that was named
            preload_content=False,
        )

    def _headers(self, credential: Credential, content_type: str) -> HTTPHeaderDict:
        from urllib3 import HTTPHeaderDict

        from imagelock import __version__

        headers = HTTPHeaderDict({"Accept": "application/json"})
        headers["User-Agent"] = f"imagelock/{__version__}"
        if self._compress:
            headers["Accept-Encoding"] = "gzip"
        if content_type:
            headers["Content-Type"] = content_type
        if credential.authorization:
            headers["Authorization"] = credential.authorization
        for name, value in _impersonation(self._chosen.user):
            headers.add(name, value)
        return headers

    def _pool_for(self, credential: Credential) -> PoolManager:
        certificate = replace(credential, authorization="", expires=None)
        with self._lock:
            if self._pool is None or certificate != self._pool_certificate:
                self._pool, self._proxy = open_pool(self._chosen, certificate)
                self._pool_certificate = certificate
            return self._pool

    def _pause(self, attempt: int, error: ApiError | UnreachableError) -> None:
        longest = self._patience.longest_pause
        if error.wait > longest:
            raise error
        pause = max(error.wait, min(self._patience.first_pause * 2 ** (attempt - 1), longest))
        if pause >= _WORTH_TELLING:
            self.notice(f"{error.problem}; asking again in {pause:.0f} s")
        time.sleep(pause)


def _is_unauthorised(error: ApiError | UnreachableError) -> bool:
    return isinstance(error, ApiError) and error.code == _UNAUTHORISED


def _is_near(host: str) -> bool:
    """Say whether an answer crosses no network: packing it would cost more than it saves."""
    name = urlsplit(host).hostname or ""
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


def _impersonation(user: User) -> Iterator[tuple[str, str]]:
    if user.as_user:
        yield "Impersonate-User", user.as_user
    if user.as_uid:
        yield "Impersonate-Uid", user.as_uid
    for group in user.as_groups:
        yield "Impersonate-Group", group
    for key, values in user.as_user_extra.items():
        for value in values:
            yield f"Impersonate-Extra-{quote(key, safe='')}", value


def _seconds(retry_after: str) -> float:
    # An API server writes seconds; a date, which proxies may write, is not worth parsing.
    return float(retry_after) if retry_after.isascii() and retry_after.isdigit() else 0.0


def _print(text: str) -> None:
    sys.stderr.write(f"warning: {text}\n")
