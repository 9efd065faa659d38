"""A list of a whole cluster is read in pieces, and gives what it gives when it is read at once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import yaml

from imagelock.core.lock import Lock
from imagelock.core.place import Source
from imagelock.document import lists
from imagelock.document.yaml import Chunk
from imagelock.find import walk
from imagelock.find.site import format_path
from imagelock.find.sites import Knowledge, find_sites

if TYPE_CHECKING:
    from collections.abc import Callable

HEADS = {
    "as kubectl writes it": ("apiVersion: v1\nitems:\n", "kind: List\nmetadata:\n  x: ''\n"),
    "with its kind first": ("---\nkind: DeploymentList\napiVersion: apps/v1\nitems:\n", ""),
    "with a comment": ("# all\nkind: List\nitems:\n", "metadata: {}\n"),
}


def item(number: int) -> str:
    return f"""\
- apiVersion: v1
  kind: Pod
  metadata:
    name: pod-{number}
    namespace: team-{number % 3}
  spec:
    containers:
    - image: example/app:{number}
      args:
      - --x
    - image: {{{{ .Values.image }}}}
  status:
    message: |
      - not an item
"""


def many(head: str, tail: str, indent: str = "") -> str:
    items = "".join(item(number) for number in range(40))
    return head + "".join(f"{indent}{line}" for line in items.splitlines(keepends=True)) + tail


def told(text: str) -> object:
    found = find_sites(Source("a.yaml", text), Knowledge(Lock(())))
    shown = [
        (site.start, site.text, format_path(site.path), site.namespace, str(site.place))
        for site in found.sites
    ]
    return shown, found.unread, found.templated


@pytest.fixture
def in_pieces(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    def shorten() -> None:
        monkeypatch.setattr(walk, "_LONG", 100)
        monkeypatch.setattr(lists, "_ENOUGH", 700)

    return shorten


def pieces(text: str) -> list[Chunk]:
    return list(lists.pieces(text, Chunk(0, len(text))))


@pytest.mark.parametrize("indent", ["", "  "])
@pytest.mark.parametrize("head", HEADS)
def test_every_image_has_the_place_that_it_has_in_the_whole(
    head: str, indent: str, in_pieces: Callable[[], None]
) -> None:
    text = many(*HEADS[head], indent)
    at_once = told(text)
    in_pieces()

    assert told(text) == at_once
    assert len(pieces(text)) > 5
    joined = "".join(text[piece.start : piece.end] for piece in pieces(text))
    assert joined == text.partition("items:\n")[2]


@pytest.mark.parametrize("indent", [2, 4])
@pytest.mark.parametrize("kind_first", [True, False])
def test_a_list_in_json_is_read_in_pieces_too(
    indent: int, *, kind_first: bool, in_pieces: Callable[[], None]
) -> None:
    pods = yaml.safe_load("".join(map(item, range(40))).replace("{{", "'{{").replace("}}", "}}'"))
    kind, items = {"kind": "PodList"}, {"items": pods}
    parts = kind | items if kind_first else items | kind | {"metadata": {"x": ["]"]}}
    text = json.dumps({"apiVersion": "v1", **parts}, indent=indent) + "\n"
    at_once = told(text)
    in_pieces()

    assert told(text) == at_once
    assert len(pieces(text)) > 5
    assert text.endswith("".join(text[piece.start : piece.end] for piece in pieces(text)))


@pytest.mark.parametrize("kind_first", [True, False])
def test_a_list_on_one_line_is_read_in_pieces_too(
    *, kind_first: bool, in_pieces: Callable[[], None]
) -> None:
    pods = yaml.safe_load("".join(map(item, range(40))).replace("{{", "'{{").replace("}}", "}}'"))
    listing = {"kind": "PodList", "apiVersion": "v1", "metadata": {"resourceVersion": "7"}}
    items = {"items": pods}
    parts = listing | items if kind_first else items | listing
    text = json.dumps(parts, separators=(",", ":")) + "\n"
    at_once = told(text)
    in_pieces()

    assert told(text) == at_once
    assert len(pieces(text)) > 5
    assert text.endswith("".join(text[piece.start : piece.end] for piece in pieces(text)))


def test_what_looks_like_an_item_inside_of_one_does_not_part_a_line(
    in_pieces: Callable[[], None],
) -> None:
    owner = {"apiVersion": "v1", "kind": "ReplicaSet"}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"ownerReferences": [owner, owner, owner] * 20},
        "spec": {"containers": [{"image": "example/app:1", "args": ['},{"apiVersion":']}]},
    }
    listing = {"kind": "List", "apiVersion": "v1", "items": [pod] * 20}
    text = json.dumps(listing, separators=(",", ":"))
    at_once = told(text)
    in_pieces()

    assert told(text) == at_once
    assert str(at_once).count("example/app:1") == 20


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (many("apiVersion: v1\nitems:\n", "kind: Other\n"), "it is no list of objects"),
        (many("apiVersion: v1\nother:\n", "kind: List\n"), "it has no items"),
        (many("a: &x 1\nitems:\n", "kind: List\n"), "its head has other keys"),
        (many(*HEADS["as kubectl writes it"]) + "b: &x 1\n", "it has an anchor"),
        (many(*HEADS["as kubectl writes it"]).replace("\n", "\r\n"), "it has other line breaks"),
    ],
)
def test_any_other_document_is_read_at_once(
    text: str, why: str, in_pieces: Callable[[], None]
) -> None:
    at_once = told(text)
    in_pieces()

    assert pieces(text) == [], why
    assert told(text) == at_once


def test_a_quoted_text_that_looks_like_items_does_not_part_it(
    in_pieces: Callable[[], None],
) -> None:
    note = "- apiVersion: v1\n  kind: 'x" + "\n- image: example/no:1" * 100 + "'\n"
    head, tail = HEADS["as kubectl writes it"]
    text = many(head, note + item(7) + tail)
    at_once = told(text)
    in_pieces()

    assert told(text) == at_once


def test_a_broken_item_is_told_at_its_place(in_pieces: Callable[[], None]) -> None:
    head, tail = HEADS["as kubectl writes it"]
    text = many(head, "- a: b: c\n" + item(7) + tail)
    at_once = told(text)
    in_pieces()

    assert told(text) == at_once
    assert "mapping values" in str(at_once)


def test_what_a_kind_says_of_all_its_items_holds_in_every_piece(
    in_pieces: Callable[[], None],
) -> None:
    head = "apiVersion: aquasecurity.github.io/v1alpha1\nitems:\n"
    text = many(head, "kind: VulnerabilityReportList\n").replace("- apiVersion: v1\n  ", "- ")
    in_pieces()

    assert told(text) == ([], (), 0)


def test_what_follows_a_long_list_is_read_too(in_pieces: Callable[[], None]) -> None:
    head, tail = HEADS["as kubectl writes it"]
    text = many(head, tail) + "---\nimage: example/last:1\n" + f"# {'x' * 200}\n"
    at_once = told(text)
    in_pieces()

    assert told(text) == at_once
    assert "example/last:1" in str(at_once)
