"""Operations of JSON patches (RFC 6902) that set an image.

{op: replace, path: /spec/template/spec/containers/0/image, value: <image ID>}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from imagelock.find.names import is_image_key, looks_like_no_picture
from imagelock.find.site import Problem, Unwritable
from imagelock.find.visit import optional, scalar_under, value_under

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
    keys = [key.replace("~1", "/").replace("~0", "~") for key in pointer.value.split("/")]
    if is_image_key(keys[-1]):
        value = value_under(mapping, "value")
        yield from optional(
            visit.image_at(value, (path, "value"), NAME, looks_right=looks_like_no_picture)
        )
    elif keys[-1] == "tag" and is_image_key(keys[-2]):
        yield from optional(_tag(mapping, path, visit))


def _tag(mapping: Mapping, path: Path, visit: Visit) -> Site | None:
    value = scalar_under(mapping, "value")
    if value is None or value.is_null or value.is_templated or "@" in value.value:
        return None
    visit.claim(value)
    return visit.site(
        value,
        None,
        (path, "value"),
        NAME,
        text=value.value,
        pin=Unwritable("its repository is elsewhere"),
        problem=Problem(
            "repository-elsewhere",
            f"the tag '{value.value}' is set here, and the repository that it belongs to is not",
        ),
    )
