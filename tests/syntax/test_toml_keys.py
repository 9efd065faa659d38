"""Where the keys of a TOML document stand."""

from __future__ import annotations

import tomllib

import pytest

from imagelock.core.place import Span
from imagelock.syntax.toml_keys import find_keys, span_of

DOCUMENT = '''\
# [not.a.table]
a = "x = [1]" # b = 1
 "quoted key" = """
c = 1
[no.table]
\\""" """""
'literal' = 'no # comment'
d.e . f = [ # g = 1
  "]", # ]
  {h = 1},
  2027-12-31, 1.5e+3,
]
i = { j = 1, k = [1] }
[table]
a = 1
[[rows]]
a = 1
[[ rows ]]
b = 0x1F
[rows.inner]
c = inf
'''


def named(text: str) -> dict[tuple[str | int, ...], str]:
    return {path: text[span.start : span.end] for path, span in find_keys(text).items()}


def test_every_key_is_found_where_it_stands() -> None:
    assert set(tomllib.loads(DOCUMENT)) == {path[0] for path in find_keys(DOCUMENT)}

    assert named(DOCUMENT) == {
        ("a",): "a",
        ("quoted key",): '"quoted key"',
        ("literal",): "'literal'",
        ("d", "e", "f"): "d.e . f",
        ("i",): "i",
        ("table",): "table",
        ("table", "a"): "a",
        ("rows", 0): "rows",
        ("rows", 0, "a"): "a",
        ("rows", 1): "rows",
        ("rows", 1, "b"): "b",
        ("rows", "inner"): "rows.inner",
        ("rows", "inner", "c"): "c",
    }


def test_windows_line_ends_change_nothing_but_offsets() -> None:
    assert named("a = 1\r\n[b]\r\nc = 2\r\n") == named("a = 1\n[b]\nc = 2\n")


def test_a_key_inside_a_value_has_the_place_of_the_nearest_key() -> None:
    spans = find_keys("x = 1\nrows = [{a = 1}]\n")

    assert span_of(("rows", 0, "a"), spans) == Span(6, 10)
    assert span_of(("nowhere",), spans) == Span(0, 0)


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment", "a = 1"])
def test_short_documents_are_no_trouble(text: str) -> None:
    assert len(find_keys(text)) == text.count("=")
