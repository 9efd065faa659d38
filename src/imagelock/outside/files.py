"""Read texts as they are; write them atomically."""

from __future__ import annotations

import codecs
import errno
import os
import secrets
import stat
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

from imagelock.core.place import FilePlace, Source
from imagelock.errors import DiskError, InputError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["decode", "is_present", "read_bytes", "read_source", "read_stdin", "write_bytes"]

STDIN = "<stdin>"
# UTF-32 first: its little-endian mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DISK_FAILED = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS}


def read_source(path: Path, *, name: str | None = None) -> Source:
    """Read a text file as it is: line ends are kept, a byte order mark is set aside.

    Raises:
        InputError: The file is not there, is no file, may not be read, or is
            not text in UTF-8 (or, after a byte order mark, UTF-16 or UTF-32).
        DiskError: The disk failed.
    """
    return decode(read_bytes(path), name=name or str(path))


def read_stdin() -> Source:
    """Read the whole standard input as `read_source` reads a file."""
    return decode(sys.stdin.buffer.read(), name=STDIN)


def is_present(path: Path) -> bool:
    """Say whether anything stands at *path*, a broken link included."""
    return os.path.lexists(path)


def read_bytes(path: Path) -> bytes:
    """Read a file whole.

    Raises:
        InputError: It is not there, is no file, or may not be read.
        DiskError: The disk failed.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        _refuse(error, path, "read")


def decode(data: bytes, *, name: str) -> Source:
    """Decode bytes by their byte order mark, or as UTF-8.

    Raises:
        InputError: They are not text; the place is the first byte that is not.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            break
    else:
        mark, encoding = b"", "utf-8"
    try:
        return Source(name, data[len(mark) :].decode(encoding), encoding=encoding, bom=mark)
    except UnicodeDecodeError as error:
        good = data[len(mark) :][: error.start].decode(encoding, "replace")
        bad = data[len(mark) + error.start]
        raise InputError(
            f"this is not {encoding.upper()} text: byte 0x{bad:02x} was not expected here",
            place=FilePlace(name, good.count("\n") + 1, len(good) - good.rfind("\n")),
            hint="Save the file as UTF-8 (for a Latin-1 file: iconv -f latin1 -t utf-8).",
        ) from None


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file whole or not at all: temporary file beside it, fsync, rename.

    An existing file keeps its mode. A link is followed. What is no regular
    file, such as ``/dev/stdout``, is written to directly.

    Raises:
        InputError: Nothing can be written there.
        DiskError: The disk is full or failed.
    """
    try:
        _write(os.path.realpath(path), data)
    except OSError as error:
        _refuse(error, path, "write")


def _write(target: str, data: bytes) -> None:
    mode = None
    with suppress(FileNotFoundError):
        status = os.stat(target)  # noqa: PTH116  (realpath returns a string)
        if stat.S_ISDIR(status.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), target)
        if not stat.S_ISREG(status.st_mode):
            with open(target, "wb") as file:  # noqa: PTH123
                file.write(data)
            return
        mode = stat.S_IMODE(status.st_mode)
    folder, name = os.path.split(target)
    temporary = os.path.join(folder, f".{name[:200]}.{secrets.token_hex(8)}.tmp")  # noqa: PTH118
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123
            if mode is not None:
                os.fchmod(descriptor, mode)
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        os.replace(temporary, target)  # noqa: PTH105
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)  # noqa: PTH108
        raise
    _sync_folder(folder)


def _sync_folder(folder: str) -> None:
    # The rename itself must survive a crash; some file systems cannot do this.
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _refuse(error: OSError, path: Path, verb: str) -> NoReturn:
    place = FilePlace(str(path))
    if error.errno in _DISK_FAILED:
        reason = "the disk is full" if error.errno == errno.ENOSPC else error.strerror
        raise DiskError(f"cannot {verb} this file: {reason}", place=place) from error
    problem, hint = {
        errno.ENOENT: ("there is no such file", "Check the path, or the job that should make it."),
        errno.EISDIR: ("a file was expected, and this is a folder", "Name a file in it."),
        errno.ENOTDIR: ("a part of this path is a file and no folder", "Check the path."),
        errno.EACCES: (f"no permission to {verb} it", "Check its owner and mode: ls -l"),
        errno.EPERM: (f"no permission to {verb} it", "Check its owner and mode: ls -l"),
        errno.ELOOP: ("too many links", "One of the links leads back to itself."),
    }.get(error.errno or 0, (f"cannot {verb} this file: {error.strerror or error}", ""))
    raise InputError(problem, place=place, hint=hint) from error
