"""Write the objects of a big cluster to a real API server, and delete them again.

There is no kubelet and no controller: pods are created, and then told that they run.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from itertools import islice
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from benchmarks.cluster_objects import Size, deployments, nodes, pods
from tests.end_to_end.real_cluster import RealCluster

from imagelock.outside.refusals import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

__all__ = ["filled"]

_CONNECTIONS = 4
_AT_ONCE = 1_000  # objects that wait to be written: more would be a gigabyte of memory
_API, _APPS = "/api/v1", "/apis/apps/v1"


@contextmanager
def filled(kubeconfig: Path, size: Size, *, is_ours: bool) -> Iterator[None]:
    """Fill a cluster while the block lasts.

    Args:
        kubeconfig: Its administrator's.
        size: How many pods.
        is_ours: Nobody else uses it and it is thrown away: it gets nodes, which have the
            pods, and nothing is deleted. In another one, pods are on no node and belong to
            nothing, or its controllers would delete them, and all namespaces go at the end.
    """
    filling = _Filling(kubeconfig, is_ours=is_ours)
    try:
        filling.fill(size)
        yield
    finally:
        if not is_ours:
            filling.empty()


class _Filling:
    def __init__(self, kubeconfig: Path, *, is_ours: bool) -> None:
        self._is_ours = is_ours
        self._prefix = f"imagelock-bench-{token_hex(3)}"
        self._namespaces: set[str] = set()
        # A connection each: one would hand requests on one after the other.
        self._connections = [RealCluster(kubeconfig, kubeconfig.parent) for _ in range(4)]

    def fill(self, size: Size) -> None:
        if self._is_ours:
            self._write(nodes(size), self._node)
        self._write(deployments(size), self._deployment)
        self._write(pods(size), self._pod)

    def empty(self) -> None:
        cluster = self._connections[0]
        for namespace in self._namespaces:
            for group, plural in ((_APPS, "deployments"), (_API, "pods")):
                cluster.delete(f"{group}/namespaces/{namespace}/{plural}")
            cluster.delete(f"{_API}/namespaces/{namespace}")

    def _write(
        self, objects: Iterable[bytes], write: Callable[[RealCluster, dict[str, Any]], None]
    ) -> None:
        # A template of pods has a mark where each of its pods has letters of its own.
        left = (json.loads(one.replace(b"<token>", b"00000")) for one in objects)
        with ThreadPoolExecutor(_CONNECTIONS) as pool:
            while some := list(islice(left, _AT_ONCE)):
                for one in some:
                    self._prepare(one)
                shares = [some[start::_CONNECTIONS] for start in range(_CONNECTIONS)]
                for _ in pool.map(partial(_write_all, write), self._connections, shares):
                    pass

    def _prepare(self, document: dict[str, Any]) -> None:
        """Take away what a server gives, and see to it that the namespace is there."""
        metadata = document["metadata"]
        for name in ("uid", "resourceVersion", "creationTimestamp"):
            metadata.pop(name, None)
        if "namespace" in metadata:
            metadata["namespace"] = f"{self._prefix}-{metadata['namespace']}"
            self._have(metadata["namespace"])

    def _have(self, namespace: str) -> None:
        if namespace in self._namespaces:
            return
        cluster = self._connections[0]
        cluster.create(f"{_API}/namespaces", {"metadata": {"name": namespace}})
        self._namespaces.add(namespace)
        with suppress(ApiError):  # a controller was faster
            accounts = f"{_API}/namespaces/{namespace}/serviceaccounts"
            cluster.create(accounts, {"metadata": {"name": "default"}})

    def _node(self, cluster: RealCluster, node: dict[str, Any]) -> None:
        cluster.create(f"{_API}/nodes", node)

    def _deployment(self, cluster: RealCluster, deployment: dict[str, Any]) -> None:
        spec = deployment["spec"]
        _accept(spec["template"]["spec"])
        labels = spec["template"]["metadata"]["labels"]
        spec |= {"replicas": 0, "selector": {"matchLabels": labels}}
        cluster.create(f"{_APPS}/namespaces/{_namespace(deployment)}/deployments", deployment)

    def _pod(self, cluster: RealCluster, pod: dict[str, Any]) -> None:
        _accept(pod["spec"])
        if not self._is_ours:
            del pod["spec"]["nodeName"], pod["metadata"]["ownerReferences"]
            pod["spec"]["schedulerName"] = self._prefix  # there is none of this name
        path = f"{_API}/namespaces/{_namespace(pod)}/pods"
        status = pod.pop("status")
        cluster.create(path, pod)
        cluster.merge(f"{path}/{pod['metadata']['name']}/status", {"status": status})


def _write_all(
    write: Callable[[RealCluster, dict[str, Any]], None],
    cluster: RealCluster,
    documents: list[dict[str, Any]],
) -> None:
    for one in documents:
        write(cluster, one)


def _namespace(document: dict[str, Any]) -> str:
    namespace: str = document["metadata"]["namespace"]
    return namespace


def _accept(spec: dict[str, Any]) -> None:
    """Make a pod spec one that a server takes, and of a size that it keeps.

    A server adds to each pod who set which field, which is as long again as what was
    set; so there are fewer settings, and a pod has the 12 KB that it has elsewhere.
    """
    for name in ("serviceAccountName", "serviceAccount"):
        del spec[name]
    spec["automountServiceAccountToken"] = False
    for container in spec["initContainers"]:
        del container["livenessProbe"], container["readinessProbe"]
    for container in spec["initContainers"] + spec["containers"]:
        del container["env"][1:]
    authority = spec["volumes"][2]["projected"]["sources"][1]["configMap"]
    authority["items"] = [{"key": "ca.crt", "path": "ca.crt"}]
