"""Pods as an API server writes them -> values.

A large cluster is a gigabyte of them, so this is where `verify` spends its time. Only
the fields that are needed are decoded, into objects that the garbage collector passes
over; and the pods of one workload look alike, so they are told apart by what they ask
for before anything is made of them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Raw, Struct, field
from msgspec.json import Decoder

from imagelock.core.cluster import Alike, Container, Owner, Pod, State
from imagelock.core.podspec import IMAGE_FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = [
    "IsPlain",
    "Metadata",
    "PodMounts",
    "PodObject",
    "PodSpec",
    "containers_of",
    "containers_of_pod",
    "mount_images",
    "owner_of",
    "pod_with",
    "read_pod",
    "read_pods",
]

_NOTHING = Raw(b"null")
# The pods of a workload stand together in a list, since it is ordered by their names.
_REMEMBERED_PODS = 1_024


class _OwnerReference(Struct, gc=False):
    kind: str = ""
    name: str = ""
    controller: bool | None = None


class _Labels(Struct, gc=False):
    template_hash: str = field(name="pod-template-hash", default="")
    rollout_hash: str = field(name="rollouts-pod-template-hash", default="")


class Metadata(Struct, gc=False):
    """What every object says of itself."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    labels: _Labels | None = None
    owners: list[_OwnerReference] | None = field(name="ownerReferences", default=None)


class PodMetadata(Struct, gc=False):
    """What a pod says of itself; whose it is, is only read where something is told of it."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    labels: Raw = _NOTHING
    owners: Raw = field(name="ownerReferences", default=_NOTHING)


# Tuples of frozen values, so that what was made of them can be remembered by them.
class _ContainerSpec(Struct, gc=False, frozen=True):
    name: str = ""
    image: str = ""


class _Present(Struct, gc=False, frozen=True):
    """Something of which it only matters that it is there."""


class _ContainerState(Struct, gc=False, frozen=True):
    waiting: _Present | None = None
    running: _Present | None = None
    terminated: _Present | None = None


class _ContainerStatus(Struct, gc=False, frozen=True):
    name: str = ""
    image_id: str = field(name="imageID", default="")
    state: _ContainerState | None = None


_Asked = tuple[_ContainerSpec, ...] | None
_Told = tuple[_ContainerStatus, ...] | None
_Look = tuple[str, _Asked, _Asked, _Asked, _Told, _Told, _Told]
IsPlain = Callable[[str, tuple[Container, ...]], bool]


class PodSpec(Struct, gc=False, rename="camel"):
    """What a pod asks for; few pods mount an image, so their volumes are left as they are."""

    containers: _Asked = None
    init_containers: _Asked = None
    ephemeral_containers: _Asked = None
    volumes: Raw = _NOTHING
    node_name: str = ""


class _PodStatus(Struct, gc=False, rename="camel"):
    phase: str = ""
    container_statuses: _Told = None
    init_container_statuses: _Told = None
    ephemeral_container_statuses: _Told = None


_NO_METADATA = PodMetadata()
_NO_SPEC = PodSpec()
_NO_STATUS = _PodStatus()


class PodObject(Struct, gc=False):
    """A pod as it is written; a part that is null is not there, as Go's decoders have it."""

    given_metadata: PodMetadata | None = field(name="metadata", default=None)
    given_spec: PodSpec | None = field(name="spec", default=None)
    given_status: _PodStatus | None = field(name="status", default=None)

    @property
    def metadata(self) -> PodMetadata:
        """What it says of itself."""
        return self.given_metadata or _NO_METADATA

    @property
    def spec(self) -> PodSpec:
        """What it asks for."""
        return self.given_spec or _NO_SPEC

    @property
    def status(self) -> _PodStatus:
        """What its node says of it."""
        return self.given_status or _NO_STATUS


class _ImageVolumeStatus(Struct, rename="camel"):
    image_ref: str = ""


class _VolumeStatus(Struct):
    image: _ImageVolumeStatus | None = None


class _VolumeMount(Struct):
    name: str = ""
    status: _VolumeStatus | None = field(name="volumeStatus", default=None)


class _ContainerMounts(Struct, rename="camel"):
    volume_mounts: list[_VolumeMount] | None = None


class _StatusMounts(Struct, rename="camel"):
    container_statuses: list[_ContainerMounts] | None = None
    init_container_statuses: list[_ContainerMounts] | None = None
    ephemeral_container_statuses: list[_ContainerMounts] | None = None


class PodMounts(Struct):
    """A pod once more: what its node says of the volumes that it mounted.

    Kubernetes 1.35 and newer tell which image a volume is of.
    """

    status: _StatusMounts | None = None


_CONTAINER, _INIT_CONTAINER, _EPHEMERAL_CONTAINER, _VOLUME = (row.noun for row in IMAGE_FIELDS)
_LABELS = Decoder(_Labels | None)
_OWNERS = Decoder(list[_OwnerReference] | None)
_NO_LABELS = _Labels()
_UNTOLD = _ContainerStatus()


def read_pod(pod: PodObject, mounts: PodMounts | None = None) -> Pod:
    """Join what a pod asks for with what its node says of it.

    *mounts* is the same pod once more, where it may mount an image (`mount_images`).
    """
    containers = containers_of_pod(pod)
    if mounts is not None:
        status = mounts.status or _StatusMounts()
        containers += tuple(_image_volumes(pod.spec.volumes, status))
    return pod_with(containers, pod)


def pod_with(containers: tuple[Container, ...], pod: PodObject) -> Pod:
    """Make a pod of its containers, and of what else it is."""
    metadata = pod.metadata
    labels = _LABELS.decode(metadata.labels) or _NO_LABELS
    return Pod(
        namespace=metadata.namespace,
        name=metadata.name,
        containers=containers,
        owner=_controller(_OWNERS.decode(metadata.owners)),
        node=pod.spec.node_name,
        phase=pod.status.phase,
        uid=metadata.uid,
        template_hash=labels.template_hash,
        rollout_hash=labels.rollout_hash,
    )


def read_pods(
    pods: Iterable[PodObject], is_plain: IsPlain
) -> tuple[tuple[Pod, ...], tuple[Alike, ...]]:
    """Read many pods, none of which mounts an image; those that are plain are only counted.

    Args:
        pods: The pods of a page.
        is_plain: Says of a namespace and of what is asked for in it whether it is.
    """
    groups: dict[_Look, list[PodObject]] = {}
    last: _Look | None = None
    group: list[PodObject] = []
    for pod in pods:
        look = _look(pod)
        if look != last:  # to compare with the neighbour costs less than to look it up
            group = groups.setdefault(look, [])
            last = look
        group.append(pod)
    read: list[Pod] = []
    alike: list[Alike] = []
    for (namespace, *told), members in groups.items():
        containers = _containers(*told)
        if is_plain(namespace, containers):
            uids = tuple([pod.metadata.uid for pod in members])
            alike.append(Alike(namespace, containers, uids))
        else:
            read += map(read_pod, members)
    return tuple(read), tuple(alike)


def _look(pod: PodObject) -> _Look:
    spec, status = pod.spec, pod.status
    return (
        pod.metadata.namespace,
        spec.containers,
        spec.init_containers,
        spec.ephemeral_containers,
        status.container_statuses,
        status.init_container_statuses,
        status.ephemeral_container_statuses,
    )


def containers_of_pod(pod: PodObject) -> tuple[Container, ...]:
    """Return what a pod asks for and what runs of it, but for the images that it mounts."""
    return _containers(*_look(pod)[1:])


def containers_of(spec: PodSpec) -> tuple[Container, ...]:
    """Return what a pod spec asks for where there is no pod yet."""
    containers = _containers(
        spec.containers, spec.init_containers, spec.ephemeral_containers, None, None, None
    )
    if mount_images([spec]):
        containers += tuple(_image_volumes(spec.volumes, _StatusMounts()))
    return containers


def mount_images(specs: Iterable[PodSpec]) -> bool:
    """Say whether any volume of these may be an image; seldom it says so and none is."""
    # Joined, and not pod by pod: this is asked for every page of a large cluster.
    volumes = b"".join([spec.volumes for spec in specs])
    # Behind a backslash, any letter can be written as a number.
    return b"image" in volumes or b"\\" in volumes


def owner_of(metadata: Metadata) -> Owner | None:
    """Return the object that made this one."""
    return _controller(metadata.owners)


def _controller(owners: Iterable[_OwnerReference] | None) -> Owner | None:
    for owner in owners or ():
        if owner.controller:
            return Owner(owner.kind, owner.name)
    return None


@lru_cache(_REMEMBERED_PODS)
def _containers(
    containers: _Asked,
    init_containers: _Asked,
    ephemeral_containers: _Asked,
    statuses: _Told,
    init_statuses: _Told,
    ephemeral_statuses: _Told,
) -> tuple[Container, ...]:
    return (
        *_joined(_CONTAINER, containers, statuses),
        *_joined(_INIT_CONTAINER, init_containers, init_statuses),
        *_joined(_EPHEMERAL_CONTAINER, ephemeral_containers, ephemeral_statuses),
    )


def _joined(noun: str, asked: _Asked, told: _Told) -> Sequence[Container]:
    if not asked:
        return ()
    statuses = {status.name: status for status in told or ()}
    joined = [(one, statuses.get(one.name, _UNTOLD)) for one in asked]
    return [
        Container(
            kind=noun,
            name=one.name,
            image=one.image,
            image_id=status.image_id,
            state=_state(status.state),
        )
        for one, status in joined
    ]


def _state(state: _ContainerState | None) -> State:
    if state is None:
        return "unknown"
    if state.running is not None:
        return "running"
    if state.terminated is not None:
        return "terminated"
    return "waiting"


class _ImageSource(Struct):
    reference: str = ""


class _Volume(Struct):
    name: str = ""
    image: _ImageSource | None = None


_VOLUMES = Decoder(list[_Volume] | None)


def _image_volumes(volumes: Raw, status: _StatusMounts) -> Iterator[Container]:
    for volume in _VOLUMES.decode(volumes) or ():
        if volume.image is not None:
            # All that mount it should tell of the same image; what one of them tells counts.
            for image_id in _mounted(volume.name, status) or ("",):
                yield Container(
                    kind=_VOLUME,
                    name=volume.name,
                    image=volume.image.reference,
                    image_id=image_id,
                )


def _mounted(volume: str, status: _StatusMounts) -> tuple[str, ...]:
    lists: Sequence[list[_ContainerMounts] | None] = (
        status.container_statuses,
        status.init_container_statuses,
        status.ephemeral_container_statuses,
    )
    mounts = [mount for told in lists for one in told or () for mount in one.volume_mounts or ()]
    images = [
        mount.status.image.image_ref
        for mount in mounts
        if mount.name == volume and mount.status is not None and mount.status.image is not None
    ]
    return tuple(dict.fromkeys(filter(None, images)))
