"""Environment variables and arguments that name an image.

env: [{name: RELATED_IMAGE_X, value: <image ID>}]
args: [--solver-image=<image ID>]          and  [--solver-image, <image ID>]
literals: [WORKER_IMAGE=<image ID>]
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from imagelock.core.reference import ImageReference
from imagelock.document.nodes import Mapping, Scalar, Sequence
from imagelock.find.names import (
    is_image_flag,
    is_image_variable,
    is_push_flag,
    is_push_key,
    looks_like_an_image,
    names_its_registry,
    remembered,
)
from imagelock.find.site import Append
from imagelock.find.tokens import tokens, touches_a_template
from imagelock.find.visit import followed, optional, scalar_under

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagelock.find.site import Path, Site
    from imagelock.find.visit import Visit

NAME = "key"
LOCK = "lock"

_VARIABLES = re.compile(r"env", re.IGNORECASE)
_ARGUMENTS = re.compile(r"(?:args|arguments)$", re.IGNORECASE)
_LISTS = frozenset(("command", "literals"))
# --image-repository=quay.io/x/y: the program puts a tag behind it.
_PART_OF_A_NAME = re.compile(r"registry|repo|prefix|hub|mirror|base", re.IGNORECASE)


def wants(key: str) -> bool:
    """Say whether a mapping with this key is of interest."""
    return _is_list_of_arguments(key)


def find(mapping: Mapping, path: Path, visit: Visit) -> Iterator[Site]:
    """Find the image of a variable, and those in lists of arguments."""
    if _is_in_variables(path):
        yield from _variable(mapping, path, visit)
    for key, value in mapping.pairs:
        if type(key) is Scalar and _is_list_of_arguments(key.value):
            arguments = followed(value)
            if isinstance(arguments, Sequence):
                yield from _arguments(arguments, (path, key.value), visit)


@remembered
def _is_list_of_arguments(key: str) -> bool:
    return key in _LISTS or _ARGUMENTS.search(key) is not None or _VARIABLES.search(key) is not None


def _is_in_variables(path: Path) -> bool:
    if path is None or not isinstance(path[1], int) or path[0] is None:
        return False
    key = path[0][1]
    return isinstance(key, str) and _VARIABLES.search(key) is not None


def _variable(mapping: Mapping, path: Path, visit: Visit) -> Iterator[Site]:
    name, value = mapping.text_of("name"), scalar_under(mapping, "value")
    if name is None or value is None:
        return
    if is_push_key(name):
        visit.claim(value)
    if not is_image_variable(name):
        return
    site = visit.image_at(value, (path, "value"), NAME, looks_right=looks_like_an_image)
    if site is not None:
        yield site
    elif "\n" in value.value and not visit.is_claimed(value):
        yield from _several(value, (path, "value"), visit)


def _several(scalar: Scalar, path: Path, visit: Visit) -> Iterator[Site]:
    """Find the images in a value of several lines, such as ``4.2.0=quay.io/x/kafka:4.2.0``."""
    for token in tokens(scalar):
        if names_its_registry(token.image) or visit.lock.entries_of(token.image.repository):
            visit.claim(scalar)
            yield _part(scalar, token.image, token.start, path, visit)


def _arguments(arguments: Sequence, path: Path, visit: Visit) -> Iterator[Site]:
    flag = ""
    for index, item in enumerate(arguments.items):
        scalar = followed(item)
        if type(scalar) is not Scalar:
            flag = ""
            continue
        place = (path, index)
        name, _, text = scalar.value.partition("=")
        if is_push_flag(flag) or (text and is_push_flag(name)):
            visit.claim(scalar)
        elif is_image_flag(flag):
            yield from optional(visit.image_at(item, place, NAME, looks_right=looks_like_an_image))
        else:
            yield from optional(_argument(scalar, flag, place, visit))
        flag = scalar.value


def _argument(scalar: Scalar, flag: str, path: Path, visit: Visit) -> Site | None:
    """Find ``<name>=<image ID>``, or all of an argument where the lock knows it."""
    if visit.is_claimed(scalar):
        return None
    name, equals, text = scalar.value.rstrip().rpartition("=")
    start = len(name) + len(equals)
    names_an_image = bool(equals) and (is_image_flag(name) or is_image_variable(name))
    if names_an_image and touches_a_template(scalar, start, start + len(text)):
        visit.claim(scalar)
        visit.templated += 1
        return None
    image = ImageReference.try_parse(text)
    if image is None or not looks_like_an_image(image):
        return None
    if not names_an_image and not _is_known(image, name or flag, visit):
        return None
    visit.claim(scalar)
    return _part(scalar, image, start, path, visit, NAME if names_an_image else LOCK)


def _is_known(image: ImageReference, name: str, visit: Visit) -> bool:
    """Say whether the lock has the repository of an image without a tag, and nothing adds one."""
    return (
        image.tag is None
        and not image.is_pinned
        and names_its_registry(image)
        and not _PART_OF_A_NAME.search(name)
        and bool(visit.lock.entries_of(image.repository))
    )


def _part(
    scalar: Scalar,
    image: ImageReference,
    start: int,
    path: Path,
    visit: Visit,
    found_by: str = NAME,
) -> Site:
    text, end = image.text, start + len(image.text)
    return visit.site(
        scalar, image, path, found_by, text=text, pin=Append(scalar, end), offset=start
    )
