"""A list that kubectl saved, of any size, in pieces: memory does not grow with it.

    {"kind": "List", "items": [ {…}, {…}, | {…}, {…}, | {…} ], "metadata": {…}}
    └──────── head ───────────┘  └ piece ┘  └ piece ┘  └─────── tail ─────────┘

Where an object ends is only guessed, by the text that parts the first two. But a piece
is decoded between the head and "]}", and that is JSON only if the guess was right: an
object cannot end in two places. So a wrong guess costs time and never an object, and
every byte is decoded.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from imagelock.core.place import FilePlace
from imagelock.errors import InputError
from imagelock.syntax.kubernetes import parse_page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from imagelock.core.cluster import Page
    from imagelock.syntax.pods import IsPlain
    from imagelock.syntax.selectors import Selector

__all__ = ["LARGEST_WHOLE", "PIECE", "parse_in_pieces"]

PIECE = 4 * 1024 * 1024  # bytes: a few hundred pods
LARGEST_WHOLE = 512 * 1024 * 1024  # bytes of what cannot be read in pieces
_BOM = b"\xef\xbb\xbf"
_TEXT = rb'"[^"\\]*"'
_HEAD = re.compile(
    rb'\s*\{(?:\s*"(?:apiVersion|kind)"\s*:\s*' + _TEXT + rb"\s*,"
    rb'|\s*"metadata"\s*:\s*\{[^{}]*\}\s*,)*\s*"items"\s*:\s*\['
)
_KIND = re.compile(rb'"kind"\s*:\s*"\w+"')
# What a list is whose kind stands behind its objects, as kubectl writes it.
_NO_KIND = "(none)"
_A_LIST = b'{"kind":"List","items":['
# In a printed list every object is indented alike, and no text holds a line end; in one
# without lines every object begins with the same key.
_PRINTED = re.compile(rb"(\r?\n[ \t]*)\{")
_COMPACT = re.compile(rb'\{"\w+":(\s?)')


def parse_in_pieces(
    blocks: Iterable[bytes],
    *,
    name: str,
    selector: Selector | None = None,
    is_plain: IsPlain | None = None,
    piece: int = PIECE,
) -> Iterator[Page]:
    """Read an answer of the Kubernetes API as `parse_page` does, in pages of some size.

    What is small, or no list of a usual form, is read as a whole.

    Args:
        blocks: Its bytes.
        name: What messages call it.
        selector: Which objects are meant.
        is_plain: Which pods are only counted.
        piece: The bytes of a piece.

    Raises:
        InputError: It is no such answer. What was yielded before is then no whole list.
    """
    stream = _Stream(blocks, name)
    stream.fill(2 * piece)
    if stream.data.startswith(_BOM):
        stream.drop(len(_BOM))
    parse = partial(parse_page, name=name, selector=selector, is_plain=is_plain)
    head = _HEAD.match(stream.data)
    if stream.is_whole or head is None:
        yield parse(stream.rest())
        return
    stream.drop(head.end())
    yield from _List(stream, head[0], parse).pages(piece)


class _Stream:
    """Bytes that are read as far as they are needed; *lines* of them were dropped."""

    def __init__(self, blocks: Iterable[bytes], name: str) -> None:
        self.data = b""
        self._name = name
        self.is_whole = False
        self.lines = 0
        self._blocks = iter(blocks)

    def fill(self, size: int) -> None:
        """Read until there are *size* bytes, or all there are."""
        held, length = [self.data], len(self.data)
        while length < size and not self.is_whole:
            block = next(self._blocks, b"")
            self.is_whole = not block
            held.append(block)
            length += len(block)
        self.data = b"".join(held)

    def drop(self, count: int) -> None:
        """Forget the first bytes."""
        self.lines += self.data.count(b"\n", 0, count)
        self.data = self.data[count:]

    def rest(self) -> bytes:
        """Read everything.

        Raises:
            InputError: It is larger than what may be read whole.
        """
        self.fill(LARGEST_WHOLE + 1)
        if len(self.data) > LARGEST_WHOLE:
            raise InputError(
                f"this has more than {LARGEST_WHOLE:,} bytes, and is no list that can be"
                " read in pieces",
                place=FilePlace(self._name, self.lines + 1),
                hint="Save it again: kubectl get pods -A -o json > pods.json",
            )
        return self.data


class _List:
    """A list whose first object begins where the stream does."""

    def __init__(self, stream: _Stream, head: bytes, parse: Callable[[bytes], Page]) -> None:
        self._stream = stream
        self._head = head.replace(b"\n", b" ") if _KIND.search(head) else _A_LIST
        self._parse = parse
        self._objects = 0

    def pages(self, size: int) -> Iterator[Page]:
        """Yield a page for each piece, and one for the tail."""
        between = _between(self._stream.data)
        while between is not None and (found := self._next(between, size)) is not None:
            page, end = found
            if any(kind == _NO_KIND for kind, _ in page.others):
                break  # the kind of all of them may stand at the end
            self._objects += page.object_count
            yield replace(page, continue_token="", remaining=0)
            self._stream.drop(end)
        yield self._tail()

    def _next(self, between: tuple[bytes, int], size: int) -> tuple[Page, int] | None:
        """Return what stands before the last end of an object that is near, and where that is."""
        text, length = between
        while True:
            self._stream.fill(size)
            cut = self._stream.data.rfind(text, 0, size)
            if cut >= 0:
                page = self._read(self._stream.data[: cut + length] + b"]}")
                if page is not None:
                    return page, cut + length + 1  # and the comma
            if self._stream.is_whole and size >= len(self._stream.data):
                return None
            size *= 2

    def _read(self, objects: bytes) -> Page | None:
        """Read some objects, or nothing where the last of them was cut in two."""
        try:
            return self._parse(self._head + objects)
        except InputError as error:
            if _is_cut(error.__cause__):
                return None
            raise self._placed(error) from error

    def _tail(self) -> Page:
        data = self._head + self._stream.rest()
        try:
            page = self._parse(data)
        except InputError as error:
            raise self._placed(error) from error
        # What a page announces counts from its own objects on.
        return replace(page, remaining=page.remaining + self._objects if page.remaining else 0)

    def _placed(self, error: InputError) -> InputError:
        """Return an error of a piece as one of the file."""
        place = error.place
        if isinstance(place, FilePlace) and place.line:
            # The first line of a piece is not the beginning of a line.
            column = place.column if place.line > 1 else 0
            place = replace(place, line=place.line + self._stream.lines, column=column)
        return InputError(error.problem, place=place, hint=error.hint, excerpt=error.excerpt)


def _between(data: bytes) -> tuple[bytes, int] | None:
    """Return what parts two objects, and how much of it belongs to the first."""
    printed = _PRINTED.match(data)
    if printed:
        indent = printed[1]
        return indent + b"}," + indent + b"{", len(indent) + 1
    compact = _COMPACT.match(data)
    if compact:
        return b"}," + compact[1] + compact[0], 1
    return None


def _is_cut(cause: BaseException | None) -> bool:
    return isinstance(cause, msgspec.DecodeError) and not isinstance(cause, msgspec.ValidationError)
