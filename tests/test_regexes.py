"""Regular expressions that every supported Python reads alike."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

SOURCES = sorted((Path(__file__).parents[1] / "src").rglob("*.py"))
# A group that is never given back: `(?:…)*+`. Python before 3.11.5 keeps what half an
# iteration of it had matched (python/cpython#106052), and Debian 12 has 3.11.2.
POSSESSIVE_GROUP = re.compile(r"\)(?:[*+?]|\{[0-9,]+\})\+")


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_no_group_is_possessive(source: Path) -> None:
    lines = source.read_text("utf-8").splitlines()
    code = [line for line in lines if not line.lstrip().startswith("#")]

    found = [line for line in code if POSSESSIVE_GROUP.search(line)]

    assert found == [], "write (?>(?:…)*), or leave the '+' away where nothing changes"
