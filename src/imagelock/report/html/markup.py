"""What every part of the page is written with."""

from __future__ import annotations

import re
from html import escape

from imagelock.core.place import printable

__all__ = ["breakable", "icon", "many", "prose", "short", "text"]

_CODE = re.compile(r"`([^`]*)`")
_DIGEST = re.compile(r"(sha(?:256|512):[0-9a-f]{12})[0-9a-f]{20,}")
_PART = re.compile(r"(?<=[/@:])(?=.)")
_KEY = re.compile(r"(?<=.)(?=\.[A-Za-z])")  # of a path of keys, which begins with $
_LONGEST = 400  # characters, as in page.js: more is noise, or meant to push the rest away
_KEPT = 120  # characters of what is longer


def text(value: str) -> str:
    """Return a text of strangers as text."""
    return escape(printable(value))


def prose(value: str) -> str:
    """Return a sentence of ours, in which back ticks mark code."""
    return _CODE.sub(r"<code>\1</code>", text(value))


def short(told: str) -> str:
    """Return a text with as much of each digest as people compare, and never a wall of it."""
    told = _DIGEST.sub(r"\1…", told)
    return told if len(told) <= _LONGEST else f"{told[:_KEPT]}… ({len(told):,} characters)"


def breakable(told: str) -> str:
    """Return a text that breaks between its parts before it breaks within them."""
    return (_KEY if told.startswith("$") else _PART).sub("<wbr>", text(told))


def icon(name: str) -> str:
    """Return the sign of a severity; its meaning stands beside it in words."""
    return f'<svg class="icon" aria-hidden="true"><use href="#icon-{name}"/></svg>'


def many(count: int, thing: str) -> str:
    """Return ``1 image`` or ``2 images``."""
    return f"{count:,} {thing}{'s' * (count != 1)}"
