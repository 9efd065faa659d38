"""Text -> documents with spans: cut into chunks, and each chunk parsed in the fastest way."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from imagelock.document import libyaml
from imagelock.document.compose import BREAKS, Anchors, BrokenYamlError, Limits
from imagelock.document.nodes import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from imagelock.core.place import Source
    from imagelock.document.nodes import KeyBits, Node

__all__ = [
    "MAX_DEPTH",
    "MAX_NODES",
    "BrokenYamlError",
    "Chunk",
    "chunks",
    "file_text",
    "is_sound",
    "parse",
]

MAX_DEPTH = 200  # levels: real manifests have under 60, and libyaml is quadratic in them
MAX_NODES = 10_000_000  # of one document: they take 2 GB, and 128 MB of manifests have fewer

# A line that begins or ends a document; no scalar may hold it, so cutting
# there is exact (YAML 1.2, rule 206, c-forbidden).
_MARK = re.compile(r"(?:---|\.\.\.)(?=[ \t\r\n]|\Z)")
_LATER_MARK = re.compile(rf"\n{_MARK.pattern}")  # the line break first: eight times as fast
_MARK_BEHIND_ANY = re.compile(rf"[\r\n]{_MARK.pattern}")
_END_MARK = re.compile(r"\.\.\.[ \t]*")
_TEMPLATE = re.compile(r"\{[{%#]")
_SURROGATE = re.compile(r"(?<=\\)u[dD][89a-fA-F][0-9a-fA-F]{2}")
_BEFORE_CONTENT = re.compile("\ufeff*")


class Chunk(Struct, frozen=True, gc=False):
    """One document of a stream, not parsed yet: from *start* to *end* of the text.

    It may be a piece of a long list (`imagelock.document.lists`): *lead* is what
    is read before it, and *trail* behind it.
    """

    start: int
    end: int
    lead: str = ""
    trail: str = ""


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
    text: Text, chunk: Chunk | None = None, *, parser: Callable[[Any], Any] | None = None
) -> list[Node]:
    """Parse one chunk of a text, or all of it, into its documents' root nodes.

    A *parser* gives PyYAML's events; without one, the fastest way is taken.

    Raises:
        BrokenYamlError: It is no YAML, or nested deeper than `MAX_DEPTH`.
    """
    start, end = (chunk.start, chunk.end) if chunk else (0, len(text.content))
    # libyaml does not count a byte order mark at the beginning.
    start = _BEFORE_CONTENT.match(text.content, start, end).end()  # type: ignore[union-attr]
    content = text.content if end - start == len(text.content) else text.content[start:end]
    if chunk is not None and chunk.lead:
        content, start = chunk.lead + content + chunk.trail, start - len(chunk.lead)
    anchors, limits = Anchors(text, start), Limits(MAX_DEPTH, MAX_NODES)
    roots = libyaml.compose(content, anchors, limits) if parser is None else None
    if roots is None:
        # Imported for what is broken, and where nothing was compiled: it imports PyYAML.
        from imagelock.document import events

        parser = parser or events.FastestParser
        roots = events.compose(content, anchors, limits, parser=parser)
    return roots


def is_sound(content: str) -> bool:
    """Say whether a text has the syntax of YAML; ``False`` where `parse` has to find that out."""
    content = content.lstrip("\ufeff")  # as `parse` does: only one at the beginning is no character
    answer = libyaml.is_sound(content, MAX_DEPTH)
    if answer is not None:
        return answer
    from imagelock.document import events

    return events.is_sound(content, MAX_DEPTH)


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
        rf"(?>(?:[ \t\ufeff]*+(?:#[^{BREAKS}]*+)?[{BREAKS}]"
        rf"|%(?:YAML|TAG)\b[^{BREAKS}]*+[{BREAKS}])*)"
    )


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
