"""Joins: in which ways the parts of one mapping may make an image.

repository:tag                  registry/repository:tag
repository/image:version        registry/repository/name:tag
registry/namespace/name:tag     path:tag
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from imagelock.find.parts import ADDRESSES, DIGEST_KEYS, NAMESPACES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagelock.find.parts import Parts

__all__ = ["Way", "is_said_twice", "ways_of"]

# The parts that make the name, and the one that is the tag.
Way = tuple[tuple[str, ...], str]


def ways_of(parts: Parts, *, is_image_key: bool) -> Iterator[Way]:
    """Yield which parts may make the name, and which one the tag; the most likely first."""
    tag = "tag" if parts.has("tag") or not (is_image_key and parts.has("version")) else "version"
    has_end = parts.has("tag", *DIGEST_KEYS)
    if parts.stem and not (has_end or parts.has("version")):
        return
    if is_image_key and not parts.stem:
        yield from _in_namespaces(parts, tag)
    if parts.value("repository"):
        if _is_nvidia(parts):
            yield ("repository", "image"), "version"
        elif is_image_key or has_end:
            yield from _by_repository(parts, tag, is_image_key=is_image_key)
    elif parts.value("image") and (has_end or parts.value("registry") or parts.stem):
        yield ("image",), "version" if _is_versioned(parts) else tag
    elif is_image_key or (has_end and parts.value("registry")):
        yield from _by_name(parts, tag, is_image_key=is_image_key)


def _in_namespaces(parts: Parts, tag: str) -> Iterator[Way]:
    """Yield how the parts are joined where a namespace stands between registry and name."""
    if not parts.value("registry"):
        return
    for space in NAMESPACES:
        for name in ("repository", "name", "image"):
            if parts.value(space) and parts.value(name):
                yield (space, name), tag


def _is_nvidia(parts: Parts) -> bool:
    """Say whether parts are joined as NVIDIA's operators do it, without a key for the tag."""
    image = parts.value("image")
    is_versioned = bool(parts.value("version"))
    return bool(image) and not parts.has("tag") and (_is_word(image) or is_versioned)


def _is_versioned(parts: Parts) -> bool:
    """Say whether a version is the tag, as Calico's chart has it: registry/image:version."""
    return (
        bool(parts.value("registry") and parts.value("version"))
        and not parts.has("tag")
        and ":" not in parts.value("image")
    )


def _by_repository(parts: Parts, tag: str, *, is_image_key: bool) -> Iterator[Way]:
    has_name, has_registry = bool(parts.value("name")), bool(parts.value("registry"))
    if has_name and has_registry:
        # Strimzi has all four parts.
        yield ("repository", "name"), tag
    if _is_last_part(parts):
        yield ("repository", "image"), tag
    yield ("repository",), tag
    if has_name and not has_registry and is_image_key:
        yield ("repository", "name"), tag


def _is_last_part(parts: Parts) -> bool:
    """Say whether an image beside a repository is a word that the repository lacks."""
    return _is_word(parts.value("image")) and not is_said_twice(parts)


def _is_word(image: str) -> bool:
    return bool(image) and "/" not in image and ":" not in image


def is_said_twice(parts: Parts) -> bool:
    """Say whether an image is the word that a repository ends with."""
    image = parts.value("image")
    return _is_word(image) and f"/{parts.value('repository')}".endswith(f"/{image}")


def _by_name(parts: Parts, tag: str, *, is_image_key: bool) -> Iterator[Way]:
    has_end = parts.has("tag", *DIGEST_KEYS)
    if parts.value("repo") and has_end:
        yield ("repo",), tag
        if is_image_key and parts.value("name"):
            yield ("repo", "name"), tag
    elif not is_image_key:
        return
    elif parts.value("name"):
        if has_end or tag == "version" or parts.has("registry", "repository"):
            yield ("name",), tag
            yield from (((space, "name"), tag) for space in NAMESPACES if parts.value(space))
    elif has_end:
        yield from (((part,), tag) for part in ADDRESSES if parts.value(part))
