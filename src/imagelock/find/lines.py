"""Literal images in a text that does not parse, line by line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from imagelock.core.reference import ImageReference
from imagelock.document.nodes import Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagelock.document.nodes import Text
    from imagelock.document.yaml import Chunk
    from imagelock.find.site import Site
    from imagelock.find.visit import Visit

NAME = "line"

_IMAGE_LINE = re.compile(
    r"^[ \t]*(?:-[ \t]+)?(?P<k>[\"']?)image(?P=k):[ \t]+(?P<q>[\"']?)(?P<image>[^\s\"'#{}]+)(?P=q)"
    r"[ \t]*(?:#.*)?\r?$",
    re.MULTILINE,
)


def find_literals(text: Text, chunk: Chunk, visit: Visit) -> Iterator[Site]:
    """Find lines that say ``image: <image ID>`` and nothing else."""
    for match in _IMAGE_LINE.finditer(text.content, chunk.start, chunk.end):
        start, end = match.span("image")
        scalar = Scalar(match["image"], start, end, "", text)
        image = ImageReference.try_parse(match["image"])
        if image is not None and not scalar.is_templated:
            yield visit.site(scalar, image, (None, "image"), NAME)
