"""A registry that values have for all their images, before an image that is one text."""

from __future__ import annotations

from imagelock import api
from imagelock.core.lock import Lock, LockEntry
from imagelock.core.place import FilePlace
from imagelock.core.reference import Digest, ImageReference

ONE, OTHER = Digest("sha256", "a" * 64), Digest("sha256", "b" * 64)
VALUES = "registry: quay.io\napi: {image: 'team/api:1'}\n"


def locked(*entries: str) -> Lock:
    return Lock(LockEntry(ImageReference.parse(entry), FilePlace("lock", 1)) for entry in entries)


def test_the_registry_of_the_values_goes_before_an_image_if_the_lock_says_so() -> None:
    result = api.override(VALUES, locked(f"quay.io/team/api:1@{ONE}"))

    assert f"image: 'team/api:1@{ONE}'" in result.text
    assert not api.override(result.text, locked(f"quay.io/team/api:1@{ONE}")).report.findings


def test_an_image_that_the_lock_knows_alone_is_pinned_as_it_is() -> None:
    assert str(ONE) in api.override(VALUES, locked(f"team/api:1@{ONE}")).text


def test_an_image_that_may_be_either_of_two_is_told_and_not_pinned() -> None:
    result = api.override(VALUES, locked(f"team/api:1@{ONE}", f"quay.io/team/api:1@{OTHER}"))

    assert result.text == VALUES
    assert "either may be meant" in result.report.findings[0].message
