"""Literal images in a text that does not parse, line by line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from imagelock.core.reference import ImageReference
from imagelock.document.nodes import Scalar
from imagelock.find import locked
from imagelock.find.names import (
    is_image_key,
    is_image_variable,
    looks_like_an_image,
    looks_like_no_picture,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagelock.document.nodes import Text
    from imagelock.document.yaml import Chunk
    from imagelock.find.site import Path, Site
    from imagelock.find.visit import Visit

NAME = "line"

# Blanks are what a template was masked with: `{{ else }}image: a{{ end }}`.
_PAIR = re.compile(
    r"(?:(?:^|(?<=\r))[ \t]*+(?>(?:[-!][ \t]++|\{[ \t]*+)*)|(?P<inside>(?<=[ ]{4})))"
    r"(?P<k>[\"']?)(?P<key>[A-Za-z0-9_./-]++)(?P=k):[ \t]++"
    r"(?P<q>[\"']?)(?P<text>[^\s\"'#{}]++)(?P=q)"
    r"(?=[ \t]*+[,}\]]*+[ \t]*+(?:#[^\r\n]*+)?(?:[\r\n]|\Z)|[ ]{4})",
    re.MULTILINE,
)
_TEMPLATE_ENDS = ("}}", "%}", "#}")
_LONGEST_GAP = 80  # characters between a template and what it steers
_LINE = re.compile(r"^[ \t]*+(?!#)(?P<text>[^\n\r]++)", re.MULTILINE)
_COMMENT = re.compile(r"(?<=[ \t])#")
_KEY = re.compile(r"(?:-[ \t]++)?[\"']?([A-Za-z0-9_./-]++)[\"']?:[ \t]")


def find_literals(text: Text, chunk: Chunk, visit: Visit, path: Path = None) -> Iterator[Site]:
    """Find lines that say ``image: <image ID>``, and what other lines name for certain.

    Templates that steer may stand before and behind it.
    """
    found: set[int] = set()
    for site in _pairs(text, chunk, visit, path):
        found.add(site.anchor.start)
        yield site
    for match in _LINE.finditer(text.content, chunk.start, chunk.end):
        words = _COMMENT.split(match["text"], maxsplit=1)[0].rstrip()
        start, end = match.start("text"), match.start("text") + len(words)
        if found.isdisjoint(range(start, end)):
            key = _KEY.match(words)
            line = Scalar(words, start, end, "", text)
            yield from locked.find(line, (path, key[1] if key else "?"), visit)


def _pairs(text: Text, chunk: Chunk, visit: Visit, path: Path) -> Iterator[Site]:
    """Find the images under keys that name one, and those of variables."""
    variable = ""
    for match in _PAIR.finditer(text.content, chunk.start, chunk.end):
        if match["inside"] is not None and not _follows_a_template(text, match.start()):
            continue
        key = match["key"]
        image = ImageReference.try_parse(match["text"])
        scalar = Scalar(match["text"], *match.span("text"), "", text)
        if image is not None and not scalar.is_templated and _names(key, variable, image):
            yield visit.site(scalar, image, (path, key), NAME)
        variable = match["text"] if key == "name" else ""


def _follows_a_template(text: Text, offset: int) -> bool:
    start = text.root_start(offset)
    before = text.source.text[max(start - _LONGEST_GAP, 0) : start]
    return before.rstrip(" \t").endswith(_TEMPLATE_ENDS)


def _names(key: str, variable: str, image: ImageReference) -> bool:
    if key == "image":
        return looks_like_no_picture(image)
    is_told = is_image_key(key) or (key == "value" and is_image_variable(variable))
    return is_told and looks_like_an_image(image)
