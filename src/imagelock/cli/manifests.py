"""The manifests that a command was called with: a stream of documents, or a folder of files."""

from __future__ import annotations

import os
import sys
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from imagelock.core.finding import Coverage, Finding, Report, Skipped
from imagelock.core.place import FilePlace, Source
from imagelock.errors import InputError, OutsideError
from imagelock.outside.files import LARGEST_DOCUMENT, STDIN, open_binary, read_source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType
    from typing import BinaryIO, Self

    from imagelock.cli.console import Console
    from imagelock.find.surroundings import Surroundings
    from imagelock.outside.folders import Tree

__all__ = [
    "Spool",
    "Stream",
    "Unreadable",
    "for_each_batch",
    "for_each_file",
    "open_manifests",
    "start_of",
]

R = TypeVar("R")

_ENOUGH = 2 * 1024 * 1024  # bytes: with less, starting processes costs more than it saves
_FILES_AT_A_TIME = 16  # sent to a process together


class Stream:
    """A file or standard input: documents that are read in batches."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file = file
        self._name = name

    def batches(self) -> Iterator[Source]:
        """Yield the documents, a few megabytes at a time; then close the file."""
        from imagelock.outside.stream import read_batches

        with self._file:
            yield from read_batches(self._file, self._name)


class Unreadable:
    """A file of a tree that could not be read: a finding, so that the others are read."""

    def __init__(self, name: str, error: InputError) -> None:
        self.name = name
        self.problem = error.problem
        self.place = error.place if isinstance(error.place, FilePlace) else FilePlace(name)

    def report(self, command: str) -> Report:
        """Tell of it as a finding."""
        finding = Finding.of("not-read", self.place, self.problem)
        return Report(command=command, findings=(finding,), coverage=Coverage(0, "files"))


class Spool:
    """What is to be written, until it is known whether it may be: one piece, or a file."""

    def __init__(self) -> None:
        self._first = b""
        self._file: BinaryIO | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, piece: bytes) -> None:
        """Keep a piece."""
        if not self._first:
            self._first = piece
        else:
            if self._file is None:
                from imagelock.outside.files import scratch_file

                self._file = scratch_file()
            self._file.write(piece)

    def pieces(self) -> Iterator[bytes]:
        """Yield what was kept."""
        yield self._first
        if self._file is not None:
            self._file.seek(0)
            while piece := self._file.read(_ENOUGH):
                yield piece


def open_manifests(path: str, *, without: str | None = None) -> Tree | Stream:
    """Return a folder's tree, or the stream of a file or (for ``-``) standard input.

    Raises:
        InputError: There is no such file, or it cannot be read.
    """
    if path == "-":
        if sys.stdin is None:
            raise InputError("standard input is closed", place=STDIN)
        return Stream(sys.stdin.buffer, STDIN)
    if not os.path.isdir(path):
        return Stream(open_binary(path), path)
    # Imported for folders only: what copies files takes time to import.
    from pathlib import Path

    from imagelock.outside.folders import list_tree

    return list_tree(Path(path), without=Path(without) if without else None)


def for_each_batch(
    task: Callable[[Source], R], stream: Stream, console: Console, label: str
) -> Iterator[tuple[Source, R]]:
    """Yield every batch of a stream with what *task* made of it, in their order."""
    task = partial(_with_the_memory_that_there_is, task)
    batches = stream.batches()
    first = next(batches)
    second = next(batches, None)
    if second is None:
        yield first, task(first)
        return
    from itertools import chain

    import imagelock.api  # noqa: F401  (before there are processes, or each imports it again)
    from imagelock.outside.workers import in_order

    with console.progress(label) as progress:
        for source, made in in_order(task, chain((first, second), batches)):
            yield source, made
            progress.advance(len(source.text))


def for_each_file(
    task: Callable[[Source, Surroundings], R], tree: Tree, console: Console, label: str
) -> Iterator[tuple[str, tuple[Source, R] | Unreadable]]:
    """Yield every manifest of a tree with what *task* made of it, in their order.

    *task* is also told what the other files of the tree say about the one.
    """
    from imagelock.find.surroundings import ALONE, read_surroundings

    surroundings = read_surroundings((*tree.manifests, *tree.others), partial(_readable, tree))

    def work(name: str) -> tuple[Source, R] | Unreadable:
        shown = str(tree.root / name)
        try:
            source = read_source(tree.root / name, name=shown, limit=LARGEST_DOCUMENT)
        except InputError as error:
            return Unreadable(shown, error)
        known = surroundings.get(name, ALONE)
        return source, _with_the_memory_that_there_is(lambda one: task(one, known), source)

    with console.progress(label, len(tree.manifests)) as progress:
        for name, made in _run(work, tree):
            yield name, made
            progress.advance(note=name)


def _with_the_memory_that_there_is(task: Callable[[Source], R], source: Source) -> R:
    try:
        return task(source)
    except MemoryError:
        raise OutsideError(
            "there is not enough memory to read the documents from here on",
            place=FilePlace(source.name, source.first_line),
            hint="Split large documents, or give the process more memory.",
        ) from None


def _readable(tree: Tree, name: str) -> Source | None:
    try:
        return read_source(tree.root / name, limit=LARGEST_DOCUMENT)
    except InputError:
        return None


def _run(work: Callable[[str], R], tree: Tree) -> Iterator[tuple[str, R]]:
    from imagelock.outside.folders import size_of
    from imagelock.outside.workers import in_order, worker_count

    if worker_count() > 1 and size_of(tree) > _ENOUGH:
        return in_order(work, tree.manifests, at_a_time=_FILES_AT_A_TIME)
    return ((name, work(name)) for name in tree.manifests)


def start_of(command: str, tree: Tree) -> Report:
    """Return the report of a tree before any of its files: what will not be looked at."""
    skipped = tree.skipped
    if not tree.manifests:
        skipped = (Skipped(str(tree.root), "no file with YAML or JSON is in it"), *skipped)
    return Report(command=command, findings=(), coverage=Coverage(0, "files", skipped), sites=())
