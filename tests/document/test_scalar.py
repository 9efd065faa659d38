"""Where the characters of a value stand: every style, by hand and in real files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import yaml

from imagelock.core.place import Source
from imagelock.document.nodes import Mapping, Scalar, Text
from imagelock.document.scalar import OffsetMap, map_offsets
from imagelock.document.splice import Splice, apply
from imagelock.document.yaml import BrokenYamlError, Chunk, chunks, file_text, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from imagelock.document.nodes import Node

WORD = "@sha256:0a1b2c"
WHITE_SPACE = " \t\n\r\x85\u2028\u2029"


def _value(text: str) -> Scalar:
    [root] = parse(Text(text, Source("a.yaml", text)))
    assert isinstance(root, Mapping)
    value = root.pairs[0][1]
    assert isinstance(value, Scalar)
    return value


def _map(scalar: Scalar) -> OffsetMap:
    offsets = map_offsets(scalar)
    assert offsets is not None
    return offsets


STYLES = [
    "a: b",
    "a: b c",
    "a: b\n  c",
    "a: b \t\n\n \n  c",
    "{a: b\n c}",
    "[{a: b\n\n c}]"[1:-1],
    "a: 'b'",
    "a: 'it''s'",
    "a: 'b\n\n  c'",
    "a: 'b\r\n  c'",
    "a: 'b\r  c'",
    "a: 'b\x85 c'",
    "a: 'b\u2028 c'",
    "a: 'b\n\u2029 c'",
    "a: ' b \n c '",
    'a: "b"',
    'a: "\\x41\\u00e9\\U0001F600b"',
    'a: "b\\n\\tc\\\\d\\"e\\/f"',
    'a: "\\0\\a\\b\\v\\f\\r\\e\\N\\_\\L\\Px"',
    'a: "b\\\n  c"',
    'a: "b \\\n\n  \\ c"',
    'a: "b\\ \n  c"',
    'a: "b\\\\ \n  c"',
    'a: "b\\\r\n\r\n  c"',
    'a: "b\\\u2028 c"',
    'a: "\\\n b"',
    "a: |\n  b\n",
    "a: |\n  b",
    "a: |-\n  b\n\n",
    "a: |+\n  b\n\n",
    "a: | # why\n  b\n",
    "a: |\n\n  b\n   c\n\n d: 1"[:-6],
    "a: |2\n   b\n  c\n",
    "a: |1-\n  b\n c\n",
    "a: |-1\n  b\n",
    "a: |2\n     \n  b\n",
    "a: |\n  b \n  \n    \n",
    "a: |\n  b\r\n  c\r\n",
    "a: |\n  b\r  c\n",
    "a: |\n  b\x85  c\u2028  d\n",
    "a: |2\n  \tb\n",
    "a: |\n  b\n   ",
    "a: >\n  b\n  c\n",
    "a: >-\n  b\n\n\n  c\n",
    "a: >+\n  b\n   c\n  d\n\n",
    "a: >\n\n  b\n\n   c\n\n  d\n",
    "a: >2\n   b\n  c\n  d\n",
    "a: >\n  b\n  \tc\n  d",
    "a: >\n  b\r\n  c\r\n",
    "a: >\n  b\x85  c\u2028  d\n",
    "a: >\n  b\u2028\n  c\n",
    "a: >\n  b\n     \n  c\n",
    "a: &x !!str # why\n  b\n  c",
]


@pytest.mark.parametrize("text", STYLES)
@pytest.mark.parametrize("around", ["{}", "{}\n", "\u00e9: 1\n---\n{}", "# \U0001f600\r\n{}"])
def test_a_word_stands_where_it_was_written_in_every_style(text: str, around: str) -> None:
    text = around.format(text)
    chunk = list(chunks(text))[-1]
    [root] = parse(Text(text, Source("a.yaml", text)), chunk)
    assert isinstance(root, Mapping)
    scalar = root.pairs[0][1]
    assert isinstance(scalar, Scalar)
    offsets = _map(scalar)

    for place, char in enumerate(scalar.value, 1):
        if char not in WHITE_SPACE:
            position = offsets.end(place)
            written = apply(text, [Splice(position, position, WORD)])
            expected = scalar.value[:place] + WORD + scalar.value[place:]
            [*_, document] = yaml.load_all(written, Loader=yaml.CBaseLoader)
            assert document == {"a": expected}


@pytest.mark.parametrize("text", STYLES)
def test_every_character_of_a_value_stands_between_its_start_and_its_end(text: str) -> None:
    scalar = _value(text)
    offsets = _map(scalar)

    position = scalar.start
    for index in range(len(scalar.value)):
        start, end = offsets.start(index), offsets.end(index + 1)
        assert position <= start <= end <= scalar.end
        if end - start == 1 and scalar.value[index] not in WHITE_SPACE:
            assert text[start:end] == scalar.value[index]
        position = start


@pytest.mark.parametrize(
    ("text", "old", "new", "written"),
    [
        ("a: 'it''s b'", "'s", "X", "a: 'itX b'"),
        ('a: "b\\x2fc:1"', "b/c", "X", 'a: "X:1"'),
        ("a: >\n  b\n  c\n", "b c", "X", "a: >\n  X\n"),
        ("a: |\n  b\n  c\n", "b\nc", "X", "a: |\n  X\n"),
        ('a: "b\\\n  c d"', "bc", "X", 'a: "X d"'),
    ],
)
def test_a_piece_of_a_value_can_be_replaced(text: str, old: str, new: str, written: str) -> None:
    scalar = _value(text)
    offsets = _map(scalar)
    start = scalar.value.index(old)

    splice = Splice(offsets.start(start), offsets.end(start + len(old)), new)

    assert apply(text, [splice]) == written


@pytest.mark.parametrize(
    ("text", "position"),
    [("a: ''", 4), ('a: ""', 4), ('a: "\\\n "', 4), ("a:", 2), ("a: &x", 5), ("{a: }", 3)],
)
def test_an_empty_value_can_be_written_at_its_beginning(text: str, position: int) -> None:
    offsets = _map(_value(text))

    assert offsets.start(0) == offsets.end(0) == position


@pytest.mark.parametrize("text", ["a: |\n", "a: >-\n\n", "a: |", "a: |2\n\n"])
def test_in_a_block_without_text_nothing_can_be_written(text: str) -> None:
    assert map_offsets(_value(text)) is None


def test_a_block_of_nothing_but_blanks_is_mapped_too() -> None:
    offsets = _map(_value("a: |2+\n     \n\n"))

    assert offsets.start(0) == 9


def test_what_the_parser_read_differently_is_not_mapped() -> None:
    text = Text("'it''s'", Source("a.yaml", "'it''s'"))

    assert map_offsets(Scalar("its", 0, 7, "'", text)) is None
    assert map_offsets(Scalar("it's more", 0, 7, "'", text)) is None


def test_a_scalar_is_read_once_however_many_words_are_written_into_it() -> None:
    scalar = _value("a: |\n  b\n  c\n")

    assert map_offsets(scalar) is map_offsets(scalar)


@pytest.mark.parametrize(
    "text",
    [
        'a: "' + " " * 200_000 + '\\n"',
        "a: 'b" + " \t" * 100_000 + "c''\n'",
        "a: |\n" + "\n" * 100_000 + "  b\n",
        "a: |\n" + "  b\n" * 100_000,
        "a: >\n" + "  b\n" * 100_000,
        'a: "' + "\\n" * 100_000 + '"',
        "a: b" + " " * 200_000 + "b\n  c",
    ],
)
def test_a_large_scalar_is_mapped_whole(text: str) -> None:
    scalar = _value(text)

    assert _map(scalar).end(len(scalar.value)) <= scalar.end


def test_nested_texts_lead_to_the_file_at_any_depth() -> None:
    inner = 'image: "quay.io/a/b:1"\n'
    middle = "v: >-\n  " + inner.replace("\n", "") + "\n"
    written = f"data:\n  f: {json.dumps(middle)}\n"
    source = Source("a.yaml", written)

    text = Text(written, source)
    for key in ("f", "v"):
        [root] = parse(text)
        assert isinstance(root, Mapping)
        holder = root.get("data") if key == "f" else root
        assert isinstance(holder, Mapping)
        scalar = holder.get(key)
        assert isinstance(scalar, Scalar)
        text = Text(scalar.value, source, scalar, _map(scalar))
    [root] = parse(text)
    assert isinstance(root, Mapping)
    image = root.get("image")
    assert isinstance(image, Scalar)

    position = text.root_end(_map(image).end(len(image.value)))

    assert written[:position].endswith("quay.io/a/b:1")
    assert text.root_start(image.start) == written.index('\\"')


def _with_words(text: Text, found: list[Scalar]) -> tuple[list[Splice], list[str]]:
    """Write a word behind the last character of each value that has one."""
    splices: list[Splice] = []
    values: list[str] = []
    for scalar in found:
        place = len(scalar.value.rstrip(WHITE_SPACE))
        if place:
            position = text.root_end(_map(scalar).end(place))
            splices.append(Splice(position, position, WORD))
        values.append(scalar.value[:place] + (WORD if place else "") + scalar.value[place:])
    return splices, values


def test_every_value_of_every_real_file_can_be_written_into(
    corpus: list[Source], scalars: Callable[[list[Node]], list[Scalar]]
) -> None:
    count = 0
    for text, chunk in _documents(corpus):
        splices, values = _with_words(text, scalars(parse(text, chunk)))
        written = _written(text, splices, chunk)
        assert [one.value for one in scalars(_parse_anew(written))] == values, text.source.name
        count += len(splices)
    assert count > 150_000


def test_every_value_of_the_texts_inside_real_files_can_be_written_into(
    corpus: list[Source], scalars: Callable[[list[Node]], list[Scalar]]
) -> None:
    count = 0
    for text, chunk in _documents(corpus):
        for number, holder in enumerate(scalars(parse(text, chunk))):
            splices, values = _with_words(*_inside(holder, scalars))
            if splices:
                again = scalars(_parse_anew(_written(text, splices, chunk)))
                inside = scalars(_parse_anew(again[number].value))
                assert [one.value for one in inside] == values, text.source.name
                count += len(splices)
    assert count > 3_000


def _documents(corpus: list[Source]) -> Iterator[tuple[Text, Chunk]]:
    """Give all that parses; the rest is told of in test_template."""
    for source in corpus:
        text = file_text(source)
        for chunk in chunks(text.content):
            try:
                parse(text, chunk)
            except BrokenYamlError:
                continue
            yield text, chunk


def _inside(
    holder: Scalar, scalars: Callable[[list[Node]], list[Scalar]]
) -> tuple[Text, list[Scalar]]:
    """Parse the text that a scalar holds, if it holds any."""
    text = Text(holder.value, holder.text.source, holder, map_offsets(holder))
    if ": " not in holder.value or not {"\n", "{"} & set(holder.value):
        return text, []
    try:
        return text, scalars(parse(text))
    except BrokenYamlError:
        return text, []


def _written(text: Text, splices: list[Splice], chunk: Chunk) -> str:
    written = apply(text.content, splices)
    return written[chunk.start : chunk.end + len(splices) * len(WORD)]


def _parse_anew(text: str) -> list[Node]:
    return parse(Text(text, Source("again.yaml", text)))
