"""How a scalar is written, piece by piece: what each part of its text reads as.

It is read here as libyaml reads it (YAML 1.1: escapes, folds, indentation).
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from imagelock.document.nodes import Scalar

__all__ = ["BREAK", "Piece", "pieces_of"]

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
BREAK = re.compile(rf"\r\n|[{_BREAKS}]")
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


def pieces_of(scalar: Scalar) -> Iterator[Piece]:
    """Yield the parts of a scalar's text in their order."""
    return _block_pieces(scalar) if scalar.style in {"|", ">"} else _flow_pieces(scalar)


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
        first, *others = map(_newline, BREAK.findall(special))
        return (first if first != "\n" else "" if others else " ") + "".join(others)
    kind, code = special[1], special[2:]
    if kind in "xuU":
        return chr(int(code, 16))
    # An escaped line break joins without a space; blank lines after it count.
    return _ESCAPES.get(kind) or "".join(map(_newline, BREAK.findall(special)[1:]))


def _newline(found: str) -> str:
    """Read a line break as YAML 1.1 does: as LF, but for the separators of Unicode."""
    return found if found in "\u2028\u2029" else "\n"


def _block_pieces(scalar: Scalar) -> Iterator[Piece]:
    raw = scalar.text.content
    header = BREAK.search(raw, scalar.start, scalar.end)
    if header is None:
        return iter(())
    # Found twice, since to keep the lines of a long text would take more memory than the text.
    lines = partial(_lines, raw, header.end(), scalar.end)
    indentation = _indentation(raw, lines, scalar.value)
    # A blank line may end before its indentation does; there is no text in it then.
    inner = ((start + indentation, end, stop) for start, end, stop in lines())
    return _literal_pieces(raw, inner) if scalar.style == "|" else _folded_pieces(raw, inner)


def _lines(raw: str, start: int, end: int) -> Iterator[Line]:
    for found in BREAK.finditer(raw, start, end):
        yield start, found.start(), found.end()
        start = found.end()
    if start < end:
        yield start, end, end


def _indentation(raw: str, lines: Callable[[], Iterator[Line]], value: str) -> int:
    """Find how far a block is indented.

    The first line with text tells, less the blanks that the value begins that
    line with: they are its own where the block has an indentation indicator.
    """
    first = _BLANK_LINES.match(value).end()  # type: ignore[union-attr]
    if first < len(value.rstrip(" ")):
        own = _leading_blanks(value, first, len(value))
        for start, end, _ in lines():
            blanks = _leading_blanks(raw, start, end)
            if blanks < end - start:
                return blanks - own
    # Nothing but blanks: the longest line shows how many of them are its own.
    own = max(len(line) for line in BREAK.split(value))
    return max((end - start for start, end, _ in lines()), default=0) - own


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
