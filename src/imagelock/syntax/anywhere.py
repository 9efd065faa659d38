"""Containers wherever they stand in the spec of somebody's own kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imagelock.core.cluster import Container
from imagelock.core.podspec import IMAGE_FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["containers_anywhere"]

# The lists of a pod spec, and those that Argo Workflows adds to it.
_LISTS = {row.key: (row.image, row.noun) for row in IMAGE_FIELDS} | {
    "sidecars": (("image",), "sidecar")
}
# What holds one container and no list of them: the name is that of its template.
_SINGLE = {"container": "container", "script": "script"}


def containers_anywhere(spec: Any, inside: str = "") -> Iterator[Container]:  # noqa: ANN401  (JSON)
    """Yield every container and image volume of a spec, at whatever depth.

    What has no image, such as the defaults of a template, is none. *inside* is the
    name of what holds it, such as a template's: ``container build/main``.
    """
    if isinstance(spec, list):
        for item in spec:
            yield from containers_anywhere(item, inside)
    elif isinstance(spec, dict):
        name = spec.get("name")
        here = name if isinstance(name, str) else inside
        for key, value in spec.items():
            yield from _of_key(key, value, here)


def _of_key(key: str, value: Any, inside: str) -> Iterator[Container]:  # noqa: ANN401  (JSON)
    if key in _LISTS and isinstance(value, list):
        where, noun = _LISTS[key]
        for item in value:
            image = _text_at(item, where)
            if image is not None:
                name = _text_at(item, ("name",)) or ""
                yield _container(noun, "/".join(filter(None, (inside, name))), image)
    elif key in _SINGLE and (image := _text_at(value, ("image",))) is not None:
        yield _container(_SINGLE[key], inside or _text_at(value, ("name",)) or "", image)
    else:
        yield from containers_anywhere(value, inside)


def _text_at(value: Any, keys: tuple[str, ...]) -> str | None:  # noqa: ANN401  (JSON)
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, str) else None


def _container(noun: str, name: str, image: str) -> Container:
    return Container(kind=noun, name=name, image=image)
