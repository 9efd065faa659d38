"""Nodes with exact offsets, streams cut into chunks, and what is no YAML."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from imagelock.core.place import Source
from imagelock.document.nodes import Alias, Mapping, Scalar, Sequence, Text
from imagelock.document.pure import PurePythonParser
from imagelock.document.yaml import MAX_DEPTH, BrokenYamlError, chunks, file_text, parse

if TYPE_CHECKING:
    from collections.abc import Callable

    from imagelock.document.nodes import Node


def _cut(text: str) -> list[str]:
    return [text[chunk.start : chunk.end] for chunk in chunks(text)]


@pytest.mark.parametrize(
    ("written", "raw"),
    [
        ("quay.io/a/b:1", "quay.io/a/b:1"),
        ("quay.io/a/b:1 # why", "quay.io/a/b:1"),
        ("a#b \t", "a#b"),
        ("'it''s'", "'it''s'"),
        ('"é\\n😀"', '"é\\n😀"'),
        ("a\n  b\n  c", "a\n  b\n  c"),
        ("&x a", "a"),
        ("!!str a", "a"),
        ("&x !!str a", "a"),
        ("!!str &x 'a'", "'a'"),
        ("&x\n  a", "a"),
        ("!own # why\n\n  # 'so'\n  \"a\"", '"a"'),
        ("!<tag:example.invalid,2000:own> a", "a"),
        ("!e%21x |\n  a\n", "|\n  a\n"),
        ("! a", "a"),
        ("&x \u00a0a", "\u00a0a"),
        ("&x-1_y a", "a"),
        ("|\n  a\n  b\n", "|\n  a\n  b\n"),
        (">2- # why\n   a\n", ">2- # why\n   a\n"),
    ],
)
def test_a_scalar_stands_from_its_first_character_to_its_last(
    read: Callable[[str], list[Node]], written: str, raw: str
) -> None:
    [root] = read(f"é: {written}\n".removesuffix("\n\n") + "\n")

    assert isinstance(root, Mapping)
    value = root.get("é")
    assert isinstance(value, Scalar)
    assert value.raw.rstrip("\n") == raw.rstrip("\n")


@pytest.mark.parametrize(
    ("text", "before"),
    [
        ("a:", "a:"),
        ("a: \nb: 1", "a:"),
        ("a:   # why\nb: 1", "a:"),
        ("a:\n\n  # why\nb: 1", "a:"),
        ("a: &x\nb: 1", "a: &x"),
        ("a: !!str # why\nb: 1", "a: !!str"),
        ("- \n- b", "-"),
        ("? \n: b", "?"),
        ("{a: , b: 1}", "{a:"),
        ("{a:   \n}", "{a:"),
        ("[a: , b]", "[a:"),
        ('{"a":}', '{"a":'),
        ("{a, b}", "{a"),
        ("{a- , b}", "{a-"),
    ],
)
def test_an_empty_scalar_stands_where_it_could_be_written(
    read: Callable[[str], list[Node]],
    scalars: Callable[[list[Node]], list[Scalar]],
    text: str,
    before: str,
) -> None:
    empty = next(scalar for scalar in scalars(read(text)) if not scalar.value)

    assert text[: empty.start] == before
    assert empty.end == empty.start


def test_an_alias_knows_its_target_and_repeats_none_of_it(
    read: Callable[[str], list[Node]],
) -> None:
    [root] = read("a: &x {b: 1}\nc: *x\nd: &x 2\ne: [*x, *x]\n")

    assert isinstance(root, Mapping)
    first, second, third = (value for _, value in root.pairs if not isinstance(value, Scalar))
    assert isinstance(second, Alias)
    assert second.target is first
    assert (second.start, second.end) == (16, 18)
    assert root.get("c") is first
    assert isinstance(third, Sequence)
    assert [alias.target for alias in third.items if isinstance(alias, Alias)] == [
        root.get("d"),
        root.get("d"),
    ]


def test_an_anchor_holds_for_its_own_document() -> None:
    text = "a: &x 1\n---\nb: *x\n"
    _, second = chunks(text)

    with pytest.raises(BrokenYamlError, match="'\\*x' has no anchor") as raised:
        parse(Text(text, Source("a.yaml", text)), second)

    assert raised.value.offset == text.index("*")


@pytest.mark.parametrize(
    ("text", "problem", "at"),
    [
        ("a: b: c", "mapping values are not allowed", ": c"),
        ("a: *b", "the alias '*b' has no anchor", "*b"),
        ("a: &x 1\r---\rb: *x", "the alias '*x' has no anchor", "*x"),
        ("a: &a [*a]", "the alias '*a' is inside what it repeats", "*a"),
        ("a: &a 1\nb: &a {c: *a}", "the alias '*a' is inside what it repeats", "*a"),
        ("é: é\x07", "the character U+0007 is not allowed", "\x07"),
        ("é: \x00", "the character U+0000 is not allowed", "\x00"),
        ("é: \x7f", "the character U+007F is not allowed", "\x7f"),
        ("é😀: \ud800", "the character U+D800 is not allowed", "\ud800"),
        ("a: \ufffe", "the character U+FFFE is not allowed", "\ufffe"),
        ('a: "\\q"', "found unknown escape character", None),
        ('a: "\\ud800"', "found invalid Unicode character escape code", None),
        ('a: "\\U00110000"', "found invalid Unicode character escape code", None),
        ('a: "\\xzz"', "hex|unexpected|expected escape", None),
        ('a: "b', "found unexpected end of stream", None),
        ("a: 'b", "found unexpected end of stream", None),
        ("\ta: 1", "cannot start any token", None),
        ("a:\n\tb: 1", "cannot start any token", "\tb"),
        ("a: [b", "did not find expected ',' or ']'|expected ',' or ']'", None),
        ("x" * 1025 + ": 1", "mapping values are not allowed", ": 1"),
        ("a: @b", "cannot start any token", "@b"),
        ("a: %b", "cannot start any token", "%b"),
        ("%YAML 1.1", "<document start>", None),
        ("!e!f a", "found undefined tag handle", None),
        ("a: 1\n b: 2", "mapping values are not allowed", ": 2"),
        ("- a\nb: 1", "block|expected '-' indicator", None),
        ("--- |\nfoo: {", "", None),
    ],
)
def test_what_is_no_yaml_is_one_error_with_its_place(
    read: Callable[[str], list[Node]], text: str, problem: str, at: str | None
) -> None:
    with pytest.raises(BrokenYamlError) as raised:
        read(text)

    assert any(part in raised.value.problem for part in problem.split("|"))
    assert 0 <= raised.value.offset <= len(text)
    if at is not None:
        assert text[raised.value.offset :].startswith(at)


def test_a_place_in_a_chunk_counts_from_the_beginning_of_the_text(
    parser: Callable[[str], Any],
) -> None:
    text = "é: 1\n---\na: 2\n---\nb: &x 'c\n"
    source = Source("a.yaml", text)
    first, second, third = chunks(text)

    [node] = parse(Text(text, source), second, parser=parser)

    assert isinstance(node, Mapping)
    value = node.get("a")
    assert isinstance(value, Scalar)
    assert text[value.start : value.end] == "2"
    assert first.end == second.start
    with pytest.raises(BrokenYamlError) as raised:
        parse(Text(text, source), third, parser=parser)
    assert raised.value.offset > third.start


@pytest.mark.parametrize("marks", ["\ufeff", "\ufeff\ufeff"])
def test_a_byte_order_mark_inside_a_value_moves_no_offset(
    read: Callable[[str], list[Node]], marks: str
) -> None:
    [root] = read(f"{marks}image: x:1\n")

    assert isinstance(root, Mapping)
    value = root.get("image")
    assert isinstance(value, Scalar)
    assert value.raw == "x:1"


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r", "\x85", "\u2028"])
def test_any_line_break_of_yaml_is_one(read: Callable[[str], list[Node]], line_break: str) -> None:
    [root] = read("a: b\nc:\n- d\n".replace("\n", line_break))

    assert isinstance(root, Mapping)
    items = root.get("c")
    assert isinstance(items, Sequence)
    [item] = items.items
    assert isinstance(item, Scalar)
    assert item.raw == "d"


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", []),
        ("a", ["a"]),
        ("a\n---\nb\n", ["a\n", "---\nb\n"]),
        ("---\na\n", ["---\na\n"]),
        ("# why\n\n---\na\n", ["# why\n\n---\na\n"]),
        ("---\n---\n", ["---\n", "---\n"]),
        ("--- a\n--- b", ["--- a\n", "--- b"]),
        ("---\ta\n", ["---\ta\n"]),
        ("a\n---", ["a\n", "---"]),
        ("a\n---b\n--- b\n", ["a\n---b\n", "--- b\n"]),
        ("a\n ---\n", ["a\n ---\n"]),
        ("a\n...\n", ["a\n...", "\n"]),
        ("a\n... \t# why\nb\n", ["a\n... \t", "# why\nb\n"]),
        ("a\n...\n...\n---\nb", ["a\n...", "\n---\nb"]),
        ("...\na", ["...", "\na"]),
        ("%YAML 1.1\n---\na\n", ["%YAML 1.1\n---\na\n"]),
        ("a\n...\n%YAML 1.1\n# why\n---\nb", ["a\n...", "\n%YAML 1.1\n# why\n---\nb"]),
        (
            "a: |\n  b\n%YAML 1.1\n%TAG !e! f\n---\nb",
            ["a: |\n  b\n", "%YAML 1.1\n%TAG !e! f\n---\nb"],
        ),
        ("a\r\n---\r\nb\r\n", ["a\r\n", "---\r\nb\r\n"]),
        ("a: |\n  ---\n  ...\nb: 1\n", ["a: |\n  ---\n  ...\nb: 1\n"]),
    ],
)
def test_a_stream_is_cut_at_its_marks(text: str, pieces: list[str]) -> None:
    assert _cut(text) == pieces


def test_documents_between_lone_carriage_returns_are_cut_apart(
    read: Callable[[str], list[Node]],
) -> None:
    text = "a: 1\r---\rb: 2\r"

    assert _cut(text) == ["a: 1\r", "---\rb: 2\r"]
    assert len(read(text)) == 2


def test_what_has_too_many_nodes_is_refused(
    read: Callable[[str], list[Node]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imagelock.document.yaml.MAX_NODES", 10)

    assert len(read("- a\n" * 10)) == 1
    with pytest.raises(BrokenYamlError, match="more than 10 nodes") as caught:
        read("- a\n" * 11)
    assert caught.value.offset == 42


def test_a_large_text_is_read_in_pieces_with_the_same_offsets(
    read: Callable[[str], list[Node]], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "".join(f"- é{number}: 🚀 # why\n" for number in range(500))
    whole = read(text)
    monkeypatch.setattr("imagelock.document.events._LARGE", 100)

    assert _described(read(text)) == _described(whole)


def _described(roots: list[Node]) -> list[object]:
    (sequence,) = roots
    assert isinstance(sequence, Sequence)
    return [
        (getattr(part, "value", ""), part.start, getattr(part, "end", 0))
        for item in sequence.items
        if isinstance(item, Mapping)
        for pair in item.pairs
        for part in pair
    ]


def test_an_empty_document_is_an_empty_scalar_and_a_comment_is_none(
    read: Callable[[str], list[Node]],
) -> None:
    assert read("# why\n") == []
    [empty] = read("---\n")
    assert isinstance(empty, Scalar)
    assert empty.is_null


@pytest.mark.parametrize("opening", ["- ", "[", "{a: ", "[{a: ", "? "])
def test_levels_are_counted_and_never_followed_too_deep(
    read: Callable[[str], list[Node]], opening: str
) -> None:
    with pytest.raises(BrokenYamlError, match=f"nested more than {MAX_DEPTH} levels"):
        read(opening * 100_000)


def test_levels_by_indentation_are_counted_too(read: Callable[[str], list[Node]]) -> None:
    text = "".join(f"{' ' * level}a:\n" for level in range(MAX_DEPTH + 1))

    with pytest.raises(BrokenYamlError) as raised:
        read(text)

    assert raised.value.offset == text.rindex("a:")


def test_a_bomb_of_aliases_stays_as_small_as_it_is_written(
    read: Callable[[str], list[Node]], scalars: Callable[[list[Node]], list[Scalar]]
) -> None:
    levels = [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 30)]

    assert len(scalars(read("\n".join(["l0: &l0 [x]", *levels])))) == 31


def test_of_a_large_document_nothing_is_lost(read: Callable[[str], list[Node]]) -> None:
    [root] = read("a: " + "x" * 2_000_000 + "\n? " + "y" * 100_000 + "\n: b\n")

    assert isinstance(root, Mapping)
    assert len(root.text_of("a") or "") == 2_000_000
    assert root.text_of("y" * 100_000) == "b"


def test_a_file_is_parsed_with_its_templates_masked() -> None:
    text = file_text(Source("a.yaml", "{{- if .a }}\na: {{ .b }}\n{{- end }}\n"))

    [root] = parse(text)

    assert isinstance(root, Mapping)
    assert [key.raw for key, _ in root.pairs if isinstance(key, Scalar)] == ["a"]


@pytest.mark.parametrize(
    "text",
    [
        '{"a": "\\ud83d\\ude00", "image": "b"}',
        '{"a": "\\uD83D\\uDE00\\ud83d", "image": "b"}',
        "a: '\\udead'\nimage: b\n",
    ],
)
def test_json_with_halves_of_characters_is_parsed_to_look_for_images(
    text: str, parser: Callable[[str], Any]
) -> None:
    [root] = parse(file_text(Source("a.json", text)), parser=parser)

    assert isinstance(root, Mapping)
    image = root.get("image")
    assert isinstance(image, Scalar)
    assert text[image.start : image.end].strip('"') == "b"


def test_without_libyaml_everything_is_read_all_the_same() -> None:
    program = (
        "import sys; sys.modules['yaml._yaml'] = None\n"
        "from imagelock.core.place import Source\n"
        "from imagelock.document.data import load_documents\n"
        "from imagelock.document import libyaml\n"
        "from imagelock.document.events import FastestParser\n"
        "libyaml._compiled = lambda: None\n"
        "print(FastestParser.__name__, load_documents(Source('a', 'a: [1, b] # c')))\n"
    )

    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert run.stdout == "PurePythonParser [{'a': [1, 'b']}]\n"


def test_real_files_have_the_same_nodes_with_either_parser(
    corpus: list[Source], scalars: Callable[[list[Node]], list[Scalar]]
) -> None:
    for source in corpus:
        if len(source.text) < 6_000 and source.name not in NOT_YAML:
            text = file_text(source)
            for chunk in chunks(text.content):
                fast = scalars(parse(text, chunk))
                in_python = scalars(parse(text, chunk, parser=PurePythonParser))
                assert [_told(one) for one in fast] == [_told(one) for one in in_python]


NOT_YAML = {"longhorn+longhorn/dev/scale-test/statefulset.yaml"}


def _told(scalar: Scalar) -> tuple[object, ...]:
    return (scalar.value, scalar.start, scalar.end, scalar.style, scalar.anchor, scalar.tag)
