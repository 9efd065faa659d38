"""What is in a folder: its regular files, and what else is there."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from msgspec import Struct

from imagelock.core.finding import Skipped
from imagelock.core.place import FilePlace
from imagelock.errors import InputError
from imagelock.outside.files import refuse

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Folder", "list_folder"]

_HIDDEN = "its name begins with a dot"
_KINDS = {
    stat.S_IFLNK: "it is a link",
    stat.S_IFDIR: "it is a folder",
    stat.S_IFSOCK: "it is a socket",
    stat.S_IFIFO: "it is a named pipe",
    stat.S_IFCHR: "it is a device",
    stat.S_IFBLK: "it is a device",
}


class Folder(Struct, frozen=True):
    """The regular files of a folder, by name in byte order, and what else is in it."""

    files: tuple[str, ...]
    skipped: tuple[Skipped, ...]


def list_folder(path: str | Path) -> Folder:
    """List what is in a folder, without looking into folders in it or following links.

    Raises:
        InputError: It is not there, is no folder, or may not be read.
        DiskError: The disk failed.
    """
    try:
        with os.scandir(path) as entries:
            named = sorted(entries, key=lambda entry: os.fsencode(entry.name))
            reasons = [(entry.path, _why_skipped(entry)) for entry in named]
    except NotADirectoryError as error:
        raise InputError(
            "a folder was expected, and this is a file",
            place=FilePlace(str(path)),
            hint="Name the folder that the file is in.",
        ) from error
    except OSError as error:
        refuse(error, path, "read")
    return Folder(
        tuple(file for file, reason in reasons if not reason),
        tuple(
            Skipped(file, reason, expected=reason == _HIDDEN) for file, reason in reasons if reason
        ),
    )


def _why_skipped(entry: os.DirEntry[str]) -> str:
    if entry.name.startswith("."):
        return _HIDDEN
    kind = stat.S_IFMT(entry.stat(follow_symlinks=False).st_mode)
    return "" if kind == stat.S_IFREG else _KINDS.get(kind, "it is no file")
