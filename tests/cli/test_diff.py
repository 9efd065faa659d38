"""imagelock diff, as it is called."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from imagelock.cli.main import main

A, B, C = ("sha256:" + letter * 64 for letter in "abc")


@pytest.fixture(autouse=True)
def _two_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("old.lock").write_text(
        f"quay.io/a/same:1@{A}\nquay.io/a/moved:1@{A}\nquay.io/a/up:1@{A}\nquay.io/a/gone:1@{A}\n"
    )
    Path("new.lock").write_text(
        f"quay.io/a/fresh@{C}\nquay.io/a/up:2@{B}\nquay.io/a/same:1@{A}\nquay.io/a/moved:1@{B}\n"
    )


def test_what_moved_is_told_first_because_its_name_did_not_change(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["diff", "old.lock", "new.lock"]) == 0

    assert capsys.readouterr().out.splitlines() == [
        "moved    quay.io/a/moved:1  sha256:aaaaaaaaaaaa -> sha256:bbbbbbbbbbbb",
        "updated  quay.io/a/up  1 -> 2  sha256:aaaaaaaaaaaa -> sha256:bbbbbbbbbbbb",
        "added    quay.io/a/fresh  sha256:cccccccccccc",
        "removed  quay.io/a/gone:1  sha256:aaaaaaaaaaaa",
        "1 moved, 1 updated, 1 added, 1 removed, 1 unchanged",
    ]


def test_the_order_of_lines_is_no_change(capsys: pytest.CaptureFixture[str]) -> None:
    lines = Path("old.lock").read_text().splitlines(keepends=True)
    Path("turned.lock").write_text("".join(reversed(lines)))

    assert main(["diff", "old.lock", "turned.lock", "--exit-code"]) == 0
    assert capsys.readouterr().out == "4 unchanged\n"


def test_a_difference_is_an_exit_status_only_where_it_is_asked_for() -> None:
    assert main(["diff", "old.lock", "new.lock", "--exit-code"]) == 1


def test_json_has_both_sides_in_full(capsys: pytest.CaptureFixture[str]) -> None:
    main(["diff", "old.lock", "new.lock", "--format", "json"])

    document = json.loads(capsys.readouterr().out)
    assert document["summary"] == {
        "moved": 1,
        "updated": 1,
        "added": 1,
        "removed": 1,
        "unchanged": 1,
    }
    assert document["changes"][0] == {
        "kind": "moved",
        "repository": "quay.io/a/moved",
        "old": {"tag": "1", "digest": A},
        "new": {"tag": "1", "digest": B},
    }


def test_markdown_is_a_table_for_a_merge_request(capsys: pytest.CaptureFixture[str]) -> None:
    main(["diff", "old.lock", "new.lock", "--format", "markdown"])

    told = capsys.readouterr().out
    row = "| moved | `quay.io/a/moved` | `1` `sha256:aaaaaaaaaaaa` | `1` `sha256:bbbbbbbbbbbb` |"
    assert row in told


def test_a_lock_that_is_wrong_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    Path("new.lock").write_text("quay.io/a/b:1\n")

    assert main(["diff", "old.lock", "new.lock"]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == "imagelock diff: nothing was compared"
