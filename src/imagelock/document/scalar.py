"""Offsets inside a scalar: where the characters of its value stand in the text.

A scalar is read again here, piece by piece, as libyaml reads it (YAML 1.1:
escapes, folds, indentation), and each piece is checked against the value that
the parser gave. Where the two differ, `map_offsets` answers ``None`` and
nothing is written there.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from imagelock.document.nodes import Scalar

__all__ = ["OffsetMap", "map_offsets"]

# What a part of the text reads as, and from where to where it stands there.
Piece = tuple[str, int, int]
# A line from where its text begins, where that ends, and where its break ends.
Line = tuple[int, int, int]

_ESCAPES = {
    "0": "\0",
    "a": "\a",
    "b": "\b",
    "t": "\t",
    "\t": "\t",
    "n": "\n",
    "v": "\v",
    "f": "\f",
    "r": "\r",
    "e": "\x1b",
    " ": " ",
    '"': '"',
    "/": "/",
    "\\": "\\",
    "N": "\x85",
    "_": "\xa0",
    "L": "\u2028",
    "P": "\u2029",
}
_BREAKS = r"\r\n\x85\u2028\u2029"
_BREAK = re.compile(rf"\r\n|[{_BREAKS}]")
# Line breaks with the white space around them, which folding takes away. They
# are looked for only where blanks begin, or long runs of blanks would cost
# their length squared; a blank that was escaped is no such blank.
_FOLD = rf"(?:(?<![ \t])|(?<=\\[ \t]))[ \t]*+[{_BREAKS}][ \t{_BREAKS}]*+"
_PLAIN = re.compile(_FOLD)
_SINGLE_QUOTED = re.compile(rf"''|{_FOLD}")
_DOUBLE_QUOTED = re.compile(
    rf"\\(?:x..|u.{{4}}|U.{{8}}|[{_BREAKS}][ \t{_BREAKS}]*+|.)|{_FOLD}", re.DOTALL
)
_FLOW_STYLES = {"": _PLAIN, "'": _SINGLE_QUOTED, '"': _DOUBLE_QUOTED}
_BLANK_LINES = re.compile(r"(?>(?:[ ]*+[\n\u2028\u2029])*)")


class OffsetMap:
    """Where the characters of a value stand in the text that it was read from.

    It is made of runs: the first character of the value, where the run begins
    and ends in the text, and whether it is one to one. A run that is not stands
    for one character, or one fold, however it is written.
    """

    __slots__ = ("_ends", "_linear", "_raws", "_values")

    def __init__(self) -> None:
        self._values: list[int] = []
        self._raws: list[int] = []
        self._ends: list[int] = []
        self._linear: list[bool] = []

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
        pieces = _block_pieces if scalar.style in {"|", ">"} else _flow_pieces
        maps[scalar.start] = _map(pieces(scalar), scalar.value)
    return maps[scalar.start]


def _map(pieces: Iterable[Piece], value: str) -> OffsetMap | None:
    offsets = OffsetMap()
    position = 0
    for text, raw_start, raw_end in pieces:
        if position == len(value) and _BREAK.fullmatch(text):
            return offsets  # these line breaks are chomped
        if not value.startswith(text, position):
            return None
        if text:
            offsets.add(position, raw_start, raw_end, linear=len(text) == raw_end - raw_start)
            position += len(text)
    return offsets if position == len(value) else None


def _flow_pieces(scalar: Scalar) -> Iterator[Piece]:
    raw, quotes = scalar.text.content, len(scalar.style)
    position, end = scalar.start + quotes, scalar.end - quotes
    for special in _FLOW_STYLES[scalar.style].finditer(raw, position, end):
        if special.start() > position:
            yield raw[position : special.start()], position, special.start()
        position = special.end()
        yield _decoded(special[0]), special.start(), position
    if position < end:
        yield raw[position:end], position, end


def _decoded(special: str) -> str:
    if special == "''":
        return "'"
    if not special.startswith("\\"):
        first, *others = map(_newline, _BREAK.findall(special))
        return (first if first != "\n" else "" if others else " ") + "".join(others)
    kind, code = special[1], special[2:]
    if kind in "xuU":
        return chr(int(code, 16))
    # An escaped line break joins without a space; blank lines after it count.
    return _ESCAPES.get(kind) or "".join(map(_newline, _BREAK.findall(special)[1:]))


def _newline(found: str) -> str:
    """Read a line break as YAML 1.1 does: as LF, but for the separators of Unicode."""
    return found if found in "\u2028\u2029" else "\n"


def _block_pieces(scalar: Scalar) -> Iterator[Piece]:
    raw = scalar.text.content
    header = _BREAK.search(raw, scalar.start, scalar.end)
    if header is None:
        return iter(())
    lines = list(_lines(raw, header.end(), scalar.end))
    indentation = _indentation(raw, lines, scalar.value)
    # A blank line may end before its indentation does; there is no text in it then.
    inner = ((start + indentation, end, stop) for start, end, stop in lines)
    return _literal_pieces(raw, inner) if scalar.style == "|" else _folded_pieces(raw, inner)


def _lines(raw: str, start: int, end: int) -> Iterator[Line]:
    for found in _BREAK.finditer(raw, start, end):
        yield start, found.start(), found.end()
        start = found.end()
    if start < end:
        yield start, end, end


def _indentation(raw: str, lines: list[Line], value: str) -> int:
    """Find how far a block is indented.

    The first line with text tells, less the blanks that the value begins that
    line with: they are its own where the block has an indentation indicator.
    """
    first = _BLANK_LINES.match(value).end()  # type: ignore[union-attr]
    if first < len(value.rstrip(" ")):
        own = _leading_blanks(value, first, len(value))
        for start, end, _ in lines:
            blanks = _leading_blanks(raw, start, end)
            if blanks < end - start:
                return blanks - own
    # Nothing but blanks: the longest line shows how many of them are its own.
    own = max(len(line) for line in _BREAK.split(value))
    return max((end - start for start, end, _ in lines), default=0) - own


def _leading_blanks(text: str, start: int, end: int) -> int:
    position = start
    while position < end and text[position] == " ":
        position += 1
    return position - start


def _literal_pieces(raw: str, lines: Iterable[Line]) -> Iterator[Piece]:
    for start, end, stop in lines:
        yield raw[start:end], start, end
        if stop > end:
            yield _newline(raw[end]), end, stop


def _folded_pieces(raw: str, lines: Iterable[Line]) -> Iterator[Piece]:
    """Join lines with spaces, but not at blank lines and not around indented ones."""
    breaks: list[Piece] = []  # since the last line with text
    may_fold = False
    for start, end, stop in lines:
        if end > start:
            is_indented = raw[start] in " \t"
            yield from _fold(breaks) if may_fold and not is_indented else breaks
            yield raw[start:end], start, end
            breaks = []
            may_fold = not is_indented
        if stop > end:
            breaks.append((_newline(raw[end]), end, stop))
    yield from breaks


def _fold(breaks: list[Piece]) -> list[Piece]:
    (first, start, stop), *others = breaks
    if first != "\n":
        return breaks
    return [("" if others else " ", start, stop), *others]
