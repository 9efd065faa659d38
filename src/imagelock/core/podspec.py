"""The fields of a pod spec that name an image: the one table.

The finder of manifests, `verify`, and whoever asks the question elsewhere read
it, so that a kind of container cannot be known to one and not to the other.
"""

from __future__ import annotations

from msgspec import Struct

__all__ = ["IMAGE_FIELDS", "POD_SPECS", "ImageField"]


class ImageField(Struct, frozen=True, kw_only=True):
    """A list of a pod spec, and where in each of its items the image stands.

    *key* is the list's key in the pod spec, *image* the keys from an item to
    the image ID, *noun* what an item is called, and *status* the key of the
    pod's status that tells what runs (empty where there is none).
    """

    key: str
    image: tuple[str, ...]
    noun: str
    status: str


IMAGE_FIELDS = (
    ImageField(key="containers", image=("image",), noun="container", status="containerStatuses"),
    ImageField(
        key="initContainers",
        image=("image",),
        noun="init container",
        status="initContainerStatuses",
    ),
    ImageField(
        key="ephemeralContainers",
        image=("image",),
        noun="ephemeral container",
        status="ephemeralContainerStatuses",
    ),
    ImageField(key="volumes", image=("image", "reference"), noun="volume", status=""),
)

# Where the pod spec stands in the kinds that Kubernetes itself has.
POD_SPECS = {
    "Pod": ("spec",),
    "PodTemplate": ("template", "spec"),
    "ReplicationController": ("spec", "template", "spec"),
    "ReplicaSet": ("spec", "template", "spec"),
    "Deployment": ("spec", "template", "spec"),
    "StatefulSet": ("spec", "template", "spec"),
    "DaemonSet": ("spec", "template", "spec"),
    "Job": ("spec", "template", "spec"),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
}
