"""YAML and JSON inside strings, at any depth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from imagelock.document.nodes import Mapping, Node, Scalar, Sequence, Text
from imagelock.document.scalar import map_offsets
from imagelock.document.yaml import BrokenYamlError, parse

if TYPE_CHECKING:
    from imagelock.find.site import Path

__all__ = ["NotADocument", "may_hold_a_document", "open_document"]

_MAX_LEVELS = 4  # texts in texts: three levels are met in the field
_MAX_LENGTH = 16_000_000  # characters


class NotADocument(Struct, frozen=True):
    """A scalar holds no document, or one that cannot be read; *offset* is in its value."""

    reason: str
    offset: int


def may_hold_a_document(value: str) -> bool:
    """Say whether a scalar's value is worth parsing.

    A text of one line is a document only where it begins as JSON does.
    """
    if len(value) < len("image: a"):
        return False
    head = value.lstrip(" \t\r\n")[:1]
    if head in {"{", "["}:
        return True
    return ":\n" in value or ("\n" in value and ": " in value)


def open_document(scalar: Scalar, path: Path) -> list[tuple[Node, Path]] | NotADocument:
    """Parse the value of a scalar; the nodes know where they stand in the file."""
    value = scalar.value
    if _level(scalar) >= _MAX_LEVELS:
        return NotADocument(f"texts inside texts, more than {_MAX_LEVELS} levels", 0)
    if len(value) > _MAX_LENGTH:
        return NotADocument(f"it is longer than {_MAX_LENGTH:,} characters", 0)
    offsets = map_offsets(scalar)
    if offsets is None:
        return NotADocument("the way it is quoted or folded cannot be followed", 0)
    language = "json" if value.lstrip()[:1] in {"{", "["} else "yaml"
    text = Text(value, scalar.text.source, scalar, offsets, language)
    try:
        roots = parse(text)
    except BrokenYamlError as error:
        return NotADocument(error.problem, error.offset)
    return [
        (root, (path, f"{language}:$")) for root in roots if isinstance(root, Mapping | Sequence)
    ]


def _level(scalar: Scalar) -> int:
    level = 0
    outer = scalar.text.outer
    while outer is not None:
        level += 1
        outer = outer.text.outer
    return level
