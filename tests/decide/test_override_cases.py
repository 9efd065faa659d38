"""Override, as folders: what went in, the lock, what comes out, and what is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from imagelock import api
from imagelock.core.place import Source
from imagelock.syntax.lockfile import parse_lock

CASES = Path(__file__).resolve().parents[1] / "cases" / "override"


def overridden(folder: Path, *, ends: str = "\n") -> tuple[str, str]:
    """Return the text that override makes of a case, and a line for each thing that it says."""
    lock = parse_lock(Source("images.lock", read(folder / "images.lock")))
    text = read(folder / "before.yaml").replace("\n", ends)
    result = api.override(Source("before.yaml", text), lock)
    said = [
        f"{finding.place}: {finding.severity}: {finding.sentence} [{finding.rule.name}]\n"
        for finding in result.report.findings
    ]
    counts = ", ".join(f"{count} {name}" for name, count in result.report.summary.items())
    return result.text, "".join((*said, counts, "\n"))


def read(path: Path) -> str:
    return path.read_bytes().decode()


@pytest.fixture(params=sorted(CASES.iterdir()), ids=lambda path: path.name)
def folder(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def test_a_manifest_becomes_what_stands_beside_it(folder: Path) -> None:
    text, report = overridden(folder)

    assert text == read(folder / "after.yaml")
    assert report == read(folder / "report.txt")


def test_it_becomes_the_same_with_lines_that_end_in_crlf(folder: Path) -> None:
    text, _ = overridden(folder, ends="\r\n")

    assert text == read(folder / "after.yaml").replace("\n", "\r\n")


def test_it_stays_as_it_is_the_second_time(folder: Path) -> None:
    lock = parse_lock(Source("images.lock", read(folder / "images.lock")))
    once = read(folder / "after.yaml")

    assert api.override(once, lock).text == once
