"""A server for probes: pages, and clients that mean no good."""

from __future__ import annotations

import http.client
import socket
import time
from typing import TYPE_CHECKING

import pytest
from tests.simulators.live_cluster import eventually

from imagelock.errors import InputError, OutsideError
from imagelock.serve import probes
from imagelock.serve.probes import PLAIN, Probes, parse_address

if TYPE_CHECKING:
    from collections.abc import Iterator

LOOPBACK = ("127.0.0.1", 0)


@pytest.fixture
def server() -> Iterator[Probes]:
    pages = {
        "/healthz": lambda: (200, "ok\n", PLAIN),
        "/readyz": lambda: (503, "waiting\n", PLAIN),
    }
    with Probes(LOOPBACK, pages) as it:
        yield it


def ask(server: Probes, path: str, method: str = "GET") -> tuple[int, str, dict[str, str]]:
    connection = http.client.HTTPConnection(*server.address, timeout=10)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), dict(answer.getheaders())
    finally:
        connection.close()


def test_pages_are_answered_by_their_path(server: Probes) -> None:
    assert ask(server, "/healthz")[:2] == (200, "ok\n")
    assert ask(server, "/readyz?verbose=1")[:2] == (503, "waiting\n")


def test_other_paths_name_those_that_are_there(server: Probes) -> None:
    assert ask(server, "/")[:2] == (404, "there are /healthz, /readyz\n")


def test_a_head_has_no_page(server: Probes) -> None:
    status, text, headers = ask(server, "/healthz", "HEAD")

    assert (status, text, headers["Content-Length"]) == (200, "", "3")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "BREW"])
def test_other_methods_are_refused(server: Probes, method: str) -> None:
    assert ask(server, "/healthz", method)[0] == 501


def test_answers_are_never_kept_by_those_between(server: Probes) -> None:
    assert ask(server, "/healthz")[2]["Cache-Control"] == "no-store"


def test_the_server_does_not_say_what_it_is_made_of(server: Probes) -> None:
    assert "Python" not in ask(server, "/healthz")[2]["Server"]


@pytest.mark.parametrize(
    "data", [b"\r\n\r\n", b"GET\r\n\r\n", b"\xff\xfe\x00" * 9, b"GET / X/1\n\n"]
)
def test_what_is_no_request_harms_nobody(server: Probes, data: bytes) -> None:
    with socket.create_connection(server.address, timeout=10) as bad:
        bad.sendall(data)

    assert ask(server, "/healthz")[0] == 200


def test_connections_that_say_nothing_keep_nobody_out(server: Probes) -> None:
    idle = [socket.create_connection(server.address, timeout=10) for _ in range(60)]
    try:
        assert ask(server, "/healthz")[0] == 200
    finally:
        for one in idle:
            one.close()


def test_whoever_sends_a_byte_now_and_then_is_cut_off(
    server: Probes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probes, "_PATIENCE", 0.3)
    with socket.create_connection(server.address, timeout=10) as slow:

        def is_cut() -> bool:
            try:
                slow.sendall(b"G")
            except OSError:
                return True
            time.sleep(0.05)
            return False

        eventually(is_cut)


def test_no_page_of_a_server_that_was_closed(server: Probes) -> None:
    server.__exit__(None, None, None)

    with pytest.raises(OSError, match="refused"):
        ask(server, "/healthz")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:8080", ("127.0.0.1", 8080)),
        ("0.0.0.0:0", ("0.0.0.0", 0)),  # noqa: S104  (as a pod listens)
        ("localhost:9", ("localhost", 9)),
        ("[::]:8080", ("::", 8080)),
        ("[::1]:8080", ("::1", 8080)),
    ],
)
def test_addresses_are_read_as_people_write_them(text: str, address: tuple[str, int]) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize("text", ["", "8080", ":8080", "a:", "a:b", "a:65536", "a:-1", "a:٣"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is no ADDRESS:PORT"):
        parse_address(text)


def test_a_port_that_another_program_has_is_a_failure_outside(server: Probes) -> None:
    with pytest.raises(OutsideError, match="another program has this port") as caught:
        Probes(server.address, {})

    assert f"ss -ltnp sport = :{server.address[1]}" in str(caught.value)
    assert caught.value.exit_status == 3


def test_an_address_of_another_machine_is_an_error() -> None:
    with pytest.raises(InputError, match="cannot listen on"):
        Probes(("192.0.2.1", 0), {})


def test_ipv6_is_listened_on_where_there_is_some() -> None:
    if not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    try:
        server = Probes(("::1", 0), {"/healthz": lambda: (200, "ok\n", PLAIN)})
    except InputError:
        pytest.skip("this machine has no IPv6 loopback")
    with server:
        assert server.shown.startswith("[::1]:")
        assert ask(server, "/healthz")[0] == 200
