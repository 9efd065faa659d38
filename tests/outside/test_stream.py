"""A stream in batches: every document whole, every line counted, nothing lost."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagelock.errors import InputError
from imagelock.outside.stream import read_batches

DOCUMENT = "---\nkind: Pod\nimage: nginx:1.27\n"


class _Dribble(io.BytesIO):
    """A pipe that gives a few bytes at a time."""

    def __init__(self, data: bytes, at_most: int) -> None:
        super().__init__(data)
        self._at_most = at_most

    def read(self, size: int | None = -1, /) -> bytes:
        asked = self._at_most if size is None or size < 0 else min(size, self._at_most)
        return super().read(asked)


@given(
    st.lists(st.sampled_from(["---\n", "a: 1\n", "# x\n", "%YAML 1.1\n", "...\n", "b: é\n"])),
    st.integers(1, 40),
    st.integers(4, 30),
)
def test_joined_the_batches_are_the_stream(parts: list[str], size: int, at_most: int) -> None:
    text = "".join(parts)

    batches = list(read_batches(_Dribble(text.encode(), at_most), "x", size=size))

    assert "".join(batch.text for batch in batches) == text
    lines = 1
    for batch in batches:
        assert batch.first_line == lines
        lines += batch.text.count("\n")


def test_a_batch_ends_where_a_document_ends() -> None:
    batches = list(read_batches(_Dribble(DOCUMENT.encode() * 50, 16), "x", size=100))

    assert len(batches) > 5
    assert all(batch.text.startswith("---\n") for batch in batches)
    assert all(batch.text.endswith("\n") for batch in batches)


def test_a_directive_stays_with_its_document() -> None:
    text = "a: 1\n...\n%YAML 1.1\n# why\n---\nb: 2\n" * 20

    batches = list(read_batches(_Dribble(text.encode(), 8), "x", size=30))

    assert not any(batch.text.rstrip().endswith(("%YAML 1.1", "# why")) for batch in batches)


def test_an_empty_stream_is_one_empty_batch() -> None:
    (batch,) = read_batches(io.BytesIO(b""), "x")

    assert batch.text == ""


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_is_set_aside_once(encoding: str) -> None:
    batches = list(read_batches(_Dribble((DOCUMENT * 9).encode(encoding), 5), "x", size=40))

    assert "".join(batch.text for batch in batches) == DOCUMENT * 9
    assert batches[0].bom
    assert not any(batch.bom for batch in batches[1:])
    written = b"".join(batch.bom + batch.text.encode(batch.encoding) for batch in batches)
    assert written == (DOCUMENT * 9).encode(encoding)


def test_what_is_no_text_is_told_with_its_line() -> None:
    data = DOCUMENT.encode() * 9 + b"town: M\xfcnchen\n"

    with pytest.raises(InputError) as caught:
        list(read_batches(_Dribble(data, 7), "pods.yaml", size=40))

    assert str(caught.value).startswith("pods.yaml:28")
    assert "0xfc" in str(caught.value)


def test_streams_of_directives_are_cut_at_the_ends_of_documents() -> None:
    text = "%YAML 1.1\n---\na: 1\n...\n" * 40

    batches = list(read_batches(_Dribble(text.encode(), 8), "x", size=60))

    assert len(batches) > 5
    assert all(batch.text.startswith("%YAML") for batch in batches if batch.text)


def test_a_document_beyond_the_limit_is_told_with_the_line_that_it_begins_at() -> None:
    data = (DOCUMENT * 9).encode() + b"---\na: " + b"x" * 1_000

    with pytest.raises(InputError) as caught:
        list(read_batches(_Dribble(data, 7), "pods.yaml", size=40, limit=500))

    assert str(caught.value).startswith("pods.yaml:28: this document has more than 500 characters")


def test_many_documents_may_be_larger_together_than_one_may_be() -> None:
    batches = list(read_batches(_Dribble(DOCUMENT.encode() * 99, 7), "x", size=40, limit=200))

    assert len(batches) > 40


def test_marks_between_which_nothing_may_be_cut_are_looked_at_once() -> None:
    data = b"a: 1\n" + b"%A b\n---\n" * 200_000

    with pytest.raises(InputError):
        list(read_batches(io.BytesIO(data), "x", size=100, limit=1_500_000))
