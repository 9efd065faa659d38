"""Do the same to many things in several processes, in their order."""

from __future__ import annotations

import gc
import os
import signal
from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future

__all__ = ["in_order", "worker_count"]

T = TypeVar("T")
R = TypeVar("R")

_MOST = 8  # processes: each holds a copy of what it works on
_task: Callable[[Any], Any]


def worker_count() -> int:
    """Return how many processes there may be: the processors that we may use, at most eight."""
    if not hasattr(os, "fork"):
        return 1
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(usable or 1, _MOST)


def in_order(
    task: Callable[[T], R], things: Iterable[T], *, at_a_time: int = 1
) -> Iterator[tuple[T, R]]:
    """Yield each thing with what *task* made of it, in their order.

    The processes are forks: *task* may hold on to anything, and only things and
    results travel, *at_a_time* of them together. No more are under way than
    there are processes, and one.
    """
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    count = worker_count()
    pool = ProcessPoolExecutor(
        count, mp_context=get_context("fork"), initializer=_begin, initargs=(task,)
    )
    under_way: deque[tuple[list[T], Future[list[R]]]] = deque()
    rest = iter(things)
    try:
        while group := list(islice(rest, at_a_time)):
            under_way.append((group, pool.submit(_do, group)))
            if len(under_way) > count:
                yield from _finished(under_way.popleft())
        while under_way:
            yield from _finished(under_way.popleft())
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _begin(task: Callable[[Any], Any]) -> None:
    # Ctrl-C reaches every process of the terminal; only the first one answers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()  # what is made of one thing holds no circles, and is gone before the next
    global _task  # noqa: PLW0603  (a forked process has one task for all its life)
    _task = task


def _do(group: list[Any]) -> list[Any]:
    return [_task(thing) for thing in group]


def _finished(pair: tuple[list[T], Future[list[R]]]) -> Iterator[tuple[T, R]]:
    group, future = pair
    return zip(group, future.result(), strict=True)
