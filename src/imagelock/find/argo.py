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
from imagelock.document.nodes import Alias, Mapping, Node, Scalar, Sequence
from imagelock.find.embedded import NotADocument, open_document
from imagelock.find.site import Append, Problem, Unwritable
from imagelock.find.visit import Layer, scalar_under

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagelock.find.site import Path, Site
    from imagelock.find.visit import Visit

NAME = "argo"

_UNESCAPED_DOT = re.compile(r"(?<!\\)\.")


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
        if type(item) is not Scalar or item.is_templated:
            visit.templated += type(item) is Scalar
            continue
        visit.claim(item)
        old, equals, new = item.value.strip().rpartition("=")
        image = ImageReference.try_parse(new)
        yield visit.site(
            item,
            image,
            (((path, "images"), index)),
            NAME,
            text=new,
            pin=Append(item, len(item.value.rstrip())),
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
    if values is not None and values.value.strip():
        opened = open_document(values, (path, "values"))
        visit.claim(values)
        if isinstance(opened, NotADocument):
            yield _unread(values, opened, (path, "values"), visit)
        else:
            layers += opened
    values_object = helm.get("valuesObject")
    if isinstance(values_object, Mapping):
        visit.replace(values_object)
        layers.append((values_object, (path, "valuesObject")))
    parameters = helm.get("parameters")
    if isinstance(parameters, Sequence):
        visit.replace(parameters)
        layers.append(_parameter_tree(parameters, (path, "parameters"), visit))
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
    pairs: dict[str, tuple[Node, Node]] = {}
    rest: list[tuple[Node, Node]] = []
    for key, value in (*lower.pairs, *upper.pairs):
        name = key.value if type(key) is Scalar else None
        if name is None:
            rest.append((key, value))
        elif name in pairs:
            pairs[name] = (key, _overlay(pairs[name][1], value))
        else:
            pairs[name] = (key, value)
    return Mapping((*pairs.values(), *rest), lower.start)


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


def _parameter_tree(parameters: Sequence, path: Path, visit: Visit) -> tuple[Node, Path]:
    """Read ``image.tag`` as a tree of keys; the last of two parameters wins."""
    tree: Node = Mapping((), parameters.start)
    for index, item in enumerate(parameters.items):
        entry = item.target if isinstance(item, Alias) else item
        if not isinstance(entry, Mapping):
            continue
        name, value = scalar_under(entry, "name"), scalar_under(entry, "value")
        if name is None or value is None or name.is_templated:
            continue
        visit.move(value, ((path, index), "value"))
        tree = _overlay(tree, _branch(name, value))
    return tree, path


def _branch(name: Scalar, value: Scalar) -> Mapping:
    node: Node = value
    for part in reversed(_UNESCAPED_DOT.split(name.value)):
        key = Scalar(part.replace("\\.", "."), name.start, name.end, "", name.text)
        node = Mapping(((key, node),), name.start)
    assert isinstance(node, Mapping)  # noqa: S101  (splitting gives at least one part)
    return node
