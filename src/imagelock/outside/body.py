"""The body of an answer: whole, unpacked, of a bearable size, in a bearable time."""

from __future__ import annotations

import zlib
from contextlib import contextmanager, suppress
from itertools import chain
from typing import TYPE_CHECKING, Any, cast

from msgspec import Struct

from imagelock.errors import ClusterError
from imagelock.outside.deadlines import Deadline
from imagelock.outside.refusals import UnreachableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from urllib3 import BaseHTTPResponse

__all__ = ["Bounds", "read_body"]

_PIECE = 1024 * 1024  # bytes
_GZIP = 16 + zlib.MAX_WBITS


class Bounds(Struct, frozen=True, kw_only=True):
    """What one answer may take: bytes when it is unpacked, and seconds."""

    # A page of 500 pods has 5 MB, and hardly ever 50.
    size: int = 128 * 1024 * 1024
    seconds: float = 600.0


def read_body(
    response: BaseHTTPResponse, bounds: Bounds, asked: str, room: memoryview | None = None
) -> bytes | memoryview:
    """Read a body to its end.

    Args:
        response: An answer of which the head was read.
        bounds: What it may take.
        asked: What was asked for, for messages.
        room: Where the body is put, if it is not packed and there is room for it;
            then what is returned is a part of it.

    Raises:
        ClusterError: It is larger, takes longer, or is packed in a way that nobody
            asked for.
        UnreachableError: It did not come whole.
        HTTPError: The same, in urllib3's words.
    """
    with _ending(response, bounds, asked):
        packing = response.headers.get("Content-Encoding", "identity").lower()
        if packing == "gzip":
            return _joined(_unpacked(_pieces(response), asked), bounds, asked)
        if packing != "identity":
            raise ClusterError(f"{asked}: the answer is packed ({packing}) in an unknown way")
        length = _told_length(response)
        if length > bounds.size:
            raise _too_large(bounds, asked)
        if room is not None and length <= len(room):
            return _put(response, room, length, bounds, asked)
        if length >= 0:
            # All at once: a gigabyte that is joined from pieces is copied twice.
            return response.read(decode_content=False)
        return _joined(_pieces(response), bounds, asked)


@contextmanager
def _ending(response: BaseHTTPResponse, bounds: Bounds, asked: str) -> Iterator[None]:
    """End a body that does not end by itself, however steadily it drips."""

    def end() -> None:
        # It may have ended by itself in this very moment.
        with suppress(ValueError, RuntimeError, OSError):
            response.shutdown()

    deadline = Deadline(bounds.seconds, end)
    try:
        with deadline:
            yield
    except Exception as error:
        if deadline.has_passed:
            raise _too_slow(bounds, asked) from error
        raise
    if deadline.has_passed:
        raise _too_slow(bounds, asked)


def _told_length(response: BaseHTTPResponse) -> int:
    """Return the bytes that will come, or -1 where it is not told."""
    length = response.headers.get("Content-Length", "")
    return int(length) if length.isascii() and length.isdigit() else -1


def _put(
    response: BaseHTTPResponse, room: memoryview, length: int, bounds: Bounds, asked: str
) -> bytes | memoryview:
    room = room[: bounds.size] if length < 0 else room[:length]
    size = _fill(response, room)
    if size == length or (length < 0 and size < len(room)):
        return room[:size]
    if length >= 0:
        raise UnreachableError(f"{asked}: the answer did not come whole", again=True)
    rest = _pieces(response)
    return _joined(chain((bytes(room),), rest), bounds, asked)


def _fill(response: BaseHTTPResponse, room: memoryview) -> int:
    """Read until there is no more room or no more body, and return how much that was.

    By the source that urllib3 reads from, and with its errors: all that it offers itself
    copies every piece twice, which takes longer than the piece takes to come.
    """
    inner = cast("Any", response)
    size = 0
    with inner._error_catcher():  # noqa: SLF001  (see above)
        while size < len(room):
            count = inner._fp.readinto(room[size:])  # noqa: SLF001
            if not count:
                break
            size += count
    return size


def _pieces(response: BaseHTTPResponse) -> Iterator[bytes]:
    while piece := response.read(_PIECE, decode_content=False):
        yield piece


def _unpacked(pieces: Iterable[bytes], asked: str) -> Iterator[bytes]:
    """Unpack in small steps, so that a small body that grows without end is noticed."""
    unpacker = zlib.decompressobj(_GZIP)
    try:
        for piece in pieces:
            rest = piece
            while rest:
                yield unpacker.decompress(rest, _PIECE)
                rest = unpacker.unconsumed_tail
    except zlib.error as error:
        raise ClusterError(f"{asked}: the answer is not packed as it says") from error
    if not unpacker.eof or unpacker.unused_data:
        raise UnreachableError(f"{asked}: the answer did not come whole", again=True)


def _joined(pieces: Iterable[bytes], bounds: Bounds, asked: str) -> bytes:
    held: list[bytes] = []
    length = 0
    for piece in pieces:
        held.append(piece)
        length += len(piece)
        if length > bounds.size:
            raise _too_large(bounds, asked)
    return b"".join(held)


def _too_slow(bounds: Bounds, asked: str) -> ClusterError:
    return ClusterError(
        f"{asked}: the answer did not end in {bounds.seconds:g} seconds",
        hint="It may be overloaded: try again.",
    )


def _too_large(bounds: Bounds, asked: str) -> ClusterError:
    return ClusterError(
        f"{asked}: the answer has more than {bounds.size // 2**20} MB",
        hint="No page of a list is as large: look at what stands between.",
    )
