"""Source, Span, FilePlace, ClusterPlace: where something stands."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right

from msgspec import Struct
from msgspec.structs import replace

__all__ = ["ClusterPlace", "FilePlace", "Place", "Source", "Span", "printable"]

_EXCERPT_WIDTH = 100  # columns: a longer line is shown in part


class Span(Struct, frozen=True):
    """A piece of a text, in characters from 0; *end* is not part of it."""

    start: int
    end: int


class FilePlace(Struct, frozen=True):
    """A place in a file; lines and columns count from 1, 0 means the whole file.

    *path* is the path of keys inside the document, such as ``$.spec.image``.
    """

    file: str
    line: int = 0
    column: int = 0
    path: str = ""

    def __str__(self) -> str:
        """Print it as editors and terminals make it a link."""
        place = printable(self.file)
        if self.line:
            place += f":{self.line}"
        if self.column:
            place += f":{self.column}"
        return place


class ClusterPlace(Struct, frozen=True, kw_only=True):
    """An object of a cluster, or one container of it.

    *container* is the path inside the pod, such as ``container app`` or ``volume model``.
    *workload* is what it belongs to, such as ``Deployment/api`` for a pod, or empty
    where it stands for itself.
    """

    namespace: str = ""
    kind: str
    name: str
    container: str = ""
    cluster: str = ""
    workload: str = ""

    @property
    def deployed(self) -> ClusterPlace:
        """The same place in its workload: ``shop/Deployment/api container app``."""
        kind, slash, name = self.workload.partition("/")
        return replace(self, kind=kind, name=name) if slash else self

    def __str__(self) -> str:
        """Print namespace/kind/name, and the container where there is one."""
        place = "/".join(part for part in (self.namespace, self.kind, self.name) if part)
        if self.container:
            place += f" {self.container}"
        return printable(place)


Place = FilePlace | ClusterPlace


class Source:
    """A text that was read, and the name of where it came from.

    Attributes:
        name: The file's name as the user gave it, or ``<stdin>``.
        text: The decoded text without a byte order mark.
        encoding: How it was encoded, so that it can be written as it was.
        bom: The byte order mark it began with, or no bytes.
        first_line: The number of its first line, where it is a later part of a stream.
    """

    __slots__ = ("_line_starts", "bom", "encoding", "first_line", "name", "text")

    def __init__(
        self,
        name: str,
        text: str,
        *,
        encoding: str = "utf-8",
        bom: bytes = b"",
        first_line: int = 1,
    ) -> None:
        self.name = name
        self.text = text
        self.encoding = encoding
        self.bom = bom
        self.first_line = first_line
        self._line_starts: array[int] | None = None

    def __repr__(self) -> str:
        """Name the source; its text may be long."""
        return f"Source({self.name!r}, {len(self.text)} characters)"

    def place(self, offset: int, path: str = "") -> FilePlace:
        """Return the line and column of a character of the text."""
        starts = self._starts()
        line = bisect_right(starts, offset)
        column = offset - starts[line - 1] + 1
        return FilePlace(self.name, self.first_line + line - 1, column, path)

    def excerpt(self, start: int, end: int | None = None) -> str:
        """Draw the line that holds *start*, with the piece up to *end* underlined."""
        starts = self._starts()
        line = bisect_right(starts, start)
        first = starts[line - 1]
        last = starts[line] if line < len(starts) else len(self.text)
        text = self.text[first:last].rstrip("\r\n")
        column = start - first
        width = max(1, min((end if end is not None else start + 1) - start, len(text) - column))
        cut = max(0, column + width - _EXCERPT_WIDTH) if column + width > _EXCERPT_WIDTH else 0
        cut = min(cut, column)
        shown = _one_column_each(text[cut : cut + _EXCERPT_WIDTH])
        width = max(1, min(width, _EXCERPT_WIDTH))
        return f"    {shown}\n    {' ' * (column - cut)}{'~' * (width - 1)}^"

    def _starts(self) -> array[int]:
        if self._line_starts is None:
            # An array: a list of the lines of 100 MB would take as much memory as their text.
            self._line_starts = array("Q", [0])
            self._line_starts.extend(found.end() for found in re.finditer("\n", self.text))
        return self._line_starts


def printable(text: str) -> str:
    """Return *text* with control characters spelled out.

    Names and references come from build jobs, clusters and files that others
    wrote; shown raw, an escape sequence in them could rewrite the terminal.
    """
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


def _one_column_each(text: str) -> str:
    return "".join(char if char.isprintable() else " " if char == "\t" else "·" for char in text)
