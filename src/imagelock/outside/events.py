"""Events of Kubernetes on the objects that findings are about: few, and each once."""

from __future__ import annotations

import queue
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

from imagelock.errors import ClusterError, ImagelockError
from imagelock.outside.refusals import ApiError
from imagelock.syntax.events import (
    event_name,
    event_namespace,
    render_event,
    render_series,
    times,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from imagelock.core.change import Change
    from imagelock.outside.kubernetes_api import Api

__all__ = ["Budget", "Events"]

_EVENTS = "/apis/events.k8s.io/v1/namespaces/{}/events"
_MERGE = "application/merge-patch+json"
_CONFLICT = 409
_WAITING = 100  # changes; what does not find room is counted and not told
_BURST = 25  # events at once, and then
_A_SECOND = 1.0


class Events:
    """Tells changes as Events, in a thread of its own: nobody waits for it.

    Args:
        api: The cluster.
        instance: What this replica calls itself.
        notice: Told why the first one that was refused was refused.
        counted: Told the two counts below, whenever one of them grows.

    Attributes:
        sent: How many were told.
        dropped: How many were not: too many at once, or refused.
    """

    def __init__(
        self,
        api: Api,
        *,
        instance: str,
        notice: Callable[[str], None],
        counted: Callable[[int, int], None] = lambda _sent, _dropped: None,
    ) -> None:
        self.sent = 0
        self.dropped = 0
        self._api = api
        self._instance = instance
        self._notice = notice
        self._counted = counted
        self._queue: queue.Queue[Change] = queue.Queue(_WAITING)
        self._lock = threading.Lock()
        self._budget = Budget(_BURST, _A_SECOND)
        self._has_failed = False
        self._bug: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="events", daemon=True)

    def start(self) -> None:
        """Begin to tell."""
        self._thread.start()

    def tell(self, change: Change) -> None:
        """Tell of a finding that appeared, when there is time; never wait."""
        if self._bug is not None:
            raise self._bug
        try:
            self._queue.put_nowait(change)
        except queue.Full:
            self._count(dropped=1)

    def _run(self) -> None:
        while True:
            change = self._queue.get()
            time.sleep(self._budget.pause(time.monotonic()))
            try:
                self.send(change)
                self._count(sent=1)
            except ImagelockError as error:
                self._count(dropped=1)
                self._fail(error)
            except BaseException as error:  # noqa: BLE001  (raised again by whoever tells more)
                self._bug = error
                return

    def send(self, change: Change) -> None:
        """Tell one change: as a new Event, or as one more time of the one that is there.

        Raises:
            ImagelockError: It cannot be told.
        """
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        path = _EVENTS.format(quote(event_namespace(change), safe=""))
        try:
            self._api.create(path, render_event(change, instance=self._instance, now=now))
        except ApiError as error:
            if error.code != _CONFLICT:
                raise
            one = f"{path}/{quote(event_name(change), safe='')}"
            count = self._api.read(self._api.get(one), times) + 1
            self._api.patch(one, render_series(count, now=now), content_type=_MERGE)

    def _count(self, *, sent: int = 0, dropped: int = 0) -> None:
        with self._lock:
            self.sent += sent
            self.dropped += dropped
            self._counted(self.sent, self.dropped)

    def _fail(self, error: ImagelockError) -> None:
        if not self._has_failed:
            why = (
                f"{error.problem}. {error.hint}" if isinstance(error, ClusterError) else str(error)
            )
            self._notice(f"an Event could not be told (this is said once): {why.rstrip('. ')}")
        self._has_failed = True


class Budget:
    """So many at once, and so many a second after that."""

    def __init__(self, burst: int, rate: float) -> None:
        self._burst = float(burst)
        self._rate = rate
        self._left = self._burst
        self._at = float("-inf")

    def pause(self, now: float) -> float:
        """Take one; return how long to wait for it (seconds)."""
        self._left = min(self._burst, self._left + (now - self._at) * self._rate) - 1.0
        self._at = now
        return max(0.0, -self._left / self._rate)
