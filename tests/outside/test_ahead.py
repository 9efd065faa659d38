"""What is got ahead comes in order, with its errors, and no further than two."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from imagelock.outside.ahead import ahead

if TYPE_CHECKING:
    from collections.abc import Callable, Generator


def until(holds: Callable[[], bool]) -> bool:
    end = time.monotonic() + 10
    while not holds() and time.monotonic() < end:
        time.sleep(0.001)
    return holds()


def test_everything_comes_in_order() -> None:
    assert list(ahead((number for number in range(1000)), name="numbers")) == list(range(1000))


def test_nothing_at_all_comes_too() -> None:
    assert list(ahead((number for number in range(0)), name="numbers")) == []


def test_an_error_comes_after_all_that_came_before_it() -> None:
    def some() -> Generator[int]:
        yield 1
        yield 2
        raise ValueError("no third")

    found: list[int] = []
    with pytest.raises(ValueError, match="no third"):
        found.extend(ahead(some(), name="some"))

    assert found == [1, 2]


def test_two_more_are_got_while_one_is_looked_at_and_no_third() -> None:
    got: list[int] = []

    def some() -> Generator[int]:
        for number in range(10):
            got.append(number)
            yield number

    numbers = ahead(some(), name="some")
    next(numbers)

    assert until(lambda: got == [0, 1, 2])
    time.sleep(0.02)
    assert got == [0, 1, 2]
    assert list(numbers) == list(range(1, 10))


def test_whoever_stops_early_ends_the_source_without_waiting() -> None:
    closed, may_go_on = threading.Event(), threading.Event()

    def some() -> Generator[int]:
        try:
            yield 1
            may_go_on.wait(10)
            yield 2
        finally:
            closed.set()

    numbers = ahead(some(), name="some")
    assert next(numbers) == 1
    numbers.close()

    assert not closed.is_set()
    may_go_on.set()
    assert closed.wait(10)


def test_whoever_stops_while_two_are_waiting_leaves_no_thread() -> None:
    numbers = ahead((number for number in range(10)), name="left-behind")
    next(numbers)
    time.sleep(0.02)
    numbers.close()

    assert until(lambda: all(one.name != "left-behind" for one in threading.enumerate()))
