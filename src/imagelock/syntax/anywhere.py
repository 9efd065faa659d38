"""Containers wherever they stand in the spec of somebody's own kind.

Argo Workflows fills parameters into an image when a workflow starts. A parameter
that has a value beside it is filled in here, too: that is what will run unless
somebody asks for something else. What is left has its ``{{ … }}``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from imagelock.core.cluster import Container
from imagelock.core.podspec import IMAGE_FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from imagelock.core.workflow import Values

__all__ = ["containers_anywhere", "parameters_of", "texts_anywhere"]

# The lists of a pod spec, and those that Argo Workflows adds to it.
_LISTS = {row.key: (row.image, row.noun) for row in IMAGE_FIELDS} | {
    "sidecars": (("image",), "sidecar")
}
# What holds one container and no list of them: the name is that of its template.
_SINGLE = {"container": "container", "script": "script"}
# Texts that hold a pod spec, or an object with one: Argo Workflows applies them.
_TEXTS = {"podSpecPatch", "manifest"}
# What is there in place of a text: an artifact, whose text may stand in it.
_FETCHED, _WRITTEN = "manifestFrom", ("artifact", "raw", "data")
_PARAMETER = re.compile(r"\{\{\s*((?:workflow|inputs)\.parameters\.[\w-]+)\s*\}\}")
# Where parameters have their values, and how a text names them.
_VALUES = (("arguments", "workflow.parameters"), ("inputs", "inputs.parameters"))


class _Around(Struct, frozen=True):
    """What stands around a value: the name of what holds it, and the parameters there."""

    name: str = ""
    values: dict[str, str] = {}

    def filled_in(self, text: str) -> str:
        return _PARAMETER.sub(lambda found: self.values.get(found[1], found[0]), text)


def containers_anywhere(spec: Any, inside: str = "") -> Iterator[Container]:  # noqa: ANN401  (JSON)
    """Yield every container and image volume of a spec, at whatever depth.

    What has no image, such as the defaults of a template, is none. *inside* is the
    name of what holds it, such as a template's: ``container build/main``.
    """
    for key, value, around in _fields(spec, _Around(inside)):
        yield from _of_key(key, value, around)


def texts_anywhere(spec: Any) -> Iterator[tuple[str, str, str]]:  # noqa: ANN401  (JSON)
    """Yield every text that holds a pod spec or an object: its key, what holds it, itself.

    One that is fetched when it is needed is empty here.
    """
    for key, value, around in _fields(spec, _Around()):
        if key in _TEXTS and isinstance(value, str):
            yield key, around.name, around.filled_in(value)
        elif key == _FETCHED and isinstance(value, dict):
            text = _text_at(value, _WRITTEN) or ""
            yield key, around.name, around.filled_in(text)


def _fields(value: Any, around: _Around) -> Iterator[tuple[str, Any, _Around]]:  # noqa: ANN401  (JSON)
    """Yield every key and value, at whatever depth, but for what is inside of containers."""
    if isinstance(value, list):
        for item in value:
            yield from _fields(item, around)
    elif isinstance(value, dict):
        here = _around(value, around)
        for key, inner in value.items():
            yield key, inner, here
            if not _is_container(key, inner):
                yield from _fields(inner, here)


def _around(holder: Mapping[str, Any], outside: _Around) -> _Around:
    name = holder.get("name")
    values = dict(outside.values)
    for key, prefix in _VALUES:
        # Arguments of a task are those of another template.
        if key == "inputs" or "templates" in holder or "workflowTemplateRef" in holder:
            values.update(_parameters(holder.get(key), prefix))
    return _Around(name if isinstance(name, str) else outside.name, values)


def _parameters(holder: Any, prefix: str) -> Iterator[tuple[str, str]]:  # noqa: ANN401  (JSON)
    for name, value in parameters_of(holder).items():
        if value:
            yield f"{prefix}.{name}", value


def parameters_of(holder: Any) -> Values:  # noqa: ANN401  (JSON)
    """Read the parameters of ``arguments`` or ``inputs`` that have a value, or a source of one."""
    values: Values = {}
    listed = holder.get("parameters") if isinstance(holder, dict) else None
    for parameter in listed if isinstance(listed, list) else ():
        name = _text_at(parameter, ("name",))
        if name is None:
            continue
        value = _scalar(parameter.get("value"))
        if value is None and "valueFrom" in parameter:
            values[name] = None  # its default is for the case that nothing is there
            continue
        value = _scalar(parameter.get("default")) if value is None else value
        if value is not None:
            values[name] = value
    return values


def _scalar(value: Any) -> str | None:  # noqa: ANN401  (JSON)
    if isinstance(value, bool):
        return str(value).lower()
    # A cluster keeps `value: 1.2` as the number that it was written as.
    return str(value) if isinstance(value, str | int | float) else None


def _is_container(key: str, value: Any) -> bool:  # noqa: ANN401  (JSON)
    if key in _LISTS:
        return isinstance(value, list)
    return key in _SINGLE and _text_at(value, ("image",)) is not None


def _of_key(key: str, value: Any, around: _Around) -> Iterator[Container]:  # noqa: ANN401  (JSON)
    if not _is_container(key, value):
        return
    if key in _SINGLE:
        name = around.name or _text_at(value, ("name",)) or ""
        yield Container(kind=_SINGLE[key], name=name, image=around.filled_in(value["image"]))
        return
    where, noun = _LISTS[key]
    for item in value:
        image = _text_at(item, where)
        if image is not None:
            name = "/".join(filter(None, (around.name, _text_at(item, ("name",)))))
            yield Container(kind=noun, name=name, image=around.filled_in(image))


def _text_at(value: Any, keys: tuple[str, ...]) -> str | None:  # noqa: ANN401  (JSON)
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, str) else None
