"""How fast `imagelock override` goes through big manifests, and what memory it takes."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from subprocess import run
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks.measure import Case, Measured, measure
from benchmarks.tables import Table

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["measure_throughput"]

ROOT = Path(__file__).resolve().parent.parent
IMAGELOCK = str(Path(sys.executable).with_name("imagelock"))
KBLD = "IMAGELOCK_BENCH_KBLD"
INPUTS = (("corpus", 2.0), ("corpus", 20.0), ("dense", 20.0), ("list", 20.0))
FULL_INPUTS = (*INPUTS, ("corpus", 100.0))
COLUMNS = ("input", "program", "wall s", "fastest", "slowest", "cpu s", "MB/s", "peak MiB", "times")

Row = tuple[str | float | int | None, ...]


def measure_throughput(rounds: int, *, inputs: tuple[tuple[str, float], ...] = INPUTS) -> Table:
    """Measure every input with every program that is there."""
    rows: list[Row] = []
    for mix, megabytes in inputs:
        with TemporaryDirectory() as folder:
            _make_input(folder, mix, megabytes)
            rows += _rows(Path(folder), f"{mix} {megabytes:g} MB", rounds)
    return Table(
        name="override",
        title=f"Override of a stream: median of {rounds} interleaved runs",
        columns=COLUMNS,
        rows=tuple(rows),
        notes=tuple(_notes()),
    )


def _make_input(folder: str, mix: str, megabytes: float) -> None:
    # In a child: memory that this process once held would count as its children's.
    command = [sys.executable, "-m", "benchmarks.make_input", folder, "--mix", mix]
    run([*command, "--megabytes", str(megabytes)], cwd=ROOT, check=True)


def _rows(folder: Path, label: str, rounds: int) -> Iterator[Row]:
    size = (folder / "manifests.yaml").stat().st_size / 1e6
    measured = measure(_cases(folder), rounds, folder)
    limit = measured["limit"].wall
    for case in measured.values():
        yield _row(label, case, size, limit)


def _row(label: str, measured: Measured, size: float, limit: float) -> Row:
    fastest, slowest = (f"{seconds:.2f}" for seconds in measured.spread)
    return (
        label,
        measured.name,
        f"{measured.wall:.2f}",
        fastest,
        slowest,
        f"{measured.cpu:.2f}",
        size / measured.wall,
        round(measured.rss / 1024),
        measured.wall / limit,
    )


def _cases(folder: Path) -> list[Case]:
    manifests = folder / "manifests.yaml"
    cases = [
        Case("limit", (sys.executable, str(ROOT / "benchmarks" / "scan.py")), manifests),
        Case("imagelock", (IMAGELOCK, "override", "--quiet", "-"), manifests),
    ]
    kbld = os.environ.get(KBLD)
    if kbld:
        files = ("-f", "manifests.yaml", "-f", "kbld.yaml")
        cases.append(Case("kbld", (kbld, *files, "--images-annotation=false")))
    return cases


def _notes() -> Iterator[str]:
    yield "times: of the limit, which reads the bytes and scans them once with a regular expression"
    yield "corpus: kinds in the proportions of real files; dense: nearly every document has images"
    yield "list: the same as dense, in one document, as kubectl writes it"
    if not os.environ.get(KBLD):
        yield f"kbld was not measured: name its program with {KBLD}"
