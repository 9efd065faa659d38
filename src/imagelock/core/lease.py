"""Which of several replicas works: a Lease and its rules, without clocks and sockets.

The rules are client-go's. Nobody believes another's clock: a record is outdated when
it has not changed for as long as it says, by the observer's own clock. Whoever holds
it gives up earlier than that, counted from before the last renewal was sent:

    sent ──► written ──► seen by others ───────── duration ─────────► free
    └───────── renew_deadline ─────────► given up
"""

from __future__ import annotations

from math import ceil

from msgspec import Struct
from msgspec.structs import replace

__all__ = ["Observed", "Record", "Times", "given_up", "held_by", "is_free", "observe"]


class Times(Struct, frozen=True, kw_only=True):
    """How long a lease holds; all in seconds."""

    duration: float = 15.0
    renew_deadline: float = 10.0
    retry: float = 2.0


class Record(Struct, frozen=True):
    """What a Lease says; *version* is the one that a newer record replaces.

    *duration* counts seconds; the two times are for people, and decide nothing.
    """

    holder: str = ""
    duration: int = 0
    acquired: str = ""
    renewed: str = ""
    transitions: int = 0
    version: str = ""


class Observed(Struct, frozen=True):
    """A record, and since when it has not changed, by the observer's own clock."""

    record: Record
    since: float


def observe(before: Observed | None, record: Record, now: float) -> Observed:
    """Note what the Lease says now; only a change starts its time again."""
    if before is not None and before.record == record:
        return before
    return Observed(record, now)


def is_free(observed: Observed, now: float) -> bool:
    """Say whether anybody may take it: nobody holds it, or its holder is silent."""
    record = observed.record
    return not record.holder or observed.since + record.duration < now


def held_by(identity: str, record: Record | None, times: Times, *, wall_clock: str) -> Record:
    """Return the record that takes a lease, or renews it; the clock is for people.

    Args:
        identity: Who holds it from now on.
        record: What the Lease says now, or ``None`` where there is none.
        times: For how long it is held.
        wall_clock: The time, as Kubernetes writes it.
    """
    duration = ceil(times.duration)
    if record is None:
        return Record(identity, duration, wall_clock, wall_clock)
    if record.holder == identity:
        return replace(record, duration=duration, renewed=wall_clock)
    return Record(
        identity, duration, wall_clock, wall_clock, record.transitions + 1, record.version
    )


def given_up(record: Record, *, wall_clock: str) -> Record:
    """Return the record of a holder that leaves: the next one need not wait."""
    return replace(record, holder="", duration=1, renewed=wall_clock)
