"""Argo CD Applications and ApplicationSets.

A source is known by its ``helm`` or ``kustomize`` key, so single and multiple
sources, templates of ApplicationSets and patches are all one case. Helm's
three layers are read as Argo CD reads them: a parameter beats ``valuesObject``,
which beats ``values``; an image may have its repository in one and its tag in
another.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from imagelock.core.reference import ImageReference
from imagelock.document.nodes import Mapping, Node, Scalar, Sequence
from imagelock.find.embedded import NotADocument, literal_lines, open_document
from imagelock.find.site import Append, Problem, Unwritable
from imagelock.find.visit import Layer, followed, scalar_under

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagelock.document.nodes import Text
    from imagelock.find.site import Path, Site
    from imagelock.find.visit import Visit

NAME = "argo"

_UNESCAPED_DOT = re.compile(r"(?<!\\)\.")
_DEEPEST = 100  # keys of a parameter's name: a handful is met in the field


def wants(key: str) -> bool:
    """Say whether a mapping with this key is of interest."""
    return key in {"helm", "kustomize"}


def find(mapping: Mapping, path: Path, visit: Visit) -> Iterator[Site | Layer]:
    """Find the images that a source hands to Helm or Kustomize."""
    kustomize = mapping.get("kustomize")
    if isinstance(kustomize, Mapping):
        yield from _kustomize_images(kustomize, (path, "kustomize"), visit)
    helm = mapping.get("helm")
    if isinstance(helm, Mapping):
        yield from _helm(helm, (path, "helm"), visit)


def _kustomize_images(mapping: Mapping, path: Path, visit: Visit) -> Iterator[Site]:
    """Find ``[<old name>=]<new name>[:<tag>][@<digest>]``."""
    images = mapping.get("images")
    if not isinstance(images, Sequence):
        return
    for index, item in enumerate(images.items):
        scalar = followed(item)
        if type(scalar) is not Scalar or visit.is_claimed(scalar):
            continue
        visit.claim(scalar)
        if scalar.is_templated:
            visit.templated += 1
        else:
            yield _kustomize_image(scalar, ((path, "images"), index), visit)


def _kustomize_image(scalar: Scalar, path: Path, visit: Visit) -> Site:
    old, equals, new = scalar.value.rstrip().rpartition("=")
    image = ImageReference.try_parse(new.lstrip())
    return visit.site(
        scalar,
        image,
        path,
        NAME,
        text=new.lstrip(),
        pin=Append(scalar, len(scalar.value.rstrip())),
        problem=_kustomize_problem(image, new),
        offset=len(old) + len(equals),
    )


def _kustomize_problem(image: ImageReference | None, text: str) -> Problem | None:
    if image is None:
        return Problem("not-a-reference", f"'{text}' is not an image ID")
    if image.tag is None and not image.is_pinned:
        return Problem(
            "tag-elsewhere",
            f"'{text}' cannot be pinned: the tag comes from the resource that is rewritten",
        )
    return None


def _helm(helm: Mapping, path: Path, visit: Visit) -> Iterator[Site | Layer]:
    layers: list[tuple[Node, Path]] = []
    values = scalar_under(helm, "values")
    if values is not None and values.value.strip() and not visit.is_claimed(values):
        visit.claim(values)
        opened = open_document(values, (path, "values"))
        if isinstance(opened, NotADocument):
            yield _unread(values, opened, (path, "values"), visit)
            yield from literal_lines(values, (path, "values"), visit)
        else:
            layers += opened
            visit.hold([root for root, _ in opened], values.value)
            visit.templated += not opened and values.is_templated
    values_object = helm.get("valuesObject")
    if isinstance(values_object, Mapping):
        visit.replace(values_object)
        layers.append((values_object, (path, "valuesObject")))
    parameters = helm.get("parameters")
    if isinstance(parameters, Sequence):
        visit.replace(parameters)
        layers += _parameter_tree(parameters, (path, "parameters"), visit)
    if layers:
        yield _overlaid(layers, path, visit)


def _unread(values: Scalar, why: NotADocument, path: Path, visit: Visit) -> Site:
    return visit.site(
        values,
        None,
        path,
        NAME,
        text="helm.values",
        pin=Unwritable(why.reason),
        problem=Problem("not-read", f"helm.values is not YAML: {why.reason}"),
        offset=why.offset,
    )


def _overlaid(layers: list[tuple[Node, Path]], path: Path, visit: Visit) -> Layer:
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


_Tree = dict[str, "_Tree | Scalar"]


def _parameter_tree(parameters: Sequence, path: Path, visit: Visit) -> Iterator[tuple[Node, Path]]:
    """Read ``image.tag`` as a tree of keys; the last of two parameters wins."""
    tree: _Tree = {}
    text: Text | None = None
    for index, item in enumerate(parameters.items):
        entry = followed(item)
        if not isinstance(entry, Mapping):
            continue
        name, value = scalar_under(entry, "name"), scalar_under(entry, "value")
        if name is None or value is None or name.is_templated:
            continue
        visit.move(value, ((path, index), "value"))
        text = name.text
        parts = [part.replace("\\.", ".") for part in _UNESCAPED_DOT.split(name.value)]
        if len(parts) <= _DEEPEST:
            _plant(tree, parts, value)
    if text is not None:
        yield _as_mapping(tree, parameters, text), path


def _plant(tree: _Tree, parts: list[str], value: Scalar) -> None:
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
