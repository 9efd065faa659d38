"""What does not end by itself is ended, and nothing else is."""

from __future__ import annotations

import threading
import time

from imagelock.outside.deadlines import Deadline


def test_what_takes_too_long_is_ended() -> None:
    ended = threading.Event()

    with Deadline(0.02, ended.set) as deadline:
        assert ended.wait(10)

    assert deadline.has_passed


def test_what_ends_in_time_is_left_alone() -> None:
    ended: list[str] = []

    with Deadline(0.05, lambda: ended.append("in time")) as deadline:
        pass
    with Deadline(0.1, lambda: ended.append("later")) as later:
        time.sleep(0.2)

    assert ended == ["later"]
    assert not deadline.has_passed
    assert later.has_passed


def test_the_one_that_comes_first_is_ended_first_whenever_it_was_begun() -> None:
    order: list[int] = []
    all_ended = threading.Event()

    def end(number: int) -> None:
        order.append(number)
        if len(order) == 3:
            all_ended.set()

    with (
        Deadline(0.3, lambda: end(3)),
        Deadline(0.1, lambda: end(1)),
        Deadline(0.2, lambda: end(2)),
    ):
        assert all_ended.wait(10)

    assert order == [1, 2, 3]


def test_many_of_them_need_one_thread() -> None:
    before = threading.active_count()

    for _ in range(100):
        with Deadline(600, lambda: None):
            pass

    assert threading.active_count() <= before + 1
