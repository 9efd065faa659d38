"""Offsets inside a scalar: where the characters of its value stand in the text.

A scalar that is not simply its text is read again, piece by piece
(`imagelock.document.written`), and each piece is checked against the value that
the parser gave. Where the two differ, `map_offsets` answers ``None`` and
nothing is written there.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, MutableSequence

    from imagelock.document.nodes import Scalar

__all__ = ["OffsetMap", "map_offsets"]

_LONG = 1_000_000  # characters


class OffsetMap:
    """Where the characters of a value stand in the text that it was read from.

    It is made of runs: the first character of the value, where the run begins
    and ends in the text, and whether it is one to one. A run that is not stands
    for one character, or one fold, however it is written.
    """

    __slots__ = ("_ends", "_linear", "_raws", "_values")

    def __init__(self, new: Callable[[], MutableSequence[int]] = list) -> None:
        """Begin an empty map; *new* makes what its numbers are kept in."""
        self._values = new()
        self._raws = new()
        self._ends = new()
        self._linear = bytearray()

    @classmethod
    def linear(cls, raw_start: int, length: int) -> OffsetMap:
        """Return the map of a value that is written as it is."""
        offsets = cls()
        offsets.add(0, raw_start, raw_start + length, linear=True)
        return offsets

    def add(self, value_start: int, raw_start: int, raw_end: int, *, linear: bool) -> None:
        """Append a run, or lengthen the last one."""
        if linear and self._linear and self._linear[-1] and self._ends[-1] == raw_start:
            self._ends[-1] = raw_end
            return
        self._values.append(value_start)
        self._raws.append(raw_start)
        self._ends.append(raw_end)
        self._linear.append(linear)

    def start(self, offset: int) -> int:
        """Return where the character at *offset* of the value begins in the text.

        A word written there stands before that character, unless the character
        is white space, or the first one of a plain scalar.
        """
        run = max(bisect_right(self._values, offset) - 1, 0)
        if self._linear[run]:
            return self._raws[run] + offset - self._values[run]
        return self._raws[run] if offset == self._values[run] else self._ends[run]

    def end(self, offset: int) -> int:
        """Return where the character before *offset* of the value ends in the text.

        A word written there stands behind that character, unless the character
        is white space.
        """
        if offset == 0:
            return self.start(0)
        run = max(bisect_right(self._values, offset - 1) - 1, 0)
        if self._linear[run]:
            return self._raws[run] + offset - self._values[run]
        return self._ends[run]


def map_offsets(scalar: Scalar) -> OffsetMap | None:
    """Return where each character of a scalar's value stands in its text.

    ``None`` means that it cannot be told, or that the scalar is a block without
    text, and so that nothing may be written there.
    """
    start, end, style, value = scalar.start, scalar.end, scalar.style, scalar.value
    if style in {"|", ">"}:
        return _remembered(scalar) if value else None
    if style:
        start, end = start + 1, end - 1
    if end - start == len(value) or not value:
        return OffsetMap.linear(start, len(value))
    return _remembered(scalar)


def _remembered(scalar: Scalar) -> OffsetMap | None:
    """Read a scalar once, however many words are written into it."""
    maps = scalar.text.maps
    if scalar.start not in maps:
        maps[scalar.start] = _map(scalar)
    return maps[scalar.start]


def _map(scalar: Scalar) -> OffsetMap | None:
    # Imported for what is quoted, escaped or folded: its expressions take a while.
    from imagelock.document.written import BREAK, pieces_of

    value = scalar.value
    # Of a long text, numbers as objects would take more memory than the text.
    offsets = OffsetMap(partial(array, "q")) if len(value) >= _LONG else OffsetMap()
    position = 0
    for text, raw_start, raw_end in pieces_of(scalar):
        if position == len(value) and BREAK.fullmatch(text):
            return offsets  # these line breaks are chomped
        if not value.startswith(text, position):
            return None
        if text:
            offsets.add(position, raw_start, raw_end, linear=len(text) == raw_end - raw_start)
            position += len(text)
    return offsets if position == len(value) else None
