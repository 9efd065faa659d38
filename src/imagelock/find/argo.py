"""Argo CD Applications and ApplicationSets.

A source is known by its ``helm`` or ``kustomize`` key, so single and multiple
sources, templates of ApplicationSets and patches are all one case. Helm's
three layers are read as Argo CD reads them: a parameter beats ``valuesObject``,
which beats ``values``; an image may have its repository in one and its tag in
another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from imagelock.core.reference import ImageReference
from imagelock.document.nodes import Mapping, Scalar, Sequence
from imagelock.find.embedded import NotADocument, literal_lines, open_document
from imagelock.find.layers import overlaid, parameters_of
from imagelock.find.site import Append, Problem, Unwritable
from imagelock.find.visit import followed, scalar_under

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagelock.document.nodes import Node
    from imagelock.find.site import Path, Site
    from imagelock.find.visit import Layer, Visit

NAME = "argo"


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
        layers += parameters_of(parameters, (path, "parameters"), visit)
    if layers:
        yield overlaid(layers, path, visit)


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
