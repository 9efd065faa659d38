"""TOML inside strings, as nodes: tables, and texts on one line.

GitLab's runner, containerd and others are configured so. What is no pair of a
key and a value on one line is kept as a text of its own, and INI is read as far
as it is alike.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from imagelock.document.nodes import Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagelock.document.nodes import Text

__all__ = ["is_toml", "parse_toml"]

_TABLE = re.compile(
    r"^[ \t]*\[(\[?)[ \t]*([A-Za-z0-9_.\"' -]+?)[ \t]*\]\]?[ \t]*(?:#.*)?\r?$", re.MULTILINE
)
_PAIR = re.compile(r"^[ \t]*([A-Za-z0-9_.\"'-]+)[ \t]*=[ \t]*(?=\S)", re.MULTILINE)
_BASIC = re.compile(r'"((?>(?:[^"\\\r\n]|\\.)*))"')
_LITERAL = re.compile(r"'([^'\r\n]*+)'")
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))")
_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "\\": "\\"}
_LINE = re.compile(r"^[ \t]*+(?!#)[^\r\n]+", re.MULTILINE)
_COMMENT = re.compile(r"[ \t]#.*")

_LAST_CODE_POINT = 0x10FFFF
_DEEPEST = 50  # tables in tables: a handful is met in the field

_Pairs = list[tuple[Node, Node]]


def is_toml(value: str) -> bool:
    """Say whether a text has the tables and the pairs of a TOML file."""
    return "=" in value and _TABLE.search(value) is not None and _PAIR.search(value) is not None


def parse_toml(text: Text) -> Mapping:
    """Read the tables of a text; each name of a table that stands twice is a list."""
    root: _Table = _Table()
    table = root
    for line in _LINE.finditer(text.content):
        header = _TABLE.match(line[0])
        if header:
            table = root.opened(_names(header[2]), is_list=bool(header[1]))
        else:
            table.pairs += _pair(text, line)
    return root.node(text)


class _Table:
    """A table while it is read."""

    def __init__(self) -> None:
        self.pairs: _Pairs = []
        self.tables: dict[str, list[_Table]] = {}
        self.lists: set[str] = set()

    def opened(self, names: list[str], *, is_list: bool) -> _Table:
        """Return the table that a header opens: the last of a list, or a new one."""
        table = self
        for name in names[:-1]:
            table = table.tables.setdefault(name, [_Table()])[-1]
        last = table.tables.setdefault(names[-1], [])
        if is_list:
            table.lists.add(names[-1])
        if is_list or not last:
            last.append(_Table())
        return last[-1]

    def node(self, text: Text) -> Mapping:
        """Return what was read as a mapping."""
        pairs = list(self.pairs)
        for name, tables in self.tables.items():
            nodes = tuple(table.node(text) for table in tables)
            key = Scalar(name, 0, 0, "", text)
            pairs.append((key, Sequence(nodes, 0) if name in self.lists else nodes[-1]))
        return Mapping(tuple(pairs), 0)


def _names(header: str) -> list[str]:
    return [name.strip(" \"'") for name in header.split(".")][:_DEEPEST]


def _pair(text: Text, line: re.Match[str]) -> Iterator[tuple[Node, Node]]:
    found = _PAIR.match(line[0])
    if found is None:
        yield Scalar("?", line.start(), line.start(), "", text), _bare(text, line, 0)
        return
    start = line.start() + found.start(1)
    key = Scalar(found[1].strip("\"'"), start, start + len(found[1]), "", text)
    yield key, _quoted(text, line, found.end()) or _bare(text, line, found.end())


def _quoted(text: Text, line: re.Match[str], offset: int) -> Scalar | None:
    basic, literal = _BASIC.match(line[0], offset), _LITERAL.match(line[0], offset)
    found = basic or literal
    if found is None or line[0].startswith(('"' * 3, "'" * 3), offset):
        return None
    value = _ESCAPE.sub(_unescaped, found[1]) if basic else found[1]
    style = '"' if basic else "'"
    return Scalar(value, line.start() + found.start(), line.start() + found.end(), style, text)


def _unescaped(found: re.Match[str]) -> str:
    code = int(found[1] or found[2] or "0", 16)
    if code:
        return chr(code) if code <= _LAST_CODE_POINT else found[0]
    return _ESCAPES.get(found[3], found[0])


def _bare(text: Text, line: re.Match[str], offset: int) -> Scalar:
    value = _COMMENT.sub("", line[0][offset:])
    start = line.start() + offset + len(value) - len(value.lstrip())
    return Scalar(value.strip(), start, start + len(value.strip()), "", text)
