from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from tests.simulators.api_server import RECORDINGS, recorded

from imagelock.errors import InputError
from imagelock.syntax.watch import (
    Bookmark,
    Changed,
    Deleted,
    Refused,
    parse_event,
    parse_listed,
    watch_parameters,
)


def lines_of(name: str) -> list[bytes]:
    if not RECORDINGS.is_dir():
        pytest.skip("needs ../shared/recordings/kubernetes-1.36")
    return (RECORDINGS / f"{name}.jsonl").read_bytes().splitlines()


def event(what: str, **metadata: str) -> bytes:
    item: dict[str, Any] = {"kind": "Pod", "metadata": metadata, "spec": {"containers": []}}
    return json.dumps({"type": what, "object": item}).encode()


def test_a_recorded_watch_is_read_from_its_first_event_to_its_bookmark() -> None:
    events = [parse_event(line, name="pods") for line in lines_of("watch-pods")]

    assert [type(one) for one in events] == [Changed, Changed, Changed, Deleted, Bookmark]
    first, *_, gone, bookmark = events
    assert isinstance(first, Changed)
    assert [pod.name for pod in first.page.pods] == ["late"]
    assert gone == Deleted("data-plane", "late", "336")
    assert bookmark == Bookmark("336")


def test_a_recorded_end_for_an_old_version_is_a_refusal() -> None:
    (line,) = lines_of("watch-410-gone")

    assert parse_event(line, name="pods") == Refused(410, "too old resource version: 1 (239)")


def test_a_recorded_list_has_the_version_to_watch_from() -> None:
    listed = parse_listed(recorded("pods-page-1").body, name="pods")

    assert listed.version == "332"
    assert listed.continue_token == listed.page.continue_token != ""
    assert len(listed.page.pods) == 15


@pytest.mark.parametrize("line", [b"", b"{", b'{"type":"ADDED"}', event("ADDED")[:-9]])
def test_what_is_no_event_is_an_error(line: bytes) -> None:
    with pytest.raises((msgspec.DecodeError, InputError)):
        parse_event(line, name="pods")


@pytest.mark.parametrize("what", ["ADDED", "MODIFIED", "DELETED", "BOOKMARK"])
def test_an_event_without_a_version_to_go_on_from_is_an_error(what: str) -> None:
    with pytest.raises(InputError, match="without a resource version"):
        parse_event(event(what, name="a"), name="pods")


def test_an_event_of_an_unknown_type_is_an_error() -> None:
    with pytest.raises(InputError, match="'RENAMED'"):
        parse_event(event("RENAMED", resourceVersion="7"), name="pods")


def test_a_list_without_a_version_is_an_error() -> None:
    with pytest.raises(InputError, match="without a resource version"):
        parse_listed(b'{"kind":"PodList","metadata":{},"items":[]}', name="pods")


def test_a_watch_is_asked_for_with_bookmarks_and_an_end() -> None:
    assert watch_parameters("7", seconds=240) == {
        "watch": "1",
        "allowWatchBookmarks": "true",
        "resourceVersion": "7",
        "timeoutSeconds": "240",
    }
