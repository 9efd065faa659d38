"""Anchors: a text that several places share is changed for all of them, or for none.

A whole image ID that is anchored is pinned once, and its aliases follow: it is
an image ID wherever it goes. A tag is not: ``&version 1.2`` may be a label, too,
and a digest would break that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    places = _places_of(anchored, visit)
    left_out = {node for root in visit.left_out for node, _ in _nodes(root)}
    return [_settled(site, places, left_out, visit) for site in kept]


def _was_completed(site: Site, visit: Visit) -> bool:
    return (
        site.problem is not None
        and site.problem.rule == "tag-elsewhere"
        and site.anchor in visit.completed
    )


def _written(site: Site) -> Scalar | None:
    return site.pin.scalar if isinstance(site.pin, Append | FillKey) else None


def _places_of(anchored: set[Scalar], visit: Visit) -> dict[Scalar, list[Node]]:
    """Return, for each anchored scalar, the places that have its text; stores do not count."""
    places: dict[Scalar, list[Node]] = {scalar: [] for scalar in anchored}
    for root in visit.roots:
        for node, is_stored in _nodes(root):
            scalar = node.target if type(node) is Alias else node
            if type(scalar) is Scalar and scalar in places and not is_stored:
                places[scalar].append(node)
    return places


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


def _settled(
    site: Site, places: dict[Scalar, list[Node]], left_out: set[Node], visit: Visit
) -> Site:
    scalar = _written(site)
    for place in places.get(scalar, ()) if scalar else ():
        is_fine = place in visit.used if site.parts else place not in left_out
        if not is_fine:
            return replace(site, pin=Unwritable(_sharing(site, place)))
    return site


def _sharing(site: Site, place: Node) -> str:
    text = site.anchor.text
    line = text.source.place(text.root_start(place.start)).line
    return f"its text is anchored, and stands in line {line} too, where it is no image to pin"
