"""Parameters of pipelines, workflows and templates that name an image.

params: [{name: BUILDER_IMAGE, default: <image ID>}]         Tekton
parameters: [{name: worker-image, value: <image ID>}]        Argo Workflows, OpenShift templates
parameters: [{name: worker-image, string: <image ID>}]       plugins of Argo CD
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from imagelock.document.nodes import Scalar
from imagelock.find.names import (
    is_image_key,
    is_image_variable,
    is_push_key,
    looks_like_no_picture,
)
from imagelock.find.visit import followed, optional, value_under

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagelock.core.reference import ImageReference
    from imagelock.document.nodes import Mapping
    from imagelock.find.site import Path, Site
    from imagelock.find.visit import Visit

NAME = "key"

_LISTS = frozenset(("params", "parameters", "tlas", "extVars"))
_VALUES = ("value", "default", "string")


def wants(key: str) -> bool:
    """Say whether a mapping with this key is of interest."""
    return key in _VALUES


def find(mapping: Mapping, path: Path, visit: Visit) -> Iterator[Site]:
    """Find the image that a parameter has, if its name says that it is one.

    Without a tag, one may be joined to it, from another parameter.
    """
    name = mapping.text_of("name")
    if name is None or path is None or path[0] is None or path[0][1] not in _LISTS:
        return
    for key in _VALUES:
        value = value_under(mapping, key)
        scalar = followed(value)
        if _is_pushed_to(name, key, path[0]):
            visit.claim(*((scalar,) if type(scalar) is Scalar else ()))
        elif is_image_key(name) or is_image_variable(name):
            if type(scalar) is Scalar and name in visit.pushed_parameters(scalar.text.source):
                visit.claim(scalar)
            yield from optional(visit.image_at(value, (path, key), NAME, looks_right=_has_an_end))


def _is_pushed_to(name: str, key: str, path: tuple[Path, str | int]) -> bool:
    """Say whether a parameter names what a build pushes: ``IMAGE``, as Tekton's tasks call it."""
    is_given = key == "value" and path[1] == "params"
    return is_push_key(name) or (is_given and name.lower() in {"image", "image-name", "imagename"})


def _has_an_end(image: ImageReference) -> bool:
    return (image.tag is not None or image.is_pinned) and looks_like_no_picture(image)
