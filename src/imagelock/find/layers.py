"""Layers of Helm's values: of two that say a key, one wins, and parameters are trees of keys."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from imagelock.document.nodes import Mapping, Node, Scalar, Sequence
from imagelock.find.visit import Layer, followed, scalar_under, value_under

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagelock.document.nodes import Text
    from imagelock.find.site import Path
    from imagelock.find.visit import Visit

__all__ = ["overlaid", "parameters_of"]

_UNESCAPED_DOT = re.compile(r"(?<!\\)\.")
_DEEPEST = 100  # keys of a parameter's name: a handful is met in the field


def overlaid(layers: list[tuple[Node, Path]], path: Path, visit: Visit) -> Layer:
    """Return a view of layers, each of which beats those before it, key by key."""
    if len(layers) == 1:
        return Layer(*layers[0])
    merged, _ = layers[0]
    for root, root_path in layers:
        _remember(root, root_path, visit)
    for upper, _ in layers[1:]:
        merged = _overlay(merged, upper)
    return Layer(merged, path)


def _overlay(lower: Node, upper: Node) -> Node:
    """Return a view in which *upper* wins, key by key."""
    if not (isinstance(lower, Mapping) and isinstance(upper, Mapping)):
        return upper
    # A key may stand twice in one layer, in branches of a template.
    winners = {key.value: (key, value) for key, value in upper.pairs if type(key) is Scalar}
    pairs: list[tuple[Node, Node]] = []
    met: set[str] = set()
    for key, value in lower.pairs:
        winner = winners.get(key.value) if type(key) is Scalar else None
        if winner is None:
            pairs.append((key, value))
        else:
            met.add(winner[0].value)
            pairs.append((winner[0], _overlay(value, winner[1])))
    pairs += [pair for pair in upper.pairs if getattr(pair[0], "value", None) not in met]
    return Mapping(tuple(pairs), lower.start)


def _remember(root: Node, path: Path, visit: Visit) -> None:
    """Keep the path of every scalar of a layer; the view has other ones."""
    stack: list[tuple[Node, Path]] = [(root, path)]
    while stack:
        node, place = stack.pop()
        if type(node) is Scalar:
            visit.move(node, visit.path_of(node, place))
        elif type(node) is Mapping:
            stack += [
                (value, (place, key.value)) for key, value in node.pairs if type(key) is Scalar
            ]
        elif type(node) is Sequence:
            stack += [(item, (place, index)) for index, item in enumerate(node.items)]


_Tree = dict[str, "_Tree | Scalar | Sequence"]


def parameters_of(parameters: Sequence, path: Path, visit: Visit) -> Iterator[tuple[Node, Path]]:
    """Read ``{name: image.tag, value: …}`` as a tree of keys; the last of two parameters wins."""
    tree: _Tree = {}
    text: Text | None = None
    for index, item in enumerate(parameters.items):
        entry = followed(item)
        if not isinstance(entry, Mapping):
            continue
        name, (key, value) = scalar_under(entry, "name"), _value_of(entry)
        if name is None or value is None or name.is_templated:
            continue
        _remember(value, ((path, index), key), visit)
        text = name.text
        parts = [part.replace("\\.", ".") for part in _UNESCAPED_DOT.split(name.value)]
        if len(parts) <= _DEEPEST:
            _plant(tree, parts, value)
    if text is not None:
        yield _as_mapping(tree, parameters, text), path


def _value_of(parameter: Mapping) -> tuple[str, Scalar | Sequence | None]:
    """Return the value of a parameter, or the list that Helmfile calls ``values``."""
    values = followed(value_under(parameter, "values"))
    if isinstance(values, Sequence):
        return "values", values
    return "value", scalar_under(parameter, "value")


def _plant(tree: _Tree, parts: list[str], value: Scalar | Sequence) -> None:
    *above, last = parts
    for part in above:
        branch = tree.get(part)
        if not isinstance(branch, dict):
            branch = tree[part] = {}
        tree = branch
    tree[last] = value


def _as_mapping(tree: _Tree, parameters: Sequence, text: Text) -> Mapping:
    pairs: list[tuple[Node, Node]] = []
    for part, branch in tree.items():
        node = _as_mapping(branch, parameters, text) if isinstance(branch, dict) else branch
        pairs.append((Scalar(part, parameters.start, parameters.start, "", text), node))
    return Mapping(tuple(pairs), parameters.start)
