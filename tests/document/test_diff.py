"""The diff that override prints, against git's reading of it."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagelock.core.place import Source
from imagelock.document.diff import render_diff
from imagelock.document.splice import Splice, apply


def _applied_by_git(text: str, diff: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "pod.yaml")
        file.write_bytes(text.encode())
        subprocess.run(
            ["git", "apply", "-p1", "--whitespace=nowarn", "-"],
            cwd=folder,
            input=diff.encode(),
            check=True,
            capture_output=True,
        )
        return file.read_bytes().decode()


def _diff(text: str, splices: list[Splice], first_line: int = 1) -> str:
    source = Source("pod.yaml", text, first_line=first_line)
    return "".join(f"{line}\n" for line in render_diff(source, splices))


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("a\nb\nc\nd\ne\nf\ng\nh\n", 0),
        ("a\nb\nc\nd\ne\nf\ng\nh\n", 15),
        ("a\nb\nc", 5),
        ("a\nb\nc", 1),
        ("one line", 3),
        ("one line\n", 8),
        ("\n\n\n", 1),
    ],
)
def test_git_applies_it(text: str, position: int) -> None:
    splices = [Splice(position, position, "@new")]

    assert _applied_by_git(text, _diff(text, splices)) == apply(text, splices)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_git_applies_whatever_is_spliced(data: st.DataObject) -> None:
    lines = data.draw(st.lists(st.text("ab: #", max_size=4), min_size=1, max_size=40))
    text = "\n".join(lines)
    positions = data.draw(st.lists(st.integers(0, len(text)), min_size=1, max_size=6, unique=True))
    splices = [Splice(position, position, "@new") for position in positions]

    assert _applied_by_git(text, _diff(text, splices)) == apply(text, splices)


def test_nothing_changed_is_no_diff_at_all() -> None:
    assert _diff("a\nb\n", []) == ""


def test_line_numbers_count_from_the_beginning_of_the_stream() -> None:
    diff = _diff("a\nb\n", [Splice(2, 2, "@new")], first_line=101)

    assert "@@ -101,2 +101,2 @@" in diff
