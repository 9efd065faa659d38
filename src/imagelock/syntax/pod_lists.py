"""A list of pods, of which only that is decoded by which they are judged.

A large cluster is a gigabyte of pods, and nearly all of them are as their neighbours: what
they ask for and what runs is decoded and judged once for all that stand together.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.json import Decoder

from imagelock.core.cluster import Alike, Container, Pod
from imagelock.syntax.pods import (
    PodMounts,
    PodObject,
    containers_of_pod,
    mount_images,
    pod_with,
    read_pod,
)
from imagelock.syntax.projection import Projection

if TYPE_CHECKING:
    from collections.abc import Iterable

    from imagelock.syntax.pods import IsPlain

__all__ = ["PodList", "read_pod_list"]

_ASKED = [{"name": True, "image": True}]
_TOLD = [{"name": True, "imageID": True, "state": {"waiting": {}, "running": {}, "terminated": {}}}]
_PROJECTION = Projection(
    same={
        "metadata": {"namespace": True},
        "spec": {
            "containers": _ASKED,
            "initContainers": _ASKED,
            "ephemeralContainers": _ASKED,
            "volumes": [{"image": True}],
        },
        "status": {
            "containerStatuses": _TOLD,
            "initContainerStatuses": _TOLD,
            "ephemeralContainerStatuses": _TOLD,
        },
    },
    own={
        "metadata": {
            "name": True,
            "namespace": True,
            "uid": True,
            "labels": {"pod-template-hash": True, "rollouts-pod-template-hash": True},
            "ownerReferences": [{"kind": True, "name": True, "controller": True}],
        },
        "spec": {"nodeName": True},
        "status": {"phase": True},
    },
)
_REMEMBERED = 1_024  # workloads


class PodList(Struct, frozen=True):
    """The pods of a list, those that are only counted, and its JSON without its items."""

    pods: tuple[Pod, ...]
    alike: tuple[Alike, ...]
    head: bytes


class _Metadata(Struct, gc=False):
    uid: str = ""


class _Identity(Struct, gc=False):
    metadata: _Metadata | None = None

    @property
    def uid(self) -> str:
        return self.metadata.uid if self.metadata is not None else ""


_LOOK = Decoder(PodObject)
_PODS = Decoder(list[PodObject])
_IDENTITIES = Decoder(list[_Identity])
_MOUNTS = Decoder(list[PodMounts])


def read_pod_list(data: bytes | memoryview, is_plain: IsPlain) -> PodList | None:
    """Read a list of pods as an API server writes it; nothing of *data* is held on to.

    ``None`` where something is unusual or broken, and where nothing was compiled.

    Args:
        data: Its JSON. Of what is not needed, only quotes and brackets are looked at.
        is_plain: Says of what is asked for in a namespace whether its pods are only to
            be counted.

    Raises:
        msgspec.DecodeError: What is needed is broken, or of another type.
    """
    projected = _PROJECTION.read(data)
    if projected is None:
        return None
    head, runs = projected
    pods: list[Pod] = []
    alike: list[Alike] = []
    for same, own, start, end in runs:
        look = _look(same)
        if look is None:
            pods += _read(b"".join((b"[", data[start:end], b"]")))
        elif is_plain(*look):
            identities = _IDENTITIES.decode(own)
            alike.append(Alike(*look, tuple([one.uid for one in identities])))
        else:
            pods += [pod_with(look[1], pod) for pod in _PODS.decode(own)]
    return PodList(tuple(pods), tuple(alike), head)


@lru_cache(_REMEMBERED)
def _look(same: bytes) -> tuple[str, tuple[Container, ...]] | None:
    """Return a namespace and what is asked for in it, or ``None`` if an image may be mounted."""
    pod = _LOOK.decode(same)
    if mount_images([pod.spec]):
        return None
    return pod.metadata.namespace, containers_of_pod(pod)


def _read(data: bytes) -> Iterable[Pod]:
    return map(read_pod, _PODS.decode(data), _MOUNTS.decode(data))
