"""Placeholders: images that a kustomization replaces before anything is deployed.

    overlays/prod/kustomization.yaml    resources: [../../base]
                                        images: [{name: app, newName: quay.io/x/app, newTag: v1}]
    base/deployment.yaml                image: app:latest        never pulled under this name

A place is one only if every kustomization that deploys its file replaces it,
name and tag; a `newName` alone leaves the tag to the file.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from imagelock.document.nodes import Mapping, Scalar, Sequence
from imagelock.document.yaml import BrokenYamlError, file_text, parse
from imagelock.find.site import Problem, Unwritable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from collections.abc import Sequence as SequenceOf

    from imagelock.core.place import Source
    from imagelock.document.nodes import Node
    from imagelock.find.site import Site

__all__ = ["Replaced", "is_kustomization", "marked", "placeholders"]

_FILE_NAMES = frozenset(("kustomization.yaml", "kustomization.yml", "Kustomization"))
_MOST_FOLDERS = 10_000  # kustomizations that one deploys, directly or not

# The name of an image as a file has it, and what it is replaced by.
Replaced = dict[str, str]


class _Kustomization(Struct, frozen=True):
    """What one deploys, and the images that it replaces there."""

    resources: tuple[str, ...]
    components: tuple[str, ...]
    images: Replaced


def is_kustomization(path: str) -> bool:
    """Say whether a file is one that Kustomize reads by its name."""
    return path.rpartition("/")[2] in _FILE_NAMES


def placeholders(
    kustomizations: Iterable[tuple[str, Source]], files: SequenceOf[str]
) -> dict[str, Replaced]:
    """Return, for each file of a tree, the images that are replaced wherever it is deployed.

    Args:
        kustomizations: The kustomization files, by their paths below the root.
        files: The paths of all files, with ``/``.
    """
    known = {_folder(path): _read(source, _folder(path)) for path, source in kustomizations}
    named = {name for one in known.values() for name in (*one.resources, *one.components)}
    ordered = sorted(files)
    result: dict[str, Replaced] = {}
    for folder in known.keys() - named:
        for path, images in _deployed(folder, known, ordered):
            before = result.get(path, images)
            result[path] = {name: new for name, new in before.items() if name in images}
    return result


def marked(site: Site, replaced: Replaced) -> Site:
    """Return a site that says so where its image is a placeholder.

    Kustomize replaces images in the lists of containers, and compares names as
    they are written.
    """
    if site.found_by != "position" or site.image is None or site.image.is_pinned:
        return site
    name = site.text.removesuffix(f":{site.image.tag}") if site.image.tag else site.text
    new = replaced.get(name)
    if new is None:
        return site
    return replace(
        site,
        pin=Unwritable("a kustomization replaces it"),
        problem=Problem("placeholder", f"'{site.text}' is replaced by '{new}'"),
    )


def _deployed(
    root: str, known: dict[str, _Kustomization], files: list[str]
) -> Iterator[tuple[str, Replaced]]:
    """Yield every file that a kustomization deploys, with the images that are replaced in it."""
    seen = {root}
    stack: list[tuple[str, Replaced]] = [(root, {})]
    while stack and len(seen) < _MOST_FOLDERS:
        folder, outer = stack.pop()
        images = {**_images_of(folder, known), **outer}
        for path in known[folder].resources:
            if path in known:
                if path not in seen:
                    seen.add(path)
                    stack.append((path, images))
            else:
                for file in _files_at(path, files):
                    yield file, images


def _images_of(folder: str, known: dict[str, _Kustomization]) -> Replaced:
    """Return what a kustomization replaces, by itself and by its components."""
    own = known[folder]
    images: Replaced = {}
    for component in own.components:
        if component in known:
            images |= known[component].images
    return images | own.images


def _files_at(path: str, files: list[str]) -> Iterator[str]:
    """Yield a file, or all files of a folder whose kustomization is not there."""
    for file in files[bisect_left(files, path) :]:
        if file != path and not file.startswith(f"{path}/"):
            if not file.startswith(path):
                return
            continue
        yield file


def _read(source: Source, folder: str) -> _Kustomization:
    try:
        roots = parse(file_text(source))
    except BrokenYamlError:
        roots = []
    root = next((node for node in roots if isinstance(node, Mapping)), Mapping((), 0))
    paths = [*_texts(root, "resources"), *_texts(root, "bases")]
    return _Kustomization(
        resources=tuple(_joined(folder, path) for path in paths if "://" not in path),
        components=tuple(_joined(folder, path) for path in _texts(root, "components")),
        images=dict(_replacements(root.get("images"))),
    )


def _texts(mapping: Mapping, key: str) -> Iterator[str]:
    node = mapping.get(key)
    for item in node.items if isinstance(node, Sequence) else ():
        if isinstance(item, Scalar):
            yield item.value


def _replacements(images: Node | None) -> Iterator[tuple[str, str]]:
    for entry in images.items if isinstance(images, Sequence) else ():
        if not isinstance(entry, Mapping):
            continue
        name, tag, digest = (entry.text_of(key) for key in ("name", "newTag", "digest"))
        if name and (tag or digest):
            new = entry.text_of("newName") or name
            yield name, new + (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _joined(folder: str, path: str) -> str:
    parts = folder.split("/") if folder else []
    for part in path.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in {"", "."}:
            parts.append(part)
    return "/".join(parts)
