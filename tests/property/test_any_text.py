"""Laws of the document floor that hold for every text, however broken."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from hypothesis import assume, example, given
from hypothesis import strategies as st

from imagelock.core.place import Source
from imagelock.document.data import load_documents
from imagelock.document.events import FastestParser
from imagelock.document.nodes import Alias, Mapping, Node, Scalar, Sequence, Text
from imagelock.document.pure import PurePythonParser
from imagelock.document.scalar import map_offsets
from imagelock.document.template import has_templates, mask_templates
from imagelock.document.yaml import BrokenYamlError, Chunk, chunks, parse
from imagelock.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_WORDS = [
    *("  ", "\n  ", "- ", ": ", "---\n", "...\n", "%TAG !e! x\n", "%YAML 1.1\n", "!e!f ", "&a "),
    *("*a", "!!str ", "!<tag:x,y> ", "|\n", "|2-\n", ">+\n", "\\x41", "\\ud800", "\\U00110000"),
    *("<<: ", "a: b\n", "1", "0x1f", ".5", "!!int ", "{{ x }}", "{{/*", "*/}}", "{{- if }}\n"),
    *('{{ "', "{{`", "{{ else }} []", "{{ x | nindent 2 }}", "a: |\n"),
    *("{% if %}", "{%- else -%}", "{#", "#}", "\n{# ", "{{ if x }}a: ", "{{ end -}}  - ", "\r"),
]
_CHARACTERS = "ab:#-?,[]{}&*!|>'\"%@ \n\t\r\\é😀\x85\u2028\x00\x07\x7f\ud800\ufeff\uffff"
_PIECES = st.sampled_from([*_CHARACTERS, *_WORDS])
_ANYTHING = st.lists(_PIECES, max_size=16).map("".join)


@given(_ANYTHING, st.sampled_from([None, FastestParser, PurePythonParser]))
@example('"\\U00110000"', PurePythonParser)
@example('"\\ud800"', PurePythonParser)
@example("éé\ud800", FastestParser)
@example("éé\x00", None)
def test_every_text_is_yaml_or_has_a_problem_inside_it(
    text: str, parser: Callable[[str], Any] | None
) -> None:
    for chunk in chunks(text):
        try:
            nodes = parse(Text(text, Source("a.yaml", text)), chunk, parser=parser)
        except BrokenYamlError as error:
            _assert_tells_where(error, chunk)
        else:
            for scalar in _scalars(nodes):
                assert chunk.start <= scalar.start <= scalar.end <= chunk.end
                map_offsets(scalar)


@given(_ANYTHING)
@example("a\n...\n...\n")
@example("a\n...\t\n")
@example("a: |\n  b\n%YAML 1.1\n---\nc\n")
def test_cut_into_chunks_a_stream_has_the_documents_that_it_has_as_a_whole(text: str) -> None:
    whole = _shapes(text, [Chunk(0, len(text))], FastestParser)
    # No one ends only some lines with other breaks, or begins a line of words with a directive.
    assume(not re.search("[\r\x85\u2028][.][.][.]", text))
    assume(whole is not None and not re.search("[^\n].*\n%", text.replace("\x85", "\n")))

    assert _shapes(text, list(chunks(text)), FastestParser) == whole


@given(_ANYTHING)
@example("a: [b, {c: , d: e}, f: ]\n")
def test_the_parser_in_python_gives_the_nodes_of_the_fast_one_or_refuses(text: str) -> None:
    fast = _shapes(text, list(chunks(text)), FastestParser)
    in_python = _shapes(text, list(chunks(text)), PurePythonParser)
    # What its docstring says: a mark inside a text, and a comment inside a flow.
    assume(fast is not None and in_python is not None)
    assume("\ufeff" not in text and not re.search(r"[{\[](.|\n)*#", text))

    assert in_python == fast


@given(_ANYTHING)
def test_chunks_stand_behind_each_other_and_leave_out_no_word(text: str) -> None:
    position = 0
    for chunk in chunks(text):
        assert not text[position : chunk.start].strip(" \t\r\n\x85\u2028\ufeff.")
        assert chunk.end > chunk.start
        position = chunk.end
    assert not text[position:].strip()


@given(_ANYTHING)
@example("a: 1\n{{\rif .c }}d: 2{{ end }}\n")
def test_a_masked_text_is_as_long_and_keeps_what_is_outside_of_templates(text: str) -> None:
    masked = mask_templates(text)

    assert len(masked) == len(text)
    for line_break in "\r\n":
        assert [i for i, char in enumerate(masked) if char == line_break] == [
            i for i, char in enumerate(text) if char == line_break
        ]
    assert masked == text or has_templates(text)


@given(_ANYTHING)
def test_loading_gives_data_or_says_what_is_wrong(text: str) -> None:
    with suppress(InputError):
        json.dumps(load_documents(Source("a.yaml", text)))


def _assert_tells_where(error: BrokenYamlError, chunk: Chunk) -> None:
    assert error.problem
    assert chunk.start <= error.offset <= chunk.end


def _scalars(nodes: list[Node]) -> Iterator[Scalar]:
    left = list(nodes)
    while left:
        node = left.pop()
        if isinstance(node, Scalar):
            yield node
        elif isinstance(node, Mapping):
            left += [one for pair in node.pairs for one in pair]
        elif isinstance(node, Sequence):
            left += node.items


def _shapes(
    text: str, cut: list[Chunk], parser: Callable[[str], Any]
) -> list[tuple[object, ...]] | None:
    """Tell all of the nodes of a text; ``None`` where it is no YAML."""
    stands_in = Text(text, Source("a.yaml", text))
    try:
        roots = [root for chunk in cut for root in parse(stands_in, chunk, parser=parser)]
    except BrokenYamlError:
        return None
    return [_shape(root) for root in roots]


def _shape(node: Node) -> tuple[object, ...]:
    match node:
        case Mapping():
            pairs = [(_shape(key), _shape(value)) for key, value in node.pairs]
            return (node.start, node.anchor, pairs)
        case Sequence():
            return (node.start, node.anchor, [_shape(item) for item in node.items])
        case Alias():
            return (node.start, node.end, node.target.start)
        case Scalar():
            return (node.value, node.start, node.end, node.style, node.anchor, node.tag)
