from __future__ import annotations

import pytest

from imagelock.core.lock import Lock, LockEntry
from imagelock.core.place import FilePlace
from imagelock.core.reference import Digest, ImageReference
from imagelock.decide.nearby import near_misses

DIGEST = Digest("sha256", "a" * 64)


def locked(*images: str) -> Lock:
    return Lock(
        LockEntry(ImageReference.parse(image).pinned_to(DIGEST), FilePlace("external_images", line))
        for line, image in enumerate(images, 1)
    )


def said(image: str, *images: str) -> str:
    return near_misses(ImageReference.parse(image), locked(*images))


def test_the_nearest_tags_are_told_first() -> None:
    told = said("nginx:1.2.3", "nginx:2.0", "nginx:1.9.0", "nginx:1.2.4", "nginx:1.2.3-alpine")

    assert told == (
        ": of this repository it has 1.2.3-alpine (external_images:4), "
        "1.2.4 (external_images:3), 1.9.0 (external_images:2) and 1 more"
    )


@pytest.mark.parametrize("tags", [("latest",), ("v1",), ("2024-01-31",), ("x" * 128,)])
def test_any_two_tags_can_be_compared(tags: tuple[str, ...]) -> None:
    assert f"it has {tags[0]} (" in said("nginx:1.27", *(f"nginx:{tag}" for tag in tags))


def test_an_entry_without_a_tag_is_named_as_that() -> None:
    assert "it has an entry without a tag (external_images:1)" in said("nginx:1", "nginx")


def test_the_same_name_elsewhere_is_told() -> None:
    told = said("nginx:1", "registry.example/mirror/nginx:1", "quay.io/other/app:1")

    assert told == (
        ": it has no entry of docker.io/library/nginx, "
        "but of registry.example/mirror/nginx (external_images:1)"
    )


@pytest.mark.parametrize("written", ["ngnix:1", "ngin:1", "nginxx:1", "quay.io/a/nginz:2"])
def test_the_name_that_was_misspelt_is_told(written: str) -> None:
    told = said(written, "redis:1", "nginx:1", "quay.io/other/app:1")

    assert told.endswith(", but of docker.io/library/nginx (external_images:2)")


def test_a_lock_of_many_repositories_is_not_gone_through_for_every_finding() -> None:
    lock = locked(*(f"registry.example/team/app-{number}:1" for number in range(3_000)))
    asked = ImageReference.parse("quay.io/other/app-7:1")
    names = lock.names

    assert near_misses(asked, lock).endswith(
        ", but of registry.example/team/app-7 (external_images:8)"
    )
    assert lock.names is names


def test_nothing_is_told_of_other_names() -> None:
    assert said("nginx:1", "redis:1") == ": it has no entry of docker.io/library/nginx"
