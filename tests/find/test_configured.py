from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from imagelock.find.configured import is_named

if TYPE_CHECKING:
    from imagelock.find.site import Path


def path(*parts: str | int) -> Path:
    chain: Path = None
    for part in parts:
        chain = (chain, part)
    return chain


@pytest.mark.parametrize(
    "pattern",
    [
        "image",
        "backup.image",
        "spec.backup.image",
        "**.image",
        "spec.**.image",
        "spec.**",
        "*.image",
        "spec.*.image",
        "**",
        "**.**.image",
        "spec.backup.image.**",
    ],
)
def test_a_pattern_is_about_the_end_of_a_path(pattern: str) -> None:
    assert is_named(path("spec", "backup", 0, "image"), (pattern,))


@pytest.mark.parametrize(
    "pattern", ["spec", "backup", "spec.image", "spec.*.*.image", "imag", "*.spec.backup.image"]
)
def test_a_pattern_that_says_otherwise_does_not_fit(pattern: str) -> None:
    assert not is_named(path("spec", "backup", "image"), (pattern,))


def test_a_key_with_a_dot_is_written_with_a_backslash() -> None:
    assert is_named(path("data", "app.yaml"), (r"data.app\.yaml",))
    assert not is_named(path("data", "app.yaml"), ("data.app.yaml",))


def test_texts_inside_texts_do_not_count() -> None:
    assert is_named(path("data", "x", "yaml:$", "spec", "image"), ("x.spec.image",))


def test_any_pattern_of_several_may_fit() -> None:
    assert is_named(path("a"), ("b", "a"))
    assert not is_named(path("a"), ())


def test_many_stars_take_no_more_time_than_few() -> None:
    pattern = ".".join(["**", "a"] * 40) + ".x"

    assert not is_named(path(*["a"] * 500), (pattern,))
