"""external_images, <organisation>-images, image_references/*."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from imagelock.core import grammar
from imagelock.core.allow_list import AllowedName, AllowList, BareName, FullName
from imagelock.core.lock import LockEntry
from imagelock.core.place import FilePlace
from imagelock.core.reference import ImageReference, Repository
from imagelock.errors import InputError
from imagelock.syntax.lines import parse_entries

if TYPE_CHECKING:
    from imagelock.core.place import Source
    from imagelock.syntax.lines import Entry

__all__ = [
    "Published",
    "parse_allow_list",
    "parse_external",
    "parse_pinned",
    "parse_references",
    "parse_registry",
    "render_references",
]


class Published(Struct, frozen=True):
    """An image ID that a build job published; nobody has checked it yet."""

    reference: ImageReference
    place: FilePlace


def parse_external(source: Source) -> tuple[LockEntry, ...]:
    """Read ``external_images``: one image ID a line, each with a digest.

    Raises:
        InputError: The file is wrong in one place.
        InputErrors: It is wrong in several.
    """
    return parse_entries(source, parse_pinned)


def parse_allow_list(source: Source) -> AllowList:
    """Read ``<organisation>-images``: one repository's name a line, full or bare.

    Raises:
        InputError: The file is wrong in one place.
        InputErrors: It is wrong in several.
    """
    return AllowList(parse_entries(source, _allowed_name), name=source.name)


def parse_references(source: Source) -> tuple[Published, ...]:
    """Read a file of ``image_references``: image IDs, with digests if the job did well.

    Raises:
        InputError: The file holds one thing that is no image ID.
        InputErrors: It holds several.
    """
    return parse_entries(source, _published)


def render_references(references: tuple[ImageReference, ...]) -> str:
    """Write a file of ``image_references``: the author's image IDs, one a line."""
    return "".join(f"{reference}\n" for reference in references)


def parse_pinned(entry: Entry) -> LockEntry:
    """Read one image ID with a digest.

    Raises:
        InputError: It is none, or has no digest.
    """
    reference = _image(entry)
    if not reference.is_pinned:
        raise entry.mistake(
            "this image ID has no digest: '@sha256:' and 64 hex digits were expected at its end",
            start=len(entry.text),
            hint=f"Ask the registry for it, for example with: crane digest {entry.text}",
        )
    return LockEntry(reference, entry.place)


def parse_registry(text: str) -> str | None:
    """Read a registry's ``<host>[:<port>]``, normalised; ``None`` where *text* is none."""
    if "/" in text or not grammar.is_domain(text):
        return None
    normalised = grammar.normalise(f"{text}/any/name")
    return normalised[0] if normalised else None


def _published(entry: Entry) -> Published:
    return Published(_image(entry), entry.place)


def _image(entry: Entry) -> ImageReference:
    reference = ImageReference.try_parse(entry.text)
    if reference is None:
        problem, start, end = grammar.what_is_wrong(entry.text)
        raise entry.mistake(
            f"not an image ID: {problem}", start=start, end=end, hint=_hint(entry.text)
        )
    return reference


def _hint(text: str) -> str:
    if text[0] in "\"'":
        return "This is a plain list: leave the quotes out."
    if "://" in text:
        return "Leave the scheme out: <registry>/<repository>:<tag>@<digest>"
    return "Expected: <registry>/<repository>:<tag>@sha256:<64 hex digits>"


def _allowed_name(entry: Entry) -> AllowedName:
    name = entry.text
    try:
        repository = Repository.parse(name)
    except InputError:
        problem, start, end = grammar.what_is_wrong_with_name(name)
        raise entry.mistake(
            f"not a repository's name: {problem}",
            start=start,
            end=end,
            hint="Expected: <registry>/<repository>, or <repository> alone",
        ) from None
    first, slash, _ = name.partition("/")
    if slash and grammar.is_domain(first):
        return FullName(repository, entry.place)
    return BareName(name, entry.place)
