"""Where a text inside a text is broken."""

from __future__ import annotations

import pytest

from imagelock import api
from imagelock.core.place import FilePlace


@pytest.mark.parametrize("style", ["|", "|-", "|4"])
def test_a_broken_block_of_values_is_placed_where_it_is_broken(style: str) -> None:
    text = (
        "kind: Application\nspec:\n  source:\n    helm:\n"
        f"      values: {style}\n          a: 1\n          b: 'c\n"
    )

    (finding,) = api.check(text).findings

    assert finding.rule.name == "not-read"
    assert isinstance(finding.place, FilePlace)
    assert (finding.place.line, finding.place.column) in {(7, 16), (8, 1)}
