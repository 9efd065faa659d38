"""What the lock has instead of what was asked for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from imagelock.core.lock import Lock, LockEntry
    from imagelock.core.reference import ImageReference

__all__ = ["near_misses"]

_SHOWN = 3
_NUMBER = re.compile(r"([0-9]+)")


def near_misses(image: ImageReference, lock: Lock) -> str:
    """Continue the sentence "… is not in images.lock" with what is in it.

    That is the nearest tags of the same repository or, where it has none, the
    repositories of the same name in other places.
    """
    near = lock.entries_of(image.repository)
    if not near:
        return f": it has no entry of {image.repository}{_elsewhere(image, lock)}"
    nearest = sorted(near, key=lambda entry: _distance(entry, image))
    shown = ", ".join(
        f"{entry.reference.tag or 'an entry without a tag'} ({entry.origin})"
        for entry in nearest[:_SHOWN]
    )
    more = f" and {len(near) - _SHOWN} more" if len(near) > _SHOWN else ""
    return f": of this repository it has {shown}{more}"


def _distance(entry: LockEntry, image: ImageReference) -> tuple[int, list[int]]:
    """Count from the first place where two tags differ: 1.2.4 is nearer to 1.2.3 than 1.3.3."""
    wanted, tag = _NUMBER.split(image.tag or ""), _NUMBER.split(entry.reference.tag or "")
    same = next((i for i, (a, b) in enumerate(zip(wanted, tag, strict=False)) if a != b), None)
    if same is None:
        return -min(len(wanted), len(tag)), [abs(len(wanted) - len(tag))]
    steps = [
        abs(int(a) - int(b)) if a.isdecimal() and b.isdecimal() else 1
        for a, b in zip(wanted[same:], tag[same:], strict=False)
    ]
    return -same, steps


def _elsewhere(image: ImageReference, lock: Lock) -> str:
    name = _last_part(image.repository.path)
    others = [other for other in lock.repositories if _last_part(other.path) == name]
    return f", but of {_joined(others[:_SHOWN])}" if others else ""


def _last_part(path: str) -> str:
    return path.rpartition("/")[2]


def _joined(names: Iterable[object]) -> str:
    return " and of ".join(map(str, names))
