"""Text -> nodes by the events of PyYAML (with `pure`, the only file that knows that library).

PyYAML's C parser gives events; a tree is composed of them here, because
PyYAML's own composer follows aliases into bombs and crashes on deep nesting.
Importing PyYAML takes a while, so this file is imported only when it is needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml as pyyaml
from yaml import events

from imagelock.document.compose import BrokenYamlError, is_dull_text, mapping_of
from imagelock.document.nodes import Alias, Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Callable

    from imagelock.document.compose import Anchors, Limits
    from imagelock.document.nodes import Text

try:
    from yaml._yaml import CParser as FastestParser
except ImportError:  # PyYAML was built without libyaml
    from imagelock.document.pure import PurePythonParser as FastestParser  # type: ignore[assignment]

__all__ = ["FastestParser", "compose", "is_sound"]

_STARTS = frozenset({events.MappingStartEvent, events.SequenceStartEvent})
_ENDS = frozenset({events.MappingEndEvent, events.SequenceEndEvent})
_LARGE = 4_000_000  # characters: a copy of them shows in what a process takes


def compose(
    content: str,
    anchors: Anchors,
    limits: Limits,
    *,
    parser: Callable[[Any], Any] = FastestParser,
) -> list[Node]:
    """Read the documents in *content*, into their root nodes.

    Args:
        content: What is read.
        anchors: Knows the text that it stands in, and where.
        limits: What a document may have.
        parser: Gives the events.

    Raises:
        BrokenYamlError: It is no YAML, or goes beyond a limit.
    """
    start = anchors.base
    try:
        stream = content if len(content) < _LARGE else _Pieces(content)
        return _Composer(anchors, limits).compose(parser(stream))
    except pyyaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = error.problem or error.context or "it cannot be parsed"
        raise BrokenYamlError(problem, start + (mark.index if mark else 0)) from None
    except (pyyaml.reader.ReaderError, UnicodeEncodeError):
        raise _unreadable_character(content, start) from None


def is_sound(content: str, most_levels: int) -> bool:
    """Say whether a text has the syntax of YAML, and no alias; no node is made of it."""
    levels = 0
    try:
        get_event = FastestParser(content).get_event
        while True:
            kind = get_event().__class__
            levels += kind in _STARTS
            levels -= kind in _ENDS
            if levels > most_levels or kind is events.AliasEvent:
                return False
            if kind is events.StreamEndEvent:
                return True
    except (pyyaml.YAMLError, UnicodeEncodeError):
        return False


class _Pieces:
    """A text to be read in pieces: of one that is given whole, PyYAML makes a copy in UTF-8."""

    def __init__(self, content: str) -> None:
        self._content = content
        self._position = 0

    def read(self, size: int) -> str:
        """Return the next characters."""
        start = self._position
        self._position += size
        return self._content[start : self._position]


def _unreadable_character(content: str, start: int) -> BrokenYamlError:
    """Name the first character that no YAML may hold: libyaml counts bytes up to it."""
    found = pyyaml.reader.Reader.NON_PRINTABLE.search(content)
    offset = found.start() if found else 0
    return BrokenYamlError(
        f"the character U+{ord(content[offset]):04X} is not allowed", start + offset
    )


class _Composer:
    """Makes nodes of events, without recursion."""

    def __init__(self, anchors: Anchors, limits: Limits) -> None:
        self._anchors = anchors
        self._limits = limits
        self._text: Text = anchors.text
        self._base = anchors.base

    def compose(self, parser: Any) -> list[Node]:
        """Read all events of a parser."""
        roots: list[Node] = []
        text, base = self._text, self._base
        # A level is (event that opened it, the nodes around it so far, whether they are dull).
        level: list[Node] = roots
        is_dull = text.key_bits is not None
        levels: list[tuple[Any, list[Node], bool]] = []
        get_event = parser.get_event
        nodes, most_scalars = 0, self._limits.scalars
        while True:
            event = get_event()
            kind = event.__class__
            if kind is events.ScalarEvent:
                value = event.value
                nodes += 1
                if nodes > most_scalars:
                    raise self._too_many(event)
                if value and event.anchor is None and event.tag is None:
                    start, end = event.start_mark.index, event.end_mark.index
                    level.append(Scalar(value, base + start, base + end, event.style or "", text))
                else:
                    level.append(self._odd_scalar(event))
                is_dull = is_dull and event.anchor is None and is_dull_text(value)
            elif kind is events.MappingStartEvent or kind is events.SequenceStartEvent:
                self._open(event, len(levels))
                levels.append((event, level, is_dull))
                level, is_dull = [], text.key_bits is not None
            elif kind is events.MappingEndEvent or kind is events.SequenceEndEvent:
                opened, outer, outer_is_dull = levels.pop()
                node = self._collection(opened, level, is_dull=is_dull)
                outer.append(node)
                level, is_dull = outer, outer_is_dull and node.is_dull
            elif kind is events.AliasEvent:
                level.append(self._alias(event))
                is_dull = False
            elif kind is events.DocumentStartEvent:
                self._anchors.forget()
            elif kind is events.StreamEndEvent:
                return roots

    def _too_many(self, event: Any) -> BrokenYamlError:
        return BrokenYamlError(
            f"it has more than {self._limits.scalars:,} nodes", self._base + event.start_mark.index
        )

    def _open(self, event: Any, depth: int) -> None:
        if depth >= self._limits.levels:
            raise BrokenYamlError(
                f"it is nested more than {self._limits.levels} levels deep",
                self._base + event.start_mark.index,
            )
        if event.anchor is not None:
            self._anchors.open(event.anchor)

    def _collection(self, event: Any, nodes: list[Node], *, is_dull: bool) -> Mapping | Sequence:
        start = self._base + event.start_mark.index
        node: Mapping | Sequence
        if event.__class__ is events.MappingStartEvent:
            node = mapping_of(self._text, nodes, start, is_dull)
        else:
            node = Sequence(tuple(nodes), start, None, is_dull)
        return node if event.anchor is None else self._anchors.close(event.anchor, node)

    def _odd_scalar(self, event: Any) -> Scalar:
        start, end, style = event.start_mark.index, event.end_mark.index, event.style or ""
        return self._anchors.scalar(event.value, start, end, style, event.anchor, event.tag)

    def _alias(self, event: Any) -> Alias:
        return self._anchors.alias(event.anchor, event.start_mark.index, event.end_mark.index)
