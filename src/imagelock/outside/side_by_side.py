"""Ask many things of a slow other side, several at once; the answers come in their order."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["AT_ONCE", "each"]

ThingT = TypeVar("ThingT")
AnswerT = TypeVar("AnswerT")

AT_ONCE = 8  # under the five requests for each processor that the pool of connections keeps


def each(
    task: Callable[[ThingT], AnswerT], things: Sequence[ThingT], *, at_once: int = AT_ONCE
) -> list[AnswerT]:
    """Return what *task* answers for each thing, in their order.

    The threads are daemons: whoever interrupts the command does not wait for them. After
    a failure no more is begun, and of several failures the one of the first thing is
    raised: it is the one that would have come with one thing after the other.
    """
    if len(things) < 2:  # noqa: PLR2004  (nothing to do side by side)
        return [task(thing) for thing in things]
    work = _Work(task, things)
    threads = [
        threading.Thread(target=work.run, name=f"asking-{number}", daemon=True)
        for number in range(min(at_once, len(things)))
    ]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        work.stop()
    return work.answers()


class _Work(Generic[ThingT, AnswerT]):
    """What is still to be asked, and what was answered."""

    def __init__(self, task: Callable[[ThingT], AnswerT], things: Sequence[ThingT]) -> None:
        self._task = task
        self._things = things
        self._lock = threading.Lock()
        self._next = 0
        self._answers: dict[int, AnswerT] = {}
        self._errors: dict[int, BaseException] = {}

    def run(self) -> None:
        while (number := self._take()) < len(self._things):
            try:
                self._answers[number] = self._task(self._things[number])
            except BaseException as error:  # noqa: BLE001  (raised again by `answers`)
                self._errors[number] = error
                self.stop()

    def stop(self) -> None:
        with self._lock:
            self._next = len(self._things)

    def answers(self) -> list[AnswerT]:
        if self._errors:
            raise self._errors[min(self._errors)]
        return [self._answers[number] for number in range(len(self._things))]

    def _take(self) -> int:
        with self._lock:
            number, self._next = self._next, self._next + 1
            return number
