"""What tests of the doors share: servers that are stopped, and clients in haste."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.simulators.api_server import Answer, ApiServer, in_turn, without_proxies
from tests.simulators.kubeconfigs import write

from imagelock.outside.kubernetes_api import Api, Patience, connect

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Serve = Callable[..., ApiServer]
    Reach = Callable[..., Api]

HASTE = Patience(tries=3, first_pause=0.001, longest_pause=0.002, connect=2.0, read=2.0)


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    without_proxies(monkeypatch)


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Return what starts a server that is stopped at the end."""
    servers: list[ApiServer] = []

    def start(*answers: Any, tls: ssl.SSLContext | None = None) -> ApiServer:
        scripted = all(isinstance(one, Answer) for one in answers)
        server = ApiServer(in_turn(*answers) if scripted else answers[0], tls=tls)
        server.__enter__()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.__exit__(None, None, None)


@pytest.fixture
def notices() -> list[str]:
    """Return what a client found worth telling."""
    return []


@pytest.fixture
def reach(tmp_path: Path, notices: list[str]) -> Reach:
    """Return what connects to a server by a kubeconfig."""

    def to(server: ApiServer | str, patience: Patience = HASTE, **more: Any) -> Api:
        url = server if isinstance(server, str) else server.url
        return connect(write(tmp_path, url, **more), None, notice=notices.append, patience=patience)

    return to
