"""Workloads and nodes as an API server writes them -> values; and which kinds are read.

Only the fields that are needed are decoded. A list that has nothing may be
missing or null, since Go writes an empty slice either way.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, reduce
from typing import Any, cast

from msgspec import Raw, Struct
from msgspec.json import Decoder

from imagelock.core.cluster import Node, Pod, Workload
from imagelock.core.podspec import POD_SPECS
from imagelock.core.resources import RESOURCES, TEMPLATED
from imagelock.syntax.anywhere import containers_anywhere, texts_anywhere
from imagelock.syntax.pods import (
    Metadata,
    PodMounts,
    PodObject,
    PodSpec,
    containers_of,
    mount_images,
    owner_of,
    read_pod,
)
from imagelock.syntax.workflows import read_workflow

__all__ = ["KINDS", "Kind", "Object", "read_object"]

Object = Pod | Workload | Node


class Kind(Struct, frozen=True):
    """How objects of one kind are read: the type to decode, and what to make of it."""

    type: Any
    read: Callable[[Any], Object]


def read_object(kind: str, data: bytes | Raw) -> Object:
    """Read one object of a kind in `KINDS`; in a list it need not say its own kind.

    Raises:
        msgspec.DecodeError: It is no such object.
    """
    if kind == "Pod":
        return _pod(data)
    return KINDS[kind].read(_DECODERS[kind].decode(data))


def _pod(data: bytes | Raw) -> Pod:
    pod = _POD.decode(data)
    if mount_images([pod.spec]):
        return read_pod(pod, _POD_MOUNTS.decode(data))
    return read_pod(pod)


# A part that is null is one that is not there: so Go's decoders read it.
class _Template(Struct, gc=False):
    spec: PodSpec | None = None


class _JobSpec(Struct, gc=False):
    template: _Template | None = None


class _JobTemplate(Struct, gc=False):
    spec: _JobSpec | None = None


class _WorkloadSpec(Struct, gc=False):
    replicas: int | None = None
    template: _Template | None = None
    jobTemplate: _JobTemplate | None = None  # noqa: N815  (as in POD_SPECS)


class _WorkloadObject(Struct, gc=False):
    metadata: Metadata | None = None
    spec: _WorkloadSpec | None = None
    template: _Template | None = None  # of a PodTemplate


def _workload(kind: str, workload: _WorkloadObject) -> Workload:
    metadata = workload.metadata or Metadata()
    whole: object = workload
    pod_spec = cast("PodSpec | None", reduce(_part, POD_SPECS[kind], whole))
    return Workload(
        kind=kind,
        namespace=metadata.namespace,
        name=metadata.name,
        containers=containers_of(pod_spec or PodSpec()),
        owner=owner_of(metadata),
        replicas=None if workload.spec is None else workload.spec.replicas,
        uid=metadata.uid,
    )


def _part(holder: object, key: str) -> object:
    return None if holder is None else getattr(holder, key)


class _CustomObject(Struct):
    metadata: Metadata | None = None
    spec: dict[str, Any] | None = None


def _custom(kind: str, found: _CustomObject) -> Workload:
    metadata, spec = found.metadata or Metadata(), found.spec or {}
    return Workload(
        kind=kind,
        namespace=metadata.namespace,
        name=metadata.name,
        containers=tuple(containers_anywhere(spec)),
        owner=owner_of(metadata),
        uid=metadata.uid,
        texts=tuple(texts_anywhere(spec)),
        workflow=read_workflow(kind, spec) if kind in TEMPLATED else None,
    )


class _NodeInfo(Struct, gc=False):
    architecture: str = ""


class _NodeImage(Struct, gc=False):
    names: tuple[str, ...] | None = None


class _NodeStatus(Struct, gc=False, rename="camel"):
    node_info: _NodeInfo | None = None
    images: list[_NodeImage] | None = None


class _NodeObject(Struct, gc=False):
    metadata: Metadata | None = None
    status: _NodeStatus | None = None


def _node(node: _NodeObject) -> Node:
    status = node.status or _NodeStatus()
    return Node(
        name=(node.metadata or Metadata()).name,
        architecture=(status.node_info or _NodeInfo()).architecture,
        # A list, since there are fifty of them on each of thousands of nodes.
        images=tuple([image.names or () for image in status.images or ()]),
    )


_POD = Decoder(PodObject)
_POD_MOUNTS = Decoder(PodMounts)
KINDS: dict[str, Kind] = {
    "Pod": Kind(PodObject, read_pod),
    "Node": Kind(_NodeObject, _node),
    **{
        kind: Kind(_WorkloadObject, partial(_workload, kind)) for kind in POD_SPECS if kind != "Pod"
    },
    **{
        resource.kind: Kind(_CustomObject, partial(_custom, resource.kind))
        for resource in RESOURCES
        if resource.is_custom
    },
}
_DECODERS: dict[str, Decoder[Any]] = {kind: Decoder(row.type) for kind, row in KINDS.items()}
