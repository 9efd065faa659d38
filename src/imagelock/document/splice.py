"""Change a text in a few places, and in no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Splice", "apply"]


class Splice(Struct, frozen=True, order=True):
    """Replace the characters from *start* to *end* by *new*; nothing where they are equal."""

    start: int
    end: int
    new: str


def apply(text: str, splices: Iterable[Splice]) -> str:
    """Return *text* with the splices made; every other character is kept.

    Raises:
        ValueError: Two splices overlap; that is a bug of whoever planned them.
    """
    parts: list[str] = []
    kept = 0
    for splice in sorted(splices):
        if splice.start < kept:
            raise ValueError(f"{splice} overlaps the splice before it")
        parts += (text[kept : splice.start], splice.new)
        kept = splice.end
    return "".join((*parts, text[kept:]))
