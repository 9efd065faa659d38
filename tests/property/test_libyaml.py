"""The system's libyaml gives the very nodes that PyYAML's events give, or none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagelock.core.place import Source
from imagelock.document import libyaml
from imagelock.document.nodes import Alias, KeyBits, Mapping, Scalar, Sequence, Text
from imagelock.document.yaml import MAX_DEPTH, BrokenYamlError, FastestParser, chunks, parse

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"


@pytest.fixture(autouse=True, scope="module")
def _libyaml() -> None:
    if libyaml._library() is not None:
        return
    sentence = "needs libyaml, which is not on this machine (Debian: libyaml-0-2)"
    if os.environ.get("IMAGELOCK_REQUIRE_REAL_PARTS"):
        pytest.fail(sentence)
    pytest.skip(sentence)


class Bits(KeyBits):
    """Every key that begins with an i tells something."""

    telling = 1

    def __missing__(self, key: str) -> int:
        return key.startswith("i") + 2 * key.startswith("k")


def test_nodes_are_made_in_c_where_there_is_a_compiler() -> None:
    if libyaml._compose is libyaml._compose_in_python:
        sentence = "needs imagelock.document._nodes, which was not compiled here"
        if os.environ.get("IMAGELOCK_REQUIRE_REAL_PARTS"):
            pytest.fail(sentence)
        pytest.skip(sentence)

    assert type(libyaml._compose).__name__ == "builtin_function_or_method"


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
        # A parser of another name: libyaml is not asked then.
        roots = parse(_text(content), parser=lambda text: FastestParser(text))  # noqa: PLW0108
    except BrokenYamlError:
        return None
    return [told(root) for root in roots]


def by_libyaml(content: str) -> list[object] | None:
    """Return the nodes that are made in C and those made in Python, which are the same."""
    roots = libyaml.load(_text(content), content, 0, MAX_DEPTH)
    nodes = None if roots is None else [told(root) for root in roots]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(libyaml, "_compose", libyaml._compose_in_python)
        roots = libyaml.load(_text(content), content, 0, MAX_DEPTH)
    assert nodes == (None if roots is None else [told(root) for root in roots])
    return nodes


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
        "a: [IMAGE]\nb: {i: 1}\nc: {kind: x}\n",
        "",
        "# nothing\n",
        "---\n---\n",
    ],
)
def test_the_nodes_are_those_of_the_events(content: str) -> None:
    assert by_libyaml(content) == by_events(content)
    assert by_libyaml(content) is not None


@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
def test_no_text_gives_other_nodes(written: str) -> None:
    content = written.lstrip("\ufeff")  # as `parse` hands it on
    nodes = by_libyaml(content)

    assert nodes is None or nodes == by_events(content)


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_no_text_inside_a_manifest_gives_other_nodes(content: str) -> None:
    inside = content.replace("\n", "\n    ")
    manifest = f"image: nginx\nspec:\n  a:\n    {inside}\n  b: [c]\n"
    nodes = by_libyaml(manifest)

    assert nodes is None or nodes == by_events(manifest)


@pytest.mark.parametrize(
    "content",
    [
        "a: &x b\nc: *x\n",
        "&x\na: b\n",
        "a: !!str b\n",
        "a: ! b\n",
        "- !x\n  a: b\n",
        "{a: !x b}",
        '{"a":&x b}',
        "a: *nothing\n",
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
    ],
)
def test_what_is_not_plain_is_left_to_pyyaml(content: str) -> None:
    assert by_libyaml(content) is None


def test_the_real_files_have_the_same_nodes() -> None:
    if not CORPUS.exists():
        pytest.skip("needs ../shared/corpus, which is not on this machine")
    loaded = 0
    for path in sorted(CORPUS.rglob("*.y*ml")):
        text = path.read_bytes().decode("utf-8", errors="replace").removeprefix("\ufeff")
        for chunk in chunks(text):
            content = text[chunk.start : chunk.end]
            nodes = by_libyaml(content)
            loaded += nodes is not None
            assert nodes is None or nodes == by_events(content), path

    assert loaded > 400


def test_without_the_library_all_is_read_by_events(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libyaml, "_LIBRARY", "libyaml-that-is-not-here.so")
    libyaml._library.cache_clear()
    try:
        assert by_libyaml("a: b") is None
        assert libyaml._library() is None
        content = "a: b\n" * 200
        assert len(parse(_text(content))) == 1
    finally:
        libyaml._library.cache_clear()
