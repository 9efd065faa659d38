"""Offsets inside a scalar: where the characters of its value stand in the text.

The decoders follow YAML 1.1 as libyaml reads it (folding, escapes, indentation).
Each is checked against the value that the parser gave: where the two differ,
`map_offsets` answers ``None`` and nothing is written there.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imagelock.document.nodes import Scalar

__all__ = ["OffsetMap", "map_offsets"]

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
_HEX_LENGTHS = {"x": 2, "u": 4, "U": 8}
# A line break with the white space around it, which folding takes away.
_FOLD = re.compile(r"[ \t]*(?:\r\n|[\r\n\x85\u2028\u2029])(?:[ \t]|\r\n|[\r\n\x85\u2028\u2029])*")
_BREAK = re.compile(r"\r\n|[\r\n\x85\u2028\u2029]")
_DOUBLE_QUOTED = re.compile(rf"\\(?:\r\n|.)|{_FOLD.pattern}", re.DOTALL)
_SINGLE_QUOTED = re.compile(rf"''|{_FOLD.pattern}")
_HEADER = re.compile(r"[|>](?:[+-]?([1-9])?[+-]?)[ \t]*(?:#[^\r\n\x85\u2028\u2029]*)?")


class OffsetMap:
    """Where the characters of a value stand in the text that it was read from.

    It is made of runs: (first character of the value, where it begins in the
    text, whether the run is one to one). A run that is not stands for one
    character, or one fold, however it is written.
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
        """Append a run."""
        self._values.append(value_start)
        self._raws.append(raw_start)
        self._ends.append(raw_end)
        self._linear.append(linear)

    def start(self, offset: int) -> int:
        """Return where the character at *offset* of the value begins in the text."""
        if not self._values:
            return 0
        run = max(bisect_right(self._values, offset) - 1, 0)
        if self._linear[run]:
            return self._raws[run] + offset - self._values[run]
        return self._raws[run] if offset == self._values[run] else self._ends[run]

    def end(self, offset: int) -> int:
        """Return where the character before *offset* of the value ends in the text."""
        if offset == 0:
            return self.start(0)
        run = max(bisect_right(self._values, offset - 1) - 1, 0)
        if self._linear[run]:
            return self._raws[run] + offset - self._values[run]
        return self._ends[run]


def map_offsets(scalar: Scalar) -> OffsetMap | None:
    """Return where each character of a scalar's value stands in its text.

    ``None`` means that it cannot be told, and so that nothing may be written there.
    """
    value, start, end = scalar.value, scalar.start, scalar.end
    quotes = 1 if scalar.style in ("'", '"') and scalar.style else 0
    if scalar.style not in ("|", ">"):
        if end - start - 2 * quotes == len(value):
            return OffsetMap.linear(start + quotes, len(value))
        pieces = _flow_pieces(scalar, start + quotes, end - quotes)
    else:
        pieces = _block_pieces(scalar)
    return _checked(pieces, value)


def _checked(pieces: list[tuple[str, int, int]] | None, value: str) -> OffsetMap | None:
    if pieces is None or "".join(piece[0] for piece in pieces) != value:
        return None
    offsets = OffsetMap()
    position = 0
    for text, raw_start, raw_end in pieces:
        if text:
            offsets.add(position, raw_start, raw_end, linear=len(text) == raw_end - raw_start)
            position += len(text)
    return offsets


# A piece is what a part of the raw text reads as, and from where to where it stands.
def _flow_pieces(scalar: Scalar, start: int, end: int) -> list[tuple[str, int, int]] | None:
    raw = scalar.text.content
    special = {'"': _DOUBLE_QUOTED, "'": _SINGLE_QUOTED}.get(scalar.style, _FOLD)
    pieces: list[tuple[str, int, int]] = []
    position = start
    while position < end:
        match = special.search(raw, position, end)
        if match is None:
            break
        if match.start() > position:
            pieces.append((raw[position : match.start()], position, match.start()))
        decoded = _decode_special(match[0], raw, match, end)
        if decoded is None:
            return None
        text, position = decoded
        pieces.append((text, match.start(), position))
    if position < end:
        pieces.append((raw[position:end], position, end))
    return pieces


def _decode_special(found: str, raw: str, match: re.Match[str], end: int) -> tuple[str, int] | None:
    if found == "''":
        return "'", match.end()
    if not found.startswith("\\"):
        return _folded(found), match.end()
    if _BREAK.fullmatch(found[1:]):
        # An escaped line break joins without a space; blank lines after it count.
        blank = _FOLD.match(raw, match.start() + 1, end)
        stop = blank.end() if blank else match.end()
        return "\n" * (len(_BREAK.findall(raw[match.start() + 1 : stop])) - 1), stop
    return _decode_escape(found[1:], raw, match.end())


def _decode_escape(escaped: str, raw: str, position: int) -> tuple[str, int] | None:
    length = _HEX_LENGTHS.get(escaped)
    if length is None:
        return (_ESCAPES[escaped], position) if escaped in _ESCAPES else None
    try:
        return chr(int(raw[position : position + length], 16)), position + length
    except (ValueError, OverflowError):
        return None


def _folded(found: str) -> str:
    breaks = len(_BREAK.findall(found))
    return " " if breaks == 1 else "\n" * (breaks - 1)


def _block_pieces(scalar: Scalar) -> list[tuple[str, int, int]] | None:
    raw = scalar.text.content
    header = _HEADER.match(raw, scalar.start)
    if header is None:
        return None
    first = _BREAK.match(raw, header.end())
    if first is None:
        return [] if not scalar.value else None
    lines = _lines(raw, first.end(), max(scalar.end, first.end()))
    indentation = _indentation(raw, lines, scalar.value, header[1])
    rows = [(min(start + indentation, end), end, stop) for start, end, stop in lines]
    rows = [(_after_indent(raw, row, indentation), row[1], row[2]) for row in rows]
    if scalar.style == "|":
        pieces = [piece for row in rows for piece in _literal_line(raw, row)]
    else:
        pieces = _folded_lines(raw, rows)
    return _chomped(pieces, scalar.value)


def _lines(raw: str, start: int, end: int) -> list[tuple[int, int, int]]:
    """Split into (start, end without the break, end with the break)."""
    lines = []
    position = start
    while position < end:
        found = _BREAK.search(raw, position, end)
        if found is None:
            lines.append((position, end, end))
            break
        lines.append((position, found.start(), found.end()))
        position = found.end()
    return lines


def _indentation(raw: str, lines: list[tuple[int, int, int]], value: str, digit: str | None) -> int:
    """Find how far the block is indented: the first line of text decides.

    An indentation indicator counts from the parent, which is not known here;
    the value's first line tells how many of the spaces are its own.
    """
    own = 0
    if digit is not None:
        first = next((line for line in value.split("\n") if line.strip(" ")), "")
        own = len(first) - len(first.lstrip(" "))
    for start, end, _ in lines:
        text = raw[start:end]
        if text.strip(" "):
            return len(text) - len(text.lstrip(" ")) - own
    return max((end - start for start, end, _ in lines), default=0)


def _after_indent(raw: str, row: tuple[int, int, int], indentation: int) -> int:
    start, end, _ = row
    # A blank line may be shorter than the indentation.
    begin = start - indentation
    text = raw[begin:end]
    return start if text[:indentation].strip(" ") == "" else end


def _literal_line(raw: str, row: tuple[int, int, int]) -> list[tuple[str, int, int]]:
    start, end, stop = row
    pieces = [(raw[start:end], start, end)] if end > start else []
    if stop > end:
        pieces.append(("\n", end, stop))
    return pieces


def _folded_lines(raw: str, rows: list[tuple[int, int, int]]) -> list[tuple[str, int, int]]:
    """Join lines with spaces, but not at blank lines and not around indented ones."""
    pieces: list[tuple[str, int, int]] = []
    pending: list[tuple[int, int]] = []  # breaks since the last line of text
    was_indented = False
    seen_text = False
    for start, end, stop in rows:
        if end > start:
            is_indented = raw[start] in " \t"
            pieces += _folded_breaks(
                pending, joins=seen_text and not was_indented and not is_indented
            )
            pieces.append((raw[start:end], start, end))
            pending = []
            was_indented, seen_text = is_indented, True
        if stop > end:
            pending.append((end, stop))
    pieces += [("\n", start, stop) for start, stop in pending]
    return pieces


def _folded_breaks(breaks: list[tuple[int, int]], *, joins: bool) -> list[tuple[str, int, int]]:
    if not joins or not breaks:
        return [("\n", start, stop) for start, stop in breaks]
    first, *others = breaks
    joined = (" " if not others else "", first[0], first[1])
    return [joined, *(("\n", start, stop) for start, stop in others)]


def _chomped(pieces: list[tuple[str, int, int]], value: str) -> list[tuple[str, int, int]]:
    """Drop the last line breaks that the chomping indicator takes away."""
    breaks = len(value) - len(value.rstrip("\n"))
    present = 0
    for text, _, _ in reversed(pieces):
        if text != "\n":
            break
        present += 1
    surplus = max(present - breaks, 0)
    kept = pieces[: len(pieces) - surplus]
    if present < breaks and value.endswith("\n"):
        # The text ends without a line break, and YAML reads one all the same.
        end = kept[-1][2] if kept else 0
        kept = [*kept, *([("\n", end, end)] * (breaks - present))]
    return kept
