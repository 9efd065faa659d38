"""Long lists in several processes: one gets the pages, and others decode them.

    here     get 1 ── get 2 ── get 3 ── get 4 ── …      The beginning of a page holds the token
              └ room 1  └ room 2  └ room 3              of the next one, so that the next one is
    there 1      decode 1 ──────── decode 3 ── …        asked for before this one is decoded.
    there 2               decode 2 ──────── decode 4    The rooms are memory that all share.

A large cluster is a gigabyte of JSON, and a processor takes several times as long to
decode it as it takes to come.
"""

from __future__ import annotations

import gc
import mmap
import signal
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from msgspec import Struct
from msgspec.msgpack import Decoder, encode

from imagelock.core.cluster import Page
from imagelock.errors import ImagelockError
from imagelock.outside.cluster import Ahead, Reader, next_token
from imagelock.outside.workers import worker_count

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkProcess
    from types import TracebackType

    from imagelock.outside.kubernetes_api import Api

    Parse = Callable[[bytes | memoryview, "Listing"], Page]

__all__ = ["Decoders", "Listing"]

_MOST = 2  # processes: they decode faster than one connection delivers
_ROOMS = 2  # for each of them: one is decoded, and the other one waits
_ROOM = 32 * 1024 * 1024  # bytes, of which only those count that are used: mostly 6 MB


class Listing(Struct, frozen=True):
    """Which list is meant: its path, the kind of its objects, and parameters."""

    path: str
    kind: str
    params: dict[str, str]


class Decoders:
    """Reads lists here and decodes them in other processes; use it as a context manager.

    What the other processes do not deliver is decoded here, with all the errors that
    this brings: they can make a list faster, and nothing else.
    """

    def __init__(self, api: Api, parse: Parse) -> None:
        self._api = api
        self._parse = parse
        self._others: list[_Other] = []
        self._may_start = worker_count() > 1
        self._rooms = [_room() for _ in range(_ROOMS)]
        self._free = list(range(_ROOMS))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def pages(self, listing: Listing) -> Iterator[Page]:
        """Yield the pages of a list as `list_pages` does, several times as fast if it is long.

        Raises:
            ClusterError: A page did not come, or is not what a page is.
        """
        reader = Reader(self._api, listing.path, params=listing.params)
        under_way: deque[_UnderWay] = deque()
        ahead: Ahead[_Got] | None = self._ahead(reader, "")
        try:
            while ahead is not None:
                one = self._handed_out(ahead.result(), listing)
                under_way.append(one)
                ahead = self._ahead(reader, one.guess) if one.guess else None
                while under_way and (ahead is None or not self._free or under_way[0].is_ready):
                    one = under_way.popleft()
                    page = self._decoded(one, listing)
                    follows = reader.follow(page)
                    yield page
                    if follows != one.guess:  # what was got since is no page of this list
                        self._forget(under_way, ahead)
                        ahead = self._ahead(reader, follows) if follows else None
                        break
        except ImagelockError:
            if under_way or ahead is not None:
                self._stop()
            raise
        except BaseException:  # nobody knows any more who has answered what
            self._stop()
            raise

    def _ahead(self, reader: Reader, token: str) -> Ahead[_Got]:
        """Begin to get a page."""
        number = self._free.pop()
        room = self._rooms[number]

        def get() -> _Got:
            try:
                return _Got(number, reader.fetch_into(room, token))
            except ImagelockError as error:
                # Told in its turn: the pages before may show that this one was never meant.
                return _Got(number, error=error)

        return Ahead(get)

    def _handed_out(self, got: _Got, listing: Listing) -> _UnderWay:
        """Let another process decode a page, if there are more pages than this one."""
        guess = next_token(got.data)
        if guess:
            self._start()
        other = self._others[got.room % len(self._others)] if self._others else None
        is_asked = (
            other is not None
            and isinstance(got.data, memoryview)
            and other.ask(_Question(listing, got.room, len(got.data)))
        )
        return _UnderWay(got, guess, other if is_asked else None)

    def _decoded(self, one: _UnderWay, listing: Listing) -> Page:
        try:
            if one.got.error is not None:
                raise one.got.error
            page = one.other.page() if one.other is not None else None
            if page is not None:
                return page
            return self._api.read(one.got.data, lambda data: self._parse(data, listing))
        finally:
            self._free.append(one.got.room)

    def _forget(self, under_way: deque[_UnderWay], ahead: Ahead[_Got] | None) -> None:
        """Take the answers that nobody wants any more, so that none is taken for another."""
        for one in under_way:
            if one.other is not None:
                one.other.page()
            self._free.append(one.got.room)
        under_way.clear()
        if ahead is not None:
            self._free.append(ahead.result().room)

    def _stop(self) -> None:
        """End the others for good; what is still being got comes to a room that nobody looks at."""
        self._may_start = False
        for other in self._others:
            other.stop()
        self._others.clear()
        self._rooms = [_room() for _ in range(_ROOMS)]
        self._free = list(range(_ROOMS))

    def _start(self) -> None:
        """Start the others, unless they are there or cannot be."""
        if not self._may_start:
            return
        self._may_start = False
        count = min(worker_count(), _MOST)
        # Of each process are only some: what it has seen of a room counts as its memory.
        more = [_room() for _ in range(count * _ROOMS - len(self._rooms))]
        self._free += range(len(self._rooms), len(self._rooms) + len(more))
        self._rooms += more
        with suppress(OSError):  # no more processes are allowed
            for _ in range(count):
                self._others.append(_Other(self._rooms, self._parse))


def _room() -> memoryview:
    try:
        return memoryview(mmap.mmap(-1, _ROOM))
    except OSError:  # no more memory is allowed: what does not fit is decoded here
        return memoryview(b"")


class _Got(Struct, frozen=True):
    """A page that came, and the room that it is in or would have been; or why it did not come."""

    room: int
    data: bytes | memoryview = b""
    error: ImagelockError | None = None


class _UnderWay(Struct, frozen=True):
    """A page, the token that seems to follow on it, and who decodes it."""

    got: _Got
    guess: str
    other: _Other | None = None

    @property
    def is_ready(self) -> bool:
        """Whether nobody has to wait for it."""
        return self.other is None or self.other.has_answered


class _Question(Struct, frozen=True):
    """What is to be decoded: the first bytes of a room."""

    listing: Listing
    room: int
    size: int


_PAGE = Decoder(Page)
_QUESTION = Decoder(_Question)


class _Other:
    """Another process: asked to decode what is in a room, it answers with the page."""

    def __init__(self, rooms: list[memoryview], parse: Parse) -> None:
        from multiprocessing import get_context

        context = get_context("fork")
        self._pipe, theirs = context.Pipe()
        self._process: ForkProcess = context.Process(
            target=_serve, args=(theirs, self._pipe, rooms, parse), daemon=True
        )
        self._process.start()
        theirs.close()

    @property
    def has_answered(self) -> bool:
        """Whether there is an answer, or never will be one."""
        try:
            return self._pipe.poll()
        except OSError:
            return True

    def ask(self, question: _Question) -> bool:
        """Ask, and say whether that was possible."""
        with suppress(OSError):  # it has died
            self._pipe.send_bytes(encode(question))
            return True
        return False

    def page(self) -> Page | None:
        """Return what was asked for first, if it could be decoded."""
        with suppress(EOFError, OSError):  # it has died
            answer = self._pipe.recv_bytes()
            return _PAGE.decode(answer) if answer else None
        return None

    def stop(self) -> None:
        """End it for good."""
        self._pipe.close()
        self._process.terminate()
        self._process.join()


def _serve(pipe: Connection, other_end: Connection, rooms: list[memoryview], parse: Parse) -> None:
    # Ctrl-C reaches every process of the terminal; only the first one answers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    other_end.close()  # otherwise this process never sees that the other one has gone
    gc.disable()  # what a page leaves behind holds no circles
    with suppress(EOFError, OSError):
        while True:
            question = _QUESTION.decode(pipe.recv_bytes())
            pipe.send_bytes(_answer(question, rooms, parse))


def _answer(question: _Question, rooms: list[memoryview], parse: Parse) -> bytes:
    """Return the page; nothing where that fails, since the first process will say why."""
    try:
        return encode(parse(rooms[question.room][: question.size], question.listing))
    except Exception:  # noqa: BLE001  (the first process meets it again, and tells it)
        return b""
