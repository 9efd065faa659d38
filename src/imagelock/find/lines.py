"""Literal images in a text that does not parse, line by line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from imagelock.core.reference import ImageReference
from imagelock.document.nodes import Scalar
from imagelock.find.names import is_image_key, looks_like_an_image, looks_like_no_picture

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagelock.document.nodes import Text
    from imagelock.document.yaml import Chunk
    from imagelock.find.site import Path, Site
    from imagelock.find.visit import Visit

NAME = "line"

# Blanks are what a template was masked with: `{{ else }}image: a{{ end }}`.
_LINE = re.compile(
    r"(?:(?:^|(?<=\r))[ \t]*+(?>(?:[-!][ \t]++|\{[ \t]*+)*)|(?P<inside>(?<=[ ]{4})))"
    r"(?P<k>[\"']?)(?P<key>[A-Za-z0-9_.-]++)(?P=k):[ \t]++"
    r"(?P<q>[\"']?)(?P<image>[^\s\"'#{}]++)(?P=q)"
    r"(?=[ \t]*+[,}\]]*+[ \t]*+(?:#[^\r\n]*+)?(?:[\r\n]|\Z)|[ ]{4})",
    re.MULTILINE,
)
_TEMPLATE_ENDS = ("}}", "%}", "#}")
_LONGEST_GAP = 80  # characters between a template and what it steers


def find_literals(text: Text, chunk: Chunk, visit: Visit, path: Path = None) -> Iterator[Site]:
    """Find lines that say ``image: <image ID>`` and nothing else but templates that steer."""
    for match in _LINE.finditer(text.content, chunk.start, chunk.end):
        key = match["key"]
        if not is_image_key(key):
            continue
        if match["inside"] is not None and not _follows_a_template(text, match.start()):
            continue
        start, end = match.span("image")
        scalar = Scalar(match["image"], start, end, "", text)
        image = ImageReference.try_parse(match["image"])
        if image is None or scalar.is_templated:
            continue
        if looks_like_no_picture(image) if key == "image" else looks_like_an_image(image):
            yield visit.site(scalar, image, (path, key), NAME)


def _follows_a_template(text: Text, offset: int) -> bool:
    start = text.root_start(offset)
    before = text.source.text[max(start - _LONGEST_GAP, 0) : start]
    return before.rstrip(" \t").endswith(_TEMPLATE_ENDS)
