"""Pod specs, wherever they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imagelock.core.podspec import IMAGE_FIELDS
from imagelock.document.nodes import Mapping, Sequence
from imagelock.find.site import Problem, Unwritable
from imagelock.find.visit import optional, scalar_under

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagelock.document.nodes import Node
    from imagelock.find.site import Path, Site
    from imagelock.find.visit import Visit

NAME = "position"

_FIELDS = {field.key: field for field in IMAGE_FIELDS}


def wants(key: str) -> bool:
    """Say whether a mapping with this key is of interest."""
    return key in _FIELDS


def find(mapping: Mapping, path: Path, visit: Visit) -> Iterator[Site]:
    """Find the images of containers and image volumes in one mapping.

    The lists are known by their names alone, in any kind: a pod spec looks the
    same in a Deployment, a Workflow and a patch. Some kinds write them as a map
    from name to container.
    """
    for key, value in mapping.pairs:
        field = _FIELDS.get(getattr(key, "value", ""))
        if field is not None:
            for item, item_path in _items(value, (path, field.key)):
                yield from optional(
                    _injected(item, item_path, visit) or _image(item, item_path, field.image, visit)
                )


def _items(node: Node, path: Path) -> Iterator[tuple[Mapping, Path]]:
    if isinstance(node, Sequence):
        for index, item in enumerate(node.items):
            if isinstance(item, Mapping):
                yield item, (path, index)
    elif isinstance(node, Mapping):
        for key, item in node.pairs:
            if isinstance(item, Mapping):
                yield item, (path, getattr(key, "value", "?"))


def _injected(item: Mapping, path: Path, visit: Visit) -> Site | None:
    """Tell of Istio's gateways, whose ``image: auto`` a webhook replaces in each pod."""
    image = scalar_under(item, "image")
    if image is None or image.value != "auto" or item.text_of("name") != "istio-proxy":
        return None
    visit.claim(image)
    problem = Problem("not-a-reference", "'auto' is replaced when the pod is injected")
    pin = Unwritable("it is no image ID")
    return visit.site(image, None, (path, "image"), NAME, text="auto", pin=pin, problem=problem)


def _image(item: Mapping, path: Path, keys: tuple[str, ...], visit: Visit) -> Site | None:
    node: Node | None = item
    for key in keys:
        if not isinstance(node, Mapping):
            return None
        node, path = node.get(key), (path, key)
    return visit.image_at(node, path, NAME)
