"""Many questions, several at once."""

from __future__ import annotations

import threading
import time

import pytest

from imagelock.outside.side_by_side import each


def test_the_answers_come_in_the_order_of_the_questions() -> None:
    def slow_at_first(number: int) -> int:
        time.sleep(0.02 if number < 4 else 0.0)
        return number * 2

    assert each(slow_at_first, range(50)) == [number * 2 for number in range(50)]


def test_several_are_under_way_together_and_never_more_than_allowed() -> None:
    together = threading.Barrier(4, timeout=20)
    under_way, most, lock = 0, 0, threading.Lock()

    def meet(_: int) -> None:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        together.wait()
        with lock:
            under_way -= 1

    each(meet, range(16), at_once=4)

    assert most == 4


def test_of_several_failures_the_first_in_order_is_raised_and_no_more_is_begun() -> None:
    both, begun = threading.Barrier(2, timeout=20), []

    def fail(number: int) -> None:
        begun.append(number)
        both.wait()
        time.sleep(0.02 if number == 0 else 0.0)
        raise ValueError(number)

    with pytest.raises(ValueError, match="0"):
        each(fail, range(100), at_once=2)

    assert sorted(begun) == [0, 1]


@pytest.mark.parametrize("count", [0, 1])
def test_one_question_is_asked_without_another_thread(count: int) -> None:
    assert each(lambda _: threading.current_thread(), range(count)) == [
        threading.main_thread() for _ in range(count)
    ]
