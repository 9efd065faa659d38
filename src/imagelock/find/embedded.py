"""YAML, JSON and TOML inside strings, at any depth."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from msgspec import Struct

from imagelock.document.nodes import Mapping, Node, Scalar, Sequence, Text
from imagelock.document.scalar import OffsetMap
from imagelock.document.yaml import BrokenYamlError, Chunk, chunks, is_sound, parse
from imagelock.find.site import offsets_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from imagelock.find.site import Path, Site
    from imagelock.find.visit import Visit

__all__ = ["NotADocument", "documents_in", "literal_lines", "may_hold_a_document", "open_document"]

_MAX_LEVELS = 4  # texts in texts: three levels are met in the field
_MAX_LENGTH = 16_000_000  # characters
_LONG = 1_000_000  # characters: fewer are parsed at once
_ENOUGH = 200  # characters of a first line
_AT_THE_MARGIN = ("---", "...", "%", "\t")
_UNUSUAL = ("\ufeff", "\x85", "\u2028", "\u2029")


class NotADocument(Struct, frozen=True):
    """A scalar holds no document, or one that cannot be read; *offset* is in its value."""

    reason: str
    offset: int


def may_hold_a_document(scalar: Scalar) -> bool:
    """Say whether a scalar's value is worth parsing.

    One line is a document only where it begins as JSON does, or is written as a
    block of text.
    """
    value = scalar.value
    if len(value) < len("image: a"):
        return False
    head = value.lstrip(" \t\r\n")[:1]
    if head in {"{", "["}:
        return True
    if "\n" not in value and scalar.style not in {"|", ">"}:
        return False
    return ":\n" in value or ": " in value or "\n[" in value


def documents_in(scalar: Scalar, path: Path) -> Iterable[tuple[Node, Path]] | NotADocument:
    """Parse the value of a scalar as `open_document` does, of a long one a document at a time."""
    value = scalar.value
    is_long = len(value) >= _LONG and "\n---" in value and _refused(scalar) is None
    if is_long and _language(value) == "yaml" and is_sound(value):
        mapped = offsets_of(scalar)
        if mapped is not None:
            return _one_after_the_other(Text(value, scalar.text.source, scalar, mapped), path)
    return open_document(scalar, path)


def open_document(scalar: Scalar, path: Path) -> list[tuple[Node, Path]] | NotADocument:
    """Parse the value of a scalar; the nodes know where they stand in the file."""
    if (refused := _refused(scalar)) is not None:
        return refused
    value = scalar.value
    language = _language(value)
    body = _body(scalar, language) if scalar.style == "|" else None
    if body is not None:
        outer = scalar.text
        offsets = OffsetMap.linear(0, len(outer.content))
        text = Text(outer.content, outer.source, scalar, offsets, language)
        # What is broken is read once more: its place is told in the value.
        with suppress(BrokenYamlError):
            return _documents(parse(text, body), language, path)
    mapped = offsets_of(scalar)
    if mapped is None:
        return NotADocument("the way it is quoted or folded cannot be followed", 0)
    text = Text(value, scalar.text.source, scalar, mapped, language)
    try:
        roots = _tables(text) if language == "toml" else parse(text)
    except BrokenYamlError as error:
        return NotADocument(error.problem, error.offset)
    return _documents(roots, language, path)


def _one_after_the_other(text: Text, path: Path) -> Iterator[tuple[Node, Path]]:
    for chunk in chunks(text.content):
        yield from _documents(parse(text, chunk), "yaml", path)


def _refused(scalar: Scalar) -> NotADocument | None:
    if _level(scalar) >= _MAX_LEVELS:
        return NotADocument(f"texts inside texts, more than {_MAX_LEVELS} levels", 0)
    if len(scalar.value) > _MAX_LENGTH:
        return NotADocument(f"it is longer than {_MAX_LENGTH:,} characters", 0)
    return None


def _documents(roots: list[Node], language: str, path: Path) -> list[tuple[Node, Path]]:
    return [
        (root, (path, f"{language}:$")) for root in roots if isinstance(root, Mapping | Sequence)
    ]


def _body(scalar: Scalar, language: str) -> Chunk | None:
    """Return where the lines of a literal block stand, to be read as they are indented.

    YAML and JSON may be indented as a whole, and no offsets need a map then.
    ``None`` where a mark of documents or a directive is in it, which must stand at
    the margin, or the lines of the value are not those of the text.
    """
    value, content = scalar.value, scalar.text.content
    if language == "toml" or _needs_its_margin(value):
        return None
    start = content.find("\n", scalar.start, scalar.end) + 1
    first = content.find(value[:_ENOUGH].partition("\n")[0], start, scalar.end)
    body = content[start : scalar.end]
    margin = body[: first - start]
    lines = margin and f"\n{body}".replace(f"\n{margin}", "\n")[1:]
    if not start or not lines or margin.strip(" ") or lines.rstrip("\n") != value.rstrip("\n"):
        return None
    return Chunk(start, scalar.end)


def _needs_its_margin(value: str) -> bool:
    return (
        value.startswith(_AT_THE_MARGIN)
        or any(f"\n{mark}" in value for mark in _AT_THE_MARGIN)
        or "\r" in value
        or (not value.isascii() and any(sign in value for sign in _UNUSUAL))
    )


def _tables(text: Text) -> list[Node]:
    from imagelock.find.toml import parse_toml

    return [parse_toml(text)]


def literal_lines(scalar: Scalar, path: Path, visit: Visit) -> list[Site]:
    """Find what can be found in a text that should be YAML, and cannot be parsed."""
    from imagelock.find import lines

    offsets = offsets_of(scalar)
    if offsets is None:
        return []
    text = Text(scalar.value, scalar.text.source, scalar, offsets)
    return list(lines.find_literals(text, Chunk(0, len(scalar.value)), visit, (path, "yaml:$")))


def _language(value: str) -> str:
    if "=" in value and "[" in value:
        from imagelock.find.toml import is_toml

        if is_toml(value):
            return "toml"
    return "json" if value.lstrip()[:1] in {"{", "["} else "yaml"


def _level(scalar: Scalar) -> int:
    level = 0
    outer = scalar.text.outer
    while outer is not None:
        level += 1
        outer = outer.text.outer
    return level
