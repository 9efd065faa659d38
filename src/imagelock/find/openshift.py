"""OpenShift's way to name an image: ``from: {kind: DockerImage, name: <image ID>}``.

It is met in builds, image streams and deployment triggers. Where a build pushes
to is called ``to``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from imagelock.document.nodes import Mapping
from imagelock.find.visit import scalar_under, value_under

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagelock.find.site import Path, Site
    from imagelock.find.visit import Visit

NAME = "position"


def wants(key: str) -> bool:
    """Say whether a mapping with this key is of interest."""
    return key == "from"


def find(mapping: Mapping, path: Path, visit: Visit) -> Iterator[Site]:
    """Find the image that something is made from."""
    origin = mapping.get("from")
    kind = origin.text_of("kind") if isinstance(origin, Mapping) else None
    if not isinstance(origin, Mapping) or kind is None:
        return
    if kind.startswith("ImageStream"):
        # A name of the cluster's own, though it may be spelled as one of the lock.
        name = scalar_under(origin, "name")
        if name is not None:
            visit.claim(name)
    if kind == "DockerImage":
        site = visit.image_at(value_under(origin, "name"), ((path, "from"), "name"), NAME)
        if site is not None:
            yield site
