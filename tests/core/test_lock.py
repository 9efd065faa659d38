"""The matching rule of DESIGN §4, sentence by sentence."""

from __future__ import annotations

import pytest

from imagelock.core.lock import Ambiguous, Found, Lock, LockEntry, Missing
from imagelock.core.place import FilePlace
from imagelock.core.reference import ImageReference, Repository

A = "sha256:" + "a" * 64
B = "sha256:" + "b" * 64
C = "sha512:" + "c" * 128


def lock_of(*lines: str) -> Lock:
    return Lock(
        LockEntry(ImageReference.parse(line), FilePlace("images.lock", number))
        for number, line in enumerate(lines, 1)
    )


def digest_for(lock: Lock, image: str) -> str | None:
    match = lock.match(ImageReference.parse(image))
    return None if isinstance(match, Missing) else str(match.digest)


def test_a_tag_is_looked_up_with_its_registry_and_repository() -> None:
    lock = lock_of(f"quay.io/acme/app:1@{A}", f"quay.io/acme/app:2@{B}")

    assert digest_for(lock, "quay.io/acme/app:1") == A
    assert digest_for(lock, "quay.io/acme/app:2") == B


@pytest.mark.parametrize(
    "image",
    [
        "quay.io/acme/app:2",
        "quay.io/acme/app:1.0",
        "quay.io/acme/app:latest",
        "quay.io/acme/other:1",
        "quay.io/acme/app/x:1",
        "quay.io/app:1",
        "ghcr.io/acme/app:1",
        "quay.io:443/acme/app:1",
        "acme/app:1",
        "QUAY.io/acme/app:1",
    ],
)
def test_no_other_tag_repository_or_registry_is_tried(image: str) -> None:
    assert digest_for(lock_of(f"quay.io/acme/app:1@{A}"), image) is None


def test_an_entry_without_a_tag_never_satisfies_a_tagged_image() -> None:
    lock = lock_of(f"quay.io/acme/app@{A}")

    assert digest_for(lock, "quay.io/acme/app:1") is None
    assert digest_for(lock, "quay.io/acme/app:latest") is None
    assert digest_for(lock, "quay.io/acme/app") == A


def test_latest_is_a_tag_like_any_other_and_never_supposed() -> None:
    lock = lock_of(f"quay.io/acme/app:latest@{A}", f"quay.io/acme/db:1@{B}")

    assert digest_for(lock, "quay.io/acme/app:latest") == A
    assert digest_for(lock, "quay.io/acme/db:latest") is None


def test_without_a_tag_the_first_entry_of_the_repository_counts_whatever_its_tag() -> None:
    lock = lock_of(f"quay.io/acme/db:9@{C}", f"quay.io/acme/app:2@{B}", f"quay.io/acme/app:1@{A}")

    match = lock.match(ImageReference.parse("quay.io/acme/app"))

    assert isinstance(match, Ambiguous)
    assert str(match.digest) == B
    assert match.entry.origin == FilePlace("images.lock", 2)
    assert [str(other.digest) for other in match.others] == [A]


def test_two_tags_with_one_digest_are_no_choice() -> None:
    lock = lock_of(f"quay.io/acme/app:1@{A}", f"quay.io/acme/app:1.0@{A}")

    match = lock.match(ImageReference.parse("quay.io/acme/app"))

    assert isinstance(match, Found)
    assert match.entry.origin.line == 1


def test_the_normalised_form_is_what_is_compared() -> None:
    lock = lock_of(f"docker.io/library/nginx:1@{A}")

    for image in ("nginx:1", "library/nginx:1", "docker.io/nginx:1", "index.docker.io/nginx:1"):
        assert digest_for(lock, image) == A


def test_a_miss_tells_what_the_repository_has() -> None:
    lock = lock_of(f"quay.io/acme/app:1@{A}", f"quay.io/acme/db:1@{B}", f"quay.io/acme/app:2@{B}")

    match = lock.match(ImageReference.parse("quay.io/acme/app:3"))

    assert isinstance(match, Missing)
    assert [entry.reference.tag for entry in match.near] == ["1", "2"]
    assert lock.match(ImageReference.parse("quay.io/acme/x")) == Missing(())


def test_an_empty_lock_knows_nothing() -> None:
    lock = lock_of()

    assert len(lock) == 0
    assert lock.repositories == ()
    assert digest_for(lock, "nginx") is None


def test_a_digest_is_allowed_for_its_own_repository_only() -> None:
    lock = lock_of(f"quay.io/acme/app:1@{A}")

    assert lock.allows(ImageReference.parse(f"quay.io/acme/app@{A}"))
    assert lock.allows(ImageReference.parse(f"quay.io/acme/app:other@{A}"))
    assert not lock.allows(ImageReference.parse(f"quay.io/acme/app:1@{B}"))
    assert not lock.allows(ImageReference.parse(f"quay.io/acme/db@{A}"))
    assert not lock.allows(ImageReference.parse("quay.io/acme/app:1"))


def test_a_lock_tells_its_repositories_in_their_order() -> None:
    lock = lock_of(f"b.example/x:1@{A}", f"a.example/x:1@{B}", f"b.example/x:2@{B}")

    assert lock.repositories == (Repository("b.example", "x"), Repository("a.example", "x"))
    assert [entry.reference.tag for entry in lock] == ["1", "1", "2"]
    assert len(lock.entries_of(Repository("b.example", "x"))) == 2


def test_two_locks_are_equal_when_they_say_the_same_in_the_same_order() -> None:
    lines = (f"docker.io/library/a:1@{A}", f"b.example/b:1@{B}")

    assert lock_of(*lines) == lock_of(f"a:1@{A}", lines[1])
    assert lock_of(*lines) != lock_of(*reversed(lines))
    assert lock_of(*lines) != lines
