"""An API server with an Argo CD that finds everything in order, for the deployment job."""

from __future__ import annotations

import json
import ssl
import threading
from base64 import b64encode
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import trustme

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOKEN = "of-the-pipeline"
KINDS = {
    "/apis/argoproj.io/v1alpha1": {
        "applications": "Application",
        "applicationsets": "ApplicationSet",
    },
    "/apis/apps/v1": {"deployments": "Deployment"},
    "/apis/batch/v1": {"cronjobs": "CronJob"},
}
# What Argo CD writes into an object when it has looked at it.
STATUS = {
    "Application": {
        "sync": {"status": "Synced"},
        "health": {"status": "Healthy"},
        "reconciledAt": "2026-11-23T10:00:00Z",
    },
    "ApplicationSet": {"conditions": [{"type": "ResourcesUpToDate", "status": "True"}]},
}


class Cluster:
    """The objects that were applied, by path, and the requests that were refused."""

    def __init__(self, address: str, authority: bytes) -> None:
        self.address = address
        self._authority = authority
        self.objects: dict[str, dict[str, Any]] = {}
        self.refused: list[str] = []

    def applied(self, kind: str) -> dict[str, dict[str, Any]]:
        """Return what was applied of a kind, by name."""
        return {o["metadata"]["name"]: o for o in self.objects.values() if o["kind"] == kind}

    def write_kubeconfig(self, file: Path, context: str) -> Path:
        """Write how to reach it."""
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "c", "cluster": self._access()}],
            "users": [{"name": "u", "user": {"token": TOKEN}}],
            "contexts": [{"name": context, "context": {"cluster": "c", "user": "u"}}],
        }
        file.write_text(json.dumps(config), "utf-8")
        return file

    def _access(self) -> dict[str, str]:
        authority = b64encode(self._authority).decode()
        return {"server": self.address, "certificate-authority-data": authority}

    def apply(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Take a server-side apply over, as the first and only manager."""
        body["metadata"]["uid"] = f"uid-{len(self.objects)}"
        self.objects[path] = body
        return body

    def merge(self, path: str) -> dict[str, Any]:
        """Be asked to look at an object: Argo CD does so at once."""
        found = self.objects[path]
        return found | {"status": found.setdefault("status", STATUS[found["kind"]])}


@contextmanager
def running_cluster() -> Iterator[Cluster]:
    """Serve on loopback until the end of the block."""
    authority = trustme.CA()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    address = f"https://127.0.0.1:{server.server_address[1]}"
    cluster = Cluster(address, authority.cert_pem.bytes())
    server.RequestHandlerClass = partial(_Handler, cluster)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield cluster
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, cluster: Cluster, *arguments: Any) -> None:
        self.cluster = cluster
        super().__init__(*arguments)

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path in KINDS:
            self._answer(200, _discovery(KINDS[path]))
        elif path.endswith("/applications"):
            self._answer(200, {"kind": "ApplicationList", "items": [], "metadata": {}})
        elif path in self.cluster.objects:
            self._answer(200, self.cluster.objects[path])
        else:
            self._refuse(404)

    def do_PATCH(self) -> None:
        path = self.path.partition("?")[0]
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            self._refuse(401)
        elif self.headers["Content-Type"].startswith("application/apply-patch"):
            self._answer(201, self.cluster.apply(path, body))
        else:
            self._answer(200, self.cluster.merge(path))

    def log_message(self, *_: object) -> None:
        """Stay silent: pytest shows what matters."""

    def _refuse(self, code: int) -> None:
        self.cluster.refused.append(f"{self.command} {self.path}: {code}")
        self._answer(code, {"kind": "Status", "status": "Failure", "code": code})

    def _answer(self, code: int, value: object) -> None:
        data = json.dumps(value).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def _discovery(kinds: dict[str, str]) -> dict[str, object]:
    resources = [
        {"name": name, "singularName": "", "namespaced": True, "kind": kind, "verbs": ["patch"]}
        for name, kind in kinds.items()
    ]
    return {"kind": "APIResourceList", "resources": resources}
