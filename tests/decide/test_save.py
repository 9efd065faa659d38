"""Which digest belongs to what a build job pushed."""

from __future__ import annotations

import pytest

from imagelock.core.reference import Digest, ImageReference
from imagelock.decide.save import joined_with, pin_pushed
from imagelock.errors import InputError
from imagelock.syntax.builders import Left

A = "sha256:" + "a" * 64
B = "sha256:" + "b" * 64


def images(*texts: str) -> tuple[ImageReference, ...]:
    return tuple(map(ImageReference.parse, texts))


def left(*texts: str, digests: tuple[str, ...] = (), name: str = "left") -> Left:
    return Left(name, images(*texts), tuple(map(Digest.parse, digests)))


def pinned(given: tuple[str, ...], *files: Left) -> list[str]:
    return [str(image) for image in pin_pushed(images(*given), files)]


def refused(given: tuple[str, ...], *files: Left) -> InputError:
    with pytest.raises(InputError) as caught:
        pinned(given, *files)
    return caught.value


def test_an_image_with_its_digest_is_complete() -> None:
    assert pinned((f"acme/app:1@{A}",)) == [f"acme/app:1@{A}"]


def test_a_digest_without_a_name_is_that_of_every_image() -> None:
    given = ("acme/app:1", "acme/app:latest")

    assert pinned(given, left(digests=(A,))) == [f"acme/app:1@{A}", f"acme/app:latest@{A}"]


def test_a_file_that_names_its_images_needs_no_other_name() -> None:
    assert pinned((), left(f"acme/app:1@{A}", f"acme/db:1@{B}")) == [
        f"acme/app:1@{A}",
        f"acme/db:1@{B}",
    ]


def test_the_same_image_twice_is_written_once() -> None:
    assert pinned((), left(f"acme/app:1@{A}", f"docker.io/acme/app:1@{A}")) == [f"acme/app:1@{A}"]


def test_the_digest_of_the_same_repository_counts_and_no_other() -> None:
    file = left(f"quay.io/acme/app@{A}", f"ghcr.io/acme/app@{B}")

    assert pinned(("quay.io/acme/app:1",), file) == [f"quay.io/acme/app:1@{A}"]
    assert pinned(("ghcr.io/acme/app",), file) == [f"ghcr.io/acme/app@{B}"]


def test_another_spelling_of_a_repository_is_the_same() -> None:
    assert pinned(("nginx:1",), left(f"docker.io/library/nginx@{A}")) == [f"nginx:1@{A}"]


def test_where_tags_have_different_digests_the_images_own_tag_counts() -> None:
    file = left(f"acme/app:debian@{A}", f"acme/app:alpine@{B}")

    assert pinned(("acme/app:alpine",), file) == [f"acme/app:alpine@{B}"]


def test_another_tags_digest_is_not_this_ones() -> None:
    error = refused(("acme/app:2",), left(f"acme/app:1@{A}"))

    assert error.problem == "'acme/app:2' has no digest"
    assert f"acme/app:1@{A} (left)" in error.hint


def test_an_image_that_the_file_does_not_name_has_no_digest() -> None:
    assert "has no digest" in refused(("acme/db:1",), left(f"acme/app:1@{A}")).problem


def test_an_image_alone_has_no_digest() -> None:
    error = refused(("acme/app:1",))

    assert error.problem == "'acme/app:1' has no digest"
    assert "@sha256:" in error.hint


@pytest.mark.parametrize(
    ("image", "files"),
    [
        (f"acme/app:1@{A}", [left(digests=(B,))]),
        (f"acme/app:1@{A}", [left(f"acme/app:1@{B}")]),
        ("acme/app:1", [left(digests=(A,)), left(digests=(B,), name="other")]),
        ("acme/app:1", [left(digests=(A, B))]),
        ("acme/app", [left(f"acme/app:debian@{A}", f"acme/app:alpine@{B}")]),
    ],
)
def test_an_image_with_two_digests_is_refused_with_both_sources(
    image: str, files: list[Left]
) -> None:
    error = refused((image,), *files)

    assert "has 2 digests" in error.problem
    assert A in error.problem
    assert B in error.problem


def test_a_digest_without_any_name_is_refused() -> None:
    assert "which image has it?" in refused((), left(digests=(A,))).problem


def test_nothing_at_all_is_refused() -> None:
    assert "what did this job push?" in refused(()).problem


def test_a_jobs_own_file_keeps_its_other_images() -> None:
    now = joined_with(images(f"b:1@{A}"), images(f"a:1@{A}"), path="x", is_own=True)

    assert now == images(f"a:1@{A}", f"b:1@{A}")


def test_a_retried_job_replaces_its_images_digest() -> None:
    earlier = images(f"a:1@{A}", f"b:1@{A}")

    now = joined_with(images(f"a:1@{B}"), earlier, path="x", is_own=True)

    assert now == images(f"b:1@{A}", f"a:1@{B}")


def test_a_file_that_says_so_already_stays_as_it_is() -> None:
    earlier = images(f"a:1@{A}", f"b:1@{A}")

    assert joined_with(images(f"b:1@{A}"), earlier, path="x", is_own=False) == earlier


def test_a_file_that_may_be_another_jobs_is_never_replaced() -> None:
    with pytest.raises(InputError) as caught:
        joined_with(images(f"a:1@{B}"), images(f"a:1@{A}"), path="refs/x", is_own=False)

    assert str(caught.value.place) == "refs/x"
    assert A in caught.value.problem
    assert B in caught.value.problem
    assert "--force" in caught.value.hint
