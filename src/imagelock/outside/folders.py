"""The files of a folder tree: which are manifests, and a copy with some of them changed."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from msgspec import Struct

from imagelock.core.finding import Skipped
from imagelock.core.place import FilePlace
from imagelock.errors import InputError
from imagelock.outside.files import refuse, write_beside

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = [
    "Tree",
    "is_manifest",
    "leads_inside",
    "list_tree",
    "size_of",
    "write_changes",
    "write_copy",
]

MANIFEST_ENDINGS = (".yaml", ".yml", ".json")
_MANIFEST_NAMES = frozenset(("Kustomization",))
_ARCHIVES = (".tgz", ".tar.gz", ".tar", ".zip")
_NOT_READ = frozenset((errno.EACCES, errno.EPERM, errno.ENOENT))
_LEFT_OUT = frozenset((".git",))


class Tree(Struct, frozen=True):
    """The files below a folder, by their paths below it, in one stable order.

    *manifests* are to be looked at; *others* and *links* go along in a copy;
    *skipped* is what is not looked at although it may hold images.
    """

    root: Path
    manifests: tuple[str, ...]
    others: tuple[str, ...]
    links: tuple[str, ...]
    folders: tuple[str, ...]
    skipped: tuple[Skipped, ...]


def list_tree(root: Path, *, without: Path | None = None) -> Tree:
    """List the files below *root*; ``.git`` and the folder *without* are left out.

    Raises:
        InputError: A folder may not be read.
    """
    manifests: list[str] = []
    others: list[str] = []
    links: list[str] = []
    folders: list[str] = []
    skipped: list[Skipped] = []
    left_out = os.path.realpath(without) if without is not None else None
    for name, mode in _walk(root, "", left_out):
        shown = str(root / name)
        if stat.S_ISLNK(mode):
            links.append(name)
            if reason := _why_not_followed(root, name):
                skipped.append(Skipped(shown, reason))
        elif stat.S_ISDIR(mode):
            folders.append(name)
        elif not stat.S_ISREG(mode):
            skipped.append(Skipped(shown, "it is neither a file nor a folder"))
        elif is_manifest(name):
            manifests.append(name)
        else:
            others.append(name)
            if name.endswith(_ARCHIVES):
                skipped.append(Skipped(shown, "it is an archive"))
    return Tree(root, tuple(manifests), tuple(others), tuple(links), tuple(folders), tuple(skipped))


def is_manifest(name: str) -> bool:
    """Say by its name whether a file is YAML or JSON."""
    base = name.rpartition("/")[2]
    return base.lower().endswith(MANIFEST_ENDINGS) or base in _MANIFEST_NAMES


def leads_inside(root: Path, name: str) -> bool:
    """Say whether what a path below *root* leads to, by whatever links, lies in *root*."""
    inside = os.path.realpath(root)
    target = os.path.realpath(root / name)
    return target == inside or target.startswith(inside + os.sep)


def _why_not_followed(root: Path, name: str) -> str:
    """Say why nothing looks at what a link leads to, unless something does."""
    if not os.path.exists(root / name):
        return "it is a link that leads nowhere"
    if not leads_inside(root, name):
        return "it is a link that leads out of the folder"
    target = os.path.realpath(root / name)
    if is_manifest(name) and os.path.isfile(target) and not is_manifest(target):
        return "it is a link to a file that is not looked at under its own name"
    return ""


def size_of(tree: Tree) -> int:
    """Return how many bytes the manifests of a tree have, or had when it was listed."""
    size = 0
    for name in tree.manifests:
        with suppress(OSError):
            size += (tree.root / name).stat().st_size
    return size


def write_changes(root: Path, changed: Mapping[str, bytes]) -> None:
    """Write some files of a tree where they lie, all of them or none.

    Every one is written beside its place before the first is put there, so that
    a file that cannot be written leaves the others as they are.

    Raises:
        InputError: One cannot be written.
        DiskError: The disk is full or failed.
    """
    beside: dict[str, Path] = {}
    try:
        for name, data in changed.items():
            beside[_written_beside(root / name, data)] = root / name
        _rename(beside)
    finally:
        for temporary in beside:
            with suppress(OSError):
                os.unlink(temporary)


def write_copy(tree: Tree, target: Path, changed: Mapping[str, bytes], *, force: bool) -> None:
    """Write a copy of a tree with some files changed; it appears whole or not at all.

    Everything else is copied as it is, with its mode and times; links stay
    links.

    Raises:
        InputError: *target* is there and not empty (unless *force*), or no
            folder, or holds what is read or a git repository, or cannot be written.
        DiskError: The disk is full or failed.
    """
    _refuse_to_swallow(tree.root, target)
    _refuse_to_overwrite(target, force=force)
    real = os.path.realpath(target)
    temporary = Path(f"{real}.{os.urandom(8).hex()}.tmp")
    try:
        _copy(tree, temporary, changed)
        _put_in_place(temporary, real)
    except OSError as error:
        _refuse_copy(error, tree, target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _walk(root: Path, folder: str, left_out: str | None) -> Iterator[tuple[str, int]]:
    try:
        entries = sorted(os.scandir(root / folder), key=lambda entry: entry.name)
    except OSError as error:
        refuse(error, root / folder, "read")
    for entry in entries:
        name = f"{folder}/{entry.name}" if folder else entry.name
        mode = entry.stat(follow_symlinks=False).st_mode
        if stat.S_ISDIR(mode):
            if entry.name in _LEFT_OUT or os.path.realpath(entry.path) == left_out:
                continue
            yield name, mode
            yield from _walk(root, name, left_out)
        else:
            yield name, mode


def _written_beside(path: Path, data: bytes) -> str:
    try:
        return write_beside(os.path.realpath(path), (data,), path.stat().st_mode)
    except OSError as error:
        refuse(error, path, "write")


def _rename(beside: dict[str, Path]) -> None:
    """Put every file in its place; what is done is taken out of *beside*."""
    total = len(beside)
    try:
        for temporary, path in tuple(beside.items()):
            _replace(temporary, path)
            del beside[temporary]
    except BaseException as error:
        if len(beside) < total:
            vars(error)["undone"] = f"only {total - len(beside)} of {total} files were changed"
        raise


def _replace(temporary: str, path: Path) -> None:
    try:
        os.replace(temporary, os.path.realpath(path))
    except OSError as error:
        refuse(error, path, "write")


def _refuse_to_swallow(root: Path, target: Path) -> None:
    """Refuse a target that would be replaced together with what is read."""
    read, written = os.path.realpath(root), os.path.realpath(target)
    if os.path.commonpath((read, written)) == written:
        raise InputError(
            "the output cannot take the place of the folder that is read",
            place=FilePlace(str(target)),
            hint="Name another folder, or change the files where they lie with --in-place.",
        )


def _refuse_to_overwrite(target: Path, *, force: bool) -> None:
    place = FilePlace(str(target))
    if not os.path.lexists(target):
        if not target.parent.is_dir():
            raise InputError(
                "the folder that it should be in is not there",
                place=place,
                hint="Make it, or check the path.",
            )
        return
    if not target.is_dir():
        raise InputError("a folder was expected, and this is a file", place=place)
    if os.path.lexists(target / ".git"):
        raise InputError(
            "this folder is a git repository, and would be replaced whole",
            place=place,
            hint="Name a folder in it.",
        )
    if any(target.iterdir()) and not force:
        raise InputError(
            "this folder is not empty, and what is in it would be mixed up with the output",
            place=place,
            hint="Name a new one, or replace it with --force.",
        )


def _refuse_copy(error: OSError, tree: Tree, target: Path) -> NoReturn:
    """Raise what went wrong with a copy, in the words of the two folders that were named."""
    sources = {str(tree.root / name) for name in (*tree.others, *tree.manifests, *tree.links)}
    if error.filename in sources and error.errno in _NOT_READ:
        refuse(error, error.filename, "read")
    refuse(error, target, "write")


def _copy(tree: Tree, target: Path, changed: Mapping[str, bytes]) -> None:
    target.mkdir()
    for name in tree.folders:
        (target / name).mkdir()
    for name in tree.links:
        (target / name).symlink_to((tree.root / name).readlink())
    for name in (*tree.others, *tree.manifests):
        if name in changed:
            (target / name).write_bytes(changed[name])
            shutil.copymode(tree.root / name, target / name)
        else:
            shutil.copy2(tree.root / name, target / name)
    # Folders last, and from the inside: a folder's mode may forbid writing.
    for name in reversed(tree.folders):
        shutil.copystat(tree.root / name, target / name)
    shutil.copymode(tree.root, target)


def _put_in_place(temporary: Path, target: str) -> None:
    if os.path.isdir(target):
        aside = f"{target}.{os.urandom(8).hex()}.old"
        os.rename(target, aside)
        try:
            os.rename(temporary, target)
        except BaseException:
            with suppress(OSError):
                os.rename(aside, target)
            raise
        shutil.rmtree(aside, ignore_errors=True)
    else:
        os.rename(temporary, target)
