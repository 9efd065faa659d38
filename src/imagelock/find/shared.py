"""Anchors: a text that several places share is changed for all of them, or for none.

A whole image ID that is anchored is pinned once, and its aliases follow: it is
an image ID wherever it goes. A tag is not: ``&version 1.2`` may be a label, too,
and a digest would break that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from imagelock.document.nodes import Alias, Mapping, Node, Scalar, Sequence
from imagelock.find.site import Append, FillKey, Unwritable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from imagelock.find.site import Site
    from imagelock.find.visit import Visit

__all__ = ["settled"]

# Keys that hold nothing but anchors.
_STORES = ("x-", ".", "_", "anchors", "aliases", "definitions")


def settled(sites: Iterable[Site], visit: Visit) -> list[Site]:
    """Return the sites of one document, knowing all that stands in it.

    A repository without a tag is left out where another mapping brings its tag,
    and a site is not to be pinned where that would change what is no image.
    """
    kept = [site for site in sites if not _was_completed(site, visit)]
    anchored = {scalar for site in kept if (scalar := _written(site)) and scalar.anchor}
    if not anchored:
        return kept
    obstacles = _obstacles(anchored, visit)
    return [_settled(site, obstacles) for site in kept]


def _was_completed(site: Site, visit: Visit) -> bool:
    return (
        site.problem is not None
        and site.problem.rule == "tag-elsewhere"
        and site.anchor in visit.completed
    )


def _written(site: Site) -> Scalar | None:
    return site.pin.scalar if isinstance(site.pin, Append | FillKey) else None


class _Obstacles(Struct):
    """Where an anchored text may not change: a place that is no part of an image, and no input."""

    no_part: Node | None = None
    no_input: Node | None = None


def _obstacles(anchored: set[Scalar], visit: Visit) -> dict[Scalar, _Obstacles]:
    """Look at every place that has the text of an anchored scalar; stores do not count."""
    obstacles = {scalar: _Obstacles() for scalar in anchored}
    left_out = {node for root in visit.left_out for node, _ in _nodes(root)}
    for root in visit.roots:
        for node, is_stored in _nodes(root):
            scalar = node.target if type(node) is Alias else node
            found = obstacles.get(scalar) if type(scalar) is Scalar else None
            if found is None or is_stored:
                continue
            if node not in visit.used:
                found.no_part = found.no_part or node
            if node in left_out:
                found.no_input = found.no_input or node
    return obstacles


def _nodes(root: Node) -> Iterator[tuple[Node, bool]]:
    """Yield every value below a node, and whether it is in a store of anchors."""
    stack = [(root, False)]
    while stack:
        node, is_stored = stack.pop()
        yield node, is_stored
        if type(node) is Mapping:
            stack += [(value, is_stored or _is_store(key)) for key, value in node.pairs]
        elif type(node) is Sequence:
            stack += [(item, is_stored) for item in node.items]


def _is_store(key: Node) -> bool:
    return type(key) is Scalar and key.value.startswith(_STORES)


def _settled(site: Site, obstacles: dict[Scalar, _Obstacles]) -> Site:
    scalar = _written(site)
    found = obstacles.get(scalar) if scalar else None
    place = found and (found.no_part if site.parts else found.no_input)
    return replace(site, pin=Unwritable(_sharing(site, place))) if place else site


def _sharing(site: Site, place: Node) -> str:
    text = site.anchor.text
    line = text.source.place(text.root_start(place.start)).line
    return f"its text is anchored, and stands in line {line} too, where it is no image to pin"
