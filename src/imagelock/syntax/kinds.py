"""Pods, workloads and nodes as an API server writes them -> values.

Only the fields that are needed are decoded. A list that has nothing may be
missing or null, since Go writes an empty slice either way.
"""

from __future__ import annotations

from functools import partial, reduce
from typing import TYPE_CHECKING, cast

from msgspec import Raw, Struct, field
from msgspec.json import Decoder

from imagelock.core.cluster import Container, Node, Owner, Pod, State, Workload
from imagelock.core.podspec import IMAGE_FIELDS, POD_SPECS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["KINDS", "Object", "PodObject", "read_object", "read_pod"]

Object = Pod | Workload | Node


def read_object(kind: str, data: bytes | Raw) -> Object:
    """Read one object of a kind in `KINDS`; in a list it need not say its own kind.

    Raises:
        msgspec.DecodeError: It is no such object.
    """
    return _READERS[kind](data)


class _OwnerReference(Struct, gc=False):
    kind: str = ""
    name: str = ""
    controller: bool | None = None


class _Labels(Struct, gc=False):
    template_hash: str = field(name="pod-template-hash", default="")
    rollout_hash: str = field(name="rollouts-pod-template-hash", default="")


class _Metadata(Struct, gc=False):
    name: str = ""
    namespace: str = ""
    uid: str = ""
    labels: _Labels | None = None
    owners: list[_OwnerReference] | None = field(name="ownerReferences", default=None)


class _ContainerSpec(Struct, gc=False):
    name: str = ""
    image: str = ""


class _ImageSource(Struct, gc=False):
    reference: str = ""


class _Volume(Struct, gc=False):
    name: str = ""
    image: _ImageSource | None = None


class _PodSpec(Struct, gc=False, rename="camel"):
    containers: list[_ContainerSpec] | None = None
    init_containers: list[_ContainerSpec] | None = None
    ephemeral_containers: list[_ContainerSpec] | None = None
    volumes: list[_Volume] | None = None
    node_name: str = ""


class _Present(Struct, gc=False):
    """Something of which it only matters that it is there."""


class _ContainerState(Struct, gc=False):
    waiting: _Present | None = None
    running: _Present | None = None
    terminated: _Present | None = None


class _ImageVolumeStatus(Struct, gc=False, rename="camel"):
    image_ref: str = ""


class _VolumeStatus(Struct, gc=False):
    image: _ImageVolumeStatus | None = None


class _VolumeMount(Struct, gc=False):
    name: str = ""
    status: _VolumeStatus | None = field(name="volumeStatus", default=None)


class _ContainerStatus(Struct, gc=False):
    name: str = ""
    image_id: str = field(name="imageID", default="")
    state: _ContainerState | None = None
    mounts: list[_VolumeMount] | None = field(name="volumeMounts", default=None)


class _PodStatus(Struct, gc=False, rename="camel"):
    phase: str = ""
    container_statuses: list[_ContainerStatus] | None = None
    init_container_statuses: list[_ContainerStatus] | None = None
    ephemeral_container_statuses: list[_ContainerStatus] | None = None


class PodObject(Struct, gc=False):
    """A pod as it is written."""

    metadata: _Metadata = field(default_factory=_Metadata)
    spec: _PodSpec = field(default_factory=_PodSpec)
    status: _PodStatus = field(default_factory=_PodStatus)


_CONTAINER, _INIT_CONTAINER, _EPHEMERAL_CONTAINER, _VOLUME = (row.noun for row in IMAGE_FIELDS)
_NO_STATUS = _PodStatus()
_NO_LABELS = _Labels()
_UNTOLD = _ContainerStatus()


def read_pod(pod: PodObject) -> Pod:
    """Join what a pod asks for with what its node says of it."""
    metadata = pod.metadata
    labels = metadata.labels or _NO_LABELS
    return Pod(
        namespace=metadata.namespace,
        name=metadata.name,
        containers=tuple(_containers(pod.spec, pod.status)),
        owner=_owner(metadata),
        node=pod.spec.node_name,
        phase=pod.status.phase,
        uid=metadata.uid,
        template_hash=labels.template_hash,
        rollout_hash=labels.rollout_hash,
    )


def _containers(spec: _PodSpec, status: _PodStatus) -> Iterator[Container]:
    yield from _joined(_CONTAINER, spec.containers, status.container_statuses)
    if spec.init_containers:
        yield from _joined(_INIT_CONTAINER, spec.init_containers, status.init_container_statuses)
    if spec.ephemeral_containers:
        yield from _joined(
            _EPHEMERAL_CONTAINER, spec.ephemeral_containers, status.ephemeral_container_statuses
        )
    if spec.volumes:
        yield from _image_volumes(spec.volumes, status)


def _joined(
    noun: str, asked: Iterable[_ContainerSpec] | None, told: Iterable[_ContainerStatus] | None
) -> Iterator[Container]:
    statuses = {status.name: status for status in told or ()}
    for container in asked or ():
        status = statuses.get(container.name, _UNTOLD)
        yield Container(
            kind=noun,
            name=container.name,
            image=container.image,
            image_id=status.image_id,
            state=_state(status.state),
        )


def _state(state: _ContainerState | None) -> State:
    if state is None:
        return "unknown"
    if state.running is not None:
        return "running"
    if state.terminated is not None:
        return "terminated"
    return "waiting"


def _image_volumes(volumes: Iterable[_Volume], status: _PodStatus) -> Iterator[Container]:
    for volume in volumes:
        if volume.image is not None:
            yield Container(
                kind=_VOLUME,
                name=volume.name,
                image=volume.image.reference,
                image_id=_mounted(volume.name, status),
            )


def _mounted(volume: str, status: _PodStatus) -> str:
    """Return the image that a node mounted, which Kubernetes 1.35 and newer can tell."""
    lists = (
        status.container_statuses,
        status.init_container_statuses,
        status.ephemeral_container_statuses,
    )
    mounts = [mount for told in lists for one in told or () for mount in one.mounts or ()]
    for mount in mounts:
        if mount.name == volume and mount.status is not None and mount.status.image is not None:
            return mount.status.image.image_ref
    return ""


def _owner(metadata: _Metadata) -> Owner | None:
    for owner in metadata.owners or ():
        if owner.controller:
            return Owner(owner.kind, owner.name)
    return None


class _Template(Struct, gc=False):
    spec: _PodSpec = field(default_factory=_PodSpec)


class _JobSpec(Struct, gc=False):
    template: _Template = field(default_factory=_Template)


class _JobTemplate(Struct, gc=False):
    spec: _JobSpec = field(default_factory=_JobSpec)


class _WorkloadSpec(Struct, gc=False):
    replicas: int | None = None
    template: _Template = field(default_factory=_Template)
    jobTemplate: _JobTemplate = field(default_factory=_JobTemplate)  # noqa: N815  (as in POD_SPECS)


class _WorkloadObject(Struct, gc=False):
    metadata: _Metadata = field(default_factory=_Metadata)
    spec: _WorkloadSpec = field(default_factory=_WorkloadSpec)
    template: _Template = field(default_factory=_Template)  # of a PodTemplate


def _workload(kind: str, data: bytes | Raw) -> Workload:
    workload = _WORKLOAD.decode(data)
    metadata = workload.metadata
    pod_spec = cast("_PodSpec", reduce(getattr, POD_SPECS[kind], workload))
    return Workload(
        kind=kind,
        namespace=metadata.namespace,
        name=metadata.name,
        containers=tuple(_containers(pod_spec, _NO_STATUS)),
        owner=_owner(metadata),
        replicas=workload.spec.replicas,
        uid=metadata.uid,
    )


class _NodeInfo(Struct, gc=False):
    architecture: str = ""


class _NodeImage(Struct, gc=False):
    names: list[str] | None = None


class _NodeStatus(Struct, gc=False, rename="camel"):
    node_info: _NodeInfo = field(default_factory=_NodeInfo)
    images: list[_NodeImage] | None = None


class _NodeObject(Struct, gc=False):
    metadata: _Metadata = field(default_factory=_Metadata)
    status: _NodeStatus = field(default_factory=_NodeStatus)


def _node(data: bytes | Raw) -> Node:
    node = _NODE.decode(data)
    return Node(
        name=node.metadata.name,
        architecture=node.status.node_info.architecture,
        images=tuple(tuple(image.names or ()) for image in node.status.images or ()),
    )


_POD = Decoder(PodObject)
_WORKLOAD = Decoder(_WorkloadObject)
_NODE = Decoder(_NodeObject)
_READERS: dict[str, Callable[[bytes | Raw], Object]] = {
    **{kind: partial(_workload, kind) for kind in POD_SPECS},
    "Pod": lambda data: read_pod(_POD.decode(data)),
    "Node": _node,
}
KINDS = frozenset(_READERS)
