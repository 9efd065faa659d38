"""An API server on loopback: answers that were recorded, and faults that a real one cannot be
made to show."""

from __future__ import annotations

import gzip
import json
import socket
import struct
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self
from urllib.parse import parse_qsl, urlsplit

import pytest
from msgspec import Struct

if TYPE_CHECKING:
    import ssl
    from types import TracebackType

RECORDINGS = Path(__file__).parents[2] / ".." / "shared" / "recordings" / "kubernetes-1.36"

# cut: the connection ends in the middle; short: Content-Length is less than the body;
# reset: the connection is torn down without an answer; silence: no answer ever comes;
# hold: the beginning of a chunked answer comes, and then nothing.
Fault = Literal["", "cut", "short", "reset", "silence", "hold"]


class Request(Struct, kw_only=True):
    """One request as it came."""

    method: str
    path: str
    params: dict[str, str]
    headers: dict[str, str]
    groups: list[str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Answer(Struct, kw_only=True):
    """One answer, and what goes wrong with it."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = {}
    fault: Fault = ""
    packed: bool = False
    chunked: bool = False
    pause: float = 0.0  # seconds between two chunks


Answers = Callable[[Request], Answer]


def without_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reach loopback, and nothing else, without the proxies of the machine."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def recorded(name: str) -> Answer:
    """Return what a real API server answered, or skip the test where the recordings are not."""
    if not RECORDINGS.is_dir():
        pytest.skip("needs ../shared/recordings/kubernetes-1.36")
    about = json.loads((RECORDINGS / "responses.json").read_text())[name]
    return Answer(
        status=about["status"],
        body=(RECORDINGS / f"{name}.json").read_bytes(),
        headers=about["headers"],
    )


def said(status: int, message: str, **more: Any) -> Answer:
    """Return a refusal as an API server words it."""
    document = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message}
    return Answer(status=status, body=json.dumps({**document, "code": status, **more}).encode())


def in_turn(*answers: Answer) -> Answers:
    """Give one answer after the other, whatever is asked; the last one for ever."""
    left = list(answers)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


def recorded_pages(request: Request) -> Answer:
    """Give the recorded list of pods in its pages, whatever limit is asked for."""
    token = request.params.get("continue", "")
    for page in (1, 2, 3):
        answer = recorded(f"pods-page-{page}")
        if not token:
            return answer
        if json.loads(answer.body)["metadata"].get("continue", "") == token:
            token = ""
    return recorded("error-400-bad-continue")


class ApiServer:
    """Serves answers while it is open, and keeps what it was asked."""

    def __init__(self, answers: Answers, *, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[Request] = []
        self.answers = answers
        self.closing = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.simulator = self
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.port: int = self._server.server_address[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    simulator: ApiServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: broken connections are what is simulated."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""

    def do_GET(self) -> None:
        self._serve()

    def do_PATCH(self) -> None:
        self._serve()

    def _serve(self) -> None:
        simulator = self.server.simulator
        length = int(self.headers.get("Content-Length", "0"))
        parts = urlsplit(self.path)
        request = Request(
            method=self.command,
            path=parts.path,
            params=dict(parse_qsl(parts.query)),
            headers={name.title(): value for name, value in self.headers.items()},
            groups=self.headers.get_all("Impersonate-Group", []),
            body=self.rfile.read(length),
        )
        simulator.requests.append(request)
        self._send(simulator.answers(request))

    def _send(self, answer: Answer) -> None:
        if answer.fault == "silence":
            self.server.simulator.closing.wait(30)
        if answer.fault in {"silence", "reset"}:
            self._tear_down()
            return
        body = gzip.compress(answer.body) if answer.packed else answer.body
        self.send_response(answer.status)
        for name, value in {"Content-Type": "application/json", **answer.headers}.items():
            self.send_header(name, value)
        if answer.packed:
            self.send_header("Content-Encoding", "gzip")
        if answer.chunked:
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self._send_chunks(body, answer)
            if answer.fault == "hold":
                self.server.simulator.closing.wait(30)
            return
        self.send_header("Content-Length", str(len(body) - (7 if answer.fault == "short" else 0)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if answer.fault == "cut" else body)
        self.close_connection = self.close_connection or answer.fault == "cut"

    def _send_chunks(self, body: bytes, answer: Answer) -> None:
        for start in range(0, len(body), 1_000):
            piece = body[start : start + 1_000]
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            if answer.fault in {"cut", "hold"}:
                self.close_connection = True
                return
            if answer.pause:
                self.server.simulator.closing.wait(answer.pause)
        self.wfile.write(b"0\r\n\r\n")

    def _tear_down(self) -> None:
        # Linger for no time: the other side gets a reset instead of an end.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
