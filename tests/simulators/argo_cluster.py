"""A cluster with Argo CD: objects that can be applied, and a controller that follows a script."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from tests.simulators.api_server import Answer, said

if TYPE_CHECKING:
    from tests.simulators.api_server import Request

# One thing that the controller does between two looks at an object.
Step = Callable[[dict[str, Any]], None]

REFRESH = ("argocd.argoproj.io/refresh", "argocd.argoproj.io/application-set-refresh")
CORE = "/api/v1"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1"
ARGO = "/apis/argoproj.io/v1alpha1"


def application(name: str, namespace: str = "argocd", **spec: Any) -> dict[str, Any]:
    """Return an Application that is synced by itself."""
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"syncPolicy": {"automated": {}}, **spec},
    }


def application_set(name: str) -> dict[str, Any]:
    """Return an ApplicationSet."""
    return {**application(name), "kind": "ApplicationSet", "spec": {}}


def definition(kind: str, group: str = "example.org") -> dict[str, Any]:
    """Return a definition of a kind without namespaces."""
    plural = f"{kind.lower()}s"
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {"group": group, "names": {"kind": kind, "plural": plural}},
    }


def namespace(name: str) -> dict[str, Any]:
    """Return a Namespace."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def nothing(obj: dict[str, Any]) -> None:
    """Do nothing yet."""


class ArgoCluster:
    """Answers as an API server would, and lets the controller take a step at each look.

    Attributes:
        objects: What is there, by its path.
        script: For each name what the controller does, step by step.
        usual: What it does with Applications and ApplicationSets that are in no script.
        owned_by_others: Paths whose fields belong to another manager.
        refused: What was asked in vain.
    """

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Any]] = {}
        self.script: dict[str, list[Step]] = {}
        self.usual: Step = nothing
        self.owned_by_others: set[str] = set()
        self.refused: list[str] = []
        self.kinds = {
            CORE: [("namespaces", "Namespace", False), ("configmaps", "ConfigMap", True)],
            DEFINITIONS: [("customresourcedefinitions", "CustomResourceDefinition", False)],
            ARGO: [
                ("applications", "Application", True),
                ("applications/status", "Application", True),
                ("applicationsets", "ApplicationSet", True),
            ],
            "/apis/apps/v1": [("deployments", "Deployment", True)],
            "/apis/batch/v1": [("cronjobs", "CronJob", True)],
        }
        self._seconds = itertools.count(10)
        for name in ("argocd", "default"):
            self.objects[f"{CORE}/namespaces/{name}"] = namespace(name)

    def __call__(self, request: Request) -> Answer:
        """Answer one request."""
        answer = self._answer(request)
        if answer.status >= HTTPStatus.BAD_REQUEST:
            self.refused.append(f"{request.method} {request.path}: {answer.status}")
        return answer

    def applied(self, kind: str) -> dict[str, dict[str, Any]]:
        """Return what was applied of a kind, by name."""
        found = (one for one in self.objects.values() if one["kind"] == kind)
        return {one["metadata"]["name"]: one for one in found}

    def now(self) -> str:
        """Return the next second of this cluster's clock."""
        minutes, seconds = divmod(next(self._seconds), 60)
        return f"2026-11-23T10:{minutes:02}:{seconds:02}Z"

    def looks(self, sync: str = "Synced", health: str = "Healthy", **status: Any) -> Step:
        """Return the step in which Argo CD compares an Application, having been asked to."""

        def step(obj: dict[str, Any]) -> None:
            answered(obj)
            obj["status"] = {
                **obj.get("status", {}),
                "sync": {"status": sync},
                "health": {"status": health},
                "reconciledAt": self.now(),
                **status,
            }

        return step

    def syncs(self, message: str = "") -> Step:
        """Return the step in which a sync begins."""

        def step(obj: dict[str, Any]) -> None:
            obj["status"]["operationState"] = {"phase": "Running", "message": message}

        return step

    def ends_sync(self, phase: str = "Succeeded", message: str = "", **result: Any) -> Step:
        """Return the step in which a sync ends; what it left is compared later."""

        def step(obj: dict[str, Any]) -> None:
            obj["status"]["operationState"] = {
                "phase": phase,
                "message": message,
                "finishedAt": self.now(),
                "syncResult": result,
            }

        return step

    def creates(self, *applications: dict[str, Any], owner: str = "") -> Step:
        """Return the step in which Applications come into being."""

        def step(obj: dict[str, Any]) -> None:
            del obj
            for one in applications:
                path = f"{ARGO}/namespaces/argocd/applications/{one['metadata']['name']}"
                self.objects[path] = one
                if owner:
                    owners = [{"kind": "ApplicationSet", "uid": owner}]
                    one["metadata"]["ownerReferences"] = owners

        return step

    def _answer(self, request: Request) -> Answer:
        if request.path in self.kinds:
            return _json({"resources": [_resource(*one) for one in self.kinds[request.path]]})
        if request.method == "PATCH":
            return self._patch(request)
        if request.path.endswith("/applications"):
            items = [one for path, one in self.objects.items() if path.startswith(request.path)]
            return _json({"kind": "ApplicationList", "metadata": {}, "items": items})
        if request.path not in self.objects:
            return said(404, "not found", reason="NotFound")
        self._let_the_controller_work(request.path)
        return _json(self.objects[request.path])

    def _patch(self, request: Request) -> Answer:
        folder, _, name = request.path.rpartition("/")
        within = folder.removesuffix(f"/{folder.rpartition('/')[2]}")
        if "/namespaces/" in within and f"{CORE}/{'/'.join(within.split('/')[-2:])}" not in (
            self.objects
        ):
            return said(404, f'namespaces "{within.rpartition("/")[2]}" not found')
        if request.path in self.owned_by_others and "force" not in request.params:
            cause = {"message": 'conflict with "kubectl"', "field": ".spec.source"}
            return said(409, "Apply failed", reason="Conflict", details={"causes": [cause]})
        if request.json.get("spec") == "wrong":
            return said(422, f'Application "{name}" is invalid: \x1b[31mspec')
        if "nonsense" in request.json:
            # A field that a kind does not have: a real server answers 500, without a reason.
            told = f"failed to create typed patch object (/{name}): .nonsense: field not declared"
            return said(500, told, reason="")
        if "dryRun" in request.params:
            return _json(request.json)
        kept = self.objects.setdefault(request.path, {"metadata": {"uid": f"uid-{name}"}})
        _merge(kept, request.json)
        if kept.get("kind") == "CustomResourceDefinition":
            kept["status"] = {"conditions": [{"type": "Established", "status": "True"}]}
            names = kept["spec"]["names"]
            served = self.kinds.setdefault(f"/apis/{kept['spec']['group']}/v1", [])
            served.append((names["plural"], names["kind"], False))
        return _json(kept)

    def _let_the_controller_work(self, path: str) -> None:
        steps = self.script.get(path.rpartition("/")[2], [])
        if steps:
            steps.pop(0)(self.objects[path])
        elif path.startswith(ARGO):
            self.usual(self.objects[path])


def answered(obj: dict[str, Any]) -> None:
    """Take back the request to look at an object, as Argo CD does when it has looked."""
    for name in REFRESH:
        obj["metadata"].get("annotations", {}).pop(name, None)


def _merge(kept: dict[str, Any], new: dict[str, Any]) -> None:
    for key, value in new.items():
        if isinstance(value, dict) and isinstance(kept.get(key), dict):
            _merge(kept[key], value)
        else:
            kept[key] = value


def _resource(name: str, kind: str, namespaced: bool) -> dict[str, Any]:  # noqa: FBT001
    return {"name": name, "kind": kind, "namespaced": namespaced}


def _json(document: Any) -> Answer:
    return Answer(body=json.dumps(document).encode())
