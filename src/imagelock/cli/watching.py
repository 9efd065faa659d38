"""Work while this replica may, and wait while another one does.

wait for the lease ──► list, watch, judge, tell ──► the lease is lost ──┐
        ▲                                                              │
        └──────────────────────────────────────────────────────────────┘
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from imagelock.core.place import printable
from imagelock.errors import ImagelockError, OutsideError
from imagelock.outside.refusals import ApiError, UnreachableError

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from imagelock.cli.inputs import Inputs
    from imagelock.cli.session import Session, Teller
    from imagelock.outside.feeds import Feeds

__all__ = ["Alone", "Health", "Leadership", "Replica", "Rhythm"]

_TICK = 0.2  # seconds in which a signal is noticed
_STUCK = 60.0  # seconds without a turn of the loop after which nothing works any more
_OK, _UNAVAILABLE = 200, 503


class Leadership(Protocol):
    """Whether this replica may work: a `Lease`, or `Alone`."""

    name: str
    identity: str
    term: int

    @property
    def holder(self) -> str:
        """Who works, as far as is known."""

    @property
    def is_known(self) -> bool:
        """Whether it is known who works."""

    @property
    def fault(self) -> BaseException | None:
        """What went wrong the last time somebody asked."""

    def holds(self, term: int | None = None) -> bool:
        """Say whether this one may, without a break since *term* began."""

    def start(self) -> None:
        """Begin to ask."""

    def release(self) -> None:
        """Let the next one work."""


class Alone:
    """The only replica: it may always work."""

    name = ""
    identity = ""
    term = 1
    holder = ""
    is_known = True
    fault = None

    def holds(self, term: int | None = None) -> bool:
        """Say yes."""
        return term in {None, self.term}

    def start(self) -> None:
        """Begin nothing."""

    def release(self) -> None:
        """Leave nothing behind."""


class Health:
    """What the kubelet is told: whether the loop turns, and whether there is an answer yet.

    Attributes:
        waits_for: What must come before it is ready, or nothing.
    """

    def __init__(self) -> None:
        self.waits_for = "it begins"
        self._turned = time.monotonic()

    def turn(self, waits_for: str) -> None:
        """Note that the loop turned, and what is still to come."""
        self._turned = time.monotonic()
        self.waits_for = waits_for

    def healthz(self) -> tuple[int, str]:
        """Say whether the process works."""
        ago = time.monotonic() - self._turned
        return _OK if ago < _STUCK else _UNAVAILABLE, f"the loop turned {ago:.1f} s ago\n"

    def readyz(self) -> tuple[int, str]:
        """Say whether everything was listed once, or another replica is known to work."""
        if self.waits_for:
            return _UNAVAILABLE, f"waiting for {self.waits_for}\n"
        return _OK, "ready\n"


class Rhythm(Struct, frozen=True, kw_only=True):
    """How often things are done, in seconds; 0 is never."""

    resync: float
    files: float = 2.0


class Replica:
    """One process of those that may watch a cluster."""

    def __init__(
        self,
        *,
        leadership: Leadership,
        inputs: Inputs,
        teller: Teller,
        health: Health,
        rhythm: Rhythm,
        open_session: Callable[[], tuple[Feeds, Session]],
    ) -> None:
        self._leadership = leadership
        self._inputs = inputs
        self._teller = teller
        self._health = health
        self._rhythm = rhythm
        self._open_session = open_session
        self._told = ""

    def run(self, stop: threading.Event) -> None:
        """Work and wait until it is stopped.

        Raises:
            OutsideError: The cluster cannot be followed, or may not be.
        """
        self._leadership.start()
        try:
            while not stop.is_set():
                if self._leadership.holds():
                    self._work(stop)
                else:
                    self._wait(stop)
        finally:
            self._release()

    def _release(self) -> None:
        try:
            self._leadership.release()
        except OutsideError as error:
            self._teller.console.warn(
                f"the lease {self._leadership.name} could not be given back, so the next replica "
                f"waits until it expires: {printable(error.problem)}"
            )

    def _wait(self, stop: threading.Event) -> None:
        leadership = self._leadership
        self._raise_a_bug()
        self._give_up_without_hope()
        self._teller.gauges.leads(leads=False)
        self._health.turn("" if leadership.is_known else f"the lease {leadership.name}")
        if leadership.is_known and leadership.holder != self._told:
            self._told = leadership.holder
            holder = printable(leadership.holder) or "nobody"
            of_us = ", which is this replica: it was not renewed in time"
            more = of_us if leadership.holder == leadership.identity else ""
            self._teller.console.say(
                f"waiting: the lease {leadership.name} is held by {holder}{more}"
            )
        stop.wait(_TICK)

    def _give_up_without_hope(self) -> None:
        fault = self._leadership.fault
        passing = isinstance(fault, ApiError | UnreachableError) and fault.again
        if fault is not None and not passing and not self._leadership.is_known:
            raise fault

    def _raise_a_bug(self) -> None:
        fault = self._leadership.fault
        if fault is not None and not isinstance(fault, ImagelockError):
            raise fault

    def _work(self, stop: threading.Event) -> None:
        leadership, term = self._leadership, self._leadership.term
        self._teller.gauges.leads(leads=True)
        if leadership.name:
            self._teller.console.say(f"working: the lease {leadership.name} is ours")
        upkeep = _Upkeep(self._inputs, self._teller, self._rhythm)
        upkeep.read_again()  # it may have waited for days
        feeds, session = self._open_session()
        try:
            while leadership.holds(term) and not stop.is_set():
                self._raise_a_bug()
                self._health.turn(session.waits_for)
                news = feeds.next(_TICK)
                # The wait may have been a long one: a frozen process holds nothing.
                if news is not None and leadership.holds(term):
                    session.take(news)
                upkeep.turn(session)
        finally:
            feeds.stop()
        if not stop.is_set():
            self._tell_the_loss()

    def _tell_the_loss(self) -> None:
        fault = self._leadership.fault
        why = f": {printable(fault.problem)}" if isinstance(fault, OutsideError) else ""
        self._teller.console.warn(
            f"the lease {self._leadership.name} is lost, another replica may work now{why}"
        )
        self._told = ""


class _Upkeep:
    """What is done now and then beside the news."""

    def __init__(self, inputs: Inputs, teller: Teller, rhythm: Rhythm) -> None:
        self._inputs = inputs
        self._teller = teller
        self._rhythm = rhythm
        self._looked = self._listed = time.monotonic()

    def turn(self, session: Session) -> None:
        """Do what is due."""
        now = time.monotonic()
        if now - self._looked >= self._rhythm.files:
            self._looked = now
            if self.read_again():
                self._teller.console.say("everything is judged again")
                session.judge_by(self._inputs)
        if self._rhythm.resync and now - self._listed >= self._rhythm.resync:
            self._listed = now
            session.begin_again()

    def read_again(self) -> bool:
        """Read the files again if they have changed; say whether they have, and can be read."""
        try:
            if not self._inputs.read_again():
                return False
        except ImagelockError as error:
            self._teller.gauges.not_loaded()
            shown = "\n".join(printable(line) for line in str(error).split("\n"))
            self._teller.console.warn(f"what was read before still counts: {shown}")
            return False
        entries = self._inputs.entries
        self._teller.gauges.loaded(entries)
        self._teller.console.say(f"the files have changed: {entries:,} entries in the lock")
        return True
