"""Environment variables and arguments that name an image.

env: [{name: RELATED_IMAGE_X, value: <image ID>}]
args: [--solver-image=<image ID>]          and  [--solver-image, <image ID>]
literals: [WORKER_IMAGE=<image ID>]
{op: add, path: /…/args/-, value: --solver-image=<image ID>}
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from imagelock.core.reference import ImageReference
from imagelock.document.nodes import Mapping, Scalar, Sequence
from imagelock.find.names import (
    is_beside_an_image,
    is_image_flag,
    is_image_variable,
    is_joined_to_a_tag,
    is_push_flag,
    is_push_key,
    is_transported,
    looks_like_an_image,
    may_be_a_host,
    names_its_registry,
    remembered,
)
from imagelock.find.site import Append, Problem, Unwritable
from imagelock.find.tokens import tokens, touches_a_template
from imagelock.find.visit import followed, optional, scalar_under, value_under

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
    pointer = mapping.text_of("path") if mapping.get("op") is not None else None
    if pointer is not None:
        yield from _patched(mapping, pointer.split("/"), (path, "value"), visit)
    for key, value in mapping.pairs:
        if type(key) is Scalar and _is_list_of_arguments(key.value):
            arguments = followed(value)
            if isinstance(arguments, Sequence):
                yield from _joined(arguments, (path, key.value), visit)
                yield from _arguments(arguments, (path, key.value), visit)


def _joined(variables: Sequence, path: Path, visit: Visit) -> Iterator[Site]:
    """Tell of variables without a tag that have one beside them: X_IMAGE, X_IMAGE_TAG."""
    named: dict[str, tuple[int, Mapping]] = {}
    for index, item in enumerate(variables.items):
        entry = followed(item)
        name = entry.text_of("name") if isinstance(entry, Mapping) else None
        if name and isinstance(entry, Mapping):
            named[name] = index, entry
    if not any(map(is_image_variable, named)):
        return
    for name, (index, entry) in named.items():
        value = scalar_under(entry, "value")
        if value is None or visit.is_claimed(value) or not is_image_variable(name):
            continue
        image = ImageReference.try_parse(value.value.strip())
        if image is None or _has_an_end(image) or not looks_like_an_image(image):
            continue
        if f"{name}_TAG" in named or f"{name}_VERSION" in named:
            yield _incomplete(value, image, ((path, index), "value"), visit)


def _patched(mapping: Mapping, keys: list[str], path: Path, visit: Visit) -> Iterator[Site]:
    """Find what an operation of a JSON patch puts into a list of arguments or variables."""
    value = followed(value_under(mapping, "value"))
    if isinstance(value, Sequence):
        if _is_list_of_arguments(keys[-1]):
            yield from _arguments(value, path, visit)
    elif len(keys) > 1 and _is_list_of_arguments(keys[-2]):
        if isinstance(value, Mapping):
            yield from _variable(value, path, visit)
        elif type(value) is Scalar and is_push_flag(value.value.partition("=")[0]):
            visit.claim(value)
        elif type(value) is Scalar:
            yield from optional(_argument(value, "", path, visit))


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
    looks_right = _has_an_end if is_beside_an_image(name) else _is_no_host
    site = visit.image_at(value, (path, "value"), NAME, looks_right=looks_right)
    if site is not None:
        yield from optional(_told_of(site, name, value, visit))
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
    has_source = False
    for index, item in enumerate(arguments.items):
        scalar = followed(item)
        if type(scalar) is not Scalar:
            flag = ""
            continue
        place = (path, index)
        name, _, text = scalar.value.partition("=")
        is_transport = is_transported(scalar.value)
        if is_push_flag(flag) or (text and is_push_flag(name)) or (is_transport and has_source):
            visit.claim(scalar)
        elif is_image_flag(flag):
            site = visit.image_at(item, place, NAME, looks_right=looks_like_an_image)
            yield from optional(_told_of(site, flag, scalar, visit))
        else:
            yield from optional(_argument(scalar, flag, place, visit))
        has_source = has_source or is_transport or scalar.value == "push"
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
    has_end = _has_an_end(image)
    names_an_image = names_an_image and (has_end or not is_beside_an_image(name))
    if not names_an_image and not _is_known(image, name or flag, visit):
        return None
    if is_joined_to_a_tag(name) and not has_end:
        return _incomplete(scalar, image, path, visit, start)
    visit.claim(scalar)
    return _part(scalar, image, start, path, visit, NAME if names_an_image else LOCK)


def _told_of(site: Site | None, name: str, scalar: Scalar, visit: Visit) -> Site | None:
    """Return a site, as one without a tag where its name says that one is joined to it."""
    if site is None or site.image is None or _has_an_end(site.image):
        return site
    joined = is_joined_to_a_tag(name)
    return _incomplete(scalar, site.image, site.path, visit) if joined else site


def _incomplete(
    scalar: Scalar, image: ImageReference, path: Path, visit: Visit, start: int = 0
) -> Site:
    """Tell of an image without a tag that its reader joins one to."""
    visit.claim(scalar)
    return visit.site(
        scalar,
        image,
        path,
        NAME,
        text=image.text,
        pin=Unwritable("its tag is elsewhere"),
        problem=Problem("tag-elsewhere", f"'{image}' has no tag, and one is joined to it"),
        offset=start,
    )


def _is_no_host(image: ImageReference) -> bool:
    return looks_like_an_image(image) and not may_be_a_host(image)


def _has_an_end(image: ImageReference) -> bool:
    return (image.tag is not None or image.is_pinned) and _is_no_host(image)


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
