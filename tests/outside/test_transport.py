from __future__ import annotations

import base64
import ssl
import sys
from typing import TYPE_CHECKING, Any

import pytest
import trustme
from tests.simulators.api_server import Answer
from tests.simulators.kubeconfigs import document
from urllib3.util import create_urllib3_context

from imagelock.errors import InputError
from imagelock.outside.login import Credential
from imagelock.outside.transport import check_transport, open_pool
from imagelock.syntax.kubeconfig import Chosen, choose, parse_kubeconfig

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.simulators.api_server import ApiServer


def chosen(server: str = "https://a.example", **more: Any) -> Chosen:
    config = parse_kubeconfig(document(server, **more), file="/nowhere/config")
    return choose([config], None, origin="config")


PEM = base64.b64encode(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").decode()


@pytest.mark.parametrize(
    ("it", "message"),
    [
        (chosen("a.example:6443"), "its server is not a URL"),
        (chosen("ftp://a.example"), "its server is not a URL"),
        (chosen("https://"), "its server is not a URL"),
        (chosen("https://a.example:port"), "its server is not a URL"),
        (chosen("https://me:hush@a.example"), "the server's URL holds credentials"),
        (chosen(cluster={"proxy-url": "proxy:3128"}), "its proxy-url is not a URL"),
        (chosen(cluster={"certificate-authority": "/nowhere/ca"}), "/nowhere/ca: there is no such"),
        (chosen(cluster={"certificate-authority-data": "a"}), "this is not base64"),
        (chosen(cluster={"certificate-authority-data": "aGVsbG8="}), "no certificate-authority in"),
        (chosen(user={"client-certificate-data": PEM}), "a client-certificate and no client-key"),
        (chosen(user={"client-key-data": PEM}), "a client-key and no client-certificate"),
    ],
)
def test_what_can_be_checked_without_the_cluster_is(it: Chosen, message: str) -> None:
    with pytest.raises(InputError) as caught:
        check_transport(it)

    assert message in str(caught.value)
    assert "hush" not in str(caught.value)


def test_an_authority_that_is_none_is_an_error() -> None:
    with pytest.raises(InputError, match="the certificates cannot be used"):
        open_pool(chosen(cluster={"certificate-authority-data": PEM}), Credential())


def test_a_key_of_another_certificate_is_an_error(tmp_path: Path) -> None:
    authority = trustme.CA()
    one, other = authority.issue_cert("one@example.org"), authority.issue_cert("two@example.org")
    one.cert_chain_pems[0].write_to_path(str(tmp_path / "c.crt"))
    other.private_key_pem.write_to_path(str(tmp_path / "c.key"))
    user = {"client-certificate": f"{tmp_path}/c.crt", "client-key": f"{tmp_path}/c.key"}

    with pytest.raises(InputError, match="the certificates cannot be used: key values mismatch"):
        open_pool(chosen(user=user), Credential())


def asking_for_a_certificate(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


@pytest.mark.parametrize("way", ["plugin", "data", "files"])
def test_a_client_certificate_is_shown_to_the_server_and_left_nowhere(
    serve: Callable[..., ApiServer], way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    authority = trustme.CA()
    ours = authority.issue_cert("somebody@example.org")
    certificate, key = ours.cert_chain_pems[0].bytes(), ours.private_key_pem.bytes()
    trusted = base64.b64encode(authority.cert_pem.bytes()).decode()
    server = serve(Answer(body=b"{}"), tls=asking_for_a_certificate(authority))
    user, credential = {}, Credential()
    if way == "plugin":
        credential = Credential(certificate=certificate.decode(), key=key.decode())
    elif way == "data":
        user["client-certificate-data"] = base64.b64encode(certificate).decode()
        user["client-key-data"] = base64.b64encode(key).decode()
    else:
        for name, data in (("client-certificate", certificate), ("client-key", key)):
            (tmp_path / name).write_bytes(data)
            user[name] = str(tmp_path / name)
    before = set(tmp_path.iterdir())
    it = chosen(server.url, cluster={"certificate-authority-data": trusted}, user=user)

    pool, _ = open_pool(it, credential)

    assert pool.request("GET", f"{server.url}/v", retries=False).data == b"{}"
    assert set(tmp_path.iterdir()) == before


def test_an_authority_may_be_described_in_any_letters(serve: Callable[..., ApiServer]) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    server = serve(Answer(body=b"{}"), tls=context)
    bundle = "# Zürich\n".encode() + trustme.CA().cert_pem.bytes() + authority.cert_pem.bytes()
    trusted = {"certificate-authority-data": base64.b64encode(bundle).decode()}

    pool, _ = open_pool(chosen(server.url, cluster=trusted), Credential())

    assert pool.request("GET", f"{server.url}/v", retries=False).data == b"{}"


def test_a_server_may_have_another_name_than_its_address(serve: Callable[..., ApiServer]) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("cluster.example").configure_cert(context)
    server = serve(Answer(body=b"{}"), tls=context)
    trusted = {"certificate-authority-data": base64.b64encode(authority.cert_pem.bytes()).decode()}
    it = chosen(server.url, cluster={**trusted, "tls-server-name": "cluster.example"})

    pool, _ = open_pool(it, Credential())

    assert pool.request("GET", f"{server.url}/v", retries=False).data == b"{}"


def test_a_certificate_that_is_not_to_be_checked_is_not(serve: Callable[..., ApiServer]) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("other.example").configure_cert(context)
    server = serve(Answer(body=b"{}"), tls=context)

    pool, _ = open_pool(
        chosen(server.url, cluster={"insecure-skip-tls-verify": True}), Credential()
    )

    assert pool.request("GET", f"{server.url}/v", retries=False).data == b"{}"


def test_a_proxy_is_named_without_its_password() -> None:
    _, proxy = open_pool(chosen(cluster={"proxy-url": "http://me:hush@proxy:3128"}), Credential())

    assert proxy == "http://proxy:3128"


@pytest.mark.filterwarnings("ignore:SOCKS support in urllib3")
def test_a_socks_proxy_without_its_library_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "socks", None)
    monkeypatch.delitem(sys.modules, "urllib3.contrib.socks", raising=False)

    with pytest.raises(InputError, match="pip install PySocks"):
        open_pool(chosen(cluster={"proxy-url": "socks5://proxy:1080"}), Credential())


def test_a_proxy_of_the_environment_that_is_no_url_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "proxy:3128")

    with pytest.raises(InputError, match="the proxy is not a URL"):
        open_pool(chosen(), Credential())


def test_certificates_that_kubectl_takes_are_taken_on_every_python(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Those of many clusters have no key identifier, which Python asks for from 3.13 on."""

    def as_from_3_13_on(**more: Any) -> ssl.SSLContext:
        context = create_urllib3_context(**more)
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        return context

    monkeypatch.setattr("urllib3.util.create_urllib3_context", as_from_3_13_on)

    pool, _ = open_pool(chosen(), Credential())

    context = pool.connection_pool_kw["ssl_context"]
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname
    assert not context.verify_flags & ssl.VERIFY_X509_STRICT
