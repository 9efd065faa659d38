"""Each entry point as a function of bytes: it holds its laws for them, or raises.

`tests/fuzz/run.py` looks for bytes that break one, led by what they cover;
`tests/fuzz/test_targets.py` tries the seeds, and what was found once, in `make test`.
"""

from __future__ import annotations

import io
import json
from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING, Any

import msgspec
import yaml
from tests.told import some_are_plain, told

from imagelock import api
from imagelock.core.config import Config
from imagelock.core.grammar import what_is_wrong
from imagelock.core.lock import Lock, LockEntry
from imagelock.core.place import FilePlace, Source
from imagelock.core.reference import Digest, ImageReference, Repository
from imagelock.decide.override import plan_override
from imagelock.document import libyaml
from imagelock.document.compose import Anchors, Limits
from imagelock.document.events import FastestParser
from imagelock.document.nodes import Alias, Mapping, Scalar, Sequence, Text
from imagelock.document.splice import apply
from imagelock.document.yaml import MAX_DEPTH, MAX_NODES, BrokenYamlError, parse
from imagelock.errors import InputError, InputErrors
from imagelock.outside.files import decode, encode
from imagelock.outside.stream import read_batches
from imagelock.syntax.kubernetes import parse_answer, parse_page
from imagelock.syntax.lists import (
    parse_allow_list,
    parse_external,
    parse_references,
    render_references,
)
from imagelock.syntax.lockfile import parse_lock, render_lock
from imagelock.syntax.pieces import parse_in_pieces
from imagelock.syntax.toml import parse_config

if TYPE_CHECKING:
    from collections.abc import Callable

    from imagelock.core.cluster import Page
    from imagelock.document.nodes import Node

__all__ = ["TARGETS"]

_IMAGES = ("nginx:1", "quay.io/a/b:2", "a/b:1", "r:5000/x", "b:v1")
_DIGESTS = [Digest("sha256", f"{number:x}" * 64) for number in range(10, 10 + len(_IMAGES))]
_LOCK = Lock(
    LockEntry(ImageReference.parse(f"{image}@{digest}"), FilePlace("lock", line))
    for line, (image, digest) in enumerate(zip(_IMAGES, _DIGESTS, strict=True), 1)
)
_PIECE = 64  # bytes
_BATCH = 32  # characters


def grammar(data: bytes) -> None:
    """Read an image ID: it prints as it was written, or the problem stands inside it."""
    text = data.decode("utf-8", "surrogateescape")
    with suppress(InputError):
        Repository.parse(text)
    image = ImageReference.try_parse(text)
    if image is None:
        problem, start, end = what_is_wrong(text)
        assert problem
        assert 0 <= start <= end <= len(text)
        return
    again = ImageReference.parse(image.normalised)
    assert str(image) == text
    assert again == image
    assert again.normalised == image.normalised


def lists(data: bytes) -> None:
    """Read a list of each kind; what is one can be written, and read again."""
    with suppress(InputError):
        source = decode(data, name="list")
        for read in (parse_external, parse_allow_list):
            with suppress(InputErrors, InputError):
                read(source)
        with suppress(InputErrors, InputError):
            references = tuple(one.reference for one in parse_references(source))
            again = parse_references(Source("again", render_references(references)))
            assert tuple(one.reference for one in again) == references
        with suppress(InputErrors, InputError):
            lock = parse_lock(source)
            assert parse_lock(Source("again", render_lock(lock))) == lock


def finder(data: bytes) -> None:
    """Find images: each site stands inside the text, whole or in batches."""
    with suppress(InputError):
        source = decode(data, name="a.yaml")
        for site in api.find(source, _LOCK).sites:
            assert 0 <= site.start <= len(source.text)
            assert site.place.line >= 1
        batches = list(read_batches(io.BytesIO(data), "a.yaml", size=_BATCH))
        assert "".join(batch.text for batch in batches) == source.text
        for batch in batches:
            api.check(batch, _LOCK)


def splicer(data: bytes) -> None:
    """Write digests: without them the bytes are those of before, and twice is once."""
    with suppress(InputError):
        source = decode(data, name="a.yaml")
        found = api.find(source, _LOCK)
        terms = api.terms_of(Config(), _LOCK, date.max)
        plan = plan_override(source, found, terms)
        once = apply(source.text, plan.splices)
        assert all(splice.start == splice.end for splice in plan.splices)
        assert encode(source, _without(once, plan.splices)) == data
        assert api.override(once, _LOCK).text == once
        if not api.find(source, _LOCK).unread and (before := _loaded(source.text)) is not None:
            assert _without_digests(_loaded(once)) == _without_digests(before)


def parser(data: bytes) -> None:
    """Parse by what is compiled: the nodes of PyYAML's events, or it leaves it to them."""
    with suppress(InputError):
        read = decode(data, name="a.yaml")
        source = Source("a.yaml", read.text.lstrip("\ufeff"))  # as `parse` hands it on
        text = Text(source.text, source)
        with suppress(BrokenYamlError):
            made = libyaml.compose(source.text, Anchors(text, 0), Limits(MAX_DEPTH, MAX_NODES))
            if made is not None:
                composed = parse(text, parser=FastestParser)
                assert [_shape(root) for root in made] == [_shape(root) for root in composed]


def settings(data: bytes) -> None:
    """Read imagelock.toml."""
    with suppress(InputError, InputErrors):
        parse_config(decode(data, name="imagelock.toml"))


def dump(data: bytes) -> None:
    """Read what kubectl saved: what can be read whole can be read in pieces.

    In pieces, a list whose kind stands nowhere is a ``List`` all the same, and one whose
    kind stands behind objects of other kinds is read by theirs: nothing of it is missed.
    """
    if _contradicts_itself(data):
        return
    whole = _pages(lambda: [parse_page(data, name="a.json")])
    blocks = [data[i : i + _PIECE] for i in range(0, len(data), _PIECE)]
    cut = _pages(lambda: list(parse_in_pieces(blocks, name="a.json", piece=_PIECE)))
    if whole is not None:
        assert cut is not None
        assert sum(len(page.pods) for page in cut) == sum(len(page.pods) for page in whole)


def answer(data: bytes) -> None:
    """Read a live list of pods as far as it is needed: that is what reading all of it gives.

    What is not needed may be broken, and a key that came twice is only told if it is needed.
    """
    whole = _pages(lambda: [parse_page(data, name="/pods", is_plain=some_are_plain)])
    if whole is not None and not _has_a_key_twice(data):
        page = parse_answer(data, name="/pods", is_plain=some_are_plain)
        assert told(page) == told(whole[0])
    elif whole is None:
        with suppress(InputError):
            parse_answer(data, name="/pods", is_plain=some_are_plain)


TARGETS: dict[str, Callable[[bytes], None]] = {
    "splicer": splicer,
    "finder": finder,
    "lists": lists,
    "grammar": grammar,
    "parser": parser,
    "settings": settings,
    "dump": dump,
    "answer": answer,
}


class _Kind(msgspec.Struct):
    kind: str = ""
    items: list[_Kind] = []


def _contradicts_itself(data: bytes) -> bool:
    """Say whether a list of one kind holds objects that say they are of another."""
    with suppress(msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        answer = msgspec.json.decode(data, type=_Kind)
        kind = answer.kind.removesuffix("List")
        return kind != "" and any(item.kind not in {"", kind} for item in answer.items)
    # What they say cannot be told where it is no text.
    return "\ufffd" in data.decode(errors="replace")


def _has_a_key_twice(data: bytes) -> bool:
    """Say whether an object has a key twice, or this cannot be told."""

    def unique(pairs: list[tuple[str, Any]]) -> None:
        if len(dict(pairs)) < len(pairs):
            raise ValueError

    try:
        json.loads(data, object_pairs_hook=unique)
    except (ValueError, RecursionError):
        return True
    return False


def _shape(node: Node) -> tuple[object, ...]:
    match node:
        case Mapping():
            return node.start, node.anchor, [(_shape(k), _shape(v)) for k, v in node.pairs]
        case Sequence():
            return node.start, node.anchor, [_shape(item) for item in node.items]
        case Alias():
            return node.start, node.end, node.target.start
        case Scalar():
            return node.value, node.start, node.end, node.style, node.anchor, node.tag


def _pages(read: Callable[[], list[Page]]) -> list[Page] | None:
    try:
        return read()
    except (InputError, InputErrors):
        return None


def _without(text: str, splices: Any) -> str:
    for splice in sorted(splices):
        assert text.startswith(splice.new, splice.start)
        text = text[: splice.start] + text[splice.start + len(splice.new) :]
    return text


def _loaded(text: str) -> list[Any] | None:
    """Return the documents of a text, or ``None`` where it is no YAML, or not for Python."""
    try:
        return list(yaml.load_all(text, Loader=yaml.CBaseLoader))
    except (yaml.YAMLError, TypeError, ValueError, RecursionError):
        return None


def _without_digests(value: Any) -> Any:
    if isinstance(value, dict):
        return {_without_digests(key): _without_digests(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_without_digests(inner) for inner in value]
    if not isinstance(value, str):
        return value
    for digest in _DIGESTS:
        value = value.replace(f"@{digest}", "").replace(f": {digest}", ":")
        value = value.replace(str(digest), "").replace(digest.hex, "")
    return value
