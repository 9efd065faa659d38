"""What the lock has instead of what was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imagelock.core.lock import LockEntry
    from imagelock.core.reference import ImageReference

__all__ = ["near_misses"]

_SHOWN = 3


def near_misses(image: ImageReference, near: tuple[LockEntry, ...]) -> str:
    """Continue the sentence "… is not in images.lock" with what is in it.

    *near* are the lock's entries of the same repository; empty where the
    repository itself is not in the lock.
    """
    if not near:
        return f": it has no entry of {image.repository}"
    shown = ", ".join(
        f"{entry.reference.tag or 'an entry without a tag'} ({entry.origin})"
        for entry in near[-_SHOWN:]
    )
    more = f" and {len(near) - _SHOWN} more" if len(near) > _SHOWN else ""
    return f": of this repository it has {shown}{more}"
