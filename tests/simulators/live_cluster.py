"""A cluster on loopback that changes while it is watched: lists in pages, watches, Leases, Events.

It keeps objects as an API server does, each with the version of its last change, and can
be made to show what a real one shows at its worst moments.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from bisect import bisect_right
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qsl, urlsplit

from imagelock.core.resources import RESOURCES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType
from tests.simulators.api_paths import (
    Address,
    Change,
    address_of,
    concerns,
    is_selected,
    key_of,
    merge,
    selected,
)

_KINDS = {resource.plural: resource.kind for resource in RESOURCES}


_SERVED = {
    one.path: [{"name": other.plural} for other in RESOURCES if other.path == one.path]
    for one in RESOURCES
}


_KINDS |= {"leases": "Lease", "events": "Event"}


class LiveCluster:
    """A small API server; open it as a context manager.

    Attributes:
        requests: Method, path and parameters of everything that was asked.
        forbidden: What nobody may list or watch: ``pods``, or ``watch pods`` alone.
        refusals: How many requests are forbidden next, as by a server that is being started.
        refusal: What answers every request, as (status, Retry-After), or nothing.
        oldest: Versions below it are gone.
        mute: Watches say nothing, and nothing ends them.
        half: The next event of each watch is cut in its middle, and the connection with it;
            *halves* counts them.
        pause: The seconds before each answer.
    """

    def __init__(self, *, port: int = 0) -> None:
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.forbidden: set[str] = set()
        self.refusals = 0
        self.refusal: tuple[int, str] | None = None
        self.oldest = 0
        self.mute = False
        self.half = False
        self.halves = 0
        self.pause = 0.0
        self.page = 500
        self.changed = threading.Condition()
        self.version = 100
        self.objects: dict[str, dict[tuple[str, str], dict[str, Any]]] = {}
        self.history: list[Change] = []
        self.epoch = 0
        self.closing = False
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.cluster = self
        self.port: int = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
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
        with self.changed:
            self.closing = True
            self.changed.notify_all()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def put(self, plural: str, item: dict[str, Any]) -> dict[str, Any]:
        """Add an object, or put a new version in its place."""
        with self.changed:
            items = self.objects.setdefault(plural, {})
            key = key_of(item)
            before = items.get(key)
            what = "ADDED" if before is None else "MODIFIED"
            self.version += 1
            item = {"apiVersion": "v1", "kind": _KINDS[plural], **item}
            item["metadata"] = {
                "uid": f"uid-{plural}-{item['metadata']['name']}",
                **item["metadata"],
                "resourceVersion": str(self.version),
            }
            items[key] = item
            self._note(Change(self.version, what, plural, item, before))
            return item

    def delete(self, plural: str, name: str, namespace: str = "shop") -> None:
        """Remove an object."""
        with self.changed:
            item = self.objects[plural].pop((namespace, name))
            self.version += 1
            metadata = {**item["metadata"], "resourceVersion": str(self.version)}
            item = {**item, "metadata": metadata}
            self._note(Change(self.version, "DELETED", plural, item))

    def bookmark(self) -> None:
        """Say to every watch that nothing happened."""
        with self.changed:
            self._note(Change(self.version, "BOOKMARK", "", {}))

    def forget_history(self) -> None:
        """Compact: whoever goes on from an older version has to list again."""
        with self.changed:
            self.version += 1
            self.oldest = self.version

    def cut_watches(self) -> None:
        """End every connection that watches, without an end of its answer."""
        with self.changed:
            self.epoch += 1
            self.changed.notify_all()

    def asked(self, plural: str, *, watch: bool) -> int:
        """Count the lists, or the watches, that were asked for."""
        return sum(
            path.endswith(f"/{plural}")
            and method == "GET"
            and (params.get("watch") == "1") == watch
            for method, path, params in self.requests
        )

    def _note(self, change: Change) -> None:
        self.history.append(change)
        self.changed.notify_all()


def pod(
    name: str, image: str, *, namespace: str = "shop", owner: str = "", image_id: str = ""
) -> dict[str, Any]:
    """Return a pod of one container; an *owner* is the name of a Deployment."""
    metadata: dict[str, Any] = {"name": name, "namespace": namespace}
    if owner:
        metadata["labels"] = {"pod-template-hash": "7c9f"}
        metadata["ownerReferences"] = [
            {"kind": "ReplicaSet", "name": f"{owner}-7c9f", "controller": True}
        ]
    item: dict[str, Any] = {
        "metadata": metadata,
        "spec": {"containers": [{"name": "app", "image": image}]},
    }
    if image_id:
        running = {"name": "app", "imageID": image_id, "state": {"running": {}}}
        item["status"] = {"containerStatuses": [running]}
    return item


def deployment(name: str, image: str, *, namespace: str = "shop") -> dict[str, Any]:
    """Return a Deployment of one container."""
    template = {"spec": {"containers": [{"name": "app", "image": image}]}}
    return {"metadata": {"name": name, "namespace": namespace}, "spec": {"template": template}}


def eventually(holds: Callable[[], Any], *, seconds: float = 20.0) -> Any:
    """Wait until something holds, and return it; it fails in the end, never too early."""
    deadline = time.monotonic() + seconds
    while not (held := holds()):
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.01)
    return held


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    cluster: LiveCluster

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: broken connections are what is simulated."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PATCH(self) -> None:
        self._serve()

    def _serve(self) -> None:
        cluster = self.server.cluster
        parts = urlsplit(self.path)
        params = dict(parse_qsl(parts.query))
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        cluster.requests.append((self.command, parts.path, params))
        time.sleep(cluster.pause)
        if cluster.refusal:
            code, wait = cluster.refusal
            self._refuse(code, "not now", {"Retry-After": wait} if wait else {})
            return
        address = address_of(parts.path)
        if parts.path in _SERVED:
            self._answer(200, {"kind": "APIResourceList", "resources": _SERVED[parts.path]})
        elif address.plural not in _KINDS:
            self._refuse(404, "the server could not find the requested resource")
        elif verb := self._forbidden(address.plural, params):
            self._refuse(
                403,
                f'{address.plural} is forbidden: User "u" cannot {verb} resource '
                f'"{address.plural}" in API group "" at the cluster scope',
            )
        elif self.command == "GET" and params.get("watch") == "1":
            self._watch(address, params)
        elif self.command == "GET" and not address.name:
            self._list(address, params)
        else:
            self._one(address, json.loads(body) if body else {})

    def _forbidden(self, plural: str, params: dict[str, str]) -> str:
        """Return the verb that is refused, or nothing."""
        cluster = self.server.cluster
        verb = "watch" if params.get("watch") == "1" else "list"
        cluster.refusals, is_next = max(0, cluster.refusals - 1), cluster.refusals > 0
        return verb if is_next or {plural, f"{verb} {plural}"} & cluster.forbidden else ""

    def _list(self, address: Address, params: dict[str, str]) -> None:
        cluster = self.server.cluster
        start = int(params.get("continue", "0"))
        with cluster.changed:
            everything = [
                item
                for (namespace, _), item in sorted(cluster.objects.get(address.plural, {}).items())
                if address.namespace in {"", namespace} and is_selected(item, params)
            ]
            size = min(int(params.get("limit", "500")), cluster.page)
            items = everything[start : start + size]
            metadata = {"resourceVersion": str(cluster.version)}
        if len(everything) > start + size:
            metadata["continue"] = str(start + size)
        kind = f"{_KINDS[address.plural]}List"
        self._answer(200, {"kind": kind, "apiVersion": "v1", "metadata": metadata, "items": items})

    def _one(self, address: Address, body: Any) -> None:
        cluster = self.server.cluster
        with cluster.changed:
            items = cluster.objects.get(address.plural, {})
            name = address.name or body["metadata"]["name"]
            held = items.get((address.namespace, name))
            if self.command == "POST":
                if held is not None:
                    self._refuse(409, f"{name} already exists")
                    return
                body["metadata"]["namespace"] = address.namespace
                self._answer(201, cluster.put(address.plural, body))
            elif held is None:
                self._refuse(404, f"{name} not found")
            elif self.command == "GET":
                self._answer(200, held)
            else:
                self._patch(address, held, body)

    def _patch(self, address: Address, held: dict[str, Any], body: dict[str, Any]) -> None:
        wanted = body.get("metadata", {}).get("resourceVersion")
        if wanted not in {None, held["metadata"]["resourceVersion"]}:
            self._refuse(409, "the object has been modified")
            return
        self._answer(200, self.server.cluster.put(address.plural, merge(held, body)))

    def _watch(self, address: Address, params: dict[str, str]) -> None:
        cluster = self.server.cluster
        since = int(params["resourceVersion"])
        if since < cluster.oldest:
            self._begin_stream()
            gone = {"kind": "Status", "code": 410, "message": f"too old resource version: {since}"}
            self._send_line({"type": "ERROR", "object": gone})
            self._end_stream()
            return
        self._begin_stream()
        deadline = time.monotonic() + float(params["timeoutSeconds"])
        for change in selected(self._changes(address, since, deadline), params):
            line = {"type": change.what, "object": change.item}
            if change.what == "BOOKMARK":
                metadata = {"resourceVersion": str(change.version)}
                line["object"] = {"kind": _KINDS[address.plural], "metadata": metadata}
            if cluster.half:
                data = json.dumps(line).encode()
                self._send(data[: len(data) // 2])
                cluster.halves += 1
                self._tear_down()
                return
            self._send_line(line)
        if cluster.closing or time.monotonic() < deadline:
            self._tear_down()
        else:
            self._end_stream()

    def _changes(self, address: Address, since: int, deadline: float) -> Iterator[Change]:
        cluster, epoch = self.server.cluster, self.server.cluster.epoch
        at = bisect_right(cluster.history, since, key=lambda change: change.version)
        while True:
            with cluster.changed:
                # A connection that was cut brings nothing more, not even what was on its way.
                while not cluster.closing and cluster.epoch == epoch:
                    if at < len(cluster.history) and not cluster.mute:
                        break
                    if time.monotonic() > deadline:
                        return
                    cluster.changed.wait(0.05)
                else:
                    return
                news, at = cluster.history[at:], len(cluster.history)
            yield from (one for one in news if concerns(one, address))

    def _begin_stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.flush()

    def _send_line(self, document: dict[str, Any]) -> None:
        self._send(json.dumps(document).encode() + b"\n")

    def _send(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))
        self.wfile.flush()

    def _end_stream(self) -> None:
        self.wfile.write(b"0\r\n\r\n")

    def _tear_down(self) -> None:
        # Linger for no time: the other side gets a reset instead of an end.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True

    def _refuse(self, code: int, message: str, headers: dict[str, str] | None = None) -> None:
        status = {"kind": "Status", "status": "Failure", "message": message, "code": code}
        self._answer(code, status, headers)

    def _answer(self, code: int, document: Any, headers: dict[str, str] | None = None) -> None:
        body = json.dumps(document).encode()
        self.send_response(code)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
