"""Merge keys: a mapping as YAML reads it, with what ``<<`` brings in."""

from __future__ import annotations

from imagelock.document.nodes import Mapping, Node, Scalar, Sequence
from imagelock.find.visit import followed

__all__ = ["MERGE_KEY", "merged"]

MERGE_KEY = "<<"
_MOST_SOURCES = 50  # mappings that one takes from, directly or not: one or two are met in the field


def merged(mapping: Mapping) -> Mapping:
    """Return a view of a mapping with the pairs that its merge keys add."""
    pairs = [pair for pair in mapping.pairs if not _is_merge_key(pair[0])]
    names = {name for key, _ in pairs if (name := _name(key)) is not None}
    sources = _sources_of(mapping)[::-1]
    seen = {mapping}
    while sources and len(seen) <= _MOST_SOURCES:
        source = sources.pop()
        if source in seen:
            continue
        seen.add(source)
        for key, value in source.pairs:
            name = _name(key)
            if name is not None and name != MERGE_KEY and name not in names:
                names.add(name)
                pairs.append((key, value))
        # Of two sources the first wins, with all that it took from others.
        sources += _sources_of(source)[::-1]
    return Mapping(tuple(pairs), mapping.start, mapping.anchor)


def _sources_of(mapping: Mapping) -> list[Mapping]:
    sources: list[Mapping] = []
    for key, value in mapping.pairs:
        if _is_merge_key(key):
            node = followed(value)
            nodes = node.items if isinstance(node, Sequence) else (node,)
            followed_nodes = map(followed, nodes)
            sources += [source for source in followed_nodes if isinstance(source, Mapping)]
    return sources


def _is_merge_key(key: Node) -> bool:
    return type(key) is Scalar and key.value == MERGE_KEY and not key.style


def _name(key: Node) -> str | None:
    return key.value if type(key) is Scalar else None
