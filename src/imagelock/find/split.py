"""One image spread over registry, repository, tag and digest."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from imagelock.core.grammar import DIGEST_HEX_DIGITS
from imagelock.core.lock import Missing
from imagelock.core.reference import ImageReference
from imagelock.document.nodes import Mapping, Scalar
from imagelock.find.site import Append, FillKey, Path, Pin, Problem, Unwritable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagelock.find.site import Site
    from imagelock.find.visit import Visit

NAME = "split"

_REPOSITORY_KEYS = ("repository", "repo", "image", "name")
_TAG_KEYS = ("tag", "version")
_DIGEST_KEYS = ("digest", "sha")
_PARTS = frozenset(("registry", *_REPOSITORY_KEYS, *_TAG_KEYS, *_DIGEST_KEYS))
_IMAGE_KEY = re.compile(r"(?:^|[_.-])images?$|[a-z0-9]Images?$", re.IGNORECASE)


class _Parts(Struct, frozen=True):
    """The scalars of one mapping that may be parts of an image."""

    scalars: dict[str, Scalar]
    keys: dict[str, Scalar]

    def value(self, key: str) -> str:
        """Return a part's text, empty where it is missing or null."""
        scalar = self.scalars.get(key)
        return "" if scalar is None or scalar.is_null else scalar.value.strip()


class _Reading(Struct, frozen=True):
    """One way to read the parts as an image: its name, and which scalar ends it."""

    name: str
    repository: Scalar
    tag_key: str


def wants(key: str) -> bool:
    """Say whether a mapping with this key is of interest."""
    return key in {"repository", "repo", "tag", "digest", "sha", "registry"}


def find(mapping: Mapping, path: Path, visit: Visit) -> Iterator[Site]:
    """Find the image that the keys of one mapping make together, if they do."""
    parts = _parts_of(mapping)
    if any(visit.is_claimed(scalar) for scalar in parts.scalars.values()):
        return
    is_image_key = _is_image_key(path)
    readings = list(_readings(parts, visit, is_image_key=is_image_key))
    if not readings:
        if is_image_key and (site := _lone_tag(parts, path, visit)):
            yield site
        return
    if any(scalar.is_templated for scalar in parts.scalars.values()):
        visit.claim(*parts.scalars.values())
        visit.templated += 1
        return
    site = _site(parts, readings, path, visit)
    if site is not None:
        visit.claim(*(parts.scalars[key] for key in parts.scalars if key != "name"))
        yield site


def _parts_of(mapping: Mapping) -> _Parts:
    scalars: dict[str, Scalar] = {}
    keys: dict[str, Scalar] = {}
    for key, _ in mapping.pairs:
        if type(key) is Scalar and key.value in _PARTS:
            value = mapping.get(key.value)
            if type(value) is Scalar:
                scalars[key.value] = value
                keys[key.value] = key
    return _Parts(scalars, keys)


def _is_image_key(path: Path) -> bool:
    """Say whether the mapping stands under a key that names an image, or in a list under one."""
    while path is not None and isinstance(path[1], int):
        path = path[0]
    return path is not None and isinstance(path[1], str) and bool(_IMAGE_KEY.search(path[1]))


def _readings(parts: _Parts, visit: Visit, *, is_image_key: bool) -> Iterator[_Reading]:
    """Yield the ways to read the parts, the most likely first."""
    has_tag = "tag" in parts.scalars
    has_digest = any(key in parts.scalars for key in _DIGEST_KEYS)
    registry = parts.value("registry")
    if parts.value("repository"):
        if parts.value("image") and parts.value("version") and not has_tag:
            # The Prometheus operator's way: repository/image:version.
            yield from _named(parts, visit, ("repository", "image"), "version")
        elif has_tag or has_digest or is_image_key:
            if parts.value("name") and registry:
                # Strimzi's way: registry/repository/name:tag.
                yield from _named(parts, visit, ("repository", "name"), "tag")
            yield from _named(parts, visit, ("repository",), "tag")
    elif parts.value("image") and (has_tag or has_digest or registry):
        yield from _named(parts, visit, ("image",), "tag")
    elif parts.value("repo") and has_tag and (is_image_key or registry):
        yield from _named(parts, visit, ("repo",), "tag")
    elif parts.value("name") and has_tag and is_image_key:
        yield from _named(parts, visit, ("name",), "tag")


def _named(parts: _Parts, visit: Visit, keys: tuple[str, ...], tag_key: str) -> Iterator[_Reading]:
    name = "/".join(parts.value(key) for key in keys)
    scalar = parts.scalars[keys[-1]]
    registry = parts.value("registry")
    default = visit.defaults.get("registry", "")
    # A chart's global registry replaces the image's own, where it is set.
    for prefix in dict.fromkeys((default, registry) if default else (registry,)):
        full = f"{prefix.rstrip('/')}/{name}" if prefix else name
        if ImageReference.try_parse(full) is not None:
            yield _Reading(full, scalar, tag_key)
    if default and ImageReference.try_parse(name) is not None:
        yield _Reading(name, scalar, tag_key)


def _site(parts: _Parts, readings: list[_Reading], path: Path, visit: Visit) -> Site | None:
    read = [(reading, _reference(parts, reading)) for reading in readings]
    read = [(reading, image) for reading, image in read if image is not None]
    if not read:
        return None
    # Which reading the chart has in mind cannot be seen; the lock may know one of them.
    reading, image = next(
        (
            (reading, image)
            for reading, image in read
            if image is not None and not isinstance(visit.lock.match(image), Missing)
        ),
        read[0],
    )
    assert image is not None  # noqa: S101  (filtered above)
    pin = _pin(parts, reading, image)
    return visit.site(
        reading.repository,
        image,
        path,
        NAME,
        text=image.text,
        pin=pin,
        problem=_problem(parts, reading, image, visit),
    )


def _reference(parts: _Parts, reading: _Reading) -> ImageReference | None:
    text = reading.name
    tag = parts.value(reading.tag_key)
    if tag:
        text += f":{tag}"
    digest = _digest(parts)
    if digest and "@" not in text:
        text += f"@{digest}"
    return ImageReference.try_parse(text)


def _digest(parts: _Parts) -> str:
    digest = parts.value("digest")
    hex_digits = parts.value("sha")
    if not digest and len(hex_digits) == DIGEST_HEX_DIGITS["sha256"]:
        return f"sha256:{hex_digits}"
    return digest or hex_digits


def _pin(parts: _Parts, reading: _Reading, image: ImageReference) -> Pin:
    for key in _DIGEST_KEYS:
        scalar = parts.scalars.get(key)
        if scalar is not None and not scalar.value.strip("~").replace("null", ""):
            return FillKey(scalar, bare_hex=key == "sha", is_json=parts.keys[key].style == '"')
    tag = parts.scalars.get(reading.tag_key)
    if tag is not None and parts.value(reading.tag_key):
        return Append(tag, len(tag.value.rstrip()))
    if image.tag is not None:
        return Append(reading.repository, len(reading.repository.value.rstrip()))
    return Unwritable("its tag is elsewhere")


def _problem(
    parts: _Parts, reading: _Reading, image: ImageReference, visit: Visit
) -> Problem | None:
    if image.tag is not None or image.is_pinned:
        return None
    default = visit.defaults.get("tag")
    where = (
        f"the tag '{default}' stands in 'global'"
        if default
        else "its tag is empty here"
        if reading.tag_key in parts.scalars
        else "no tag stands beside it"
    )
    return Problem("tag-elsewhere", f"'{image}' cannot be pinned: {where}")


def _lone_tag(parts: _Parts, path: Path, visit: Visit) -> Site | None:
    """Tell of a tag or digest whose repository is named elsewhere."""
    scalar = parts.scalars.get("tag")
    if scalar is None or not parts.value("tag") or scalar.is_templated:
        return None
    if parts.value("digest") or parts.value("sha") or "@" in scalar.value:
        return None
    visit.claim(scalar)
    return visit.site(
        scalar,
        None,
        (path, "tag"),
        NAME,
        text=scalar.value,
        pin=Unwritable("its repository is elsewhere"),
        problem=Problem(
            "repository-elsewhere",
            f"the tag '{scalar.value}' is set here, and the repository that it belongs to is not",
        ),
    )
