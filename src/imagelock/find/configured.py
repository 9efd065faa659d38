"""Key paths that the user added or forbade.

A pattern is keys joined by dots: ``*`` stands for one key, ``**`` for any
number of them. Places in lists do not count, and a pattern is about the end of
a path: ``spec.backup.image`` is the same as ``**.spec.backup.image``.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagelock.document.nodes import Node
    from imagelock.find.site import Path, Site
    from imagelock.find.visit import Visit

NAME = "config"

_KEY_END = "\0"


def find(node: Node, path: Path, visit: Visit) -> Iterator[Site]:
    """Find a scalar that the configuration says names an image."""
    if is_named(path, visit.knowledge.find_keys):
        site = visit.image_at(node, path, NAME)
        if site is not None:
            yield site


def is_named(path: Path, patterns: tuple[str, ...]) -> bool:
    """Say whether a path ends as one of the patterns says."""
    if not patterns:
        return False
    keys: list[str] = []
    while path is not None:
        path, part = path
        if isinstance(part, str) and not part.endswith(":$"):
            keys.append(part)
    text = "".join(key + _KEY_END for key in reversed(keys))
    return any(_compiled(pattern).fullmatch(text) for pattern in patterns)


@lru_cache
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = []
    for key in pattern.split("."):
        if key == "**":
            parts.append(f"(?:[^{_KEY_END}]*{_KEY_END})*")
        else:
            written = f"[^{_KEY_END}]*" if key == "*" else re.escape(key)
            parts.append(f"{written}{_KEY_END}")
    return re.compile(f"(?:[^{_KEY_END}]*{_KEY_END})*" + "".join(parts), re.DOTALL)
