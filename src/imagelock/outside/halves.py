"""Long lists in two processes: each of them gets and decodes every other page.

    here    get 1 ── decode 1 ──── get 3 ── decode 3 ──── …     The beginning of a page holds
                └─ token of 2       │  └─ token of 4            the token of the next one, so
    there             get 2 ── decode 2 ──── get 4 ── …         neither waits for the other.

A large cluster is a gigabyte of JSON, and a processor takes several times as long to
decode it as it takes to come.
"""

from __future__ import annotations

import signal
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING, Self

from msgspec import Struct
from msgspec.msgpack import Decoder, encode

from imagelock.core.cluster import Page
from imagelock.errors import ClusterError, ImagelockError
from imagelock.outside.cluster import Reader, next_token
from imagelock.outside.workers import worker_count

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkProcess
    from types import TracebackType

    from imagelock.outside.kubernetes_api import Api

    Parse = Callable[[bytes, "Listing"], Page]

__all__ = ["Halves", "Listing"]

_ALONE = 2  # pages: starting a process takes as long as they do


class Listing(Struct, frozen=True):
    """Which list is meant: its path, the kind of its objects, and parameters."""

    path: str
    kind: str
    params: dict[str, str]


class Halves:
    """Reads lists here and in another process; use it as a context manager.

    What the other process does not deliver is read here, with all the patience and all
    the errors of `Reader`: it can make a list faster, and nothing else.
    """

    def __init__(self, api: Api, parse: Parse) -> None:
        self._api = api
        self._parse = parse
        self._other = _Other(api.in_another_process(), parse)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._other.stop()

    def pages(self, listing: Listing) -> Iterator[Page]:
        """Yield the pages of a list as `list_pages` does, nearly twice as fast if it is long.

        Raises:
            ClusterError: A page did not come, or is not what a page is.
        """
        reader = Reader(self._api, listing.path, params=listing.params)
        data = reader.fetch("")
        for number in count():
            guess = next_token(data)
            if number >= _ALONE or self._other.has_started:
                self._other.ask(listing, guess)
            page = self._read(data, listing)
            token, ahead = reader.follow(page), ("", b"")
            yield page
            if token == guess and self._other.is_asked:
                ahead = _get_ahead(reader, self._other.token())
                theirs = self._other.page()
                if theirs is not None:
                    token = reader.follow(theirs)
                    yield theirs
            if not token:
                return
            data = ahead[1] if ahead[0] == token else reader.fetch(token)

    def _read(self, data: bytes, listing: Listing) -> Page:
        return self._api.read(data, lambda data: self._parse(data, listing))


def _get_ahead(reader: Reader, token: str) -> tuple[str, bytes]:
    """Get the page after theirs while they decode it; its token is still a guess."""
    if token:
        with suppress(ClusterError):
            return token, reader.fetch_once(token)
    return "", b""


class _Question(Struct, frozen=True):
    listing: Listing
    token: str


_PAGE = Decoder(Page)
_QUESTION = Decoder(_Question)


class _Other:
    """The other process: asked for a page, it answers with the next token, then the page."""

    def __init__(self, api: Api, parse: Parse) -> None:
        self.is_asked = False
        self._api = api
        self._parse = parse
        self._may_start = worker_count() > 1
        self._pipe: Connection | None = None
        self._process: ForkProcess | None = None

    @property
    def has_started(self) -> bool:
        """Whether it is there."""
        return self._pipe is not None

    def ask(self, listing: Listing, token: str) -> None:
        """Ask for a page, unless nothing is known of it."""
        if self.is_asked:
            self.stop()  # what it was asked for was wrong, and nobody takes its answer
        if token and self._pipe is None and self._may_start:
            self._start()
        if token and self._pipe is not None:
            with suppress(OSError):  # it has died: then nothing is asked
                self._pipe.send_bytes(encode(_Question(listing, token)))
                self.is_asked = True

    def token(self) -> str:
        """Return the token that follows on the page that was asked for, or nothing."""
        return self._receive().decode()

    def page(self) -> Page | None:
        """Return the page that was asked for, if it came."""
        answer = self._receive()
        self.is_asked = False
        if not answer:
            self.stop()
            return None
        return _PAGE.decode(answer)

    def stop(self) -> None:
        """End it for good."""
        self._may_start = self.is_asked = False
        if self._pipe is not None:
            self._pipe.close()
        if self._process is not None:
            self._process.terminate()
            self._process.join()
        self._pipe = self._process = None

    def _receive(self) -> bytes:
        with suppress(EOFError, OSError):
            if self._pipe is not None:
                return self._pipe.recv_bytes()
        return b""

    def _start(self) -> None:
        from multiprocessing import get_context

        context = get_context("fork")
        self._pipe, theirs = context.Pipe()
        arguments = (theirs, self._pipe, self._api, self._parse)
        self._process = context.Process(target=_serve, args=arguments, daemon=True)
        self._process.start()
        theirs.close()


def _serve(pipe: Connection, other_end: Connection, api: Api, parse: Parse) -> None:
    # Ctrl-C reaches every process of the terminal; only the first one answers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    other_end.close()  # otherwise this process never sees that the other one has gone
    with suppress(EOFError, OSError):
        while True:
            _answer(pipe, api, parse, _QUESTION.decode(pipe.recv_bytes()))


def _answer(pipe: Connection, api: Api, parse: Parse, question: _Question) -> None:
    """Send the token that follows on a page, then the page; nothing where that fails."""
    listing = question.listing
    try:
        data = Reader(api, listing.path, params=listing.params).fetch_once(question.token)
    except ImagelockError:
        pipe.send_bytes(b"")
        pipe.send_bytes(b"")
        return
    pipe.send_bytes(next_token(data).encode())
    try:
        page = encode(parse(data, listing))
    except Exception:  # noqa: BLE001  (the first process meets it again, and tells it)
        page = b""
    pipe.send_bytes(page)
