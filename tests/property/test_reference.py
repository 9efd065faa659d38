"""Laws of the reference grammar."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from imagelock.core import grammar
from imagelock.core.reference import Digest, ImageReference, Repository
from imagelock.errors import InputError

_WORDS = st.from_regex(r"[a-z0-9]{1,8}", fullmatch=True)
_HOST_WORDS = st.from_regex(r"[a-zA-Z0-9]{1,6}", fullmatch=True)
_SEPARATORS = st.sampled_from([".", "_", "__", "-", "--", "---"])


@st.composite
def _joined(draw: st.DrawFn, words: st.SearchStrategy[str], by: st.SearchStrategy[str]) -> str:
    text = draw(words)
    for separator in draw(st.lists(by, max_size=3)):
        text += separator + draw(words)
    return text


_PATHS = st.lists(_joined(_WORDS, _SEPARATORS), min_size=1, max_size=4).map("/".join)
_HOSTS = st.one_of(
    st.just("localhost"),
    st.just("docker.io"),
    st.just("index.docker.io"),
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).map(lambda address: f"[{address}]"),
    st.lists(_joined(_HOST_WORDS, st.just("-")), min_size=2, max_size=4).map(".".join),
)
_PORTS = st.one_of(st.just(""), st.integers(0, 99999).map(lambda port: f":{port}"))
_REGISTRIES = st.one_of(st.just(""), st.builds(lambda h, p: f"{h}{p}/", _HOSTS, _PORTS))
_TAGS = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", fullmatch=True)
_DIGESTS = st.one_of(
    st.binary(min_size=32, max_size=32).map(lambda data: f"sha256:{data.hex()}"),
    st.binary(min_size=64, max_size=64).map(lambda data: f"sha512:{data.hex()}"),
)


def _maybe(strategy: st.SearchStrategy[str], mark: str) -> st.SearchStrategy[str]:
    return st.one_of(st.just(""), strategy.map(lambda text: mark + text))


def _seems_a_host(text: str) -> bool:
    """Say whether a path begins as no path may: `a_b.c/d`, where `a_b.c` is no host."""
    first, slash, _ = text.partition("/")
    return bool(slash) and "_" in first and "." in first


REFERENCES = st.builds(
    lambda registry, path, tag, digest: registry + path + tag + digest,
    _REGISTRIES,
    _PATHS,
    _maybe(_TAGS, ":"),
    _maybe(_DIGESTS, "@"),
).filter(lambda text: not grammar.is_identifier(text) and not _seems_a_host(text))
ALMOST = st.text(alphabet="aZ09./:@_-[]shA256 \n\t\x00é{}$\ud800", max_size=40)
TEXTS = st.one_of(ALMOST, st.text(st.characters(exclude_categories=()), max_size=80), REFERENCES)


@given(REFERENCES)
def test_a_generated_reference_prints_as_it_was_written(text: str) -> None:
    assert str(ImageReference.parse(text)) == text


@given(REFERENCES)
def test_the_normalised_spelling_means_the_same_and_is_its_own(text: str) -> None:
    reference = ImageReference.parse(text)

    again = ImageReference.parse(reference.normalised)

    assert again == reference
    assert hash(again) == hash(reference)
    assert again.normalised == reference.normalised
    assert Repository.parse(str(reference.repository)) == reference.repository


@given(REFERENCES, _DIGESTS)
def test_pinning_changes_the_digest_and_nothing_else(text: str, digest: str) -> None:
    reference = ImageReference.parse(text)

    pinned = ImageReference.parse(str(reference.pinned_to(Digest.parse(digest))))

    assert str(pinned) == f"{text.partition('@')[0]}@{digest}"
    assert (pinned.repository, pinned.tag) == (reference.repository, reference.tag)


@given(TEXTS)
@example("A" * 300)
@example("a" * 300)
@example("index.docker.io/" + "a" * 248)
def test_every_text_is_a_reference_or_has_a_reason_inside_it(text: str) -> None:
    if ImageReference.try_parse(text) is not None:
        return

    problem, start, end = grammar.what_is_wrong(text)

    assert 0 <= start <= end <= len(text)
    assert problem != "this is not an image ID"
    with pytest.raises(InputError, match=re.escape(problem[:30])):
        ImageReference.parse(text)


@given(TEXTS)
def test_every_text_is_a_repository_or_has_a_reason_inside_it(text: str) -> None:
    try:
        Repository.parse(text)
    except InputError:
        problem, start, end = grammar.what_is_wrong_with_name(text)
        assert 0 <= start <= end <= len(text)
        assert problem != "this is not an image ID"


@given(TEXTS)
def test_whatever_is_read_can_be_read_again(text: str) -> None:
    reference = ImageReference.try_parse(text)
    if reference is None:
        return

    assert text.isascii()
    assert text.isprintable()
    assert ImageReference.parse(reference.normalised) == reference
