"""Leases and clocks: who may work is decided by one's own clock, and by nobody's word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from imagelock.core.lease import Observed, Record, Times, given_up, held_by, is_free, observe

TIMES = Times()
HELD = Record("a", 15, "then", "now", 3, "7")


def test_a_record_that_does_not_change_is_as_old_as_it_was_first_seen() -> None:
    first = observe(None, HELD, 100.0)

    assert observe(first, replace(HELD), 110.0) == Observed(HELD, 100.0)


def test_any_change_starts_its_time_again() -> None:
    first = observe(None, HELD, 100.0)

    assert observe(first, replace(HELD, renewed="later"), 110.0).since == 110.0


def test_a_lease_whose_holder_is_silent_is_free_after_its_own_duration() -> None:
    observed = Observed(HELD, 100.0)

    assert not is_free(observed, 115.0)
    assert is_free(observed, 115.001)


def test_what_a_record_says_of_its_renewal_decides_nothing() -> None:
    for said in ("1970-01-01T00:00:00Z", "2999-01-01T00:00:00Z", ""):
        assert not is_free(Observed(replace(HELD, renewed=said), 100.0), 101.0)


def test_a_lease_that_was_given_up_is_free_at_once() -> None:
    assert is_free(Observed(given_up(HELD, wall_clock="now"), 100.0), 100.0)


def test_whoever_takes_a_lease_counts_a_transition_and_replaces_the_version_it_saw() -> None:
    taken = held_by("b", HELD, TIMES, wall_clock="now")

    assert taken == Record("b", 15, "now", "now", 4, "7")


def test_whoever_renews_a_lease_keeps_when_it_was_taken() -> None:
    assert held_by("a", HELD, TIMES, wall_clock="later") == replace(HELD, renewed="later")


def test_the_first_holder_is_no_transition() -> None:
    assert held_by("a", None, TIMES, wall_clock="now") == Record("a", 15, "now", "now", 0, "")


@given(
    sent=st.floats(0, 1e6),
    on_the_way=st.floats(0, 60),
    seen_after=st.floats(0, 60),
    offset=st.floats(-1e6, 1e6),
)
@pytest.mark.parametrize("times", [TIMES])
def test_nobody_may_take_a_lease_before_its_holder_has_given_up(
    times: Times, sent: float, on_the_way: float, seen_after: float, offset: float
) -> None:
    """Time is the holder's; the other's clock is *offset* away, and runs as fast."""
    gives_up = sent + times.renew_deadline
    seen = sent + on_the_way + seen_after + offset
    observed = observe(None, held_by("a", None, times, wall_clock=""), seen)

    assert not is_free(observed, gives_up + offset)
