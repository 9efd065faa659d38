"""The manifests that a command was called with: files, folders, standard input."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from imagelock.core.finding import Coverage, Finding, Report
from imagelock.core.place import FilePlace
from imagelock.errors import InputError
from imagelock.outside.files import read_source, read_stdin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagelock.core.place import Source
    from imagelock.outside.folders import Tree

__all__ = ["Unreadable", "read_manifests", "read_path", "start_of"]


class Unreadable:
    """A file of a tree that could not be read: a finding, so that the others are read."""

    def __init__(self, name: str, error: InputError) -> None:
        self.name = name
        self.error = error

    def report(self, command: str) -> Report:
        """Tell of it as a finding."""
        place = self.error.place if isinstance(self.error.place, FilePlace) else None
        finding = Finding.of("not-read", place or FilePlace(self.name), self.error.problem)
        return Report(command=command, findings=(finding,), coverage=Coverage(0, "files"))


def read_manifests(tree: Tree) -> Iterator[tuple[str, Source | Unreadable]]:
    """Read the manifests of a tree one by one, by their paths below its root."""
    for name in tree.manifests:
        shown = str(tree.root / name)
        try:
            yield name, read_source(tree.root / name, name=shown)
        except InputError as error:
            yield name, Unreadable(shown, error)


def read_path(path: str, *, without: str | None = None) -> Tree | Source:
    """Return standard input for ``-``, a folder's tree, or a file's text.

    Raises:
        InputError: There is no such file, or it cannot be read.
    """
    if path == "-":
        return read_stdin()
    if not os.path.isdir(path):
        return read_source(path)
    # Imported for folders only: what copies files takes time to import.
    from pathlib import Path

    from imagelock.outside.folders import list_tree

    return list_tree(Path(path), without=Path(without) if without else None)


def start_of(command: str, tree: Tree) -> Report:
    """Return the report of a tree before any of its files: what will not be looked at."""
    return Report(
        command=command, findings=(), coverage=Coverage(0, "files", tree.skipped), sites=()
    )
