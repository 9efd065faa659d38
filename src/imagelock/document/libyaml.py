"""libyaml as PyYAML brings it along, asked by what we have in C; PyYAML itself is not imported."""

from __future__ import annotations

from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES, PathFinder
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagelock.document.compose import Anchors, Limits
    from imagelock.document.nodes import Node, Text

__all__ = ["compose", "is_sound"]


def compose(content: str, anchors: Anchors, limits: Limits) -> list[Node] | None:
    """Read the documents in *content* into their root nodes.

    ``None`` where `imagelock.document.events` is to read them: it is broken, goes
    beyond a limit, or nothing was compiled when imagelock was installed.

    Raises:
        BrokenYamlError: An alias has no anchor.
    """
    compiled = _compiled()
    if compiled is None:
        return None
    text, base = anchors.text, anchors.base
    return compiled.compose(text, content, base, anchors, limits.levels, limits.scalars)


def is_sound(content: str, most_levels: int) -> bool | None:
    """Say whether a text has the syntax of YAML, and no alias; ``None`` if nothing was compiled."""
    compiled = _compiled()
    return None if compiled is None else compiled.is_sound(content, most_levels)


class _Compiled(Protocol):
    """What `_libyaml.c` has."""

    def compose(
        self, text: Text, content: str, base: int, anchors: Anchors, levels: int, scalars: int, /
    ) -> list[Node] | None: ...

    def is_sound(self, content: str, most_levels: int, /) -> bool: ...


@cache
def _compiled() -> _Compiled | None:
    try:
        from imagelock.document import _libyaml
    except ImportError:
        return None
    return _libyaml if any(map(_libyaml.use, _libraries())) else None


def _libraries() -> Iterator[str]:
    """Yield where PyYAML's own module may be, which has libyaml in it, or is linked to it."""
    found = PathFinder.find_spec("yaml")
    for folder in (found and found.submodule_search_locations) or ():
        for suffix in EXTENSION_SUFFIXES:
            yield f"{folder}/_yaml{suffix}"
