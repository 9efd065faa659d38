"""Text -> documents with spans (with `pure`, the only file that knows the YAML library).

PyYAML's C parser gives events; a tree is composed of them here, because
PyYAML's own composer follows aliases into bombs and crashes on deep nesting.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

import yaml as pyyaml
from msgspec import Struct
from msgspec.structs import replace
from yaml import events

from imagelock.document.compose import behind_its_indicator, is_dull_text, mapping_of
from imagelock.document.nodes import Alias, Mapping, Node, Scalar, Sequence, Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from imagelock.core.place import Source
    from imagelock.document.nodes import KeyBits

try:
    from yaml._yaml import CParser as FastestParser
except ImportError:  # PyYAML was built without libyaml
    from imagelock.document.pure import PurePythonParser as FastestParser  # type: ignore[assignment]

__all__ = [
    "MAX_DEPTH",
    "MAX_NODES",
    "BrokenYamlError",
    "Chunk",
    "FastestParser",
    "chunks",
    "file_text",
    "parse",
]

_LARGE = 4_000_000  # characters: a copy of them shows in what a process takes
_BIG = 65_536  # characters of a file: to load a library for fewer takes more than it saves
_WORTH_LOADING = 300  # characters: below that, the other way is as quick
MAX_DEPTH = 200  # levels: real manifests have under 60, and libyaml is quadratic in them
MAX_NODES = 10_000_000  # of one document: they take 2 GB, and 128 MB of manifests have fewer

# A line that begins or ends a document; no scalar may hold it, so cutting
# there is exact (YAML 1.2, rule 206, c-forbidden).
_MARK = re.compile(r"(?:---|\.\.\.)(?=[ \t\r\n]|\Z)")
_LATER_MARK = re.compile(rf"\n{_MARK.pattern}")  # the line break first: eight times as fast
_MARK_BEHIND_ANY = re.compile(rf"[\r\n]{_MARK.pattern}")
_END_MARK = re.compile(r"\.\.\.[ \t]*")
_BREAKS = r"\r\n\x85\u2028\u2029"
_TEMPLATE = re.compile(r"\{[{%#]")
_SURROGATE = re.compile(r"(?<=\\)u[dD][89a-fA-F][0-9a-fA-F]{2}")
_BEFORE_CONTENT = re.compile("\ufeff*")


class BrokenYamlError(Exception):
    """A text that is no YAML; *offset* is where reading stopped."""

    def __init__(self, problem: str, offset: int) -> None:
        super().__init__(problem)
        self.problem = problem
        self.offset = offset


class Chunk(Struct, frozen=True, gc=False):
    """One document of a stream, not parsed yet: from *start* to *end* of the text.

    It may be a piece of a long list (`imagelock.document.lists`): *lead* is what
    is read before it, *trail* behind it, and *first* the number of its first item.
    """

    start: int
    end: int
    lead: str = ""
    trail: str = ""
    first: int = 0


def chunks(content: str) -> Iterator[Chunk]:
    """Cut a stream into its documents, each with the directives before it."""
    start = 0
    for mark in _marks(content):
        has_content = mark > start and not _only_directives().fullmatch(content, start, mark)
        if content[mark] == ".":
            end = _END_MARK.match(content, mark).end()  # type: ignore[union-attr]
            if has_content or start == 0 or content.find("\n%", start, mark) >= 0:
                yield Chunk(start, end)
            start = end
        elif has_content:
            end = _directives_before(content, start, mark)
            yield Chunk(start, end)
            start = end
    if start < len(content):
        yield Chunk(start, len(content))


def parse(
    text: Text, chunk: Chunk | None = None, *, parser: Callable[[Any], Any] = FastestParser
) -> list[Node]:
    """Parse one chunk of a text, or all of it, into its documents' root nodes.

    Raises:
        BrokenYamlError: It is no YAML, or nested deeper than `MAX_DEPTH`.
    """
    start, end = (chunk.start, chunk.end) if chunk else (0, len(text.content))
    # libyaml does not count a byte order mark at the beginning.
    start = _BEFORE_CONTENT.match(text.content, start, end).end()  # type: ignore[union-attr]
    content = text.content if end - start == len(text.content) else text.content[start:end]
    if chunk is not None and chunk.lead:
        content, start = chunk.lead + content + chunk.trail, start - len(chunk.lead)
    is_big = len(text.source.text) >= _BIG and len(content) >= _WORTH_LOADING
    if is_big and parser is FastestParser:
        from imagelock.document import libyaml

        roots = libyaml.load(text, content, start, MAX_DEPTH)
        if roots is not None:
            return roots
    try:
        stream = content if len(content) < _LARGE else _Pieces(content)
        return _Composer(text, start).compose(parser(stream))
    except pyyaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = error.problem or error.context or "it cannot be parsed"
        raise BrokenYamlError(problem, start + (mark.index if mark else 0)) from None
    except (pyyaml.reader.ReaderError, UnicodeEncodeError):
        raise _unreadable_character(content, start) from None


def file_text(source: Source, key_bits: KeyBits | None = None) -> Text:
    """Return a file's own text to look for images in.

    Templates are masked, and so are the escapes that JSON writes one character
    in two halves with: in YAML they are an error.
    """
    content = source.text
    has_templates = _TEMPLATE.search(content) is not None
    if has_templates:
        # Imported for templates only: what reads them takes time to import.
        from imagelock.document.template import mask_templates

        content = mask_templates(content)
    if "\\" in content and "\\u" in content:
        content = _SURROGATE.sub("ufffd", content)
    return Text(content, source, key_bits=key_bits, has_templates=has_templates)


@cache
def _only_directives() -> re.Pattern[str]:
    """Return what reads blank lines, comments and directives."""
    return re.compile(
        rf"(?>(?:[ \t\ufeff]*+(?:#[^{_BREAKS}]*+)?[{_BREAKS}]"
        rf"|%(?:YAML|TAG)\b[^{_BREAKS}]*+[{_BREAKS}])*)"
    )


@cache
def _properties() -> re.Pattern[str]:
    """Return what reads anchors and tags; few documents have any, and it takes a while to make."""
    return re.compile(rf"(?>(?:[&!][^ \t{_BREAKS}]*+|[ \t{_BREAKS}]++|#[^{_BREAKS}]*+)+)")


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


def _marks(content: str) -> Iterator[int]:
    if _MARK.match(content):
        yield 0
    for match in (_LATER_MARK if "\r" not in content else _MARK_BEHIND_ANY).finditer(content):
        yield match.start() + 1


def _directives_before(content: str, start: int, mark: int) -> int:
    """Find where the directives begin of the document that a mark begins."""
    begin = mark
    while content.find("%", start, begin) >= 0:
        line = max(content.rfind(f"{end}%", start, begin) for end in "\r\n") + 1
        if not line or not _only_directives().fullmatch(content, line, begin):
            break
        begin = line
    return begin


def _unreadable_character(content: str, start: int) -> BrokenYamlError:
    """Name the first character that no YAML may hold: libyaml counts bytes up to it."""
    found = pyyaml.reader.Reader.NON_PRINTABLE.search(content)
    offset = found.start() if found else 0
    return BrokenYamlError(
        f"the character U+{ord(content[offset]):04X} is not allowed", start + offset
    )


class _Composer:
    """Makes nodes of events, without recursion."""

    def __init__(self, text: Text, base: int) -> None:
        self._text = text
        self._base = base
        # An anchor whose collection is still open has no node yet.
        self._anchors: dict[str, Scalar | Mapping | Sequence | None] = {}

    def compose(self, parser: Any) -> list[Node]:
        """Read all events of a parser."""
        roots: list[Node] = []
        text, base = self._text, self._base
        # A level is (event that opened it, the nodes around it so far, whether they are dull).
        level: list[Node] = roots
        is_dull = text.key_bits is not None
        levels: list[tuple[Any, list[Node], bool]] = []
        get_event = parser.get_event
        nodes = 0
        while True:
            event = get_event()
            kind = event.__class__
            if kind is events.ScalarEvent:
                value = event.value
                nodes += 1
                if nodes > MAX_NODES:
                    raise self._too_many(event)
                if value and event.anchor is None and event.tag is None:
                    start, end = event.start_mark.index, event.end_mark.index
                    level.append(Scalar(value, base + start, base + end, event.style or "", text))
                else:
                    level.append(self._scalar(event))
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
                self._anchors.clear()
            elif kind is events.StreamEndEvent:
                return roots

    def _scalar(self, event: Any) -> Scalar:
        start = self._base + event.start_mark.index
        end = self._base + event.end_mark.index
        anchor, tag = event.anchor, event.tag
        if anchor is not None or tag is not None:
            # Where nothing else follows, the value is empty and stands behind them.
            start = _properties().match(self._text.content, start, end).end()  # type: ignore[union-attr]
        elif start == end:
            start = end = behind_its_indicator(self._text.content, start)
        scalar = Scalar(event.value, start, end, event.style or "", self._text, anchor, tag)
        if anchor is not None:
            self._anchors[anchor] = scalar
        return scalar

    def _too_many(self, event: Any) -> BrokenYamlError:
        return BrokenYamlError(
            f"it has more than {MAX_NODES:,} nodes", self._base + event.start_mark.index
        )

    def _open(self, event: Any, depth: int) -> None:
        if depth >= MAX_DEPTH:
            raise BrokenYamlError(
                f"it is nested more than {MAX_DEPTH} levels deep",
                self._base + event.start_mark.index,
            )
        if event.anchor is not None:
            self._anchors[event.anchor] = None

    def _collection(self, event: Any, nodes: list[Node], *, is_dull: bool) -> Mapping | Sequence:
        start = self._base + event.start_mark.index
        node: Mapping | Sequence
        if event.__class__ is events.MappingStartEvent:
            node = mapping_of(self._text, nodes, start, is_dull)
        else:
            node = Sequence(tuple(nodes), start, None, is_dull)
        if event.anchor is not None:
            node = replace(node, anchor=event.anchor, is_dull=False)
            self._anchors[event.anchor] = node
        return node

    def _alias(self, event: Any) -> Alias:
        start = self._base + event.start_mark.index
        name = event.anchor
        target = self._anchors.get(name)
        if target is None:
            stands = "is inside what it repeats" if name in self._anchors else "has no anchor"
            raise BrokenYamlError(f"the alias '*{name}' {stands}", start)
        return Alias(target, start, self._base + event.end_mark.index)
