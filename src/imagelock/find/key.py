"""Keys that name an image."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from imagelock.document.nodes import Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagelock.core.reference import ImageReference
    from imagelock.document.nodes import Mapping
    from imagelock.find.site import Path, Site
    from imagelock.find.visit import Visit

NAME = "key"

# image, imageName, fooImage, foo_image, foo-image, FOO_IMAGE, imageRef, containerDisk's image
_NAMES_AN_IMAGE = re.compile(
    r"(?:(?:^|[_.-])image|[a-z0-9]Image|(?:^|[_.-])IMAGE)"
    r"(?:[_.-]?(?:name|ref|reference|url|uri)|Name|Ref|Reference|URL|Url|URI|_NAME|_REF|_URL)?"
)
# RELATED_IMAGE_FOO, FOO_IMAGE, IMAGE_FOO: names of environment variables
_VARIABLE = re.compile(r"(?:^|_)IMAGES?(?:_|$)")
_PICTURE = re.compile(r"\.(?:png|jpe?g|gif|svg|webp|ico|bmp|avif|iso|qcow2|img|raw|vmdk)$")


def wants(key: str) -> bool:
    """Say whether a mapping with this key is of interest."""
    return key == "value" or _NAMES_AN_IMAGE.search(key) is not None


def find(mapping: Mapping, path: Path, visit: Visit) -> Iterator[Site]:
    """Find scalars under keys that name an image, and variables that do."""
    variable = mapping.text_of("name")
    for key, value in mapping.pairs:
        if type(key) is not Scalar:
            continue
        name = key.value
        if name == "value" and variable is not None and _VARIABLE.search(variable):
            site = visit.image_at(value, (path, name), NAME, looks_right=_looks_like_an_image)
        elif name == "image":
            site = visit.image_at(value, (path, name), NAME, looks_right=_is_no_picture)
        elif _is_name_of_an_image(name):
            site = visit.image_at(value, (path, name), NAME, looks_right=_looks_like_an_image)
        else:
            continue
        if site is not None:
            yield site


def _is_name_of_an_image(key: str) -> bool:
    ends = [match.end() for match in _NAMES_AN_IMAGE.finditer(key)]
    return bool(ends) and ends[-1] == len(key)


def _looks_like_an_image(image: ImageReference) -> bool:
    """Say whether a text is an image ID and not just a word that parses as one."""
    has_more_than_a_name = image.tag is not None or image.digest is not None or "/" in image.text
    return has_more_than_a_name and _is_no_picture(image)


def _is_no_picture(image: ImageReference) -> bool:
    return not _PICTURE.search(image.text)
