"""Read texts as they are; write atomically."""

from __future__ import annotations

import codecs
import errno
import os
import stat
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

from imagelock.core.place import FilePlace, Source
from imagelock.errors import DiskError, InputError

if TYPE_CHECKING:
    # Paths come as texts or as pathlib's; pathlib itself is not imported here,
    # because its import is a tenth of the time of a short command.
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import BinaryIO

    AnyPath = str | Path

__all__ = [
    "LARGEST_DOCUMENT",
    "LARGEST_FILE",
    "byte_order_mark",
    "decode",
    "encode",
    "encode_pieces",
    "is_present",
    "make_folder",
    "open_binary",
    "read_bytes",
    "read_source",
    "read_stdin",
    "refuse",
    "scratch_file",
    "write_beside",
    "write_bytes",
    "write_if_changed",
    "write_pieces",
]

STDIN = "<stdin>"
LARGEST_FILE = 256 * 1024 * 1024  # bytes of what is read whole: a lock of a million image IDs
# Characters of one document of a stream, and bytes of a file in a folder: a hundred
# times what Kubernetes takes as one object.
LARGEST_DOCUMENT = 128 * 1024 * 1024
# UTF-32 first: its little-endian mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_PIECE = 1024 * 1024  # bytes
_KEPT = 50  # characters of a name in that of its temporary file: at most 200 bytes of 255
_DISK_FAILED = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS}


def read_source(path: AnyPath, *, name: str | None = None, limit: int = LARGEST_FILE) -> Source:
    """Read a text file as it is: line ends are kept, a byte order mark is set aside.

    Args:
        path: The file.
        name: What messages call it, where that is not its path.
        limit: How many bytes it may have at most.

    Raises:
        InputError: The file is not there, is no file, may not be read, is too
            large, or is not text in UTF-8 (or, after a byte order mark, UTF-16
            or UTF-32).
        DiskError: The disk failed.
    """
    return decode(read_bytes(path, limit=limit), name=name or str(path))


def read_stdin(*, limit: int = LARGEST_FILE) -> Source:
    """Read the whole standard input as `read_source` reads a file.

    Raises:
        InputError: It is closed, a folder, larger than *limit* bytes, or not text.
        DiskError: The disk failed.
    """
    if sys.stdin is None:
        raise InputError("standard input is closed", place=STDIN)
    try:
        data = _read_at_most(limit, sys.stdin.buffer, STDIN)
    except OSError as error:
        refuse(error, STDIN, "read")
    return decode(data, name=STDIN)


def is_present(path: AnyPath) -> bool:
    """Say whether anything stands at *path*, a broken link included.

    Raises:
        InputError: A folder on the way to it may not be read.
        DiskError: The disk failed.
    """
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        refuse(error, path, "read")
    return True


def read_bytes(path: AnyPath, *, limit: int = LARGEST_FILE) -> bytes:
    """Read a file whole.

    Raises:
        InputError: It is not there, is no file, may not be read, or is larger
            than *limit*.
        DiskError: The disk failed.
    """
    try:
        with open(path, "rb") as file:
            return _read_at_most(limit, file, path)
    except OSError as error:
        refuse(error, path, "read")


def open_binary(path: AnyPath) -> BinaryIO:
    """Open a file to be read in pieces.

    Raises:
        InputError: It is not there, is no file, or may not be read.
    """
    try:
        return open(path, "rb")
    except OSError as error:
        refuse(error, path, "read")


def scratch_file() -> BinaryIO:
    """Return an empty file without a name, which is gone when it is closed.

    Raises:
        DiskError: There is no room for it.
    """
    from tempfile import TemporaryFile, gettempdir

    try:
        return TemporaryFile()
    except OSError as error:
        refuse(error, gettempdir(), "write")


def make_folder(path: AnyPath) -> None:
    """Make a folder, and those above it, unless it is there.

    Raises:
        InputError: It cannot be made there.
        DiskError: The disk is full or failed.
    """
    try:
        os.makedirs(path, exist_ok=True)
    except FileExistsError as error:
        raise InputError(
            "a folder was expected, and this is a file", place=FilePlace(str(path))
        ) from error
    except OSError as error:
        refuse(error, path, "write")


def decode(data: bytes, *, name: str) -> Source:
    """Decode bytes by their byte order mark, or as UTF-8.

    Raises:
        InputError: They are not text; the place is the first byte that is not.
    """
    mark, encoding = byte_order_mark(data)
    try:
        return Source(name, data[len(mark) :].decode(encoding), encoding=encoding, bom=mark)
    except UnicodeDecodeError as error:
        raise _not_text(data[len(mark) :], error, name) from None


def byte_order_mark(data: bytes) -> tuple[bytes, str]:
    """Return the byte order mark that *data* begins with, and the encoding that it tells."""
    return next((row for row in _MARKS if data.startswith(row[0])), (b"", "utf-8"))


def encode(source: Source, text: str) -> bytes:
    """Encode *text* as *source* was, with its byte order mark."""
    return source.bom + text.encode(source.encoding)


def encode_pieces(source: Source, pieces: Iterable[str]) -> Iterator[bytes]:
    """Encode a text that comes in pieces, as `encode` does."""
    mark = source.bom
    for piece in pieces:
        yield mark + piece.encode(source.encoding)
        mark = b""


def write_bytes(path: AnyPath, data: bytes) -> None:
    """Write a file whole or not at all, as `write_pieces` does."""
    write_pieces(path, (data,))


def write_pieces(path: AnyPath, pieces: Iterable[bytes]) -> None:
    """Write a file whole or not at all: temporary file beside it, fsync, rename.

    An existing file keeps its mode. A link is followed. What is no regular
    file, such as ``/dev/stdout``, is written to directly.

    Raises:
        InputError: Nothing can be written there.
        DiskError: The disk is full or failed.
    """
    try:
        mode = _mode_of(path)
        if mode is not None and stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if mode is not None and (not stat.S_ISREG(mode) or _is_a_descriptor(path)):
            with open(path, "wb") as file:
                file.writelines(pieces)
        else:
            _replace(os.path.realpath(path), pieces, mode)
    except OSError as error:
        refuse(error, path, "write")


def write_if_changed(path: AnyPath, data: bytes) -> bool:
    """Write as `write_bytes` does, unless the file holds just that; say whether it was written.

    Raises:
        InputError: It cannot be read, or nothing can be written there.
        DiskError: The disk is full or failed.
    """
    if os.path.isfile(path) and read_bytes(path) == data:
        return False
    write_bytes(path, data)
    return True


def write_beside(target: str, pieces: Iterable[bytes], mode: int | None) -> str:
    """Write a temporary file in the folder of *target*, with *mode*, and return its name.

    Raises:
        OSError: It cannot be written; then it is not there.
    """
    folder, name = os.path.split(target)
    temporary = f"{folder}/.{name[:_KEPT]}.{os.urandom(8).hex()}.tmp"
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        with open(descriptor, "wb") as file:
            if mode is not None:
                os.fchmod(descriptor, stat.S_IMODE(mode))
            file.writelines(pieces)
            file.flush()
            os.fsync(descriptor)
    except BaseException:
        _remove(temporary)
        raise
    return temporary


def _read_at_most(limit: int, file: BinaryIO, path: AnyPath) -> bytes:
    pieces: list[bytes] = []
    length = 0
    # Piece by piece: to read *limit* bytes at once, Python sets aside as many.
    while piece := file.read(_PIECE):
        pieces.append(piece)
        length += len(piece)
        if length > limit:
            raise InputError(
                f"this file has more than {limit:,} bytes, which is more than any such file needs",
                place=FilePlace(str(path)),
                hint="Check the path, or the job that wrote it.",
            )
    return b"".join(pieces)


def _not_text(data: bytes, error: UnicodeDecodeError, name: str) -> InputError:
    whole = Source(name, data.decode(error.encoding, "replace"))
    position = len(data[: error.start].decode(error.encoding))
    return InputError(
        f"this is not {error.encoding.upper()} text: "
        f"byte 0x{data[error.start]:02x} was not expected here",
        place=whole.place(position),
        excerpt=whole.excerpt(position, position + 1),
        hint="Save the file as UTF-8 (for a Latin-1 file: iconv -f latin1 -t utf-8).",
    )


def _mode_of(path: AnyPath) -> int | None:
    with suppress(FileNotFoundError):
        return os.stat(path).st_mode
    return None


def _is_a_descriptor(path: AnyPath) -> bool:
    # Behind /dev/stdout may be a regular file that the shell holds open: to put
    # another in its place would leave the shell writing to one without a name.
    return str(path).startswith(("/dev/", "/proc/"))


def _replace(target: str, pieces: Iterable[bytes], mode: int | None) -> None:
    temporary = write_beside(target, pieces, mode)
    try:
        os.replace(temporary, target)
    except BaseException:
        _remove(temporary)
        raise
    _sync_folder(os.path.dirname(target))


def _remove(temporary: str) -> None:
    with suppress(OSError):
        os.unlink(temporary)


def _sync_folder(folder: str) -> None:
    # The rename itself must survive a crash; some file systems cannot do this.
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def refuse(error: OSError, path: AnyPath, verb: str) -> NoReturn:
    """Raise what an operating system error means: whose fault it is, where, what to do.

    *verb* is what was tried: ``read`` or ``write``.
    """
    place = FilePlace(str(path))
    if error.errno in _DISK_FAILED:
        reason = "the disk is full" if error.errno == errno.ENOSPC else error.strerror
        raise DiskError(f"cannot {verb} this file: {reason}", place=place) from error
    missing = {
        "read": ("there is no such file", "Check the path, or the job that should make it."),
        "write": ("the folder of this file is not there", "Make it, or check the path."),
    }
    problem, hint = {
        errno.ENOENT: missing[verb],
        errno.EISDIR: ("a file was expected, and this is a folder", "Name a file in it."),
        errno.ENOTDIR: ("a part of this path is a file and no folder", "Check the path."),
        errno.EACCES: (f"no permission to {verb} it", "Check its owner and mode: ls -l"),
        errno.EPERM: (f"no permission to {verb} it", "Check its owner and mode: ls -l"),
        errno.ELOOP: ("too many links", "One of the links leads back to itself."),
    }.get(error.errno or 0, (f"cannot {verb} this file: {error.strerror or error}", ""))
    raise InputError(problem, place=place, hint=hint) from error
