"""The objects of a big cluster, as an API server writes them: nodes, pods, deployments.

The same size gives the same bytes, on every machine.
"""

from __future__ import annotations

import json
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks.images import IMAGES, NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.images import Image

__all__ = ["Size", "deployments", "nodes", "pods"]

_NAMESPACES = 200
_DAEMONS = 4  # pods of every node
_IMAGES_OF_A_NODE = 50  # a kubelet reports no more
_STARTED = "2026-11-20T10:00:00Z"


class Size(NamedTuple):
    """How many pods and nodes there are: as in the largest clusters, twenty on a node."""

    pods: int

    @property
    def nodes(self) -> int:
        """The number of nodes."""
        return max(1, self.pods // 20)


class _Workload(NamedTuple):
    kind: str
    namespace: str
    name: str
    replicas: int
    images: tuple[str, ...]


def nodes(size: Size) -> Iterator[bytes]:
    """Write the nodes, each with the images that it holds."""
    random = Random("nodes")
    for number in range(size.nodes):
        held = random.sample(IMAGES, _IMAGES_OF_A_NODE)
        yield _written(_node(number, [_by_digest(image) for image in held]))


def pods(size: Size) -> Iterator[bytes]:
    """Write the pods, in the order of their namespaces and names."""
    random = Random("pods")
    for workload in _workloads(size):
        # One pod is written with marks where the others differ: a gigabyte takes its time.
        template = (
            _written(_pod(workload)).replace(b"%", b"%%").replace(b"<", b"%(").replace(b">", b")b")
        )
        for number in range(workload.replicas):
            yield template % _of_one_pod(workload, number, size, random)


def deployments(size: Size) -> Iterator[bytes]:
    """Write the deployments that the pods belong to."""
    for workload in _workloads(size):
        if workload.kind == "ReplicaSet":
            yield _written(_deployment(workload))


def _workloads(size: Size) -> Iterator[_Workload]:
    """Divide the pods among workloads: daemons on every node, and deployments of all sizes."""
    random = Random("workloads")
    left, number = size.pods, 0
    for daemon in range(_DAEMONS):
        images = _asked(random, number)
        yield _Workload("DaemonSet", "kube-system", f"daemon-{daemon}", size.nodes, images)
        left -= size.nodes
    while left > 0:
        number += 1
        replicas = min(left, random.choice((1, 1, 2, 2, 3, 3, 5, 10, 30, 100)))
        left -= replicas
        # By a number with leading zeros, so that they come in the order of their names.
        namespace = f"team-{number * _NAMESPACES // max(1, size.pods // 12):05}"
        name = f"{NAMES[number % len(NAMES)]}-{number:06}"
        yield _Workload("ReplicaSet", namespace, name, replicas, _asked(random, number))


def _asked(random: Random, number: int) -> tuple[str, ...]:
    """Choose the images of a workload; one workload in a hundred asks for a tag alone."""
    chosen = random.sample(IMAGES, 3)
    spelled = [_by_digest(image) for image in chosen]
    if number % 100 == 9:
        spelled[0] = chosen[0].spelling
    return tuple(spelled)


def _by_digest(image: Image) -> str:
    return f"{image.spelling}@{image.digest}"


def _of_one_pod(workload: _Workload, number: int, size: Size, random: Random) -> dict[bytes, bytes]:
    is_daemon = workload.kind == "DaemonSet"
    node = number if is_daemon else random.randrange(size.nodes)
    uid = f"{random.getrandbits(128):032x}"
    ip = f"10.{node // 250 % 250}.{node % 250}.{number % 250 + 1}"
    return {
        b"suffix": f"{number:05x}".encode(),
        b"uid": f"{uid[:8]}-{uid[8:12]}-4{uid[13:16]}-8{uid[17:20]}-{uid[20:]}".encode(),
        b"version": str(random.randrange(10**8, 10**9)).encode(),
        b"node": f"node-{node:05}".encode(),
        b"ip": ip.encode(),
        b"id0": f"{random.getrandbits(256):064x}".encode(),
        b"id1": f"{random.getrandbits(256):064x}".encode(),
        b"id2": f"{random.getrandbits(256):064x}".encode(),
        b"token": f"{random.getrandbits(20):05x}".encode(),
    }


def _written(value: dict[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _node(number: int, images: list[str]) -> dict[str, Any]:
    return {
        "metadata": {
            "name": f"node-{number:05}",
            "uid": f"00000000-0000-4000-8000-{number:012}",
            "resourceVersion": "1",
            "labels": {
                "kubernetes.io/arch": "amd64",
                "kubernetes.io/hostname": f"node-{number:05}",
                "kubernetes.io/os": "linux",
                "node.kubernetes.io/instance-type": "m6i.4xlarge",
                "topology.kubernetes.io/zone": f"eu-central-1{'abc'[number % 3]}",
            },
        },
        "spec": {"podCIDR": f"10.{number // 250}.{number % 250}.0/24"},
        "status": {
            "capacity": {"cpu": "16", "memory": "64Gi", "pods": "110"},
            "conditions": [
                {"type": kind, "status": "False", "reason": f"KubeletHasNo{kind}"}
                for kind in ("MemoryPressure", "DiskPressure", "PIDPressure")
            ],
            "nodeInfo": {"architecture": "amd64", "kubeletVersion": "v1.36.2"},
            "images": [
                {"names": [_by_repository(image)], "sizeBytes": 123_456_789} for image in images
            ],
        },
    }


def _pod(workload: _Workload) -> dict[str, Any]:
    owner = workload.name if workload.kind == "DaemonSet" else f"{workload.name}-7d9fbc6f5c"
    return {
        "metadata": {
            "name": f"{owner}-<suffix>",
            "generateName": f"{owner}-",
            "namespace": workload.namespace,
            "uid": "<uid>",
            "resourceVersion": "<version>",
            "creationTimestamp": _STARTED,
            "labels": {**_labels(workload), "pod-template-hash": "7d9fbc6f5c"},
            "annotations": {
                "checksum/config": "5" * 64,
                "cni.projectcalico.org/podIP": "<ip>/32",
                "kubectl.kubernetes.io/restartedAt": _STARTED,
                "prometheus.io/scrape": "true",
            },
            "ownerReferences": [
                {
                    "apiVersion": "apps/v1",
                    "kind": workload.kind,
                    "name": owner,
                    "uid": "00000000-0000-4000-8000-000000000001",
                    "controller": True,
                    "blockOwnerDeletion": True,
                }
            ],
        },
        "spec": {
            **_pod_spec(workload),
            "nodeName": "<node>",
            "priority": 0,
            "preemptionPolicy": "PreemptLowerPriority",
        },
        "status": _pod_status(workload),
    }


def _labels(workload: _Workload) -> dict[str, str]:
    return {
        "app.kubernetes.io/instance": workload.namespace,
        "app.kubernetes.io/managed-by": "Helm",
        "app.kubernetes.io/name": workload.name,
        "app.kubernetes.io/part-of": "shop",
        "helm.sh/chart": f"{workload.name}-1.2.3",
    }


def _pod_spec(workload: _Workload) -> dict[str, Any]:
    init, *others = workload.images
    return {
        "volumes": [
            {"name": "config", "configMap": {"name": workload.name, "defaultMode": 420}},
            {"name": "scratch", "emptyDir": {}},
            {"name": "kube-api-access-<token>", "projected": _projected_token()},
        ],
        "initContainers": [_container("wait", init, 8)],
        "containers": [
            _container(name, image, 21)
            for name, image in zip(("app", "sidecar"), others, strict=True)
        ],
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "serviceAccountName": workload.name,
        "serviceAccount": workload.name,
        "securityContext": {"runAsNonRoot": True, "fsGroup": 1000, "runAsUser": 1000},
        "affinity": {"podAntiAffinity": {}},
        "schedulerName": "default-scheduler",
        "tolerations": [
            {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
            for key in ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
        ],
        "enableServiceLinks": True,
    }


def _container(name: str, image: str, settings: int) -> dict[str, Any]:
    return {
        "name": name,
        "image": image,
        "args": ["--listen=:8080", "--leader-elect", "--config=/etc/app/config.yaml"],
        "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
        "env": [
            {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            *(
                {"name": f"SETTING_{number}", "value": f"https://service-{number}.acme.example/"}
                for number in range(settings)
            ),
        ],
        "resources": {
            "limits": {"cpu": "500m", "memory": "512Mi"},
            "requests": {"cpu": "100m", "memory": "128Mi"},
        },
        "volumeMounts": [
            {"name": "config", "readOnly": True, "mountPath": "/etc/app"},
            {"name": "scratch", "mountPath": "/tmp"},  # noqa: S108  (a path in a container)
            {
                "name": "kube-api-access-<token>",
                "readOnly": True,
                "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount",
            },
        ],
        "livenessProbe": _probe("/healthz"),
        "readinessProbe": _probe("/readyz"),
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "imagePullPolicy": "IfNotPresent",
        "securityContext": {
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
            "allowPrivilegeEscalation": False,
        },
    }


def _probe(path: str) -> dict[str, Any]:
    return {
        "httpGet": {"path": path, "port": 8081, "scheme": "HTTP"},
        "initialDelaySeconds": 15,
        "timeoutSeconds": 1,
        "periodSeconds": 20,
        "successThreshold": 1,
        "failureThreshold": 3,
    }


def _projected_token() -> dict[str, Any]:
    field = {"path": "namespace", "fieldRef": {"fieldPath": "metadata.namespace"}}
    return {
        "defaultMode": 420,
        "sources": [
            {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
            {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt"}]}},
            {"downwardAPI": {"items": [field]}},
        ],
    }


def _pod_status(workload: _Workload) -> dict[str, Any]:
    init, *others = workload.images
    done = {"terminated": {"exitCode": 0, "reason": "Completed", "finishedAt": _STARTED}}
    running = {"running": {"startedAt": _STARTED}}
    kinds = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")
    return {
        "phase": "Running",
        "conditions": [
            {
                "type": kind,
                "status": "True",
                "lastProbeTime": None,
                "lastTransitionTime": _STARTED,
            }
            for kind in kinds
        ],
        "hostIP": "<ip>",
        "hostIPs": [{"ip": "<ip>"}],
        "podIP": "<ip>",
        "podIPs": [{"ip": "<ip>"}],
        "startTime": _STARTED,
        "initContainerStatuses": [_status("wait", init, "<id0>", done)],
        "containerStatuses": [
            _status("app", others[0], "<id1>", running),
            _status("sidecar", others[1], "<id2>", running),
        ],
        "qosClass": "Burstable",
    }


def _status(name: str, image: str, identity: str, state: dict[str, Any]) -> dict[str, Any]:
    asked = image.partition("@")[0]
    return {
        "name": name,
        "state": state,
        "lastState": {},
        "ready": True,
        "restartCount": 0,
        "image": asked,
        "imageID": _by_repository(image),
        "containerID": f"containerd://{identity}",
        "started": True,
    }


def _by_repository(image: str) -> str:
    """Name an image as a node does: by its repository and its digest, without a tag."""
    asked, _, digest = image.partition("@")
    head, _, last = asked.rpartition("/")
    repository = f"{head}/{last.partition(':')[0]}".lstrip("/")
    registry = "" if "." in head.partition("/")[0] else "docker.io/"
    library = "library/" if registry and "/" not in repository else ""
    return f"{registry}{library}{repository}@{digest or 'sha256:' + '7' * 64}"


def _deployment(workload: _Workload) -> dict[str, Any]:
    metadata = {
        "name": workload.name,
        "namespace": workload.namespace,
        "uid": f"{workload.namespace}-{workload.name}",
        "labels": _labels(workload),
    }
    template = {"metadata": {"labels": _labels(workload)}, "spec": _pod_spec(workload)}
    return {"metadata": metadata, "spec": {"replicas": workload.replicas, "template": template}}
