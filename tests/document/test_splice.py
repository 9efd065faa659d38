"""A text changes in a few places, and in no other."""

from __future__ import annotations

import pytest

from imagelock.document.splice import Splice, apply


@pytest.mark.parametrize(
    ("splices", "changed"),
    [
        ([], "abcdef"),
        ([Splice(0, 0, "X")], "Xabcdef"),
        ([Splice(6, 6, "X")], "abcdefX"),
        ([Splice(2, 4, "X")], "abXef"),
        ([Splice(4, 5, "Y"), Splice(0, 2, "")], "cdYf"),
        ([Splice(0, 2, "X"), Splice(2, 4, "Y")], "XYef"),
        ([Splice(2, 2, "X"), Splice(2, 4, "Y")], "abXYef"),
        ([Splice(2, 2, "Y"), Splice(2, 2, "X")], "abXYcdef"),
    ],
)
def test_what_is_not_replaced_is_kept(splices: list[Splice], changed: str) -> None:
    assert apply("abcdef", splices) == changed


def test_two_changes_of_one_place_are_a_bug_that_is_not_hidden() -> None:
    with pytest.raises(ValueError, match="overlaps"):
        apply("abcdef", [Splice(0, 3, "X"), Splice(2, 4, "Y")])


def test_a_hundred_thousand_changes_are_made_in_one_pass() -> None:
    splices = (Splice(position, position, "-") for position in range(100_000))

    assert apply("a" * 100_000, splices) == "-a" * 100_000
