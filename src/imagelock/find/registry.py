"""An image in values that have one registry for all: ``registry`` may go before it, or not.

Which of the two the chart means cannot be seen in its values. The one that the
lock knows is taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from imagelock.core.lock import Ambiguous, Found, Missing
from imagelock.core.reference import ImageReference
from imagelock.find.names import names_its_registry
from imagelock.find.site import Unwritable

if TYPE_CHECKING:
    from imagelock.core.lock import Lock
    from imagelock.core.reference import Digest
    from imagelock.find.site import Path, Site
    from imagelock.find.visit import Visit

__all__ = ["in_shared_registry"]


def in_shared_registry(site: Site, path: Path, visit: Visit) -> Site:
    """Return the site of an image as the lock knows it, with or without the values' registry."""
    registry = visit.context_at(path).registry
    if not registry or site.image is None or names_its_registry(site.image):
        return site
    joined = ImageReference.try_parse(f"{registry.rstrip('/')}/{site.text}")
    if joined is None:
        return site
    alone, below = _digest(site.image, visit.lock), _digest(joined, visit.lock)
    if below is None:
        return site
    if alone is not None and alone != below:
        both = f"'{site.image}' and '{joined}'"
        return replace(site, pin=Unwritable(f"the lock has {both}, and either may be meant"))
    return replace(site, image=joined)


def _digest(image: ImageReference, lock: Lock) -> Digest | None:
    """Return the digest that the lock has for an image, if it has one."""
    if image.is_pinned:
        return image.digest if lock.allows(image) else None
    match lock.match(image):
        case Found(digest=digest) | Ambiguous(digest=digest):
            return digest
        case Missing():
            return None
