"""Image IDs inside a longer text, delimited so that each is a word of its own.

    ... --solver-image=quay.io/x/y:1 ...        a part of an argument
    4.2.0=quay.io/x/kafka:4.2.0                 a line of a variable's value

A piece of an address (``https://…``), of a path or of a longer name is none,
nor is what a template or a variable is joined to. What ``docker://`` stands
before is asked for by itself: it is read otherwise.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from msgspec import Struct

from imagelock.core import grammar
from imagelock.core.reference import ImageReference
from imagelock.document.nodes import is_template
from imagelock.find.site import offsets_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagelock.document.nodes import Scalar

__all__ = ["Token", "addressed", "default_of", "tokens", "touches_a_template"]

# What a name may not follow: a letter of a longer word, the "/" or ":" of an
# address, the end of "$(VARIABLE)", "${VARIABLE}" and "<placeholder>", and the "${"
# of a variable whose own name has a colon. It may follow ":-" in
# "${VARIABLE:-<image ID>}".
_BEFORE = r"(?:(?<=:-)|(?<![A-Za-z0-9_./:@%~+$)}>\\*-])(?<!\$\{))"
_BEHIND_SCHEME = r"(?<=docker://)(?<![A-Za-z0-9+.-]docker://)"
_AFTER = r"(?![A-Za-z0-9_/@:$({<\\*%-])"
# ${IMAGE:-alpine}, and nothing else
_DEFAULT = re.compile(r"\s*\$\{[A-Za-z_][A-Za-z0-9_]*:?[-=](?P<image>[^\s{}$]+)\}\s*")
_MARKS = ("{{", "}}", "{%", "%}")


class Token(Struct, frozen=True):
    """An image ID with a tag or a digest, and where it begins in its scalar's value."""

    image: ImageReference
    start: int

    @property
    def end(self) -> int:
        """Where it ends in the scalar's value."""
        return self.start + len(self.image.text)


@cache
def _token(before: str) -> re.Pattern[str]:
    # Every run of characters is taken as far as it goes and never given back, and no
    # part that is given back is read in another way, so the time is linear in the
    # length of the text; the grammar decides afterwards.
    return re.compile(
        rf"{before}(?P<name>[A-Za-z0-9\[][A-Za-z0-9.\[\]_-]*+(?::[0-9]{{1,5}}+(?=/))?"
        r"(?:/[a-z0-9._-]++)*)"
        r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]*+))?"
        rf"(?P<digest>@(?:{grammar.DIGEST}))?{_AFTER}"
    )


@cache
def _opens() -> re.Pattern[str]:
    """Return what may stand right before an image ID that is meant as it is."""
    return re.compile(r"\{(?:\{-?|%[-+]?)\s*(?:if|else|elif|with|range|for)\b")


@cache
def _closes() -> re.Pattern[str]:
    """Return what may stand right behind one."""
    return re.compile(
        r"\{(?:\{-?|%[-+]?)\s*(?:else\b|elif\b|end)"
        r"|\{\{-?\s*+/\*(?>(?:[^*]++|\*(?!/))*)\*/\s*+-?\}\}(?=[\s\"']|\Z)"
        # What begins behind the end of a line is not joined to it.
        r"|\{(?:\{-?|%[-+]?)\s*(?:if|with|range|for)\b[^{}\n]*+(?<!-)(?<!-%)\}\}?+[ \t]*+\r?\n"
    )


def tokens(scalar: Scalar, before: str = _BEFORE) -> Iterator[Token]:
    """Yield the image IDs with a tag or a digest that stand in a scalar's value."""
    may_touch = _has_template_near(scalar)
    for match in _token(before).finditer(scalar.value):
        if match["tag"] is None and match["digest"] is None:
            continue
        text = match[0] if match["digest"] else match[0].rstrip(".")
        image = ImageReference.try_parse(text)
        if image is not None and not (may_touch and _touches(scalar, match.start(), match.end())):
            yield Token(image, match.start())


def addressed(scalar: Scalar) -> Iterator[Token]:
    """Yield the image IDs with a tag or a digest that ``docker://`` stands before."""
    return tokens(scalar, _BEHIND_SCHEME)


def default_of(scalar: Scalar) -> Token | None:
    """Return the image ID, with or without a tag, that a variable alone has as its default."""
    found = _DEFAULT.fullmatch(scalar.value)
    image = ImageReference.try_parse(found["image"]) if found else None
    return Token(image, found.start("image")) if found and image else None


def touches_a_template(scalar: Scalar, start: int, end: int) -> bool:
    """Say whether a piece of a scalar's value holds a template, or is joined to one.

    So does a variable, unless an image ID stands in it, as in
    ``${IMAGE:-<image ID>}``: that one is a literal.
    """
    if _has_template_near(scalar) and _touches(scalar, start, end):
        return True
    if "$" not in scalar.value or not is_template(scalar.value[start:end]):
        return False
    return default_of(scalar) is None and not any(tokens(scalar))


def _has_template_near(scalar: Scalar) -> bool:
    text = scalar.text
    if not text.has_templates:
        return False
    first, last = text.root_start(scalar.start), text.root_end(scalar.end)
    written = text.source.text[max(first - 2, 0) : last + 2]
    return any(mark in written for mark in _MARKS)


def _touches(scalar: Scalar, start: int, end: int) -> bool:
    offsets = offsets_of(scalar)
    if offsets is None:
        return scalar.is_templated
    text = scalar.text.source.text
    first = scalar.text.root_start(offsets.start(start))
    last = scalar.text.root_end(offsets.end(end))
    piece = text[first:last]
    return (
        any(mark in piece for mark in _MARKS)
        or (text.startswith(("{{", "{%"), last) and not _closes().match(text, last))
        or (text.endswith("}}", 0, first) and not _opens().match(text, text.rfind("{{", 0, first)))
        or (text.endswith("%}", 0, first) and not _opens().match(text, text.rfind("{%", 0, first)))
    )
