"""A large list in pieces: the same objects as of the whole, whatever its form."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagelock.core.place import FilePlace
from imagelock.errors import InputError
from imagelock.syntax.kubernetes import parse_page
from imagelock.syntax.pieces import parse_in_pieces
from imagelock.syntax.selectors import parse_selector

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagelock.core.cluster import Page

SMALL = 400  # bytes of a piece


def pod(number: int, kind: str = "Pod") -> dict[str, Any]:
    claim = {"metadata": {"name": "data"}, "spec": {"text": '},{"metadata":{"name":"no"}}'}}
    return {
        **({"apiVersion": "v1", "kind": kind} if kind else {}),
        "metadata": {"name": f"p{number}", "namespace": "shop", "labels": {"n": str(number % 2)}},
        "spec": {
            "containers": [{"name": "c", "image": f"redis:{number}"}],
            "volumeClaimTemplates": [claim, claim],
        },
    }


def workload(number: int) -> dict[str, Any]:
    return {
        **pod(number, "Deployment"),
        "apiVersion": "apps/v1",
        "spec": {"template": pod(number)},
    }


def of_kubectl(*items: Any) -> dict[str, Any]:
    metadata = {"resourceVersion": ""}
    return {"apiVersion": "v1", "items": list(items), "kind": "List", "metadata": metadata}


def of_the_server(*items: Any, **metadata: Any) -> dict[str, Any]:
    head = {"kind": "PodList", "apiVersion": "v1", "metadata": {"resourceVersion": "7", **metadata}}
    return {**head, "items": list(items)}


PODS = [pod(number) for number in range(60)]
BARE = [pod(number, "") for number in range(60)]
MIXED = [(pod, workload)[number % 2](number) for number in range(60)]
PRINTED: dict[str, Any] = {"indent": 4}
COMPACT: dict[str, Any] = {"separators": (",", ":")}
SPACED: dict[str, Any] = {}
FORMS = pytest.mark.parametrize("form", [PRINTED, COMPACT, SPACED, {"indent": "\t"}])


def written(document: Any, form: Any) -> bytes:
    return json.dumps(document, **form).encode()


def blocks(data: bytes, size: int = 150) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


def pieces(data: bytes, **more: Any) -> list[Page]:
    return list(parse_in_pieces(blocks(data), name="pods.json", piece=SMALL, **more))


def objects(pages: list[Page]) -> list[Any]:
    return [one for page in pages for one in (*page.pods, *page.workloads, *page.nodes)]


@FORMS
@pytest.mark.parametrize(
    "document",
    [of_kubectl(*PODS), of_kubectl(*MIXED), of_the_server(*BARE), of_the_server(*PODS)],
    ids=["kubectl", "several kinds", "server", "with kinds"],
)
def test_the_pieces_hold_what_the_whole_holds(document: Any, form: Any) -> None:
    data = written(document, form)
    whole = parse_page(data, name="pods.json")

    pages = pieces(data)

    assert len(pages) > 5
    assert sorted(objects(pages), key=str) == sorted(objects([whole]), key=str)
    assert len(objects(pages)) == 60
    assert {page.kind for page in pages} == {whole.kind}


@FORMS
@pytest.mark.parametrize("items", [BARE, PODS])
def test_a_list_of_pods_whose_keys_were_sorted_is_read(items: Any, form: Any) -> None:
    document = of_the_server(*items)
    data = written(dict(sorted(document.items())), form)

    assert len(objects(pieces(data))) == 60


def test_lines_may_end_as_on_windows_and_begin_with_a_mark() -> None:
    data = written(of_kubectl(*PODS), PRINTED).replace(b"\n", b"\r\n")

    assert len(objects(pieces(b"\xef\xbb\xbf" + data))) == 60


def test_what_is_small_is_one_page() -> None:
    data = written(of_kubectl(PODS[0]), PRINTED)

    assert pieces(data) == [parse_page(data, name="pods.json")]


def test_a_single_object_that_is_large_is_one_page() -> None:
    large = pod(1) | {"x": ["y" * 500] * 9}

    assert len(pieces(written(large, COMPACT))) == 1


def test_an_object_larger_than_a_piece_is_read() -> None:
    large = pod(1) | {"x": ["y" * 500] * 9}

    assert len(objects(pieces(written(of_kubectl(PODS[0], large, PODS[1]), PRINTED)))) == 3


def test_what_a_page_announces_is_told_once_and_of_all() -> None:
    data = written(of_the_server(*BARE, **{"continue": "t", "remainingItemCount": 40}), COMPACT)

    *pages, last = pieces(data)

    assert {(page.continue_token, page.remaining) for page in pages} == {("", 0)}
    assert last.continue_token == "t"
    assert last.remaining + len(last.pods) == 100


def test_a_selector_counts_what_it_leaves_out_in_every_piece() -> None:
    pages = pieces(written(of_kubectl(*PODS), PRINTED), selector=parse_selector("n=1"))

    assert len(objects(pages)) == 30
    assert sum(page.unselected for page in pages) == 30


def refused(data: bytes) -> InputError:
    with pytest.raises(InputError) as error:
        pieces(data)
    return error.value


@FORMS
@pytest.mark.parametrize("cut", [0.3, 0.6, 0.99, 0.9999])
def test_a_list_that_was_cut_off_is_refused(form: Any, cut: float) -> None:
    data = written(of_kubectl(*PODS), form)

    assert "cut off" in str(refused(data[: int(len(data) * cut)]))


def test_broken_json_is_refused_where_it_breaks() -> None:
    data = written(of_kubectl(*PODS), PRINTED)
    broken = data.replace(b'"image": "redis:40"', b'"image": redis:40')

    error = refused(broken)

    line = broken[: broken.index(b"redis:40")].count(b"\n") + 1
    assert isinstance(error.place, FilePlace)
    assert (error.place.file, error.place.line) == ("pods.json", line)
    assert "redis:40" in error.excerpt


def test_an_object_of_another_shape_is_refused() -> None:
    items = [*PODS[:40], {"kind": "Pod", "spec": {"containers": 3}}, *PODS]

    assert "expected" in str(refused(written(of_kubectl(*items), PRINTED)))


def test_what_follows_on_a_list_is_refused() -> None:
    data = written(of_kubectl(*PODS), COMPACT)

    assert "trailing" in str(refused(data + data))


@pytest.mark.parametrize(
    "head",
    [
        b'{"apiVersion":"v\x001",',
        b'{"apiVersion":"v\xff1",',
        b'{"metadata":{"continue":5},',
        b'{"metadata":{oops},',
        b'{"metadata":{"resourceVersion":"7",},',
    ],
)
def test_a_list_that_is_broken_before_its_objects_is_refused(head: bytes) -> None:
    text = head + b'"items":[' + b",".join([json.dumps(one).encode() for one in PODS]) + b"]}"

    with pytest.raises(InputError):
        parse_page(text[:-1] + b',"kind":"List"}', name="x")
    with pytest.raises(InputError):
        list(pieces(text[:-1] + b',"kind":"List"}'))


@given(st.data())
def test_any_byte_changed_ends_as_it_does_in_the_whole(data: st.DataObject) -> None:
    text = written(of_kubectl(*PODS[:12]), data.draw(st.sampled_from([PRINTED, COMPACT, SPACED])))
    at = data.draw(st.integers(0, len(text) - 1))
    changed = text[:at] + data.draw(st.binary(min_size=1, max_size=3)) + text[at + 1 :]

    try:
        whole: Any = sorted(map(str, objects([parse_page(changed, name="x")])))
    except InputError:
        whole = None
    try:
        parts: Any = sorted(map(str, objects(pieces(changed))))
    except InputError:
        parts = None

    assert parts == whole
