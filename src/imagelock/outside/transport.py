"""The connections to an API server: TLS, client certificates, proxies.

They are urllib3's. The kubeconfig was read and checked before, so that all it takes is
a TLS context; the official client would take a fifth of a second to be imported for
that, and keep private keys on the disk while it runs.
"""

from __future__ import annotations

import base64
import binascii
import ssl
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from imagelock.core.place import FilePlace
from imagelock.errors import InputError
from imagelock.outside.files import read_bytes
from imagelock.outside.proxies import proxy_of_environment
from imagelock.outside.refusals import redacted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from urllib3 import PoolManager

    from imagelock.outside.login import Credential
    from imagelock.syntax.kubeconfig import Chosen

__all__ = ["check_transport", "open_pool"]


def check_transport(chosen: Chosen) -> None:
    """Check everything about the way to a cluster that can be checked without it.

    Raises:
        InputError: The extra is not installed; the server is no URL; a
            certificate or key is missing or is none.
    """
    _check_extra()
    place = f"context '{chosen.context}'"
    _check_url(chosen.cluster.server, "server", ("http", "https"), place)
    if chosen.cluster.proxy_url:
        _check_url(chosen.cluster.proxy_url, "proxy-url", _PROXY_SCHEMES, place)
    if urlsplit(chosen.cluster.server).username is not None:
        raise InputError(
            "the server's URL holds credentials", place=place, hint="Write them under users."
        )
    for name in ("client_certificate", "client_key"):
        other = "client_key" if name == "client_certificate" else "client_certificate"
        if _has(chosen.user, name) and not _has(chosen.user, other):
            raise InputError(
                f"the user has a {_spelled(name)} and no {_spelled(other)}", place=place
            )
    for holder, name in (
        (chosen.cluster, "certificate_authority"),
        (chosen.user, "client_certificate"),
        (chosen.user, "client_key"),
    ):
        _check_pem(holder, name, place)


def open_pool(chosen: Chosen, certificate: Credential) -> tuple[PoolManager, str]:
    """Make the pool of connections, and name the proxy that they go through.

    Args:
        chosen: Which cluster, as whom.
        certificate: A client certificate that a plugin printed, or nothing.

    Raises:
        InputError: A certificate does not fit its key, or is none.
    """
    if chosen.cluster.insecure_skip_tls_verify:
        import urllib3

        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    context = _tls(chosen, certificate) if _is_secure(chosen) else None
    # A proxy that the kubeconfig names is always taken, as kubectl does.
    proxy = chosen.cluster.proxy_url or proxy_of_environment(chosen.cluster.server)
    shown = redacted(proxy) if proxy else ""
    return _pool(proxy, shown, context, chosen.cluster.tls_server_name), shown


_PROXY_SCHEMES = ("http", "https", "socks5", "socks5h")


def _check_extra() -> None:
    try:
        import urllib3  # noqa: F401
    except ImportError as error:
        raise InputError(
            "talking to a cluster needs libraries that are not installed",
            hint="Install them: pip install 'imagelock[cluster]'",
        ) from error


def _check_url(url: str, name: str, schemes: tuple[str, ...], place: str) -> None:
    try:
        parts = urlsplit(url)
        good = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise InputError(
            f"its {name} is not a URL such as {schemes[-1]}://host.example:6443", place=place
        )


def _has(holder: object, name: str) -> bool:
    return bool(getattr(holder, name) or getattr(holder, f"{name}_data"))


def _check_pem(holder: object, name: str, place: str) -> None:
    """Check that a certificate or key looks like one; OpenSSL's own words are no help."""
    inline, file = getattr(holder, f"{name}_data"), getattr(holder, name)
    where: object = f"{place}, {_spelled(name)}-data"
    if inline:
        try:
            data = base64.b64decode(inline, validate=False)
        except binascii.Error:
            raise InputError("this is not base64", place=where) from None
    elif file:
        where, data = FilePlace(file), read_bytes(Path(file))
    else:
        return
    if b"-----BEGIN " not in data:
        raise InputError(f"this is no {_spelled(name)} in PEM", place=where)


def _spelled(name: str) -> str:
    return name.replace("_", "-")


def _is_secure(chosen: Chosen) -> bool:
    return urlsplit(chosen.cluster.server).scheme == "https"


def _tls(chosen: Chosen, certificate: Credential) -> ssl.SSLContext:
    from urllib3.util import create_urllib3_context

    context = create_urllib3_context()
    # From 3.13 on Python asks certificates for more than kubectl does, such as a key
    # identifier of the authority, which those of many clusters do not have.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    try:
        _trust(context, chosen)
        with _certificate_files(chosen, certificate) as files:
            if files is not None:
                # Without a password here, OpenSSL would ask for one at the terminal.
                context.load_cert_chain(*files, password="")
    except OSError as error:
        # ssl.SSLError is an OSError; its reason names no content of a file.
        reason = (getattr(error, "reason", "") or str(error)).replace("_", " ").lower()
        raise InputError(
            f"the certificates cannot be used: {reason}",
            place=f"context '{chosen.context}'",
            hint="Check certificate-authority, client-certificate and client-key.",
        ) from error
    return context


def _trust(context: ssl.SSLContext, chosen: Chosen) -> None:
    """Trust whom the kubeconfig names and nobody else, or whom this machine trusts."""
    authorities = _pem(chosen.cluster, "certificate_authority")
    if chosen.cluster.insecure_skip_tls_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if authorities:
        context.load_verify_locations(cadata=authorities.decode("ascii", "ignore"))
    else:
        context.load_default_certs()


@contextmanager
def _certificate_files(chosen: Chosen, certificate: Credential) -> Iterator[tuple[str, str] | None]:
    """Name the files of a client certificate and its key; OpenSSL takes nothing else."""
    user = chosen.user
    if certificate.certificate:
        pair = certificate.certificate.encode(), certificate.key.encode()
    elif _has(user, "client_certificate"):
        pair = _pem(user, "client_certificate"), _pem(user, "client_key")
    else:
        yield None
        return
    from tempfile import NamedTemporaryFile

    with NamedTemporaryFile() as first, NamedTemporaryFile() as second:
        for file, data in zip((first, second), pair, strict=True):
            file.write(data)
            file.flush()
        yield first.name, second.name


def _pem(holder: object, name: str) -> bytes:
    inline, file = getattr(holder, f"{name}_data"), getattr(holder, name)
    if inline:
        return base64.b64decode(inline, validate=False)
    return read_bytes(Path(file)) if file else b""


def _pool(proxy: str, shown: str, context: ssl.SSLContext | None, server_name: str) -> PoolManager:
    import urllib3
    from urllib3.exceptions import LocationValueError

    try:
        if not proxy:
            return urllib3.PoolManager(ssl_context=context, server_hostname=server_name or None)
        if urlsplit(proxy).scheme.startswith("socks"):
            from urllib3.contrib.socks import SOCKSProxyManager

            return SOCKSProxyManager(
                proxy, ssl_context=context, server_hostname=server_name or None
            )
        return urllib3.ProxyManager(
            proxy,
            proxy_headers=_proxy_password(proxy),
            ssl_context=context,
            server_hostname=server_name or None,
        )
    except ImportError as error:
        raise InputError(
            f"the proxy {shown} needs a library that is not installed",
            hint="Install it: pip install PySocks",
        ) from error
    except LocationValueError as error:
        raise InputError(
            "the proxy is not a URL such as http://proxy.example:3128",
            hint="Check HTTPS_PROXY and HTTP_PROXY.",
        ) from error


def _proxy_password(proxy: str) -> dict[str, str] | None:
    from urllib3 import make_headers

    parts = urlsplit(proxy)
    if parts.username is None:
        return None
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return dict(make_headers(proxy_basic_auth=pair))
