"""What fuzzing begins with, and what it once broke: `make fuzz` looks for more."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fuzz.targets import TARGETS

HERE = Path(__file__).resolve().parent
CRASHES = sorted(path for path in (HERE / "crashes").iterdir() if path.name != "README.md")
SEEDS = sorted((HERE / "seeds").glob("*/*"))


@pytest.mark.parametrize("seed", SEEDS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_every_law_holds_for_what_fuzzing_begins_with(seed: Path) -> None:
    TARGETS[seed.parent.name](seed.read_bytes())


def test_what_broke_a_law_once_breaks_it_no_more() -> None:
    for crash in CRASHES:
        TARGETS[crash.name.partition("-")[0]](crash.read_bytes())


@pytest.mark.parametrize("name", TARGETS)
def test_every_target_has_seeds_and_stands_any_bytes(name: str) -> None:
    assert any((HERE / "seeds" / name).iterdir())
    for data in (b"", b"\xff", b"\x00", b"\xff\xfe\x00\xd8", bytes(range(256))):
        TARGETS[name](data)
