"""How long a command takes to start, compared with Python doing nothing."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.images import IMAGES
from benchmarks.measure import Case, Measured, measure
from benchmarks.tables import Table

__all__ = ["measure_startup"]

# A Python that has only what users install: what else is there can cost every command time.
PYTHON = os.path.abspath(os.environ.get("IMAGELOCK_BENCH_PYTHON", sys.executable))
IMAGELOCK = str(Path(PYTHON).with_name("imagelock"))
NOTHING = Case("python -c pass", (PYTHON, "-c", "pass"))
# name, arguments, the most that it may take, in times of Python doing nothing
COMMANDS = (
    ("imagelock --version", ("--version",), 3),
    ("imagelock --help", ("--help",), 3),
    ("imagelock lock", ("lock",), 6),
    ("imagelock override", ("override", "manifest.yaml"), 6),
)


def measure_startup(rounds: int) -> Table:
    """Measure the commands on one small file each."""
    cases = [NOTHING]
    cases += [Case(name, (IMAGELOCK, *arguments)) for name, arguments, _ in COMMANDS]
    with TemporaryDirectory() as folder:
        _write_project(Path(folder))
        measured = measure(cases, rounds, Path(folder))
    nothing = measured[NOTHING.name]
    rows = [_row(nothing, nothing, None)]
    rows += [_row(measured[name], nothing, limit) for name, _, limit in COMMANDS]
    return Table(
        name="startup",
        title=f"Start-up: median of {rounds} interleaved runs, in milliseconds",
        columns=("command", "median", "fastest", "slowest", "times python", "at most", ""),
        rows=tuple(rows),
    )


def _row(
    measured: Measured, nothing: Measured, limit: int | None
) -> tuple[str | float | int | None, ...]:
    fastest, slowest = measured.spread
    ratio = measured.wall / nothing.wall
    verdict = "" if limit is None else "within" if ratio <= limit else "OVER"
    figures = (measured.wall * 1000, fastest * 1000, slowest * 1000, ratio)
    return (measured.name, *figures, limit, verdict)


def _write_project(folder: Path) -> None:
    (folder / "external_images").write_text(f"{IMAGES[0].locked}\n{IMAGES[1].locked}\n")
    (folder / "acme-images").write_text("registry.acme.example/shop/api\n")
    (folder / "image_references").mkdir()
    (folder / "images.lock").write_text(f"{IMAGES[0].locked}\n{IMAGES[1].locked}\n")
    (folder / "manifest.yaml").write_text(
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: small\nspec:\n  containers:\n"
        f"  - name: app\n    image: {IMAGES[0].spelling}\n"
    )
