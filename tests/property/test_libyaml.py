"""What is made in C of libyaml's events are the very nodes that are made of PyYAML's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagelock.core.place import Source
from imagelock.document import events, libyaml
from imagelock.document.compose import Anchors, Limits
from imagelock.document.events import FastestParser
from imagelock.document.nodes import Alias, KeyBits, Mapping, Scalar, Sequence, Text
from imagelock.document.yaml import MAX_DEPTH, MAX_NODES, BrokenYamlError, chunks, parse

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"


@pytest.fixture(autouse=True, scope="module")
def _compiled() -> None:
    if libyaml._compiled() is not None:
        return
    sentence = "needs what is made in C, which was not compiled here (a compiler, Python's headers)"
    if os.environ.get("IMAGELOCK_REQUIRE_REAL_PARTS"):
        pytest.fail(sentence)
    pytest.skip(sentence)


class Bits(KeyBits):
    """Every key that begins with an i tells something."""

    telling = 1

    def __missing__(self, key: str) -> int:
        return key.startswith("i") + 2 * key.startswith("k")


# One piece of YAML after the other makes a text that is often YAML.
PIECES = (
    *(
        "a: ",
        "image: ",
        "kind: ",
        "- ",
        "- - ",
        "? ",
        ": ",
        "\n",
        "\n  ",
        "\n    ",
        "\n      ",
        " ",
    ),
    *("|\n", "|-\n    ", ">+\n    ", "|2\n", '"', "'", "\\n", "\\", "''", "[", "]", "{", "}", ","),
    *(
        "x",
        "1",
        "nginx:1",
        "a/b",
        "IMAGE",
        "#",
        " # why",
        "é",
        "🚀",
        "\u2028",
        "\x85",
        "\r\n",
        "\t",
    ),
    *("&x ", "*x", "!!str ", "---\n", "...\n", "%YAML 1.1\n", "~", "", "it's", "a: b", "[a, b]"),
    *("{a: b, c: [d]}", "\x00", "\ufeff", "key with words: ", "<<: ", "\n\n", "\r", "\n- "),
)


def by_events(content: str) -> list[object] | None:
    try:
        return [told(root) for root in parse(_text(content), parser=FastestParser)]
    except BrokenYamlError:
        return None


def in_c(content: str) -> list[object] | None:
    try:
        roots = libyaml.compose(content, Anchors(_text(content), 0), Limits(MAX_DEPTH, MAX_NODES))
    except BrokenYamlError:  # only an alias is broken there
        assert "*" in content
        return None
    return None if roots is None else [told(root) for root in roots]


def _text(content: str) -> Text:
    return Text(content, Source("a.yaml", content), key_bits=Bits())


def told(node: object) -> object:
    """Return all that is known of a node, as a value that can be compared."""
    if isinstance(node, Scalar):
        return node.value, node.start, node.end, node.style, node.anchor, node.tag
    if isinstance(node, Mapping):
        pairs = [(told(key), told(value)) for key, value in node.pairs]
        return "mapping", node.start, node.anchor, node.bits, node.is_dull, pairs
    if isinstance(node, Sequence):
        items = [told(item) for item in node.items]
        return "sequence", node.start, node.anchor, node.is_dull, items
    assert isinstance(node, Alias)
    return "alias", node.start, node.end, told(node.target)


@pytest.mark.parametrize(
    "content",
    [
        "a",
        "a: b",
        "a:\n",
        "a: \n\nb:   # why\n",
        "{a, b: , c: d}",
        "a: |",
        "a: |2-",
        "a: |2\n   x\n  y\n",
        "a: >-\n  x\n  y\n\nb: |+\n  z\n\n",
        'a: \'it\'\'s\'\nb: "x\\ny"\nc: "\\L"\nd: "\\N"\n',
        "a: x\n  y\n",
        "[a\nb]",
        "a\nb",
        "k: 'x\n  y'\n",
        "- - a\n  - b\n-\n  - c\n",
        "%YAML 1.1\n---\na: b\n...\n---\nc\n",
        "a: it's\r\nb: c\r\n",
        "é: ü # ö\nimage: 🚀:1\n",
        "? a\n: b\n? c\n",
        '{"a":"b","c":["d",{"e":null}]}',
        "a: &x b\nc: *x\n",
        "&x\na: b\n",
        "a: &x\nb: *x\n",
        "a: &x\n  image: b\nc:\n  <<: *x\n",
        "a: &x [b, &y c]\nd: [*x, *y]\n---\n&x a\n---\nb\n",
        "a: !!str b\n",
        "a: ! b\n",
        "- !x\n  a: b\n",
        "{a: !x b}",
        '{"a":&x b}',
        "- [{a: b}, {a: b}]\n" * 3000,
        "- - - - - - a\n",
        "a: [IMAGE]\nb: {i: 1}\nc: {kind: x}\n",
        "",
        "# nothing\n",
        "---\n---\n",
    ],
)
def test_the_nodes_are_those_of_the_events(content: str) -> None:
    assert in_c(content) == by_events(content)
    assert in_c(content) is not None


@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
def test_no_text_gives_other_nodes(written: str) -> None:
    content = written.lstrip("\ufeff")  # as `parse` hands it on
    nodes = in_c(content)

    assert nodes == by_events(content)


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_no_text_inside_a_manifest_gives_other_nodes(content: str) -> None:
    inside = content.replace("\n", "\n    ")
    manifest = f"image: nginx\nspec:\n  a:\n    {inside}\n  b: [c]\n"
    nodes = in_c(manifest)

    assert nodes == by_events(manifest)


@pytest.mark.parametrize(
    "content",
    [
        "a: *nothing\n",
        "a: &x [*x]\n",
        "&x a\n---\n*x\n",
        "a: b: c\n",
        'a: "b\n',
        "[" * 100_000,
        "- " * 100_000 + "a",
        "? " * 100_000 + "a",
        "- ? " * 100_000 + "a",
        "-\t" * 100_000 + "a",
        "".join(f"{' ' * level}a:\n" for level in range(MAX_DEPTH + 2)),
        "a: \ud800",
        "a: \x01",
        "\x00",
    ],
)
def test_what_is_broken_is_left_to_pyyaml_which_tells_the_place(content: str) -> None:
    assert in_c(content) is None
    assert by_events(content) is None
    with pytest.raises(BrokenYamlError) as told_by_default:
        parse(_text(content))
    with pytest.raises(BrokenYamlError) as told_by_events:
        parse(_text(content), parser=FastestParser)
    assert told_by_default.value.offset == told_by_events.value.offset


@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
def test_both_ways_find_the_same_texts_sound_and_those_can_be_parsed(written: str) -> None:
    content = written.lstrip("\ufeff")  # as it is handed on
    is_sound = libyaml.is_sound(content, MAX_DEPTH)

    assert is_sound == events.is_sound(content, MAX_DEPTH)
    if is_sound:
        parse(_text(content))


@pytest.mark.parametrize(
    "content", ["[" * 100_000, "- " * 1000 + "a", "a: b: c", "a: *b", "\ud800"]
)
def test_what_is_broken_or_too_deep_is_not_sound(content: str) -> None:
    assert not libyaml.is_sound(content, MAX_DEPTH)
    assert not events.is_sound(content, MAX_DEPTH)


def test_a_failure_in_between_leaves_nothing_behind() -> None:
    class Failing(Bits):
        def __missing__(self, key: str) -> int:
            if key == "z":
                raise MemoryError
            return super().__missing__(key)

    content = "a: &x\n  b: [c, {d: e}]\nf: {z: 1}\n"
    text = Text(content, Source("a.yaml", content), key_bits=Failing())

    with pytest.raises(MemoryError):
        parse(text)


def test_the_real_files_have_the_same_nodes() -> None:
    if not CORPUS.exists():
        pytest.skip("needs ../shared/corpus, which is not on this machine")
    loaded = 0
    for path in sorted(CORPUS.rglob("*.y*ml")):
        text = path.read_bytes().decode("utf-8", errors="replace").removeprefix("\ufeff")
        for chunk in chunks(text):
            content = text[chunk.start : chunk.end]
            nodes = in_c(content)
            loaded += nodes is not None
            assert nodes == by_events(content), path

    assert loaded > 400


def test_where_nothing_was_compiled_all_is_read_by_events(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libyaml, "_compiled", lambda: None)
    content = "a: b\n" * 200

    assert in_c(content) is None
    assert len(parse(_text(content))) == 1


def test_a_library_of_another_kind_is_not_used() -> None:
    from imagelock.document import _libyaml

    assert not _libyaml.use("/nowhere/libyaml.so")
    assert not _libyaml.use(_libyaml.__file__)
    assert in_c("a: b") == by_events("a: b")
