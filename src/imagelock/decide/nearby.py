"""What the lock has instead of what was asked for."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from imagelock.core.lock import Lock, LockEntry
    from imagelock.core.reference import ImageReference

__all__ = ["near_misses"]

_SHOWN = 3
_COMPARED = 2_000  # names: to compare one takes some 20 µs
_ALIKE = 0.8  # of 1: two letters of a name of five have changed places
_NUMBER = re.compile(r"([0-9]+)")


def near_misses(image: ImageReference, lock: Lock) -> str:
    """Continue the sentence "… is not in images.lock" with what is in it.

    That is the nearest tags of the same repository or, where it has none, the
    repositories of the same name in other places, or of one that is nearly the same.
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
    name = image.repository.path.rpartition("/")[2]
    names = (name,) if name in lock.names else _misspelt(name, tuple(lock.names))
    others = [other for near in names for other in lock.names[near]]
    shown = (f"{other} ({lock.entries_of(other)[0].origin})" for other in others[:_SHOWN])
    return f", but of {_joined(shown)}" if others else ""


@lru_cache
def _misspelt(name: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names that are nearly this one: ``nginx`` for ``ngnix``."""
    from difflib import get_close_matches  # for findings only

    return tuple(get_close_matches(name, names[:_COMPARED], cutoff=_ALIKE))


def _joined(names: Iterable[object]) -> str:
    return " and of ".join(map(str, names))
