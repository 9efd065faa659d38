"""What kubectl makes of a document: the table is go-yaml v2's."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from imagelock.core.place import Source
from imagelock.document.data import load_documents
from imagelock.document.yaml import MAX_DEPTH
from imagelock.errors import InputError

if TYPE_CHECKING:
    from imagelock.document.data import Json


def _load(text: str) -> list[Json]:
    return load_documents(Source("a.yaml", text))


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("nUll", "nUll"),
        ("true", True),
        ("Yes", True),
        ("on", True),
        ("y", True),
        ("N", False),
        ("off", False),
        ("oN", "oN"),
        ("0", 0),
        ("00", 0),
        ("-0", 0),
        ("12", 12),
        ("+12", 12),
        ("-12", -12),
        ("1_000", 1000),
        ("010", 8),
        ("0o14", 12),
        ("08", 8.0),
        ("0x1F", 31),
        ("0x_0A_74_AE", 685230),
        ("-0b101", -5),
        ("0b", "0b"),
        ("0b2", "0b2"),
        ("-9223372036854775808", -(2**63)),
        ("-9223372036854775809", -9223372036854775809.0),
        ("18446744073709551615", 2**64 - 1),
        ("18446744073709551616", 18446744073709551616.0),
        ("1" + "0" * 400, "1" + "0" * 400),
        ("1" * 5000, "1" * 5000),
        ("0x" + "f" * 17, "0x" + "f" * 17),
        (".5", 0.5),
        ("1.", 1.0),
        ("1e3", 1000.0),
        ("685_230.15", 685230.15),
        (".5_0", ".5_0"),
        ("1e999", "1e999"),
        (".inf", math.inf),
        ("+.INF", math.inf),
        ("-.Inf", -math.inf),
        (".iNf", ".iNf"),
        (".", "."),
        ("+", "+"),
        ("-b_c", "-b_c"),
        ("_1", "_1"),
        ("50cent_of_dollar", "50cent_of_dollar"),
        ("190:20:30", "190:20:30"),
        ("2015-01-01", "2015-01-01"),
        ("1.2.3", "1.2.3"),
        ("'1'", "1"),
        ('"true"', "true"),
        ("|-\n  1", "1"),
        ("!!str 1", "1"),
        ("! 1", "1"),
        ("!own 1", "1"),
        ("!!binary gIGC", "gIGC"),
        ("!!timestamp 2015-01-01", "2015-01-01"),
        ('!!int "3"', 3),
        ("!!float 1", 1.0),
        ("!!bool 'yes'", True),
        ("!!null ''", None),
    ],
)
def test_a_value_is_typed_as_kubectl_types_it(written: str, read: Json) -> None:
    [document] = _load(f"v: {written}\n")

    assert isinstance(document, dict)
    assert document == {"v": read}
    assert type(document["v"]) is type(read)


def test_not_a_number_is_a_float() -> None:
    [document] = _load("- .NaN")

    assert isinstance(document, list)
    assert isinstance(document[0], float)
    assert math.isnan(document[0])


def test_keys_become_text_as_they_do_on_the_way_to_the_api_server() -> None:
    keys = "on: 1\n1: 2\n1.50: 3\n0x10: 4\n'on': 5\n&a k: 6\n? *a\n: 7\n"

    assert _load(keys) == [{"true": 1, "1": 2, "1.5": 3, "16": 4, "on": 5, "k": 7}]


def test_documents_are_given_in_their_order_and_empty_ones_left_out() -> None:
    text = "# nothing\n---\na: 1\n---\n---\n# c\n---\n- b\n...\n---\n{}\n"

    assert _load(text) == [{"a": 1}, ["b"], {}]


def test_what_is_merged_takes_the_place_of_keys_before_it_and_not_of_those_behind_it() -> None:
    [document] = _load("base: &b {x: 1, z: 2}\nuse: {x: 3, <<: *b, z: 4}\n")

    assert document == {"base": {"x": 1, "z": 2}, "use": {"x": 1, "z": 4}}


def test_of_several_merged_mappings_the_first_counts() -> None:
    assert _load("<<: [{x: 1}, {x: 2, w: 3}]\n") == [{"x": 1, "w": 3}]


def test_a_quoted_merge_key_is_a_key() -> None:
    assert _load('"<<": 1\n') == [{"<<": 1}]


def test_json_is_read_as_json() -> None:
    assert _load('{"a": "\\ud83d\\ude00\\/", "b": [1, 1.5, null, "\\u0000"]}') == [
        {"a": "😀/", "b": [1, 1.5, None, "\0"]}
    ]


def test_yaml_in_the_style_of_json_is_read_as_yaml() -> None:
    assert _load("{a: on, b: [0o14]} # why\n---\n[c]\n") == [{"a": True, "b": [12]}, ["c"]]


@pytest.mark.parametrize(
    ("text", "problem", "place"),
    [
        ("a: b: c\n", "this is not YAML: mapping values are not allowed", "a.yaml:1:5"),
        ("a: 1\n---\nb: [\n", "this is not YAML", "a.yaml:4:1"),
        ('{"a": 1,, }', "this is not YAML", "a.yaml:1:9"),
        ('{"a": "\ud800"}', "the character U+D800 is not allowed", "a.yaml:1:8"),
        ("? [a]\n: b\n", "a key of a mapping must be one text", "a.yaml:1:3"),
        ("~: b\n", "a key of a mapping must be one text", "a.yaml:1:1"),
        ("a: !!int x\n", "this is no int", "a.yaml:1:10"),
        ("a: !!float yes\n", "this is no float", "a.yaml:1:12"),
        ("a: 1\n<<: [b]\n", "only a mapping, or a list of mappings, can be merged", "a.yaml:2:5"),
    ],
)
def test_what_kubectl_would_not_read_is_an_error_with_its_place(
    text: str, problem: str, place: str
) -> None:
    with pytest.raises(InputError) as raised:
        _load(text)

    assert problem in raised.value.problem
    assert str(raised.value.place) == place
    assert raised.value.excerpt


def test_a_bomb_of_aliases_is_an_error_and_not_a_gigabyte() -> None:
    levels = [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 12)]
    bomb = "\n".join(["l0: &l0 [x]", *levels])

    with pytest.raises(InputError, match="aliases make this document larger"):
        _load(bomb)


def test_a_long_chain_of_aliases_is_an_error_and_no_crash() -> None:
    chain = "\n".join(["a0: &a0 [x]", *(f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 5000))])

    with pytest.raises(InputError, match=f"deeper than {MAX_DEPTH} levels"):
        _load(chain)


def test_as_many_levels_as_are_parsed_can_be_loaded() -> None:
    deep: Json = "x"
    for _ in range(MAX_DEPTH):
        deep = [deep]

    assert _load("[" * MAX_DEPTH + "x" + "]" * MAX_DEPTH) == [deep]


@pytest.mark.parametrize("opening", ["[", '{"a":', "- ", "? ", "[{a: "])
def test_a_hundred_thousand_levels_are_an_error_and_no_crash(opening: str) -> None:
    with pytest.raises(InputError, match=f"nested more than {MAX_DEPTH} levels deep"):
        _load(opening * 100_000)
