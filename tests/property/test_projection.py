"""What is read of a live list of pods is the very thing that reading all of it gives."""

from __future__ import annotations

import importlib
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.told import some_are_plain, told

from imagelock.errors import InputError
from imagelock.syntax.kubernetes import parse_answer, parse_page
from imagelock.syntax.pod_lists import read_pod_list

RECORDINGS = Path(__file__).resolve().parents[3] / "shared" / "recordings"


@pytest.fixture(autouse=True, scope="module")
def _compiled() -> None:
    try:
        importlib.import_module("imagelock.syntax._projection")
    except ImportError:
        sentence = "needs what is compiled, which was not here (a compiler, Python's headers)"
        if os.environ.get("IMAGELOCK_REQUIRE_REAL_PARTS"):
            pytest.fail(sentence)
        pytest.skip(sentence)


def compare(data: bytes) -> None:
    """Read it both ways; what is not needed may be broken, and nothing else."""
    try:
        whole = parse_page(data, name="/pods", is_plain=some_are_plain)
    except InputError as error:
        with pytest.raises(InputError) as raised:
            parse_answer(data, name="/pods", is_plain=some_are_plain)
        assert raised.value.problem == error.problem  # noqa: PT017  (both were raised)
    else:
        assert told(parse_answer(data, name="/pods", is_plain=some_are_plain)) == told(whole)


# Words that mean something in a pod, and such as try to look like the end of something.
WORDS = st.sampled_from(
    [
        *("name", "image", "imageID", "uid", "namespace", "state", "running", "items", "spec"),
        *("}", "{", "]", "[", '"', "\\", '\\"', "},{", '"}', "\n", "é", "😀", "\x7f", "", " "),
        *("a" * 63, "a" * 64 + '"', "\\" * 63, "\\" * 64, "\\" * 65, "x" * 15 + "\\"),
    ]
)
TEXTS = st.one_of(WORDS, st.text(max_size=70))
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
IMAGES = st.sampled_from(["nginx", "a/b:1@sha256:" + "0" * 64, "", 'od"d', "\\"])
NAMES = st.sampled_from(["a", "b", "ü", 'q"', ""])


def with_more(known: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    """Make objects with some of the keys, in any order, and others between them."""

    def mixed(pair: tuple[dict[str, Any], dict[str, Any], Any]) -> dict[str, Any]:
        both = {**pair[1], **pair[0]}
        keys = list(both)
        pair[2].shuffle(keys)
        return {key: both[key] for key in keys}

    others = st.dictionaries(TEXTS.filter(lambda key: key not in known), ANYTHING, max_size=3)
    wanted = st.fixed_dictionaries({}, optional=known)
    return st.tuples(wanted, others, st.randoms(use_true_random=False)).map(mixed)


STATES = with_more({key: with_more({}) for key in ("running", "waiting", "terminated")})
ASKED = st.lists(with_more({"name": NAMES, "image": IMAGES}), max_size=3)
TOLD = st.lists(with_more({"name": NAMES, "imageID": IMAGES, "state": STATES}), max_size=3)
VOLUMES = st.lists(
    with_more({"name": NAMES, "image": st.fixed_dictionaries({"reference": IMAGES})}), max_size=2
)
METADATA = with_more(
    {
        "name": NAMES,
        "namespace": NAMES,
        "uid": NAMES,
        "labels": st.dictionaries(
            st.sampled_from(["pod-template-hash", "rollouts-pod-template-hash", "app"]), NAMES
        ),
        "ownerReferences": st.lists(
            with_more({"kind": NAMES, "name": NAMES, "controller": st.booleans()}), max_size=2
        ),
    }
)
PODS = with_more(
    {
        "metadata": METADATA,
        "spec": with_more(
            {
                "containers": ASKED,
                "initContainers": ASKED,
                "ephemeralContainers": st.none() | ASKED,
                "volumes": st.none() | VOLUMES,
                "nodeName": NAMES,
            }
        ),
        "status": with_more(
            {
                "phase": NAMES,
                "containerStatuses": TOLD,
                "initContainerStatuses": st.none() | TOLD,
                "ephemeralContainerStatuses": TOLD,
            }
        ),
    }
)
ITEMS = st.lists(PODS, max_size=3).flatmap(
    lambda pods: st.lists(st.sampled_from(pods), max_size=6) if pods else st.just([])
)
FORMS: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {"separators": (",", ":")},
        {"separators": (",", ":"), "ensure_ascii": False},
        {"indent": 1},
        {"indent": "\t", "separators": (" ,", " : ")},
    ]
)
HEADS: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {"metadata": {"resourceVersion": "7", "continue": "abc", "remainingItemCount": 9}},
        {"metadata": {}},
        {},
    ]
)


@st.composite
def lists(draw: st.DrawFn) -> bytes:
    document = {"kind": "PodList", "apiVersion": "v1", **draw(HEADS), "items": draw(ITEMS)}
    return json.dumps(document, **draw(FORMS)).encode("utf-8", "surrogatepass")


@given(lists())
def test_it_is_what_reading_the_whole_gives(data: bytes) -> None:
    compare(data)


@given(lists(), st.data())
def test_a_list_that_was_cut_off_is_never_taken_for_whole(data: bytes, more: st.DataObject) -> None:
    cut = data[: more.draw(st.integers(0, len(data.rstrip()) - 1))]

    with pytest.raises(InputError):
        parse_answer(cut, name="/pods", is_plain=some_are_plain)


@settings(max_examples=300)
@given(lists(), st.data())
def test_one_byte_that_was_changed_hides_no_pod(data: bytes, more: st.DataObject) -> None:
    at = more.draw(st.integers(0, len(data) - 1))
    byte = more.draw(st.sampled_from(b'"\\{}[],: x0\x00\xff'))
    changed = bytearray(data)
    changed[at] = byte
    try:
        whole = parse_page(bytes(changed), name="/pods", is_plain=some_are_plain)
    except InputError:
        return  # that what is not needed was broken may go unnoticed
    assert told(parse_answer(bytes(changed), name="/pods", is_plain=some_are_plain)) == told(whole)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('{"spec":{"volumes":[{"name":"x"}]}}', '{"spec":{"containers":[{"name":"x"}]}}'),
        ('{"spec":{"name":"x"}}', '{"metadata":{"name":"x"}}'),
        ('{"status":{"containers":[{"image":"a"}]}}', '{"spec":{"containers":[{"image":"a"}]}}'),
        ('{"x":1,"metadata":{"uid":"u"}}', '{"x":12,"metadata":{"uid":"u"}}'),
        ('{"x":1,"metadata":{"uid":"u"}}', '{"x":1 ,"metadata":{"uid":"v"}}'),
        ('{"x":{"a":[]},"y":"z"}', '{"x":{"a":[]},"metadata":{"uid":"u"},"y":"z"}'),
        ('{"x":"}"}', '{"x":"}","metadata":{"uid":"u"}}'),
    ],
)
def test_a_pod_is_not_taken_for_the_one_before(before: str, after: str) -> None:
    for pods in ((before, after), (after, before), (before, after, before, before)):
        compare(b'{"kind":"PodList","apiVersion":"v1","items":[%b]}' % ",".join(pods).encode())


@pytest.mark.parametrize("size", range(1, 130))
def test_a_string_may_end_anywhere_in_a_block(size: int) -> None:
    nested = {"a": ["}" * size, {"b": "\\" * size + '"'}, "[" * size], "c": "\\\\"}
    pod = {"metadata": {"name": "x", "junk": nested, "uid": "u"}, "spec": {"junk": [nested] * 3}}
    document = {"kind": "PodList", "apiVersion": "v1", "items": [pod, pod]}
    data = json.dumps(document, separators=(",", ":")).encode()

    compare(data)
    assert read_pod_list(data, some_are_plain) is not None


def test_recorded_lists_are_read_so_and_not_as_a_whole() -> None:
    files = [
        path
        for path in sorted(RECORDINGS.glob("*/*.json"))
        if path.read_bytes()[:30].lstrip().startswith(b'{"kind":"PodList"')
    ]
    if not files:
        pytest.skip("../shared/recordings is not here")
    for path in files:
        compare(path.read_bytes())
        assert read_pod_list(path.read_bytes(), some_are_plain) is not None, path


@pytest.mark.parametrize(
    "pod",
    [
        '{"metadata":{"name":"a","name":"b"}}',
        '{"metadata":{"n\\u0061me":"b"}}',
        '{"metadata":null}',
        '{"metadata":[]}',
        '{"metadata":{"labels":null,"ownerReferences":null}}',
        '{"spec":{"containers":null,"volumes":null}}',
        '{"spec":{"containers":{}}}',
        '{"spec":{"containers":["x"]}}',
        '{"spec":{"containers":[{"image":"a","name":nul}]}}',
        '{"spec":{"containers":[{"image":"a","name":"x"},]}}',
        '{"spec":{"containers":[{"image":"\\x"}]}}',
        '{"spec":{"containers":[{"image":"\\u12"}]}}',
        '{"spec":{"containers":[{"image":"a\nb"}]}}',
        '{"spec":{"volumes":[{"image":{"reference":"r"},"name":"v"}]}}',
        """{"spec":{"volumes":[{"image":{"reference":"r"},"name":"v"}]},"status":{"containerStatuses":
        [{"volumeMounts":[{"name":"v","volumeStatus":{"image":{"imageRef":"r@sha256:1"}}}]}]}}""",
        '{"status":{"containerStatuses":[{"state":{"running":null}}]}}',
        '{"x":01}',
        '{"x":1.}',
        '{"x":-}',
        '{"x":+1}',
        '{"x":tru}',
        '{"x":}',
        '{"x"}',
        "{x:1}",
        '{"x":1 "y":2}',
        "{,}",
        "{",
        "[]",
        "null",
        "1",
    ],
)
def test_what_is_odd_is_told_as_reading_the_whole_tells_it(pod: str) -> None:
    compare(b'{"kind":"PodList","apiVersion":"v1","items":[{},%b,{}]}' % pod.encode())


@pytest.mark.parametrize(
    "data",
    [
        '{"kind":"PodList","apiVersion":"v1"}',
        '{"kind":"PodList","apiVersion":"v1","items":null}',
        '{"kind":"PodList","apiVersion":"v1","items":{}}',
        '{"kind":"PodList","apiVersion":"v1","items":[]}',
        '{"kind":"PodList","apiVersion":"v1","items":[{}],"items":[]}',
        '{"kind":"PodList","apiVersion":"v1","kind":"NodeList","items":[{}]}',
        '{"kind":"PodList","apiVersion":"v1","items":[{}]}x',
        '{"kind":"PodList","apiVersion":"v1","items":[{}]',
        '{"kind":"PodList","apiVersion":"v1","items":[{}]},',
        '{"kind":"PodList","apiVersion":"v1","items":[{}],}',
        '{"kind":"PodList","apiVersion":"v1","metadata":7,"items":[{}]}',
        ' {"kind" : "PodList" , "apiVersion" : "v1" , "items" : [ {} , {} ] } \n',
        '{"items":[{}],"kind":"PodList","apiVersion":"v1","metadata":{"continue":"t"}}',
    ],
)
def test_what_is_odd_about_the_list_is_told_as_reading_the_whole_tells_it(data: str) -> None:
    compare(data.encode())


@pytest.mark.parametrize(
    "pod",
    [
        '{"metadata":{"name":1}}',
        '{"status":{"phase":12.5e-3}}',
        '{"spec":{"containers":[{"image":"a","name":"x","env":[1 2]}]}}',
        '{"spec":{"tolerations":[{"a" "b"}]}}',
    ],
)
def test_what_no_server_writes_may_pass_where_nothing_of_it_is_needed(pod: str) -> None:
    data = b'{"kind":"PodList","apiVersion":"v1","items":[{},%b,{}]}' % pod.encode()

    page = parse_answer(data, name="/pods", is_plain=lambda *_: True)

    assert page.pod_count == 3
    with pytest.raises(InputError):
        parse_page(data, name="/pods", is_plain=lambda *_: True)
