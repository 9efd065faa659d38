"""One kind of objects, followed for ever: listed, then watched, and listed again when need be.

list ──► watch from the list's version ──► the server ends it ──► watch from the last version
 ▲                     │ 410: that version is gone                        ▲
 └─────────────────────┘       broken, silent, half a line ──► a pause ───┘
"""

from __future__ import annotations

import random
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, assert_never

from msgspec import Struct

from imagelock.core.cluster import Page
from imagelock.errors import ClusterError
from imagelock.outside.cluster import list_pages
from imagelock.outside.refusals import ApiError, UnreachableError, how_to_give
from imagelock.syntax.watch import (
    Bookmark,
    Changed,
    Deleted,
    Refused,
    parse_event,
    parse_listed,
    watch_parameters,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from imagelock.outside.endless import Endless
    from imagelock.outside.kubernetes_api import Api

__all__ = ["Alive", "Begun", "Listed", "Message", "Pace", "Trouble", "Unseen", "Watch", "Whole"]

_FORBIDDEN, _UNKNOWN, _GONE = 403, 404, 410
_NOTHING, _WATCHED = 0, 200  # what is believed of a list, beside the refusals above
_DOUBTS = 3  # times that something else must be answered before that is believed


class Pace(Struct, frozen=True, kw_only=True):
    """How long things last; all in seconds.

    A quiet watch brings a bookmark about every minute: what is silent for longer
    than *silence* is broken, even if nobody says so.
    """

    first_pause: float = 0.5
    longest_pause: float = 60.0
    silence: float = 150.0
    shortest_watch: int = 240
    longest_watch: int = 480
    steady: float = 10.0
    unseen: float = 600.0


class Begun(Struct, frozen=True):
    """A list begins."""


class Listed(Struct, frozen=True):
    """A page of a list."""

    page: Page


class Whole(Struct, frozen=True):
    """The list is whole: what it did not bring is not there."""


class Alive(Struct, frozen=True):
    """Nothing happened, and the server says so: it lets us watch, or sends a bookmark."""


class Trouble(Struct, frozen=True):
    """It broke; after the pause it is tried again, *times* tells how often already."""

    problem: str
    pause: float
    times: int


class Unseen(Struct, frozen=True):
    """It may not be listed, or this cluster has no such kind (*expected*)."""

    reason: str
    expected: bool


Message = Begun | Listed | Whole | Changed | Deleted | Alive | Trouble | Unseen


class Watch:
    """Follows one list of an API server.

    Args:
        api: The cluster.
        path: The list's path, such as ``/api/v1/pods``.
        params: Further parameters, such as a ``labelSelector``.
        needed: Without it nothing can be said: what is refused at first is an error.
        expected: Refusals that are no news, by their HTTP status.
        pace: How long things last.
    """

    def __init__(
        self,
        api: Api,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        needed: bool = False,
        expected: frozenset[int] = frozenset(),
        pace: Pace | None = None,
    ) -> None:
        self._api = api
        self._path = path
        self._params = dict(params or {})
        self._needed = needed
        self._expected = expected
        self._pace = pace or Pace()
        self._version = ""
        self._has_answered = False
        self._failures = 0
        self._believed = _NOTHING
        self._doubts = 0
        self._refusals = 0
        self._woken = threading.Event()
        self._lock = threading.Lock()
        self._again = False
        self._stopped = False
        self._stream: Endless | None = None

    def messages(self) -> Iterator[Message]:
        """Yield what happens, until it is stopped.

        Raises:
            ClusterError: The first list did not come. Later, nothing is given up.
        """
        while not self._stopped:
            try:
                if self._must_list():
                    yield from self._list()
                yield from self._watch()
            except ClusterError as error:
                yield from self._after(error)

    def relist(self) -> None:
        """List everything again, now; from any thread."""
        with self._lock:
            self._again = True
        self._wake()

    def stop(self) -> None:
        """End it, now; from any thread."""
        self._stopped = True
        self._wake()

    def _wake(self) -> None:
        self._woken.set()
        with self._lock:
            if self._stream is not None:
                self._stream.stop()

    def _must_list(self) -> bool:
        with self._lock:
            again, self._again = self._again, False
            self._woken.clear()
        return again or not self._version

    def _list(self) -> Iterator[Message]:
        yield Begun()
        first = ""
        decode = partial(parse_listed, name=self._path)
        for listed in list_pages(self._api, self._path, decode, params=self._params):
            # If a later page is newer, what changed in between comes once more: no harm.
            first = first or listed.version
            yield Listed(listed.page)
        self._version = first
        self._has_answered = True
        yield Whole()

    def _watch(self) -> Iterator[Message]:
        """Watch until the server ends it; half a line at the end is asked for again."""
        pace, opened = self._pace, time.monotonic()
        seconds = random.randint(pace.shortest_watch, pace.longest_watch)  # noqa: S311  (spreads load)
        asked = {**self._params, **watch_parameters(self._version, seconds=seconds)}
        try:
            with self._api.stream(self._path, asked, silence=pace.silence) as stream:
                self._believed = _WATCHED
                self._doubts = self._refusals = 0
                if self._holds(stream):
                    yield Alive()
                    yield from self._read(stream)
        finally:
            self._let_go()
            if time.monotonic() - opened >= pace.steady:
                self._failures = 0
        if time.monotonic() - opened < pace.steady:
            self._failures += 1
            # A version that is gone is no failure, unless that comes again and again.
            if self._version or self._failures > 1:
                self._rest(self._pause(0.0))

    def _read(self, stream: Endless) -> Iterator[Message]:
        for line in stream:
            event = self._api.read(line, partial(parse_event, name=self._path))
            if not isinstance(event, Refused):
                self._failures = 0
            match event:
                case Refused():
                    self._refused(event)
                    return
                case Changed() | Deleted():
                    yield event
                    self._version = event.version
                case Bookmark():
                    self._version = event.version
                    yield Alive()
                case never:
                    assert_never(never)

    def _refused(self, event: Refused) -> None:
        if event.code != _GONE:
            raise UnreachableError(
                f"{self._api.host}{self._path}: the server ends the watch: {event.message}",
                again=True,
            )
        self._version = ""

    def _holds(self, stream: Endless) -> bool:
        """Note the stream, unless somebody wants it to end already."""
        with self._lock:
            self._stream = stream
            return not (self._again or self._stopped)

    def _let_go(self) -> None:
        with self._lock:
            self._stream = None

    def _after(self, error: ClusterError) -> Iterator[Message]:
        """Decide how it goes on after a failure."""
        if isinstance(error, ApiError) and error.code == _GONE:
            self._version = ""
        elif isinstance(error, ApiError) and error.code in {_FORBIDDEN, _UNKNOWN}:
            if self._is_believed(error.code):
                yield from self._after_refusal(error)
                return
        elif not self._has_answered:
            raise error
        elif not isinstance(error, ApiError | UnreachableError):
            # Something that cannot be read: from the same version it would come again.
            self._version = ""
        elif isinstance(error, UnreachableError) and error.was_silent:
            # It may be waiting for a version that is still to come: etcd, restored from a backup.
            self._version = ""
        self._failures += 1
        asked_for = error.wait if isinstance(error, ApiError | UnreachableError) else 0.0
        pause = self._pause(asked_for)
        yield Trouble(error.problem, pause, self._failures)
        self._rest(pause)

    def _is_believed(self, code: int) -> bool:
        """Say whether a refusal counts; another than before does not, the first few times.

        A server that is being started refuses what it allowed a moment ago (403), and
        does not know all of its kinds (404). That what is needed is refused is doubted
        from the first time on: it would be the end.
        """
        is_end = self._needed and code == _FORBIDDEN
        is_first = self._believed == _NOTHING and not is_end
        self._doubts = 0 if is_first or self._believed == code else self._doubts + 1
        return self._doubts in {0, _DOUBTS}

    def _after_refusal(self, error: ApiError) -> Iterator[Message]:
        if self._needed and self._believed == _NOTHING:
            raise _for_whom_watches(error)
        self._believed, self._doubts = error.code, 0
        self._refusals += 1
        self._version = ""
        self._has_answered = True
        yield self._unseen(error)
        pace = self._pace
        self._rest(min(pace.first_pause * 2 ** min(self._refusals, 16), pace.unseen))

    def _unseen(self, error: ApiError) -> Unseen:
        expected = error.code in self._expected
        if error.code == _UNKNOWN:
            has = "has no such kind" if expected else f"does not serve {self._path}"
            return Unseen(f"this cluster {has}", expected)
        error = _for_whom_watches(error)
        return Unseen(error.hint or error.problem, expected)

    def _pause(self, asked_for: float) -> float:
        """Return how long to wait: longer each time, and never as long as the others."""
        longest: float = min(
            self._pace.first_pause * 2 ** min(self._failures, 16), self._pace.longest_pause
        )
        return max(asked_for, longest * random.uniform(0.5, 1.0))  # noqa: S311  (spreads load)

    def _rest(self, pause: float) -> None:
        self._woken.wait(pause)


def _for_whom_watches(error: ApiError) -> ApiError:
    """Let a missing permission name what gives all those that watching needs."""
    if error.missing is not None:
        error.hint = how_to_give(error.missing, to_watch=True)
    return error
