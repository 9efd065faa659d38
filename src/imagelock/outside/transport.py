"""The connections to an API server: TLS, client certificates, proxies.

The official client opens them, from a kubeconfig of one cluster and one user
that has been checked here. What it gets wrong is mended before: it swallows the
failure of an exec plugin and goes on as nobody, keeps the line end of a token
file, prefers ``token`` over ``tokenFile``, does not impersonate, and sends a
proxy no password.
"""

from __future__ import annotations

import base64
import binascii
import ssl
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from imagelock.core.place import FilePlace
from imagelock.errors import InputError
from imagelock.outside.files import read_bytes
from imagelock.outside.refusals import redacted

if TYPE_CHECKING:
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
    configuration = _configuration(chosen, certificate)
    if not configuration.verify_ssl:
        import urllib3

        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    proxy = configuration.proxy or ""
    shown = redacted(proxy) if proxy else ""
    configuration.proxy_headers = _proxy_password(proxy)
    return _pool(configuration, shown), shown


_PROXY_SCHEMES = ("http", "https", "socks5", "socks5h")


def _check_extra() -> None:
    try:
        import kubernetes.client.rest  # noqa: F401
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


def _configuration(chosen: Chosen, certificate: Credential) -> Any:  # noqa: ANN401  (it has no types)
    from kubernetes.client import Configuration
    from kubernetes.config import ConfigException, load_kube_config_from_dict

    configuration = Configuration()
    try:
        load_kube_config_from_dict(  # type: ignore[no-untyped-call]
            _flat(chosen, certificate), client_configuration=configuration, persist_config=False
        )
        _check_tls(configuration)
    except (ConfigException, OSError) as error:
        # ssl.SSLError is an OSError; its reason names no content of a file.
        reason = (getattr(error, "reason", "") or str(error)).replace("_", " ").lower()
        raise InputError(
            f"the certificates cannot be used: {reason}",
            place=f"context '{chosen.context}'",
            hint="Check certificate-authority, client-certificate and client-key.",
        ) from error
    return configuration


def _pool(configuration: Any, proxy: str) -> PoolManager:  # noqa: ANN401  (it has no types)
    from kubernetes.client.rest import RESTClientObject
    from urllib3.exceptions import LocationValueError

    try:
        pool: PoolManager = RESTClientObject(configuration).pool_manager
        if configuration.verify_ssl:
            pool.connection_pool_kw["ssl_context"] = _context(configuration.ssl_ca_cert)
    except ImportError as error:
        raise InputError(
            f"the proxy {proxy} needs a library that is not installed",
            hint="Install it: pip install PySocks",
        ) from error
    except LocationValueError as error:
        raise InputError(
            "the proxy is not a URL such as http://proxy.example:3128",
            hint="Check HTTPS_PROXY and HTTP_PROXY.",
        ) from error
    return pool


def _context(authorities: str | None) -> ssl.SSLContext:
    from urllib3.util import create_urllib3_context

    context = create_urllib3_context()
    # From 3.13 on Python asks certificates for more than kubectl does, such as a key
    # identifier of the authority, which those of many clusters do not have.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if not authorities:
        context.load_default_certs()
    return context


def _flat(chosen: Chosen, certificate: Credential) -> dict[str, Any]:
    """Write a kubeconfig of one cluster, and of the user's certificate only."""
    cluster, user = chosen.cluster, chosen.user
    of_cluster = {
        "server": cluster.server,
        "certificate-authority": cluster.certificate_authority,
        "certificate-authority-data": cluster.certificate_authority_data,
        "insecure-skip-tls-verify": cluster.insecure_skip_tls_verify,
        "tls-server-name": cluster.tls_server_name,
        "proxy-url": cluster.proxy_url,
    }
    of_user = {
        "client-certificate": user.client_certificate,
        "client-certificate-data": user.client_certificate_data,
        "client-key": user.client_key,
        "client-key-data": user.client_key_data,
    }
    if certificate.certificate:
        of_user = {
            "client-certificate-data": _encoded(certificate.certificate),
            "client-key-data": _encoded(certificate.key),
        }
    return {
        "current-context": "it",
        "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
        "clusters": [{"name": "it", "cluster": _given(of_cluster)}],
        "users": [{"name": "it", "user": _given(of_user)}],
    }


def _given(settings: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in settings.items() if value}


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _check_tls(configuration: Any) -> None:  # noqa: ANN401  (the client has no types)
    context = ssl.create_default_context(cafile=configuration.ssl_ca_cert)
    if configuration.cert_file:
        # Without a password here, OpenSSL would ask for one at the terminal.
        context.load_cert_chain(configuration.cert_file, configuration.key_file, password="")


def _proxy_password(proxy: str) -> dict[str, str] | None:
    from urllib3 import make_headers

    parts = urlsplit(proxy)
    if parts.username is None:
        return None
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return dict(make_headers(proxy_basic_auth=pair))
