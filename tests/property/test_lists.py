"""Laws of the lists and of the lock that is made from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from imagelock.core.place import FilePlace, Source
from imagelock.core.reference import ImageReference
from imagelock.decide.lock import Built, Refused, build_lock
from imagelock.errors import InputError, InputErrors
from imagelock.syntax.lists import (
    Published,
    parse_allow_list,
    parse_external,
    parse_references,
    render_references,
)
from imagelock.syntax.lockfile import parse_lock, render_lock

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

_NAMES = st.sampled_from(["app", "acme/api", "quay.io/acme/api", "r:5000/x", "docker.io/nginx"])
_TAGS = st.sampled_from(["", ":1", ":2", ":1.0-rc.1"])
_DIGESTS = st.sampled_from(["a", "b", "c"]).map(lambda digit: f"@sha256:{digit * 64}")
PINNED = st.builds(lambda name, tag, digest: name + tag + digest, _NAMES, _TAGS, _DIGESTS)
PUBLISHED = st.builds(
    lambda name, tag, digest: name + tag + digest, _NAMES, _TAGS, st.one_of(_DIGESTS, st.just(""))
)
_PIECES = st.one_of(
    PINNED,
    _NAMES,
    st.sampled_from(
        ["#", " # why", "\n", "\r\n", "\t", "<<<<<<< HEAD", "=======", "\x00", "\u202e"]
    ),
    st.text(max_size=8),
)
FILES = st.lists(_PIECES, max_size=12).map("".join)
_NOISE = st.sampled_from(["", "# a comment", "   ", "\t# another"])
_LINE_ENDS = st.sampled_from(["\n", "\r\n"])


@given(FILES)
def test_any_file_is_read_or_refused_with_a_place_inside_it(text: str) -> None:
    readers: list[Callable[[Source], object]] = [
        parse_external,
        parse_allow_list,
        parse_references,
        parse_lock,
    ]
    for read in readers:
        try:
            read(Source("list", text))
        except InputError as error:
            _assert_inside(error, text)
        except InputErrors as errors:
            for mistake in errors.errors:
                _assert_inside(mistake, text)


@given(st.lists(PINNED, max_size=6), st.data())
def test_comments_blank_lines_and_line_ends_mean_nothing(
    lines: list[str], data: st.DataObject
) -> None:
    noisy = "".join(
        f"{data.draw(_NOISE)}{(end := data.draw(_LINE_ENDS))}{line}  # why{end}" for line in lines
    )

    plain = parse_external(Source("plain", "\n".join(lines)))

    assert [entry.reference for entry in parse_external(Source("noisy", noisy))] == [
        entry.reference for entry in plain
    ]


@given(st.lists(PUBLISHED, max_size=6))
def test_what_a_job_publishes_is_what_is_read(lines: list[str]) -> None:
    references = tuple(map(ImageReference.parse, lines))

    read = parse_references(Source("job", render_references(references)))

    assert [str(published.reference) for published in read] == lines


@given(st.lists(PINNED, max_size=6), st.lists(st.tuples(st.sampled_from("xyz"), PUBLISHED)))
def test_a_lock_that_is_written_can_be_read_and_written_again(
    external: list[str], built: list[tuple[str, str]]
) -> None:
    made = _build(external, built)
    if isinstance(made, Refused):
        return

    text = render_lock(made.lock)

    assert parse_lock(Source("images.lock", text)) == made.lock
    assert render_lock(parse_lock(Source("images.lock", text))) == text
    assert len(set(text.splitlines())) == len(text.splitlines())


@given(
    st.lists(PINNED, max_size=4),
    st.dictionaries(st.sampled_from("vwxyz"), st.lists(PUBLISHED, max_size=3)),
    st.randoms(use_true_random=False),
)
def test_the_lock_does_not_depend_on_the_order_in_which_files_are_found(
    external: list[str], files: dict[str, list[str]], random: Random
) -> None:
    names = sorted(files)
    shuffled = random.sample(names, len(names))

    one = _build(external, [(name, line) for name in names for line in files[name]])
    other = _build(external, [(name, line) for name in shuffled for line in files[name]])

    assert type(one) is type(other)
    if isinstance(one, Built) and isinstance(other, Built):
        assert render_lock(one.lock) == render_lock(other.lock)


@given(st.lists(PINNED, max_size=6), st.lists(st.tuples(st.sampled_from("xyz"), PUBLISHED)))
def test_a_build_job_never_changes_what_an_external_pin_means(
    external: list[str], built: list[tuple[str, str]]
) -> None:
    alone, together = _build(external, []), _build(external, built)
    if isinstance(alone, Refused) or isinstance(together, Refused):
        return

    for line in external:
        image = ImageReference.parse(line)
        if image.tag is not None:
            bare = ImageReference.parse(line.partition("@")[0])
            assert together.lock.match(bare) == alone.lock.match(bare)


def _build(external: list[str], built: list[tuple[str, str]]) -> Built | Refused:
    allowed = parse_allow_list(Source("acme-images", "app\nacme/api\nr:5000/x\n"))
    pins = parse_external(Source("external_images", "\n".join(external)))
    published = [
        Published(ImageReference.parse(line), FilePlace(f"image_references/{name}", number))
        for number, (name, line) in enumerate(built, 1)
    ]
    return build_lock(pins, allowed, published)


def _assert_inside(error: InputError, text: str) -> None:
    place = error.place
    if not isinstance(place, FilePlace) or not place.line:
        return
    lines = text.split("\n")
    assert 1 <= place.line <= len(lines)
    assert 1 <= place.column <= len(lines[place.line - 1]) + 1
    assert "\x00" not in str(error)
