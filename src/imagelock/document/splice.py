"""Change a text in a few places, and in no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Splice", "apply", "apply_by_pieces"]

_PIECE = 1_000_000  # characters


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
    return "".join(apply_by_pieces(text, splices))


def apply_by_pieces(text: str, splices: Iterable[Splice]) -> Iterator[str]:
    """Yield *text* with the splices made, piece by piece: a big one is not held twice."""
    parts: list[str] = []
    kept = begun = 0
    for splice in sorted(splices):
        if splice.start < kept:
            raise ValueError(f"{splice} overlaps the splice before it")
        parts += (text[kept : splice.start], splice.new)
        kept = splice.end
        if kept - begun >= _PIECE:
            yield "".join(parts)
            parts, begun = [], kept
    yield "".join((*parts, text[kept:]))
