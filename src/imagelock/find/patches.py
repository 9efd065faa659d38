"""Operations of JSON patches (RFC 6902) that set an image.

{op: replace, path: /spec/template/spec/containers/0/image, value: <image ID>}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from imagelock.find.names import is_image_key, looks_like_no_picture
from imagelock.find.visit import scalar_under, value_under

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagelock.document.nodes import Mapping
    from imagelock.find.site import Path, Site
    from imagelock.find.visit import Visit

NAME = "patch"


def wants(key: str) -> bool:
    """Say whether a mapping with this key is of interest."""
    return key == "op"


def find(mapping: Mapping, path: Path, visit: Visit) -> Iterator[Site]:
    """Find the value that an operation puts where an image is named.

    A ``test`` compares with what stands there, which is pinned as this is.
    """
    pointer = scalar_under(mapping, "path")
    if pointer is None or not pointer.value.startswith("/"):
        return
    # RFC 6901, section 4: "~1" stands for "/", "~0" for "~".
    last = pointer.value.rpartition("/")[2].replace("~1", "/").replace("~0", "~")
    if is_image_key(last):
        value = value_under(mapping, "value")
        site = visit.image_at(value, (path, "value"), NAME, looks_right=looks_like_no_picture)
        if site is not None:
            yield site
