from __future__ import annotations

import base64
import ssl
import sys
from typing import TYPE_CHECKING, Any

import pytest
import trustme
from tests.simulators.kubeconfigs import document
from urllib3.util import create_urllib3_context

from imagelock.errors import InputError
from imagelock.outside.login import Credential
from imagelock.outside.transport import check_transport, open_pool
from imagelock.syntax.kubeconfig import Chosen, choose, parse_kubeconfig

if TYPE_CHECKING:
    from pathlib import Path


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


def test_a_certificate_of_a_plugin_is_used() -> None:
    ours = trustme.CA().issue_cert("somebody@example.org")
    credential = Credential(
        certificate=ours.cert_chain_pems[0].bytes().decode(),
        key=ours.private_key_pem.bytes().decode(),
    )

    pool, _ = open_pool(chosen(), credential)

    assert pool.connection_pool_kw["cert_file"]


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
