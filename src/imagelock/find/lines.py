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

_LINE = re.compile(
    r"^[ \t]*+(?:-[ \t]++)?(?P<k>[\"']?)(?P<key>[A-Za-z0-9_.-]++)(?P=k):[ \t]++"
    r"(?P<q>[\"']?)(?P<image>[^\s\"'#{}]++)(?P=q)[ \t]*+(?:#.*)?\r?$",
    re.MULTILINE,
)


def find_literals(text: Text, chunk: Chunk, visit: Visit, path: Path = None) -> Iterator[Site]:
    """Find lines that say ``image: <image ID>`` and nothing else."""
    for match in _LINE.finditer(text.content, chunk.start, chunk.end):
        key = match["key"]
        if not is_image_key(key):
            continue
        start, end = match.span("image")
        scalar = Scalar(match["image"], start, end, "", text)
        image = ImageReference.try_parse(match["image"])
        if image is None or scalar.is_templated:
            continue
        if looks_like_no_picture(image) if key == "image" else looks_like_an_image(image):
            yield visit.site(scalar, image, (path, key), NAME)
