"""The proxies that the environment names, as kubectl reads them."""

from __future__ import annotations

import pytest

from imagelock.outside.proxies import proxy_of_environment

PROXY = "http://proxy.example:3128"


@pytest.mark.parametrize(
    ("variables", "server", "proxy"),
    [
        ({}, "https://a.example", ""),
        ({"HTTPS_PROXY": PROXY}, "https://a.example:6443", PROXY),
        ({"https_proxy": PROXY, "HTTPS_PROXY": "http://other"}, "https://a.example", PROXY),
        ({"HTTP_PROXY": PROXY}, "https://a.example", ""),
        ({"HTTP_PROXY": PROXY}, "http://a.example", PROXY),
        ({"ALL_PROXY": PROXY}, "https://a.example", PROXY),
        ({"HTTPS_PROXY": PROXY}, "https://127.0.0.1:6443", ""),
        ({"HTTPS_PROXY": PROXY}, "https://[::1]:6443", ""),
        ({"HTTPS_PROXY": PROXY}, "https://localhost", ""),
    ],
)
def test_the_proxy_for_a_server_is_found(
    variables: dict[str, str], server: str, proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert proxy_of_environment(server) == proxy


@pytest.mark.parametrize(
    ("no_proxy", "server", "is_direct"),
    [
        ("*", "https://a.example", True),
        ("a.example", "https://a.example:6443", True),
        ("a.example", "https://b.a.example", True),
        (".a.example", "https://b.a.example", True),
        ("*.a.example", "https://b.a.example", True),
        ("A.Example", "https://a.example", True),
        ("a.example", "https://nota.example", False),
        ("x.example, a.example:6443", "https://a.example:6443", True),
        ("a.example:6443", "https://a.example", False),
        ("a.example:443", "https://a.example", True),
        ("10.0.0.0/8", "https://10.1.2.3", True),
        ("10.0.0.0/8", "https://11.1.2.3", False),
        ("10.1.2.3", "https://10.1.2.3:6443", True),
        ("10.1.2.3:6443", "https://10.1.2.3:6443", True),
        ("fd00::/8", "https://[fd00::1]:6443", True),
        ("[fd00::1]:6443", "https://[fd00::1]:6443", True),
        ("2.3", "https://10.1.2.3", False),
        (",, ", "https://a.example", False),
    ],
)
def test_what_is_reached_directly_is(
    no_proxy: str,
    server: str,
    is_direct: bool,  # noqa: FBT001  (a column of the table)
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", PROXY)
    monkeypatch.setenv("NO_PROXY", no_proxy)

    assert (proxy_of_environment(server) == "") == is_direct
