"""What a node tells of itself."""

from __future__ import annotations

import pytest

from imagelock.core.place import Source
from imagelock.document.nodes import Mapping, Scalar, Text
from imagelock.document.yaml import parse


def _mapping(text: str) -> Mapping:
    [root] = parse(Text(text, Source("a.yaml", text)))
    assert isinstance(root, Mapping)
    return root


def test_of_a_key_that_stands_twice_the_last_value_counts() -> None:
    assert _mapping("a: 1\nb: 2\na: 3\n").text_of("a") == "3"


def test_an_alias_is_followed() -> None:
    assert _mapping("a: &x 1\nb: *x\n").text_of("b") == "1"


def test_what_is_no_text_has_none() -> None:
    mapping = _mapping("a: [1]\n[b]: 2\n")

    assert mapping.text_of("a") is None
    assert mapping.text_of("b") is None
    assert mapping.get("c") is None


@pytest.mark.parametrize("written", ["", "~", "null", "Null", "NULL", "&x", "!!null"])
def test_what_yaml_reads_as_nothing_is_null(written: str) -> None:
    value = _mapping(f"a: {written}\n").get("a")

    assert isinstance(value, Scalar)
    assert value.is_null


@pytest.mark.parametrize("written", ["''", "'~'", '"null"', "nil", "|\n  null", "0"])
def test_a_text_is_not_null(written: str) -> None:
    value = _mapping(f"a: {written}\n").get("a")

    assert isinstance(value, Scalar)
    assert not value.is_null


def test_a_text_of_its_own_stands_where_it_says() -> None:
    text = Text("a: b", Source("a.yaml", "a: b"))

    assert text.root_start(3) == text.root_end(3) == 3
