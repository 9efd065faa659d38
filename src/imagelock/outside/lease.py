"""A Lease of a cluster: taken when it is free, renewed while we live, given back at the end."""

from __future__ import annotations

import random
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

from imagelock.core.lease import Observed, Times, given_up, held_by, is_free, observe
from imagelock.errors import ImagelockError
from imagelock.outside.refusals import ApiError
from imagelock.syntax.lease import parse_lease, render_lease

if TYPE_CHECKING:
    from collections.abc import Callable

    from imagelock.core.lease import Record
    from imagelock.outside.kubernetes_api import Api

__all__ = ["Lease"]

_LEASES = "/apis/coordination.k8s.io/v1/namespaces/{}/leases"
_MERGE = "application/merge-patch+json"
_NOT_FOUND, _CONFLICT = 404, 409


class Lease:
    """One replica's view of a Lease.

    Args:
        api: The cluster; it must not ask again by itself, since time is short.
        namespace: The Lease's namespace.
        name: Its name.
        identity: What this replica calls itself.
        times: How long it holds.
        clock: Seconds that only ever grow.
    """

    def __init__(
        self,
        api: Api,
        namespace: str,
        name: str,
        *,
        identity: str,
        times: Times | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.identity = identity
        self.name = f"{namespace}/{name}"
        self.term = 0
        self._api = api
        self._list = _LEASES.format(quote(namespace, safe=""))
        self._object = name
        self._times = times or Times()
        self._clock = clock
        self._observed: Observed | None = None
        self._until = float("-inf")
        self._fault: BaseException | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lease", daemon=True)

    def holds(self, term: int | None = None) -> bool:
        """Say whether we may work, without a break since *term* began.

        It depends on the clock alone: whoever slept, and wakes up late, holds nothing.
        """
        return self._clock() < self._until and term in {None, self.term}

    @property
    def holder(self) -> str:
        """Who holds it, as far as is known; empty where nobody does or nothing is known."""
        return self._observed.record.holder if self._observed is not None else ""

    @property
    def is_known(self) -> bool:
        """Whether the cluster has told who holds it."""
        return self._observed is not None

    @property
    def fault(self) -> BaseException | None:
        """What went wrong the last time, or nothing; what is no `ImagelockError` is the end."""
        return self._fault

    def start(self) -> None:
        """Begin to take it and to renew it."""
        self._thread.start()

    def release(self) -> None:
        """Give it back, so that the next replica need not wait.

        Raises:
            ImagelockError: It could not be given back, and will expire.
        """
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(self._times.retry)
        held = self._observed.record if self._observed is not None and self.holds() else None
        self._until = float("-inf")
        if held is not None:
            self._give_back(held)

    def step(self) -> None:
        """Look at the Lease, and take or renew it if that may be done.

        Raises:
            ImagelockError: Nothing, or no good, was answered.
        """
        sent = self._clock()
        record = self._record()
        if record is not None:
            self._observed = observe(self._observed, record, self._clock())
            if record.holder != self.identity and not is_free(self._observed, self._clock()):
                self._until = float("-inf")
                return
            # Reading took time; what counts is when the renewal is sent.
            sent = self._clock()
        taken = held_by(self.identity, record, self._times, wall_clock=_wall_clock())
        written = self._write(taken)
        if not self.holds():
            self.term += 1
        self._observed = observe(self._observed, written, self._clock())
        self._until = sent + self._times.renew_deadline

    def _give_back(self, held: Record) -> None:
        try:
            self._write(given_up(held, wall_clock=_wall_clock()))
        except ApiError as error:
            if error.code != _CONFLICT:
                raise
            # A renewal of ours was faster, or another replica was.
            record = self._record()
            if record is not None and record.holder == self.identity:
                self._write(given_up(record, wall_clock=_wall_clock()))

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                self.step()
                self._fault = None
            except ImagelockError as error:
                # In a conflict somebody was faster: the next look shows who.
                is_conflict = isinstance(error, ApiError) and error.code == _CONFLICT
                self._fault = None if is_conflict else error
            except BaseException as error:  # noqa: BLE001  (raised again by whoever asks for it)
                self._fault = error
                return
            jitter = random.uniform(1.0, 1.2)  # noqa: S311  (replicas should not march in step)
            self._ended.wait(self._times.retry * jitter)

    def _record(self) -> Record | None:
        """Return what the Lease says now, or nothing if there is none."""
        try:
            data = self._api.get(f"{self._list}/{quote(self._object, safe='')}")
        except ApiError as error:
            if error.code == _NOT_FOUND:
                return None
            raise
        return self._api.read(data, parse_lease)

    def _write(self, record: Record) -> Record:
        body = render_lease(record, self._object)
        if not record.version:
            return self._api.read(self._api.create(self._list, body), parse_lease)
        path = f"{self._list}/{quote(self._object, safe='')}"
        return self._api.read(self._api.patch(path, body, content_type=_MERGE), parse_lease)


def _wall_clock() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
