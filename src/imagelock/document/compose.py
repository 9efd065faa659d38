"""What nodes are made with, by whatever reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imagelock.document.nodes import Mapping, Node, Scalar

if TYPE_CHECKING:
    from imagelock.document.nodes import Text

__all__ = ["behind_its_indicator", "is_dull_text", "mapping_of"]

_WHITE_SPACE = frozenset(" \t\r\n\x85\u2028\u2029")


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


def behind_its_indicator(content: str, position: int) -> int:
    """Find where an empty scalar can be written: in a flow, the parsers say it stands later."""
    start = position
    while start and content[start - 1] in _WHITE_SPACE:
        start -= 1
    return start if start and content[start - 1] in ":?-" else position
