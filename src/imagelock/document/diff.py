"""What a few splices change, as a unified diff.

Where the changes are is known, so nothing has to be compared: the time is that
of reading the text once, however long it is.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from msgspec import Struct

from imagelock.document.splice import Splice, apply

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from imagelock.core.place import Source

__all__ = ["render_diff"]

_CONTEXT = 3  # lines before and after a change
_NO_NEWLINE = "\\ No newline at end of file"


class _Change(Struct, frozen=True):
    """Lines *first* to *last* (not part of it), and what is written in their place."""

    first: int
    last: int
    new: str


def render_diff(source: Source, splices: Sequence[Splice]) -> Iterator[str]:
    """Yield the lines of a unified diff, without their line ends; none where nothing changes."""
    lines = source.text.split("\n")
    starts = _starts(lines)
    changes = list(_changes(source.text, sorted(splices), lines, starts))
    if not changes:
        return
    yield f"--- a/{source.name}"
    yield f"+++ b/{source.name}"
    grown = 0
    for hunk in _hunks(changes):
        yield from _render(hunk, lines, source.first_line, grown)
        grown += _growth(hunk, _line_count(lines))


def _starts(lines: list[str]) -> list[int]:
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    return starts


def _changes(
    text: str, splices: list[Splice], lines: list[str], starts: list[int]
) -> Iterator[_Change]:
    """Gather the splices that touch the same lines."""
    index = 0
    while index < len(splices):
        first = bisect_right(starts, splices[index].start) - 1
        last = first
        group: list[Splice] = []
        while index < len(splices) and splices[index].start < starts[last + 1]:
            group.append(splices[index])
            last = max(last, min(bisect_right(starts, splices[index].end) - 1, len(lines) - 1))
            index += 1
        begin, end = starts[first], starts[last] + len(lines[last])
        moved = [Splice(s.start - begin, s.end - begin, s.new) for s in group]
        yield _Change(first, last + 1, apply(text[begin:end], moved))


def _hunks(changes: list[_Change]) -> Iterator[list[_Change]]:
    hunk = [changes[0]]
    for change in changes[1:]:
        if change.first - hunk[-1].last > 2 * _CONTEXT:
            yield hunk
            hunk = []
        hunk.append(change)
    yield hunk


def _render(hunk: list[_Change], lines: list[str], first_line: int, grown: int) -> Iterator[str]:
    count = _line_count(lines)
    start = max(hunk[0].first - _CONTEXT, 0)
    end = min(hunk[-1].last + _CONTEXT, count)
    old = start + first_line - (end == start)  # as diff counts where there is no line
    added = _growth(hunk, count)
    yield f"@@ -{old},{end - start} +{start + first_line + grown},{end - start + added} @@"
    position = start
    for change in hunk:
        yield from _marked(" ", lines, position, change.first)
        yield from _marked("-", lines, change.first, min(change.last, count))
        yield from (f"+{line}".rstrip("\r") for line in change.new.split("\n"))
        if change.last == len(lines):
            yield _NO_NEWLINE
        position = change.last
    yield from _marked(" ", lines, position, end)


def _line_count(lines: list[str]) -> int:
    # What stands after the last line break is a line only if it is not empty.
    return len(lines) - (lines[-1] == "")


def _growth(hunk: list[_Change], count: int) -> int:
    return sum(
        change.new.count("\n") + 1 - (min(change.last, count) - change.first) for change in hunk
    )


def _marked(mark: str, lines: list[str], start: int, end: int) -> Iterator[str]:
    for index in range(start, end):
        yield mark + lines[index].rstrip("\r")
        if index == len(lines) - 1:
            yield _NO_NEWLINE
