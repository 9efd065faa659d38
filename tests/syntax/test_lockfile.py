"""images.lock: what a person may have, and what is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from imagelock.core.lock import Lock, LockEntry
from imagelock.core.place import FilePlace, Source
from imagelock.core.reference import ImageReference
from imagelock.errors import InputError, InputErrors
from imagelock.syntax.lockfile import parse_lock, render_lock

A = "sha256:" + "a" * 64
B = "sha256:" + "b" * 64
RECORDED = Path(__file__).parents[2].parent / "shared/recordings/kubernetes-1.36/images.lock"


def read(text: str) -> Lock:
    return parse_lock(Source("images.lock", text))


def test_a_lock_is_a_list_of_image_ids_with_digests() -> None:
    lock = read(f"quay.io/a/b:1@{A}\nquay.io/a/b:2@{B}\n")

    assert [entry.reference.tag for entry in lock] == ["1", "2"]
    assert lock.entries[1].origin == FilePlace("images.lock", 2, 1)


def test_short_names_comments_and_blank_lines_are_read() -> None:
    lock = read(f"# ours\r\n\r\nredis:7@{A} # why\r\n")

    assert render_lock(lock) == f"docker.io/library/redis:7@{A}\n"


def test_what_is_written_is_normalised_one_a_line_and_nothing_else() -> None:
    images = [f"index.docker.io/nginx:1@{A}", f"R.example:5000/x@{B}"]
    lock = Lock(LockEntry(ImageReference.parse(one), FilePlace("x", 1)) for one in images)

    assert render_lock(lock) == f"docker.io/library/nginx:1@{A}\nR.example:5000/x@{B}\n"


def test_an_empty_lock_can_be_read_and_written() -> None:
    assert len(read("")) == 0
    assert render_lock(read("# nothing yet\n")) == ""


def test_a_line_without_a_digest_is_refused() -> None:
    with pytest.raises(InputError, match="no digest"):
        read("quay.io/a/b:1\n")


def test_one_tag_with_two_digests_is_refused_with_both_lines() -> None:
    with pytest.raises(InputError) as caught:
        read(f"nginx:1@{A}\n\ndocker.io/library/nginx:1@{B}\n")

    assert str(caught.value.place) == "images.lock:3:1"
    assert "in line 1" in caught.value.problem


def test_every_conflict_is_told() -> None:
    with pytest.raises(InputErrors) as caught:
        read(f"a:1@{A}\na:1@{B}\nb:1@{A}\nb:1@{B}\n")

    assert len(caught.value.errors) == 2


def test_a_line_twice_and_several_digests_without_a_tag_are_no_conflict() -> None:
    assert len(read(f"a:1@{A}\na:1@{A}\na@{A}\na@{B}\n")) == 4


def test_a_merge_conflict_in_the_lock_is_told_as_one() -> None:
    with pytest.raises(InputError, match="merge conflict"):
        read(f"<<<<<<< HEAD\na:1@{A}\n=======\na:1@{B}\n>>>>>>> topic\n")


def test_the_lock_of_the_recorded_cluster_is_read() -> None:
    if not RECORDED.exists():
        pytest.skip("needs ../shared/recordings, which is not beside this checkout")

    lock = parse_lock(Source("images.lock", RECORDED.read_text("utf-8")))

    assert len(lock) == 12
    assert "docker.io/library/redis:7.4.1-alpine@sha256:" in render_lock(lock)
