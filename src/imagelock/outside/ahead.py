"""The next thing of many is got while the one before is looked at."""

from __future__ import annotations

import threading
from contextlib import suppress
from queue import Empty, Queue
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["ahead"]

T = TypeVar("T")


def ahead(source: Generator[T], *, name: str) -> Generator[T]:
    """Yield what *source* yields, which goes on in a thread: two things ahead, and no more.

    Whoever stops early does not wait for what is under way: the thread is a daemon, and
    closes *source* as soon as it can.

    Args:
        source: What gets one thing after the other.
        name: That of the thread.

    Raises:
        Exception: What *source* raises, after all that it yielded before.
    """
    results: Queue[Any] = Queue(maxsize=1)
    stopped = threading.Event()
    threading.Thread(target=_run, args=(source, results, stopped), name=name, daemon=True).start()
    try:
        while not isinstance(result := results.get(), _End):
            yield result
        if result.error is not None:
            raise result.error
    finally:
        stopped.set()
        with suppress(Empty):  # the thread may be waiting to give one more
            results.get_nowait()


class _End:
    """That nothing more comes, and why if that was an error."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


def _run(source: Generator[Any], results: Queue[Any], stopped: threading.Event) -> None:
    end = _End()
    try:
        for one in source:
            results.put(one)
            if stopped.is_set():
                break
    except BaseException as error:  # noqa: BLE001  (raised where it is waited for)
        end = _End(error)
    source.close()
    if not stopped.is_set():
        results.put(end)
