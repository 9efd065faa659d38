"""What nodes are made with, by whatever reads them: in C, or of PyYAML's events."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from imagelock.document.nodes import Alias, Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from imagelock.document.nodes import Text

__all__ = ["BREAKS", "Anchors", "BrokenYamlError", "Limits", "is_dull_text", "mapping_of"]

BREAKS = r"\r\n\x85\u2028\u2029"
_WHITE_SPACE = frozenset(" \t\r\n\x85\u2028\u2029")


class BrokenYamlError(Exception):
    """A text that is no YAML; *offset* is where reading stopped."""

    def __init__(self, problem: str, offset: int) -> None:
        super().__init__(problem)
        self.problem = problem
        self.offset = offset


class Limits(Struct, frozen=True):
    """How many levels a document may have, and how many scalars."""

    levels: int
    scalars: int


class Anchors:
    """What anchors stand for while a document is read, and whatever else is seldom.

    Attributes:
        text: What the nodes stand in.
        base: Where in it what is read begins; offsets that are given count from there.
    """

    def __init__(self, text: Text, base: int) -> None:
        self.text = text
        self.base = base
        # An anchor whose collection is still open has no node yet.
        self._nodes: dict[str, Scalar | Mapping | Sequence | None] = {}

    def forget(self) -> None:
        """Begin with the next document: anchors hold for one."""
        self._nodes.clear()

    def scalar(
        self, value: str, start: int, end: int, style: str, anchor: str | None, tag: str | None
    ) -> Scalar:
        """Make a scalar that is empty, or has an anchor or a tag."""
        start, end = self.base + start, self.base + end
        content = self.text.content
        if anchor is not None or tag is not None:
            # Where nothing else follows, the value is empty and stands behind them.
            start = _properties().match(content, start, end).end()  # type: ignore[union-attr]
        elif start == end:
            start = end = _behind_its_indicator(content, start)
        scalar = Scalar(value, start, end, style, self.text, anchor, tag)
        if anchor is not None:
            self._nodes[anchor] = scalar
        return scalar

    def open(self, anchor: str) -> None:
        """Begin a collection that has an anchor."""
        self._nodes[anchor] = None

    def close(self, anchor: str, node: Mapping | Sequence) -> Mapping | Sequence:
        """Return a collection with its anchor, which may be repeated from now on."""
        node = replace(node, anchor=anchor, is_dull=False)
        self._nodes[anchor] = node
        return node

    def alias(self, name: str, start: int, end: int) -> Alias:
        """Make an alias of what has that anchor.

        Raises:
            BrokenYamlError: Nothing has it, or what has it is still open.
        """
        target = self._nodes.get(name)
        if target is None:
            stands = "is inside what it repeats" if name in self._nodes else "has no anchor"
            raise BrokenYamlError(f"the alias '*{name}' {stands}", self.base + start)
        return Alias(target, self.base + start, self.base + end)


def is_dull_text(value: str) -> bool:
    """Say whether a scalar names no image with a tag, no document and no variable (`KeyBits`)."""
    return ":" not in value and "[" not in value and "IMAGE" not in value


def mapping_of(text: Text, nodes: list[Node], start: int, is_dull: bool) -> Mapping:  # noqa: FBT001
    """Make a mapping of its keys and values in turn.

    *is_dull* says whether all of them are; the bits of the keys are looked up here.
    """
    pairs = tuple(zip(nodes[::2], nodes[1::2], strict=True))
    key_bits = text.key_bits
    if key_bits is None:
        return Mapping(pairs, start)
    bits = 0
    for key, _ in pairs:
        if type(key) is Scalar:
            bits |= key_bits[key.value]
    return Mapping(pairs, start, None, bits, is_dull and not bits & key_bits.telling)


def _behind_its_indicator(content: str, position: int) -> int:
    """Find where an empty scalar can be written: in a flow, the parsers say it stands later."""
    start = position
    while start and content[start - 1] in _WHITE_SPACE:
        start -= 1
    return start if start and content[start - 1] in ":?-" else position


@cache
def _properties() -> re.Pattern[str]:
    """Return what reads anchors and tags; few documents have any, and it takes a while to make."""
    return re.compile(rf"(?>(?:[&!][^ \t{BREAKS}]*+|[ \t{BREAKS}]++|#[^{BREAKS}]*+)+)")
