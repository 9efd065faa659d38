"""/metrics, /healthz and /readyz over HTTP, for Prometheus and the kubelet."""

from __future__ import annotations

import errno
import socket
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any, Self

from imagelock import __version__
from imagelock.errors import ImagelockError, InputError, OutsideError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    # A page's status, text and type of content.
    Page = Callable[[], tuple[int, str, str]]

__all__ = ["PLAIN", "Probes", "parse_address"]

PLAIN = "text/plain; charset=utf-8"
_AT_ONCE = 16  # connections
_PATIENCE = 5.0  # seconds for a request, all of it
_HIGHEST_PORT = 65_535


def parse_address(text: str) -> tuple[str, int]:
    """Read ``ADDRESS:PORT``, such as ``127.0.0.1:8080`` or ``[::]:8080``.

    Raises:
        InputError: It is not of that form.
    """
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]") if host.startswith("[") else host
    is_port = port.isascii() and port.isdigit() and int(port) <= _HIGHEST_PORT
    if not (colon and host and is_port):
        raise InputError(
            f"'{text}' is no ADDRESS:PORT",
            hint="Write it as 127.0.0.1:8080, or as 0.0.0.0:8080 to be reached from elsewhere.",
        )
    return host, int(port)


class Probes:
    """Serves a few pages while it is open.

    Args:
        address: Where it listens; port 0 takes any that is free.
        pages: What it answers, by path.

    Raises:
        InputError: This machine has no such address, or gives the port to nobody.
        OutsideError: Another program has the port.
    """

    def __init__(self, address: tuple[str, int], pages: Mapping[str, Page]) -> None:
        try:
            self._server = _server_for(address[0])(address, _Request)
        except OSError as error:
            raise _unheard(address, error) from error
        self._server.pages = dict(pages)
        self.address: tuple[str, int] = self._server.server_address[:2]  # type: ignore[assignment]
        host, port = self.address
        self.shown = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True
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
        self._server.shutdown()
        self._server.server_close()


def _unheard(address: tuple[str, int], error: OSError) -> ImagelockError:
    """Say why nothing can listen there; what another program has may be free tomorrow."""
    problem = f"cannot listen on {address[0]}:{address[1]}"
    if error.errno == errno.EADDRINUSE:
        return OutsideError(
            f"{problem}: another program has this port",
            hint=f"Name it with 'ss -ltnp sport = :{address[1]}' and end it, or give another port "
            "with --listen.",
        )
    reason = (error.strerror or str(error)).lower()
    return InputError(f"{problem}: {reason}", hint="Give another address with --listen.")


class _Server(HTTPServer):
    """One thread for each connection, and few connections: the oldest goes when one is too many.

    Each has so many seconds in all, so that whoever sends a byte now and then
    keeps nobody else out.
    """

    pages: dict[str, Page]
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(address, handler)
        self._open: dict[socket.socket, float] = {}
        self._lock = threading.Lock()

    def server_bind(self) -> None:
        """Bind without the base class's look for a name, which may ask the network."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401  (as the base class)
        """Answer in a thread of its own."""
        with self._lock:
            self._open[request] = time.monotonic()
            if len(self._open) > _AT_ONCE:
                _cut(next(iter(self._open)))
        threading.Thread(
            target=self._answer, args=(request, client_address), name="probe", daemon=True
        ).start()

    def service_actions(self) -> None:
        """Cut what takes too long; called again and again."""
        overdue = time.monotonic() - _PATIENCE
        with self._lock:
            for request, since in self._open.items():
                if since < overdue:
                    _cut(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401  (as the base class)
        """Say nothing: a client that went away is no news."""

    def _answer(self, request: socket.socket, client_address: Any) -> None:  # noqa: ANN401
        try:
            self.finish_request(request, client_address)
        except Exception:  # noqa: BLE001  (of a connection; the next one is none the worse)
            self.handle_error(request, client_address)
        finally:
            with self._lock:
                self._open.pop(request, None)
            self.shutdown_request(request)


class _ServerOfIPv6(_Server):
    address_family = socket.AF_INET6


def _server_for(host: str) -> type[_Server]:
    return _ServerOfIPv6 if ":" in host else _Server


def _cut(request: socket.socket) -> None:
    with suppress(OSError):
        request.shutdown(socket.SHUT_RDWR)


class _Request(BaseHTTPRequestHandler):
    """One request: no body is read, and the connection ends with the answer."""

    timeout = _PATIENCE
    server: _Server

    def do_GET(self) -> None:
        """Answer."""
        self._reply(*self._page(), with_body=True)

    def do_HEAD(self) -> None:
        """Answer without the page."""
        self._reply(*self._page(), with_body=False)

    def version_string(self) -> str:
        """Say who answers."""
        return f"imagelock/{__version__}"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401  (as the base class)
        """Say nothing: a probe comes every few seconds."""

    def _page(self) -> tuple[int, str, str]:
        page = self.server.pages.get(self.path.partition("?")[0])
        if page is None:
            return 404, f"there are {', '.join(self.server.pages)}\n", PLAIN
        return page()

    def _reply(self, status: int, text: str, content: str, *, with_body: bool) -> None:
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", content)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        if with_body:
            self.wfile.write(data)
