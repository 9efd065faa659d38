"""Run commands as children, in turn, and say what they cost."""

from __future__ import annotations

import os
import sys
import time
from contextlib import chdir, nullcontext
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.family import Family
from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Case", "Cost", "Measured", "measure"]


class Case(Struct, frozen=True):
    """One command to measure: its words, and what it reads on standard input."""

    name: str
    command: tuple[str, ...]
    stdin: Path | None = None
    expected: int = 0
    has_children: bool = False


class Cost(Struct, frozen=True):
    """What one run took: seconds, seconds of processor time, kilobytes of memory at most.

    Where a command has children, theirs are added, and what they share counts for each.
    """

    wall: float
    cpu: float
    rss: int


class Measured(Struct, frozen=True):
    """All runs of one case."""

    name: str
    costs: tuple[Cost, ...]

    @property
    def wall(self) -> float:
        """The median time in seconds."""
        return median(cost.wall for cost in self.costs)

    @property
    def cpu(self) -> float:
        """The median processor time in seconds."""
        return median(cost.cpu for cost in self.costs)

    @property
    def rss(self) -> int:
        """The highest peak of memory, in kilobytes."""
        return max(cost.rss for cost in self.costs)

    @property
    def spread(self) -> tuple[float, float]:
        """The fastest and the slowest run: the machine's noise."""
        walls = [cost.wall for cost in self.costs]
        return min(walls), max(walls)


def measure(cases: list[Case], rounds: int, folder: Path) -> Mapping[str, Measured]:
    """Run every case once a round, in *folder*, so that a slow moment hits all of them.

    The first round is not counted: it fills the caches of the disk and of Python.
    """
    costs: dict[str, list[Cost]] = {case.name: [] for case in cases}
    with chdir(folder):
        for number in range(rounds + 1):
            for case in cases:
                cost = _run(case)
                if number:
                    costs[case.name].append(cost)
    return {name: Measured(name, tuple(runs)) for name, runs in costs.items()}


def _run(case: Case) -> Cost:
    stdin = os.open(case.stdin or os.devnull, os.O_RDONLY)
    null = os.open(os.devnull, os.O_WRONLY)
    started = time.perf_counter()
    # Not by subprocess: wait4 tells the memory and the time of this very child.
    child = os.posix_spawnp(
        case.command[0],
        case.command,
        os.environ,
        file_actions=[
            (os.POSIX_SPAWN_DUP2, stdin, 0),
            (os.POSIX_SPAWN_DUP2, null, 1),
            (os.POSIX_SPAWN_DUP2, null, 2),
        ],
    )
    with Family(child) if case.has_children else nullcontext() as family:
        _, status, usage = os.wait4(child, 0)
    wall = time.perf_counter() - started
    os.close(stdin)
    os.close(null)
    if os.waitstatus_to_exitcode(status) != case.expected:
        sys.exit(f"{' '.join(case.command)}: exit status {os.waitstatus_to_exitcode(status)}")
    peak = family.peak if family is not None else usage.ru_maxrss
    return Cost(wall, usage.ru_utime + usage.ru_stime, peak)
