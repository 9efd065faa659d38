"""Measure, and print a table of ratios: `make bench`, or `python -m benchmarks.run --help`."""

from __future__ import annotations

import argparse
import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from benchmarks.real_server import measure_server
from benchmarks.startup import measure_startup
from benchmarks.tables import Table, render
from benchmarks.throughput import FULL_INPUTS, INPUTS, measure_throughput
from benchmarks.verifying import CLUSTERS, FULL_CLUSTERS, TINY_CLUSTERS, measure_verify

if TYPE_CHECKING:
    from collections.abc import Callable

TINY_INPUTS = (("corpus", 0.2),)


def main() -> None:
    """Run the benchmarks that were asked for."""
    args = _arguments()
    print(_machine(), end="\n\n")
    tables = []
    for name in BENCHMARKS if "all" in args.only else args.only:
        table = BENCHMARKS[name](args)
        print(render(table))
        tables.append(table)
    if args.json:
        document = {"version": 1, "machine": _machine(), "tables": tables}
        args.json.write_bytes(msgspec.json.format(msgspec.json.encode(document)) + b"\n")


def _startup(args: argparse.Namespace) -> Table:
    return measure_startup(1 if args.tiny else 21)


def _override(args: argparse.Namespace) -> Table:
    if args.tiny:
        return measure_throughput(1, inputs=TINY_INPUTS)
    return measure_throughput(3, inputs=FULL_INPUTS if args.full else INPUTS)


def _verify(args: argparse.Namespace) -> Table:
    if args.tiny:
        return measure_verify(1, TINY_CLUSTERS)
    return measure_verify(3, FULL_CLUSTERS if args.full else CLUSTERS)


def _server(args: argparse.Namespace) -> Table:
    return measure_server(1, 600) if args.tiny else measure_server(3, args.pods)


# One row a benchmark.
BENCHMARKS: dict[str, Callable[[argparse.Namespace], Table]] = {
    "startup": _startup,
    "override": _override,
    "verify": _verify,
    "server": _server,
}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("only", nargs="*", default="all", choices=[*BENCHMARKS, "all"])
    parser.add_argument(
        "--full", action="store_true", help="with 100 MB to override, and 10,000 pods for kubectl"
    )
    parser.add_argument(
        "--pods", type=int, default=30_000, help="of the real API server; 30000 by default"
    )
    parser.add_argument("--tiny", action="store_true", help="one quick round, to see that it works")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures there")
    return parser.parse_args()


def _machine() -> str:
    load = os.getloadavg()[0]
    return (
        f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} processors, "
        f"load {load:.1f} (a load above 1 makes noise: look at the fastest and slowest runs)"
    )


if __name__ == "__main__":
    main()
