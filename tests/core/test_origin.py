from __future__ import annotations

import pytest

from imagelock.core.allow_list import AllowList, BareName
from imagelock.core.finding import Coverage, ImageUse, Report, ReportedSite
from imagelock.core.origin import Provenance, traced
from imagelock.core.place import FilePlace
from imagelock.core.reference import Repository

LISTS = Provenance(
    locked=frozenset(map(Repository.parse, ["redis", "quay.io/x/old", "acme.example/api"])),
    external=frozenset([Repository.parse("redis")]),
    allowed=AllowList([BareName("api", FilePlace("acme-images", 1))]),
    registries=("acme.example",),
)
DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("image", "origin"),
    [
        ("redis:7", "external"),
        (f"docker.io/library/redis@{DIGEST}", "external"),
        ("acme.example/api:1", "self-built"),
        ("evil.example/api:1", "unknown"),
        ("quay.io/x/old:1", "locked"),
        ("nginx", "unknown"),
        ("No Image", "unknown"),
        ("", "unknown"),
    ],
)
def test_the_list_that_names_its_repository_says_where_an_image_comes_from(
    image: str, origin: str
) -> None:
    assert LISTS.origin(image) == origin


def test_without_the_lists_the_lock_says_only_that_it_knows_an_image() -> None:
    assert Provenance(locked=LISTS.locked).origin("redis:7") == "locked"


def report_with(**fields: object) -> Report:
    return Report(command="verify", findings=(), coverage=Coverage(1, "pods"), **fields)  # type: ignore[arg-type]


def test_images_are_counted_once_each_and_the_most_used_comes_first() -> None:
    images = (ImageUse("nginx", 1), ImageUse("redis:7", 2), ImageUse("redis:7", 3, "exempt"))
    twice = traced(report_with(images=(*images, *images)), LISTS)

    assert twice.images == (
        ImageUse("redis:7", 6, "exempt"),
        ImageUse("redis:7", 4, "external"),
        ImageUse("nginx", 2, "unknown"),
    )


def test_the_images_of_manifests_are_counted_by_their_sites() -> None:
    place = FilePlace("a.yaml", 1)
    sites = (
        ReportedSite("key", "pinned-now", "redis:7", place),
        ReportedSite("key", "finding", "redis:7", place),
        ReportedSite("key", "exempt", "pause:3", place),
    )

    assert traced(report_with(sites=sites), LISTS).images == (
        ImageUse("redis:7", 2, "external"),
        ImageUse("pause:3", 1, "exempt"),
    )
