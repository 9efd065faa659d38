"""Kustomization images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imagelock.core.reference import ImageReference
from imagelock.document.nodes import Mapping, Scalar, Sequence
from imagelock.find.site import Append, FillKey, Pin, Problem, Unwritable
from imagelock.find.visit import optional, scalar_under

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagelock.find.site import Path, Site
    from imagelock.find.visit import Visit

NAME = "kustomize"

_KINDS = ("Kustomization", "Component")
_ENTRY_KEYS = frozenset(("name", "newName", "newTag", "digest", "tagSuffix"))


def wants(key: str) -> bool:
    """Say whether a mapping with this key is of interest."""
    return key in {"images", "imageTag"}


def find(mapping: Mapping, path: Path, visit: Visit) -> Iterator[Site]:
    """Find the entries of ``images`` that set a tag or a digest.

    A Kustomization may leave its kind out, so entries are known by their keys.
    """
    yield from optional(_of_transformer(mapping, path, visit))
    images = mapping.get("images")
    if not isinstance(images, Sequence):
        return
    is_kustomization = mapping.text_of("kind") in _KINDS
    for index, entry in enumerate(images.items):
        if isinstance(entry, Mapping) and _is_entry(entry, known=is_kustomization):
            site = _entry(entry, ((path, "images"), index), visit)
            if site is not None:
                yield site


def _of_transformer(mapping: Mapping, path: Path, visit: Visit) -> Site | None:
    """Find the entry of an ``ImageTagTransformer``."""
    entry = mapping.get("imageTag")
    if not isinstance(entry, Mapping) or not _is_entry(entry, known=False):
        return None
    return _entry(entry, (path, "imageTag"), visit)


def _is_entry(entry: Mapping, *, known: bool) -> bool:
    keys = {key.value for key, _ in entry.pairs if type(key) is Scalar}
    if "name" not in keys or not keys <= _ENTRY_KEYS:
        return False
    return known or bool(keys & {"newName", "newTag"})


def _entry(entry: Mapping, path: Path, visit: Visit) -> Site | None:
    visit.speak_of(entry)
    places = {key.value: value for key, value in entry.pairs if type(key) is Scalar}
    parts = {key: scalar for key in places if (scalar := scalar_under(entry, key))}
    if any(part.is_templated for part in parts.values()):
        visit.claim(*parts.values())
        visit.templated += 1
        return None
    if "name" not in parts or not visit.claim_parts(tuple(parts.values()), places.values()):
        return None
    text = _image_text(parts)
    anchor = parts.get("newName") or parts["name"]
    image = ImageReference.try_parse(text)
    has_end = image is None or image.tag is not None or image.is_pinned
    return visit.site(
        anchor,
        image,
        path,
        NAME,
        text=text,
        pin=_pin(entry, parts) if image and has_end else Unwritable("its tag is elsewhere"),
        problem=None if has_end else _tag_elsewhere(text),
        parts=tuple(parts.values()),
    )


def _image_text(parts: dict[str, Scalar]) -> str:
    name = _text(parts.get("newName")) or _text(parts.get("name"))
    tag, digest = _text(parts.get("newTag")), _text(parts.get("digest"))
    return name + (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")


def _tag_elsewhere(text: str) -> Problem:
    return Problem(
        "tag-elsewhere",
        f"'{text}' cannot be pinned: the tag comes from the resource that is rewritten",
    )


def _pin(entry: Mapping, parts: dict[str, Scalar]) -> Pin:
    if _text(parts.get("tagSuffix")):
        return Unwritable("'tagSuffix' would be put behind the digest; write it into 'newTag'")
    digest, tag = parts.get("digest"), parts.get("newTag")
    if digest is not None and not digest.value:
        key = next(key for key, _ in entry.pairs if getattr(key, "value", "") == "digest")
        return FillKey(digest, bare_hex=False, is_json=getattr(key, "style", "") == '"')
    # Kustomize joins name, ":" and newTag, so the tag may carry the digest.
    end = tag if tag is not None and _text(tag) else parts.get("newName") or parts["name"]
    return Append(end, len(end.value.rstrip()))


def _text(scalar: Scalar | None) -> str:
    return "" if scalar is None or scalar.is_null else scalar.value.strip()
