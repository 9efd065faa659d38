"""A cluster of odd objects, and what an auditor wants to be told of each: labelled by hand.

What is right is written down from docs/verify.md and docs/exemptions.md, case by case; each has a
namespace of its own where it can.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from msgspec import Struct

if TYPE_CHECKING:
    from pathlib import Path

Object = dict[str, Any]

_INDEX = "application/vnd.oci.image.index.v1+json"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"


class Case(Struct, frozen=True):
    """Objects, each with the plural of its kind, and what must be told: rule, workload, container.

    What stands in *told* is all warnings and errors of the namespace, or of the names in it that
    begin with the case's name.
    """

    namespace: str
    objects: tuple[tuple[str, Object], ...]
    told: tuple[str, ...] = ()


def case(namespace: str, *objects: tuple[str, Object], told: str = "") -> Case:
    """Put objects into a namespace; *told* has one finding a line."""
    for _, item in objects:
        item["metadata"].setdefault("namespace", namespace)
    lines = (line.strip() for line in told.splitlines())
    return Case(namespace, objects, tuple(line for line in lines if line))


def fixed(letter: str) -> str:
    """Return a digest whose document nobody has."""
    return f"sha256:{letter * 64}"


def _document(**fields: Any) -> tuple[str, bytes]:
    data = json.dumps({"schemaVersion": 2, **fields}).encode()
    return f"sha256:{sha256(data).hexdigest()}", data


def _manifest(config: str) -> tuple[str, bytes]:
    return _document(mediaType=_MANIFEST, config={"digest": config}, layers=[])


def _child(digest: str, architecture: str, os: str = "linux", **more: Any) -> Object:
    platform = {"architecture": architecture, "os": os, **more}
    return {"mediaType": _MANIFEST, "digest": digest, "platform": platform}


def _nested(digest: str) -> Object:
    return {"mediaType": _INDEX, "digest": digest}


AMD_CONFIG, ARM_CONFIG, SINGLE_CONFIG = fixed("1"), fixed("2"), fixed("3")
AMD, _AMD = _manifest(AMD_CONFIG)
ARM, _ARM = _manifest(ARM_CONFIG)
ARM_V7, WINDOWS, ATTESTATION = fixed("4"), fixed("5"), fixed("6")
REDIS, _REDIS = _document(
    mediaType=_INDEX,
    manifests=[
        _child(AMD, "amd64"),
        _child(ARM, "arm64", variant="v8"),
        _child(ARM_V7, "arm", variant="v7"),
        _child(fixed("7"), "arm", variant="v6"),
        _child(WINDOWS, "amd64", "windows"),
        _child(ATTESTATION, "unknown", "unknown"),
    ],
)
INNER, _INNER = _document(mediaType=_INDEX, manifests=[_child(AMD, "amd64")])
NESTED, _NESTED = _document(mediaType=_INDEX, manifests=[_nested(INNER)])
HALF, _HALF = _document(mediaType=_INDEX, manifests=[_nested(fixed("8"))])
SINGLE, _SINGLE = _manifest(SINGLE_CONFIG)
APP, TOOL, HARD, UNKNOWN, EVIL = (fixed(letter) for letter in "abcde")

DOCUMENTS = {
    AMD: _AMD,
    ARM: _ARM,
    REDIS: _REDIS,
    INNER: _INNER,
    NESTED: _NESTED,
    HALF: _HALF,
    SINGLE: _SINGLE,
}
LOCK = (
    f"docker.io/library/redis:7@{REDIS}",
    f"quay.io/acme/app:1@{APP}",
    f"quay.io/acme/nested:1@{NESTED}",
    f"quay.io/acme/half:1@{HALF}",
    f"quay.io/acme/single:1@{SINGLE}",
    f"registry.example:5000/team/tool:2@{TOOL}",
)
REDIS_IMAGE, APP_IMAGE, NESTED_IMAGE, HALF_IMAGE, SINGLE_IMAGE, TOOL_IMAGE = LOCK
SETTINGS = """
policy = "locked"
presets = ["gke"]

[[exemptions]]
repository = "quay.io/debug"
namespaces = ["sandbox-*"]
reason = "people look at things there"

[[exemptions]]
repository = "quay.io/old"
namespaces = ["*"]
reason = "it was to be replaced"
until = 2020-01-01
"""
APP_OF_APPS = f"""
apiVersion: apps/v1
kind: Deployment
metadata: {{name: hard, namespace: hard}}
spec: {{template: {{spec: {{containers: [{{name: c, image: "quay.io/hard/coded:1@{HARD}"}}]}}}}}}
"""
OPTIONS = ("--app-of-apps", "apps.yaml")


def write_inputs(folder: Path) -> None:
    """Write what the cluster is judged by."""
    (folder / "images.lock").write_text("".join(f"{line}\n" for line in LOCK))
    (folder / "imagelock.toml").write_text(SETTINGS)
    (folder / "apps.yaml").write_text(APP_OF_APPS)
    (folder / "image_indexes").mkdir()
    for digest, data in DOCUMENTS.items():
        (folder / "image_indexes" / f"{digest.replace(':', '-')}.json").write_bytes(data)


# Statuses, as a kubelet writes them.
RUNNING = {"running": {"startedAt": "2026-01-01T00:00:00Z"}}
ENDED = {"terminated": {"exitCode": 0, "reason": "Completed"}}
PULLING = {"waiting": {"reason": "ImagePullBackOff"}}
CRASHING = {"waiting": {"reason": "CrashLoopBackOff"}}
LOST = {"terminated": {"exitCode": 137, "reason": "ContainerStatusUnknown"}}


def status(image_id: str, *, name: str = "c", state: Object = RUNNING, image: str = "") -> Object:
    """Return the status of one container."""
    return {"name": name, "image": image or "any:name", "imageID": image_id, "state": state}


def container(image: str, name: str = "c", **more: Any) -> Object:
    """Return one container of a pod spec."""
    return {"name": name, "image": image, **more}


def volume(image: str, name: str = "data") -> Object:
    """Return an image volume."""
    return {"name": name, "image": {"reference": image, "pullPolicy": "IfNotPresent"}}


def pod(  # noqa: PLR0913  (a pod has many sides)
    image: str = APP_IMAGE,
    image_id: str = f"quay.io/acme/app@{APP}",
    *,
    name: str = "p",
    phase: str = "Running",
    node: str = "amd",
    state: Object = RUNNING,
    spec: Object | None = None,
    told: Object | None = None,
    **metadata: Any,
) -> tuple[str, Object]:
    """Return a pod of one container that runs; *spec* and *told* are added to spec and status."""
    return "pods", {
        "metadata": {"name": name, **metadata},
        "spec": {"nodeName": node, "containers": [container(image)], **(spec or {})},
        "status": {
            "phase": phase,
            "containerStatuses": [status(image_id, state=state)],
            **(told or {}),
        },
    }


def owned(kind: str, name: str, *, controls: bool = True) -> list[Object]:
    """Return ownerReferences."""
    owner = {"apiVersion": "v1", "kind": kind, "name": name, "uid": "u"}
    return [{**owner, "controller": True} if controls else owner]


def node(name: str, architecture: str, *images: list[str], os: str = "linux") -> Object:
    """Return a node and the names of the images that it holds."""
    info = {"architecture": architecture, "operatingSystem": os}
    held = [{"names": names, "sizeBytes": 1} for names in images]
    return {"metadata": {"name": name}, "status": {"nodeInfo": info, "images": held}}


NODES: tuple[Object, ...] = (
    {"metadata": {"name": "a-new-one"}, "status": None},
    node(
        "amd",
        "amd64",
        ["<none>:<none>"],
        [f"docker.io/library/redis@{REDIS}", "docker.io/library/redis:7"],
        [f"other.example/copy@{AMD}"],
        [f"evil.example/miner@{EVIL}", "evil.example/miner:latest"],
        ["quay.io/debug/tool:1"],
        [],
    ),
    node("arm", "arm64", [f"docker.io/library/redis@{ARM}"], [f"evil.example/miner@{EVIL}"]),
    node("nameless", "amd64", ["sha256:" + "9" * 64], ["9" * 64], [""], ["redis@<none>"]),
    node("odd", "amd64", ["Evil.example/Miner:1"], [f"evil.example/x@sha256:{'A' * 64}"]),
    node("pi", "arm", [f"docker.io/library/redis@{ATTESTATION}"]),
    node("win", "amd64", *([f"quay.io/acme/app@{APP}"] for _ in range(50)), os="windows"),
    node("old", "amd64", ["quay.io/old/tool:1"], ["gke.gcr.io.evil.example/pause:3"]),
)
# Of nodes, by the image: an image is told once, at the first node that holds it.
TOLD_OF_NODES = {
    f"evil.example/miner@{EVIL}",
    f"docker.io/library/redis@{ATTESTATION}",
    "quay.io/old/tool:1",
    "Evil.example/Miner:1",
    f"evil.example/x@sha256:{'A' * 64}",
    "gke.gcr.io.evil.example/pause:3",
}
