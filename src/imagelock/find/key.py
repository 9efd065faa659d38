"""Keys that name an image."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from imagelock.core.reference import ImageReference
from imagelock.document.nodes import Mapping, Scalar, Sequence
from imagelock.find.names import (
    begins_with_image,
    is_image_key,
    is_image_variable,
    is_images_key,
    is_joined_to_a_tag,
    looks_like_an_image,
    looks_like_no_picture,
    may_be_a_host,
    may_be_a_word,
    names_its_registry,
)
from imagelock.find.registry import in_shared_registry
from imagelock.find.site import Problem, Unwritable
from imagelock.find.visit import followed, optional, scalar_under

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagelock.document.nodes import Node
    from imagelock.find.context import Context
    from imagelock.find.site import Path, Site
    from imagelock.find.visit import Visit

NAME = "key"

# image: {name: <image ID>}, and what others call it
_WHOLE = ("name", "ref", "reference", "url", "uri", "image", "override", "value", "default")
# A label's value has no room for an image ID.
_LABELS = frozenset(("labels", "commonLabels", "matchLabels", "nodeSelector", "selector"))
# Under these, a word names the disk of a machine, or of Ceph.
_DISKS = frozenset(("rbd", "forProvider", "initializeParams", "macos_instance"))
# Under this one, so does a word with a version: ubuntu-2204:2024.01
_MACHINE = "machine"
# HelmRelease: spec.values; Kustomization: helmCharts[].valuesInline
_VALUES = frozenset(("values", "valuesInline"))
# image: {options: [<image ID>, ...]}: what a form offers
_CHOICES = ("options", "values", "choices", "allowed")
# {from: <image ID>, to: <image ID>}: what is copied, and where it is pushed to
_COPIED = re.compile(r"src|source|from|dst|dest|destination|target|to|mirror", re.IGNORECASE)
_RECIPES = ("dockerfile", "dockerfilePath")
# Beside an image without a tag, these may be joined to it by whoever reads it:
# version, imageTag, dockerTag, defaultImageVersion.
_VERSION = re.compile(r"version|tag|[A-Za-z0-9_-]*?(?:[a-z0-9_-]Tag|_tag|[iI]mage_?[vV]ersion)")


def wants(key: str) -> bool:
    """Say whether a mapping with this key is of interest."""
    return is_image_key(key) or is_images_key(key) or begins_with_image(key) or _is_variable(key)


def find(mapping: Mapping, path: Path, visit: Visit) -> Iterator[Site]:
    """Find what stands under keys that name an image, or several."""
    for key, value in mapping.pairs:
        if type(key) is not Scalar:
            continue
        name, place = key.value, (path, key.value)
        node = followed(value)
        if isinstance(node, Mapping | Sequence):
            yield from _inside(node, name, place, visit)
        elif _is_no_input(name, mapping, path) or (is_image_key(name) and _is_built(mapping)):
            visit.claim(*(part for part in (node,) if type(part) is Scalar))
        elif is_image_key(name):
            yield from _image(mapping, name, value, place, visit)
        elif begins_with_image(name):
            yield from optional(visit.image_at(value, place, NAME, looks_right=_is_one_of_many))
        elif _is_variable(name):
            yield from optional(visit.image_at(value, place, NAME, looks_right=_is_certain))


def _is_no_input(key: str, mapping: Mapping, path: Path) -> bool:
    """Say whether a key describes a package (OLM), a label, or what is built here (Compose)."""
    if path is None:
        return False
    if path[1] in _LABELS:
        return True
    if key == "containerImage":
        return path[1] == "annotations"
    if key == "lastTriggeredImage":  # OpenShift writes it
        return True
    return key == "image" and path[0] == (None, "services") and _has(mapping, "build")


def _is_built(mapping: Mapping) -> bool:
    """Say whether a recipe stands beside an image, which is what is built (devfile, chartpress)."""
    return any(_has(mapping, key) for key in _RECIPES)


def _has(mapping: Mapping, key: str) -> bool:
    """Say whether a key is there, and says more than null."""
    node = followed(mapping.get(key))
    return node is not None and not (type(node) is Scalar and node.is_null)


def _is_variable(key: str) -> bool:
    """Say whether a key is the name of an environment variable, in a map of them."""
    return key.isupper() and is_image_variable(key)


def _image(
    mapping: Mapping, key: str, value: Node, path: tuple[Path, str | int], visit: Visit
) -> Iterator[Site]:
    # Many kinds of objects say `image: nginx`; a word under another key is no image ID.
    outer = _outer_key(path[0])
    if outer == _MACHINE:
        looks_right = names_its_registry
    elif visit.context.has_machines or outer in _DISKS:
        looks_right = _is_no_disk
    elif key.endswith("Tag"):
        looks_right = _has_an_end
    else:
        looks_right = may_be_a_word if key == "image" else looks_like_an_image
    site = visit.image_at(value, path, NAME, looks_right=looks_right)
    if site is None or site.image is None or site.image.tag or site.image.is_pinned:
        yield from optional(site and in_shared_registry(site, path, visit))
        return
    problem = (
        _joined_elsewhere(site.text, visit.context_at(path))
        or _joined_beside(site.text, mapping)
        or _joined_perhaps(site.text, key, path, visit)
    )
    if problem is None:
        yield site
        return
    unwritable = Unwritable("its tag is elsewhere")
    yield visit.site(
        site.anchor, site.image, path, NAME, text=site.text, pin=unwritable, problem=problem
    )


def _outer_key(path: Path) -> str | int | None:
    """Return the key that a mapping stands under, or under a list of which it stands."""
    while path is not None and isinstance(path[1], int):
        path = path[0]
    return path and path[1]


def _joined_elsewhere(text: str, context: Context) -> Problem | None:
    """Tell of Istio's way: a bare name that is joined to ``global.hub`` and ``global.tag``."""
    hub, tag = context.hub, context.tag
    if not hub or not tag or "/" in text:
        return None
    return Problem(
        "tag-elsewhere",
        f"'{text}' is joined to 'hub' and 'tag', which other images share: "
        f"write '{hub}/{text}:{tag}' here, with its digest",
    )


def _joined_perhaps(text: str, key: str, path: Path, visit: Visit) -> Problem | None:
    """Tell of values such as ``controllerImage: cr.example/controller``."""
    context = visit.context_at(path)
    is_in_values = context.is_values or _is_in_values(path)
    shared = is_in_values and _shared_tag(context, path)
    if shared:
        return Problem("tag-elsewhere", f"'{text}' has no tag, and may be joined to {shared}")
    if not is_joined_to_a_tag(key) and (key == "image" or not is_in_values):
        return None
    return Problem("tag-elsewhere", f"'{text}' has no tag, and one may be joined to '{key}'")


def _shared_tag(context: Context, path: Path) -> str:
    """Return the tag that values have for more than one image, or for one by its name."""
    if context.shared_tag:
        return f"'{context.shared_tag}', which the values have for more than one image"
    name = path and path[0] and path[0][1]
    return f"the tag that the values have for '{name}'" if name in context.tagged else ""


def _is_in_values(path: Path) -> bool:
    """Say whether a place is in the values that an object hands to a chart."""
    while path is not None:
        path, part = path
        if part in _VALUES:
            return True
    return False


def _joined_beside(text: str, mapping: Mapping) -> Problem | None:
    """Tell of an image without a tag where a version stands beside it."""
    for key, value in mapping.pairs:
        version = followed(value)
        if type(key) is not Scalar or type(version) is not Scalar:
            continue
        if _VERSION.fullmatch(key.value) and version.value and not version.is_null:
            return Problem(
                "tag-elsewhere",
                f"'{text}' has no tag, and may be joined to '{key.value}: {version.value}'"
                " beside it",
            )
    return None


def _inside(node: Mapping | Sequence, key: str, path: Path, visit: Visit) -> Iterator[Site]:
    if is_images_key(key):
        yield from _images(node, path, visit)
    elif isinstance(node, Mapping) and (is_image_key(key) or begins_with_image(key)):
        for choices in _CHOICES:
            offered = node.get(choices)
            if isinstance(offered, Mapping | Sequence):
                yield from _images(offered, (path, choices), visit)
        for whole in _WHOLE:
            value = scalar_under(node, whole)
            if value is not None:
                yield from optional(
                    visit.image_at(value, (path, whole), NAME, looks_right=_has_an_end)
                )


def _images(node: Mapping | Sequence, path: Path, visit: Visit) -> Iterator[Site]:
    """Find a list of images, or a map of names to images."""
    if isinstance(node, Sequence):
        items: list[tuple[Node, Path]] = [(item, (path, i)) for i, item in enumerate(node.items)]
    else:
        items = [(value, (path, key.value)) for key, value in node.pairs if type(key) is Scalar]
    for value, place in items:
        if isinstance(value, Mapping) and (place == (path, "tags") or _is_choice(value)):
            # OpenStack-Helm: images: {tags: {api: <image ID>}}
            yield from _images(value, place, visit)
        yield from optional(visit.image_at(value, place, NAME, looks_right=_is_listed))


def _is_choice(node: Mapping) -> bool:
    """Say whether all that a mapping holds are whole image IDs: ``{"4.0": <image ID>}``."""
    texts = [followed(value) for _, value in node.pairs]
    if any(type(key) is Scalar and _COPIED.fullmatch(key.value) for key, _ in node.pairs):
        return False
    return bool(texts) and all(
        type(text) is Scalar
        and (image := ImageReference.try_parse(text.value.strip())) is not None
        and _is_one_of_many(image)
        and not may_be_a_host(image)
        for text in texts
    )


def _has_an_end(image: ImageReference) -> bool:
    return (image.tag is not None or image.is_pinned) and looks_like_no_picture(image)


def _is_no_disk(image: ImageReference) -> bool:
    """Say whether a text is more than the path of a disk: ``ubuntu/images/hvm-ssd/jammy``."""
    return _has_an_end(image) or (looks_like_an_image(image) and names_its_registry(image))


def _is_listed(image: ImageReference) -> bool:
    """Say whether an item of ``images`` is one; ``redis:6379`` is a host and a port."""
    return _has_an_end(image) and not may_be_a_host(image)


def _is_one_of_many(image: ImageReference) -> bool:
    return _has_an_end(image) and "/" in image.text


def _is_certain(image: ImageReference) -> bool:
    return (_has_an_end(image) or names_its_registry(image)) and not may_be_a_host(image)
