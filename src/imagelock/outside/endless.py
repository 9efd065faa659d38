"""An answer without an end, line by line: every line is whole, or it is not given."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Self

from imagelock.errors import ClusterError
from imagelock.outside.refusals import unreachable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from urllib3 import BaseHTTPResponse

__all__ = ["Endless"]

_PIECE = 65_536  # bytes that are read at most at once
# An object has 1.5 MB at most in etcd, and in JSON not many times that.
_LONGEST_LINE = 32 * 1024 * 1024  # bytes


class Endless:
    """Lines of an answer as they come; use it as a context manager."""

    def __init__(
        self, response: BaseHTTPResponse, host: str, proxy: str, *, longest: int = _LONGEST_LINE
    ) -> None:
        self._response = response
        self._host = host
        self._proxy = proxy
        self._longest = longest
        self._is_stopped = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._response.close()

    def __iter__(self) -> Iterator[bytes]:
        """Yield every whole line; half a line at the end is no line.

        Raises:
            ClusterError: The connection broke, or was silent for too long, or a
                line has no end.
        """
        held: list[bytes] = []
        length = 0
        for piece in self._pieces():
            *lines, rest = piece.split(b"\n")
            for line in lines:
                yield b"".join((*held, line))
                held, length = [], 0
            held.append(rest)
            length += len(rest)
            if length > self._longest:
                raise ClusterError(f"{self._host}: a line of the answer has no end")

    def stop(self) -> None:
        """End it from another thread: whoever waits for a line sees the end."""
        self._is_stopped = True
        # It may have ended by itself in this very moment.
        with suppress(ValueError, RuntimeError, OSError):
            self._response.shutdown()

    def _pieces(self) -> Iterator[bytes]:
        from urllib3.exceptions import HTTPError, ReadTimeoutError

        try:
            while piece := self._response.read1(_PIECE, decode_content=True):
                yield piece
        except HTTPError as error:
            if self._is_stopped:
                return
            broken = unreachable(error, self._host, self._proxy)
            broken.was_silent = isinstance(error, ReadTimeoutError)
            raise broken from error
