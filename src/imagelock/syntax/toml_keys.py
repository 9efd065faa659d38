"""Where the keys of a TOML document stand.

`tomllib` reads the values and forgets their places. This walks over a text that
it has accepted: a statement is a header or a key, and of what stands after ``=``
only its end matters.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from imagelock.core.place import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["KeyPath", "find_keys", "span_of"]

KeyPath = tuple[str | int, ...]

_TOKEN = re.compile(
    r'''(?P<string>"""(?:[^\\]|\\.)*?"""(?:"{0,2})|\'\'\'.*?\'\'\'(?:'{0,2})'''
    r"""|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')"""
    r"|(?P<bare>[A-Za-z0-9_-]+)|(?P<comment>\#[^\n]*)|(?P<newline>\n)"
    r"|(?P<open>[\[{])|(?P<close>[\]}])|(?P<equals>=)|(?P<other>.)",
    re.DOTALL,
)


def find_keys(text: str) -> dict[KeyPath, Span]:
    """Return the span of every key and header of a valid document, by its path.

    Keys inside an array or an inline table have the place of the key before ``=``.
    """
    spans: dict[KeyPath, Span] = {}
    table: KeyPath = ()
    counts: dict[KeyPath, int] = {}
    for statement in _statements(text):
        names = [match for match in _head(statement) if match.lastgroup in {"bare", "string"}]
        path = tuple(_name(match) for match in names)
        span = Span(names[0].start(), names[-1].end())
        if statement[0].group() != "[":
            spans.setdefault((*table, *path), span)
            continue
        table = path
        if statement[1].group() == "[":
            counts[path] = counts.get(path, -1) + 1
            table = (*path, counts[path])
        spans.setdefault(table, span)
    return spans


def span_of(path: KeyPath, spans: dict[KeyPath, Span]) -> Span:
    """Return the span of a key, or of the nearest one that it is in."""
    while path and path not in spans:
        path = path[:-1]
    return spans.get(path, Span(0, 0))


def _statements(text: str) -> Iterator[list[re.Match[str]]]:
    statement: list[re.Match[str]] = []
    depth = 0
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup
        depth += (kind == "open") - (kind == "close")
        if kind == "newline" and depth == 0:
            if statement:
                yield statement
            statement = []
        elif kind not in {"newline", "comment"} and not match.group().isspace():
            statement.append(match)
    if statement:
        yield statement


def _head(statement: list[re.Match[str]]) -> Iterator[re.Match[str]]:
    """Return what stands before ``=``, or a whole header."""
    for match in statement:
        if match.lastgroup == "equals":
            return
        yield match


def _name(match: re.Match[str]) -> str:
    return match.group() if match.lastgroup == "bare" else match.group()[1:-1]
