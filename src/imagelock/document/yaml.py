"""Text -> documents with spans (the only file that knows the YAML library).

PyYAML's C parser gives events; a tree is composed of them here, because
PyYAML's own composer follows aliases into bombs and crashes on deep nesting.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml as pyyaml
from yaml import events

from imagelock.document.nodes import Alias, Mapping, Node, Scalar, Sequence, Text
from imagelock.document.template import has_templates, mask_templates

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagelock.core.place import Source

try:
    from yaml._yaml import CParser as _Parser
except ImportError:  # PyYAML was built without libyaml: the same answers, fifty times slower

    class _Parser(pyyaml.reader.Reader, pyyaml.scanner.Scanner, pyyaml.parser.Parser):  # type: ignore[no-redef]
        def __init__(self, stream: str) -> None:
            pyyaml.reader.Reader.__init__(self, stream)
            pyyaml.scanner.Scanner.__init__(self)
            pyyaml.parser.Parser.__init__(self)


__all__ = ["MAX_DEPTH", "BrokenYamlError", "Chunk", "chunks", "file_text", "parse"]

MAX_DEPTH = 500  # levels: real manifests have under 60, and libyaml is quadratic in them

# A line that begins or ends a document; no scalar may hold it, so cutting
# there is exact (YAML 1.2, rule 206, c-forbidden).
_DOCUMENT_MARK = re.compile(r"^(?:---|\.\.\.)(?=[ \t\r\n]|\Z)", re.MULTILINE)
_PROPERTIES = re.compile(
    r"(?:[&!][^\s,\[\]{}]*(?:[ \t]+|[ \t]*(?:#[^\r\n]*)?(?:\r\n|[\r\n])[ \t]*))+"
)
_ONLY_DIRECTIVES = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\r?\n|%[^\n]*\n)*[ \t]*(?:#[^\n]*|%[^\n]*)?")


class BrokenYamlError(Exception):
    """A text that is no YAML; *offset* is where reading stopped."""

    def __init__(self, problem: str, offset: int) -> None:
        super().__init__(problem)
        self.problem = problem
        self.offset = offset


class Chunk:
    """One document of a stream, not parsed yet: from *start* to *end* of the text."""

    __slots__ = ("end", "start")

    def __init__(self, start: int, end: int) -> None:
        self.start = start
        self.end = end


def chunks(content: str) -> Iterator[Chunk]:
    """Cut a stream into its documents, each with the directives before it."""
    start = 0
    for mark in _DOCUMENT_MARK.finditer(content):
        if content.startswith("...", mark.start()):
            yield Chunk(start, mark.end())
            start = mark.end()
        elif mark.start() > start and not _ONLY_DIRECTIVES.fullmatch(content, start, mark.start()):
            yield Chunk(start, mark.start())
            start = mark.start()
    if start < len(content):
        yield Chunk(start, len(content))


def parse(text: Text, chunk: Chunk | None = None) -> list[Node]:
    """Parse one chunk of a text, or all of it, into its documents' root nodes.

    Raises:
        BrokenYamlError: It is no YAML, or nested deeper than `MAX_DEPTH`.
    """
    start, end = (chunk.start, chunk.end) if chunk else (0, len(text.content))
    content = text.content if end - start == len(text.content) else text.content[start:end]
    parser: Any = _Parser(content)
    try:
        return _Composer(text, start).compose(parser)
    except pyyaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = error.problem or error.context or "it cannot be parsed"
        raise BrokenYamlError(problem, start + (mark.index if mark else 0)) from None
    except pyyaml.reader.ReaderError as error:
        raise BrokenYamlError(
            f"the character U+{_code_point(error.character):04X} is not allowed",
            start + error.position,
        ) from None
    except pyyaml.YAMLError as error:
        raise BrokenYamlError(str(error), start) from None
    finally:
        parser.dispose()


def file_text(source: Source) -> Text:
    """Return a file's own text, with templates masked."""
    content = mask_templates(source.text) if has_templates(source.text) else source.text
    return Text(content, source)


def _code_point(character: object) -> int:
    return ord(character) if isinstance(character, str) else int(character)  # type: ignore[call-overload]


class _Composer:
    """Makes nodes of events, without recursion."""

    def __init__(self, text: Text, base: int) -> None:
        self._text = text
        self._base = base
        self._anchors: dict[str, Scalar | Mapping | Sequence] = {}

    def compose(self, parser: Any) -> list[Node]:
        """Read all events of a parser."""
        roots: list[Node] = []
        # A level is (event that opened it, the nodes in it so far).
        level: list[Node] = roots
        levels: list[tuple[Any, list[Node]]] = []
        get_event = parser.get_event
        while True:
            event = get_event()
            kind = event.__class__
            if kind is events.ScalarEvent:
                level.append(self._scalar(event))
            elif kind is events.MappingStartEvent or kind is events.SequenceStartEvent:
                if len(levels) >= MAX_DEPTH:
                    raise BrokenYamlError(
                        f"it is nested more than {MAX_DEPTH} levels deep",
                        self._base + event.start_mark.index,
                    )
                levels.append((event, level))
                level = []
            elif kind is events.MappingEndEvent or kind is events.SequenceEndEvent:
                opened, outer = levels.pop()
                outer.append(self._collection(opened, level))
                level = outer
            elif kind is events.AliasEvent:
                level.append(self._alias(event))
            elif kind is events.DocumentStartEvent:
                self._anchors.clear()
            elif kind is events.StreamEndEvent:
                return roots

    def _scalar(self, event: Any) -> Scalar:
        start = self._base + event.start_mark.index
        end = self._base + event.end_mark.index
        anchor, tag = event.anchor, event.tag
        if anchor is not None or tag is not None:
            start = self._after_properties(start, end)
        scalar = Scalar(event.value, start, end, event.style or "", self._text, anchor, tag)
        if anchor is not None:
            self._anchors[anchor] = scalar
        return scalar

    def _after_properties(self, start: int, end: int) -> int:
        match = _PROPERTIES.match(self._text.content, start, end)
        if match:
            return match.end()
        # Nothing but the properties: an empty scalar behind them.
        return end

    def _collection(self, event: Any, nodes: list[Node]) -> Mapping | Sequence:
        start = self._base + event.start_mark.index
        node: Mapping | Sequence
        if event.__class__ is events.MappingStartEvent:
            node = Mapping(tuple(zip(nodes[::2], nodes[1::2], strict=True)), start, event.anchor)
        else:
            node = Sequence(tuple(nodes), start, event.anchor)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _alias(self, event: Any) -> Alias:
        start = self._base + event.start_mark.index
        target = self._anchors.get(event.anchor)
        if target is None:
            # Undefined, or it would hold itself: neither can be a manifest.
            raise BrokenYamlError(f"the alias '*{event.anchor}' has no anchor before it", start)
        return Alias(target, start, self._base + event.end_mark.index)
