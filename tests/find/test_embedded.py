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


def test_many_documents_in_one_long_text_are_found_as_they_are_in_a_short_one() -> None:
    document = "    ---\n    kind: Pod\n    spec: {containers: [{image: 'nginx:1.27'}]}\n"
    head = "kind: ConfigMap\ndata:\n  all.yaml: |\n"

    def told(times: int) -> list[tuple[object, str]]:
        found = api.check(head + document * times + "    --- &a\n    image: nginx:1\n")
        return [(finding.place, finding.image) for finding in found.findings]

    assert len(told(3)) == 4
    assert len(told(20_000)) == 20_001
    assert told(20_000)[:3] == told(3)[:3]
