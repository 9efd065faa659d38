"""Several processes do the same, and the answers come in order."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from imagelock.errors import InputError
from imagelock.outside.workers import in_order, worker_count

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.mark.parametrize("at_a_time", [1, 3, 100])
def test_answers_come_in_the_order_of_the_things(at_a_time: int) -> None:
    done = list(in_order(lambda number: number * number, range(20), at_a_time=at_a_time))

    assert done == [(number, number * number) for number in range(20)]


def test_the_work_is_done_elsewhere() -> None:
    processes = {process for _, process in in_order(lambda _: os.getpid(), range(20))}

    assert os.getpid() not in processes
    assert 1 <= len(processes) <= worker_count()


def test_an_error_reaches_the_caller() -> None:
    def refuse(thing: int) -> int:
        raise InputError(f"{thing} is wrong")

    with pytest.raises(InputError, match="0 is wrong"):
        list(in_order(refuse, range(5)))


def test_nothing_to_do_is_nothing_done() -> None:
    assert list(in_order(str, [])) == []


def test_things_are_taken_only_as_they_are_needed() -> None:
    taken: list[int] = []

    def things() -> Iterator[int]:
        for number in range(1000):
            taken.append(number)
            yield number

    answers = in_order(str, things())
    next(answers)

    assert len(taken) <= worker_count() + 2
    list(answers)
