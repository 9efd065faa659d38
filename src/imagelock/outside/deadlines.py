"""What has to end by some time: one thread sees to all of it."""

from __future__ import annotations

import threading
import time
from math import inf
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

__all__ = ["Deadline"]


class Deadline:
    """Ends something that does not end by itself; use it as a context manager.

    A timer for each would start a thread for each, and most end at once.
    """

    def __init__(self, seconds: float, end: Callable[[], None]) -> None:
        """Prepare to call *end*, from another thread, *seconds* after it was entered.

        Args:
            seconds: How long it may take.
            end: Ends it, without waiting for anything.
        """
        self.has_passed = False
        self._seconds = seconds
        self._end = end

    def __enter__(self) -> Self:
        _watch.add(self, time.monotonic() + self._seconds)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _watch.remove(self)

    def passes(self) -> None:
        """Do what is to be done then."""
        self.has_passed = True
        self._end()


class _Watch:
    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._times: dict[Deadline, float] = {}
        self._wakes = inf
        self._is_running = False

    def add(self, deadline: Deadline, at: float) -> None:
        with self._changed:
            self._times[deadline] = at
            if not self._is_running:
                self._is_running = True
                threading.Thread(target=self._run, name="deadlines", daemon=True).start()
            elif at < self._wakes:  # seldom: it mostly sleeps until an earlier one
                self._changed.notify()

    def remove(self, deadline: Deadline) -> None:
        with self._changed:
            self._times.pop(deadline, None)

    def _run(self) -> None:
        with self._changed:
            while True:
                now = time.monotonic()
                for one in [one for one, at in self._times.items() if at <= now]:
                    del self._times[one]
                    # Under the lock, so that nothing is ended that was left meanwhile.
                    one.passes()
                self._wakes = min(self._times.values(), default=inf)
                self._changed.wait(None if self._wakes == inf else self._wakes - now)


_watch = _Watch()
