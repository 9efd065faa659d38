"""What every part of the page is written with."""

from __future__ import annotations

import re
from html import escape

from imagelock.core.place import printable

__all__ = ["icon", "many", "prose", "text"]

_CODE = re.compile(r"`([^`]*)`")


def text(value: str) -> str:
    """Return a text of strangers as text."""
    return escape(printable(value))


def prose(value: str) -> str:
    """Return a sentence of ours, in which back ticks mark code."""
    return _CODE.sub(r"<code>\1</code>", text(value))


def icon(name: str) -> str:
    """Return the sign of a severity; its meaning stands beside it in words."""
    return f'<svg class="icon" aria-hidden="true"><use href="#icon-{name}"/></svg>'


def many(count: int, thing: str) -> str:
    """Return ``1 image`` or ``2 images``."""
    return f"{count:,} {thing}{'s' * (count != 1)}"
