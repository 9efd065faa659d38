"""Releases of Helmfile and of Crossplane: ``set`` beats what stands in ``values``.

releases: [{chart: …, values: [{…}, file.yaml], set: [{name: image.tag, value: …}]}]
forProvider: {chart: {…}, values: {…}, set: [{name: image.tag, value: …}]}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from imagelock.document.nodes import Mapping, Scalar, Sequence
from imagelock.find.layers import overlaid, parameters_of
from imagelock.find.visit import value_under

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagelock.document.nodes import Node
    from imagelock.find.site import Path
    from imagelock.find.visit import Layer, Visit

NAME = "split"


def wants(key: str) -> bool:
    """Say whether a mapping with this key is of interest."""
    return key == "set"


def find(mapping: Mapping, path: Path, visit: Visit) -> Iterator[Layer]:
    """Find the values of a release, as its chart gets them."""
    parameters = value_under(mapping, "set")
    if not isinstance(parameters, Sequence) or mapping.get("chart") is None:
        return
    values = _values_of(mapping)
    layers = [*_layers(values, path), *parameters_of(parameters, (path, "set"), visit)]
    if layers:
        # The parameters are walked, too: the lock may know what has a template for a name.
        visit.replace(*values)
        yield overlaid(layers, path, visit)


def _values_of(mapping: Mapping) -> tuple[Mapping | Sequence, ...]:
    """Return the values of a release, if layers can show all of them: a text may hold more."""
    values = value_under(mapping, "values")
    if isinstance(values, Mapping):
        return (values,)
    if isinstance(values, Sequence) and not any(map(_is_a_long_text, values.items)):
        return (values,)
    return ()


def _is_a_long_text(node: Node) -> bool:
    return type(node) is Scalar and "\n" in node.value


def _layers(values: tuple[Mapping | Sequence, ...], path: Path) -> Iterator[tuple[Node, Path]]:
    """Yield the values that stand in a release; those in files are read by themselves."""
    place = (path, "values")
    for node in values:
        if isinstance(node, Mapping):
            yield node, place
        else:
            items = enumerate(node.items)
            yield from ((item, (place, index)) for index, item in items if type(item) is Mapping)
