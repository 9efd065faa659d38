"""Read the manifests that are to be deployed: a file, a folder, or standard input."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from imagelock.core.place import FilePlace
from imagelock.document.data import load_documents
from imagelock.errors import InputError, InputErrors
from imagelock.outside.files import LARGEST_DOCUMENT, read_source, read_stdin
from imagelock.outside.folders import leads_inside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagelock.core.place import Source
    from imagelock.document.data import Json

__all__ = ["read_documents"]

_ENDINGS = {".yaml", ".yml", ".json"}
_TEMPLATES = {
    "Chart.yaml": "a Helm chart: render it first, with 'helm template', or apply the Application "
    "that names it",
    "kustomization.yaml": "a Kustomization: build it first, with 'kubectl kustomize', or apply the "
    "Application that names it",
}
_TEMPLATES["kustomization.yml"] = _TEMPLATES["kustomization.yaml"]
_TEMPLATES["Kustomization"] = _TEMPLATES["kustomization.yaml"]


def read_documents(path: str) -> list[tuple[str, list[Json]]]:
    """Return the name of each file and its documents as plain data.

    A folder is read with all the folders in it, in the order of names; files
    that do not end as YAML or JSON do, and hidden ones, are no manifests.

    Raises:
        InputError: Nothing is there, or it cannot be applied as it is.
        InputErrors: Files that are no YAML.
        DiskError: The disk failed.
    """
    documents: list[tuple[str, list[Json]]] = []
    errors: list[InputError] = []
    for source in [read_stdin(limit=LARGEST_DOCUMENT)] if path == "-" else _sources(Path(path)):
        try:
            documents.append((source.name, load_documents(source)))
        except InputError as error:
            errors.append(error)
    if errors:
        raise InputErrors(errors)
    if not any(loaded for _, loaded in documents):
        raise InputError("no objects to apply are here", place=FilePlace(path))
    return documents


def _sources(path: Path) -> Iterator[Source]:
    if not path.is_dir():
        yield read_source(path, limit=LARGEST_DOCUMENT)
        return
    for folder, folders, names in os.walk(path, onerror=_refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        _refuse_templates(folder, names)
        for name in sorted(names):
            if Path(name).suffix in _ENDINGS and not name.startswith("."):
                file = Path(folder, name)
                _refuse_to_leave(path, file)
                yield read_source(file, limit=LARGEST_DOCUMENT)


def _refuse_templates(folder: str, names: list[str]) -> None:
    for name in sorted(names):
        if name in _TEMPLATES:
            raise InputError(
                f"this folder cannot be applied as it is; it is {_TEMPLATES[name]}",
                place=FilePlace(folder),
            )


def _refuse_to_leave(path: Path, file: Path) -> None:
    if not leads_inside(path, str(file.relative_to(path))):
        raise InputError(
            "this link leads out of the folder, and what is there was not asked for",
            place=FilePlace(str(file)),
            hint="Put the manifest itself here.",
        )


def _refuse(error: OSError) -> None:
    raise InputError(
        f"this folder cannot be read: {error.strerror}", place=FilePlace(str(error.filename))
    ) from error
