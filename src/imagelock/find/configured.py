r"""Key paths that the user added or forbade.

A pattern is keys joined by dots: ``*`` stands for one key, ``**`` for any
number of them, and ``\.`` for a dot in a key. Places in lists do not count, and
a pattern is about the end of a path: ``spec.backup.image`` is the same as
``**.spec.backup.image``.
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

_ANY_NUMBER = "**"
_DOT = re.compile(r"(?<!\\)\.")


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
    keys.reverse()
    return any(_fits(keys, _steps(pattern)) for pattern in patterns)


def _fits(keys: list[str], steps: tuple[str, ...]) -> bool:
    """Match as globs are matched: only the last ``**`` is ever tried again."""
    position = step = 0
    resume: tuple[int, int] | None = None
    while position < len(keys):
        if step < len(steps) and steps[step] == _ANY_NUMBER:
            resume = (step + 1, position)
            step += 1
        elif step < len(steps) and steps[step] in {"*", keys[position]}:
            step, position = step + 1, position + 1
        elif resume is None:
            return False
        else:
            resume = (resume[0], resume[1] + 1)
            step, position = resume
    return all(rest == _ANY_NUMBER for rest in steps[step:])


@lru_cache
def _steps(pattern: str) -> tuple[str, ...]:
    return (_ANY_NUMBER, *(key.replace("\\.", ".") for key in _DOT.split(pattern)))
