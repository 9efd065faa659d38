"""Workloads and nodes as an API server writes them -> values; and which kinds are read.

Only the fields that are needed are decoded. A list that has nothing may be
missing or null, since Go writes an empty slice either way.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, reduce
from typing import Any, cast

from msgspec import Raw, Struct, field
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


class _Template(Struct, gc=False):
    spec: PodSpec = field(default_factory=PodSpec)


class _JobSpec(Struct, gc=False):
    template: _Template = field(default_factory=_Template)


class _JobTemplate(Struct, gc=False):
    spec: _JobSpec = field(default_factory=_JobSpec)


class _WorkloadSpec(Struct, gc=False):
    replicas: int | None = None
    template: _Template = field(default_factory=_Template)
    jobTemplate: _JobTemplate = field(default_factory=_JobTemplate)  # noqa: N815  (as in POD_SPECS)


class _WorkloadObject(Struct, gc=False):
    metadata: Metadata = field(default_factory=Metadata)
    spec: _WorkloadSpec = field(default_factory=_WorkloadSpec)
    template: _Template = field(default_factory=_Template)  # of a PodTemplate


def _workload(kind: str, workload: _WorkloadObject) -> Workload:
    metadata = workload.metadata
    pod_spec = cast("PodSpec", reduce(getattr, POD_SPECS[kind], workload))
    return Workload(
        kind=kind,
        namespace=metadata.namespace,
        name=metadata.name,
        containers=containers_of(pod_spec),
        owner=owner_of(metadata),
        replicas=workload.spec.replicas,
        uid=metadata.uid,
    )


class _CustomObject(Struct):
    metadata: Metadata = field(default_factory=Metadata)
    spec: dict[str, Any] | None = None


def _custom(kind: str, found: _CustomObject) -> Workload:
    metadata = found.metadata
    return Workload(
        kind=kind,
        namespace=metadata.namespace,
        name=metadata.name,
        containers=tuple(containers_anywhere(found.spec or {})),
        owner=owner_of(metadata),
        uid=metadata.uid,
        texts=tuple(texts_anywhere(found.spec or {})),
        workflow=read_workflow(kind, found.spec or {}) if kind in TEMPLATED else None,
    )


class _NodeInfo(Struct, gc=False):
    architecture: str = ""


class _NodeImage(Struct, gc=False):
    names: tuple[str, ...] | None = None


class _NodeStatus(Struct, gc=False, rename="camel"):
    node_info: _NodeInfo = field(default_factory=_NodeInfo)
    images: list[_NodeImage] | None = None


class _NodeObject(Struct, gc=False):
    metadata: Metadata = field(default_factory=Metadata)
    status: _NodeStatus = field(default_factory=_NodeStatus)


def _node(node: _NodeObject) -> Node:
    return Node(
        name=node.metadata.name,
        architecture=node.status.node_info.architecture,
        # A list, since there are fifty of them on each of thousands of nodes.
        images=tuple([image.names or () for image in node.status.images or ()]),
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
