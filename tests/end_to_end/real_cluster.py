"""A namespace of a real cluster: everything is made in it, and goes with it.

What stands in no namespace has a random name, too, and is deleted at the end. Nothing
that was there before is changed. No pod is ever run: no scheduler has its name.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from secrets import token_hex
from typing import TYPE_CHECKING, Any

import msgspec
from tests.simulators.live_cluster import eventually

from imagelock.outside.kubeconfig import choose_cluster
from imagelock.outside.kubernetes_api import connect
from imagelock.outside.refusals import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from imagelock.outside.kubernetes_api import Api

MERGE = "application/merge-patch+json"
ARGO = "/apis/argoproj.io/v1alpha1"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
ROLES = "/apis/rbac.authorization.k8s.io/v1"
_LISTS = {
    "/api/v1": ("pods", "configmaps", "serviceaccounts"),
    "/apis/apps/v1": ("deployments",),
    "/apis/coordination.k8s.io/v1": ("leases",),
    "/apis/events.k8s.io/v1": ("events",),
    ROLES: ("rolebindings", "roles"),
    ARGO: ("applications",),
}
_CONTROLLER = 1.0  # seconds after which a controller would have begun to empty a namespace
NOBODY = "imagelock-tests-nobody"  # a scheduler that there is not


class RealCluster:
    """A namespace of a cluster that somebody lets us use, as its administrator."""

    def __init__(self, kubeconfig: Path, folder: Path) -> None:
        self.kubeconfig = kubeconfig
        self.folder = folder
        self.namespace = f"live-test-{token_hex(4)}"
        self.api: Api = connect(kubeconfig, None)
        self._home = self.namespace
        self._made: list[str] = []
        self._closed = 0.0

    def open(self) -> None:
        """Make the namespace, and the account without which no pod is taken."""
        self.create("/api/v1/namespaces", {"metadata": {"name": self.namespace}})
        self._made.append(f"/api/v1/namespaces/{self.namespace}")
        with suppress(ApiError):  # a controller was faster
            self.create(self.path("serviceaccounts"), {"metadata": {"name": "default"}})

    def close(self) -> None:
        """Delete everything that was made."""
        for group, plurals in _LISTS.items():
            for plural in plurals:
                self.delete(f"{group}/namespaces/{self._home}/{plural}")
        for path in reversed(self._made):
            self.delete(path)
        self._closed = time.monotonic()
        with suppress(ApiError, AssertionError):
            eventually(self._is_gone, seconds=5)

    def _is_gone(self) -> bool:
        """Say whether the namespace is gone, or a controller sees to it.

        Where no controller runs, nobody but us takes away its last finalizer.
        """
        path = f"/api/v1/namespaces/{self._home}"
        if not self.answers(path) or self.get(path)["status"].get("conditions"):
            return True
        if time.monotonic() - self._closed > _CONTROLLER:
            empty = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self._home}}
            body = msgspec.json.encode({**empty, "spec": {"finalizers": []}})
            self.api._request("PUT", f"{path}/finalize", None, body, "application/json")
        return False

    def path(self, plural: str, group: str = "/api/v1") -> str:
        """Return the path of a list in the namespace."""
        return f"{group}/namespaces/{self.namespace}/{plural}"

    def create(self, path: str, document: Any) -> Any:
        """Add an object to a list."""
        return json.loads(self.api.create(path, msgspec.json.encode(document)))

    def get(self, path: str) -> Any:
        """Return what stands there."""
        return json.loads(self.api.get(path))

    def merge(self, path: str, change: Any) -> Any:
        """Change an object."""
        body = msgspec.json.encode(change)
        return json.loads(self.api.patch(path, body, content_type=MERGE))

    def patch_spec(self, path: str, change: Any) -> None:
        """Change an object whose lists have keys, such as the containers of a pod."""
        kind = "application/strategic-merge-patch+json"
        self.api.patch(path, msgspec.json.encode(change), content_type=kind)

    def delete(self, path: str) -> None:
        """Delete an object, at once."""
        options = b'{"gracePeriodSeconds": 0, "propagationPolicy": "Background"}'
        with suppress(ApiError):
            self.api._request("DELETE", path, None, options, "application/json")

    def define(self, definition: Any) -> None:
        """Define a kind, unless the cluster has it; it goes again if we made it."""
        name = definition["metadata"]["name"]
        with suppress(ApiError):
            self.create(DEFINITIONS, definition)
            self._made.append(f"{DEFINITIONS}/{name}")
        plural = name.partition(".")[0]
        eventually(lambda: self.answers(f"{ARGO}/namespaces/{self.namespace}/{plural}"))

    def answers(self, path: str) -> bool:
        """Say whether there is something."""
        try:
            return bool(self.api.get(path))
        except ApiError:
            return False

    def pod(self, name: str, image: str, *, image_id: str = "", **more: Any) -> None:
        """Make a pod; with an *image_id* it is said to run."""
        spec = {"schedulerName": NOBODY, "automountServiceAccountToken": False, **more}
        spec["containers"] = [{"name": "app", "image": image}]
        metadata = {"name": name, "labels": {"app": name.partition("-")[0]}}
        self.create(self.path("pods"), {"metadata": metadata, "spec": spec})
        if image_id:
            running = {"name": "app", "image": image, "imageID": image_id, "ready": True}
            running |= {"restartCount": 0, "state": {"running": {}}}
            status = {"phase": "Running", "containerStatuses": [running]}
            self.merge(f"{self.path('pods')}/{name}/status", {"status": status})

    def deployment(self, name: str, image: str) -> str:
        """Make a Deployment without replicas, and return its path."""
        labels = {"app": name}
        containers = [{"name": "app", "image": image}]
        template = {"metadata": {"labels": labels}, "spec": {"containers": containers}}
        spec = {"replicas": 0, "selector": {"matchLabels": labels}, "template": template}
        self.create(
            self.path("deployments", "/apis/apps/v1"), {"metadata": {"name": name}, "spec": spec}
        )
        return f"{self.path('deployments', '/apis/apps/v1')}/{name}"

    def application(self, name: str, **spec: Any) -> dict[str, Any]:
        """Return an Application of this namespace, which no Argo CD follows."""
        server = "https://kubernetes.default.svc"
        return {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Application",
            "metadata": {"name": name, "namespace": self.namespace},
            "spec": {
                "project": "default",
                "source": {"repoURL": "https://git.example/shop.git", "path": "."},
                "destination": {"server": server, "namespace": self.namespace},
                **spec,
            },
        }

    def grant(self, documents: Iterable[Any]) -> None:
        """Make roles and bindings as ``imagelock rbac`` prints them, under names of ours."""
        for document in documents:
            text = json.dumps(document).replace('"imagelock-', f'"{self.namespace}-')
            one = json.loads(text)
            where = one["metadata"].get("namespace")
            group = ROLES if "rbac" in one["apiVersion"] else "/api/v1"
            within = f"/namespaces/{where}" if where else ""
            path = f"{group}{within}/{one['kind'].lower()}s"
            self.create(path, one)
            self._made.append(f"{path}/{one['metadata']['name']}")

    def as_account(self, name: str) -> Path:
        """Return the kubeconfig of a service account of this namespace."""
        path = f"{self.path('serviceaccounts')}/{name}/token"
        request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
        return self.with_token(self.create(path, request)["status"]["token"])

    def with_token(self, token: str) -> Path:
        """Return a kubeconfig of whoever has a token."""
        cluster = msgspec.to_builtins(choose_cluster(self.kubeconfig, None).cluster)
        cluster = {key: value for key, value in cluster.items() if value}
        document = {
            "clusters": [{"name": "it", "cluster": cluster}],
            "users": [{"name": "it", "user": {"token": token}}],
            "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
            "current-context": "it",
        }
        file = self.folder / f"kubeconfig-{token_hex(4)}"
        file.write_text(json.dumps(document))
        return file


class Controller:
    """Does what Argo CD does with an Application: look at it when it is asked to."""

    def __init__(self, cluster: RealCluster, name: str, *, health: str = "Healthy") -> None:
        self._path = f"{cluster.path('applications', ARGO)}/{name}"
        self._cluster = cluster
        self._health = health
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(30)

    def _run(self) -> None:
        while not self._stop.wait(0.2):
            with suppress(ApiError):
                seen = self._cluster.get(self._path)
                if "argocd.argoproj.io/refresh" in seen["metadata"].get("annotations", {}):
                    self._cluster.merge(self._path, self._looked())

    def _looked(self) -> Any:
        annotations = {"argocd.argoproj.io/refresh": None}
        status = {
            "sync": {"status": "Synced"},
            "health": {"status": self._health},
            "reconciledAt": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        }
        return {"metadata": {"annotations": annotations}, "status": status}


class Watching:
    """`imagelock watch` as a process, and what it said so far."""

    def __init__(self, folder: Path, options: tuple[str, ...]) -> None:
        name = f"watch-{len(list(folder.glob('watch-*')))}"
        self._out, self._err = folder / f"{name}.out", folder / f"{name}.err"
        command = [sys.executable, "-m", "imagelock", "watch", "--format", "json", *options]
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self.process = subprocess.Popen(command, stdout=out, stderr=err)

    @property
    def changes(self) -> list[tuple[str, str]]:
        """What appeared and went, by the names of the objects."""
        lines = [json.loads(line) for line in self._out.read_text().splitlines()]
        return [(one["change"], name_of(one["finding"])) for one in lines if "finding" in one]

    @property
    def is_whole(self) -> bool:
        """Whether everything was listed once."""
        return '"change": "whole"' in self._out.read_text()

    @property
    def said(self) -> str:
        """What it wrote to standard error."""
        return self._err.read_text()

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, and return the exit status."""
        self.process.send_signal(number)
        return self.process.wait(30)


def name_of(finding: Any) -> str:
    """Return the name of the object that a finding is about."""
    return str(finding["location"].get("name", ""))


def definition() -> dict[str, Any]:
    """Return a definition of Applications, for a cluster without Argo CD."""
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    schema = {"type": "object", "properties": {"spec": anything, "status": anything}}
    version = {"name": "v1alpha1", "served": True, "storage": True}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "applications.argoproj.io"},
        "spec": {
            "group": "argoproj.io",
            "scope": "Namespaced",
            "names": {"kind": "Application", "plural": "applications", "singular": "application"},
            "versions": [{**version, "schema": {"openAPIV3Schema": schema}}],
        },
    }
