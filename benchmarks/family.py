"""The memory of a process and its children, looked at while they run."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["Family"]

_PAUSE = 0.02  # seconds: the system keeps each process's highest, so that little is missed


class Family:
    """Watches a process and all its descendants; use it as a context manager."""

    def __init__(self, process: int) -> None:
        self._first = process
        self._peaks: dict[int, int] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    @property
    def peak(self) -> int:
        """The sum of the highest memory of each process, in kilobytes: never too little."""
        return sum(self._peaks.values())

    def _watch(self) -> None:
        while not self._over.wait(_PAUSE):
            waiting = [self._first]
            while waiting:
                process = waiting.pop()
                self._peaks[process] = max(self._peaks.get(process, 0), _peak(process))
                waiting += _children(process)


def _peak(process: int) -> int:
    for line in _read(f"/proc/{process}/status").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    return 0


def _children(process: int) -> list[int]:
    return [int(one) for one in _read(f"/proc/{process}/task/{process}/children").split()]


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:  # it has ended
        return ""
