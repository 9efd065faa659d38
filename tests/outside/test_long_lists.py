"""A list of many pages, which come in a thread: the same pages, and the same errors."""

from __future__ import annotations

import json
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace
from tests.simulators.api_server import Answer, ApiServer, Request, said

from imagelock.errors import ClusterError
from imagelock.outside import cluster
from imagelock.outside.cluster import list_pages
from imagelock.syntax.kubernetes import parse_page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from imagelock.core.cluster import Page
    from imagelock.outside.kubernetes_api import Api

    Serve = Callable[..., ApiServer]
    Reach = Callable[..., Api]

PATH = "/api/v1/pods"
PAGES = 12


@pytest.fixture(autouse=True)
def nobody_is_left() -> Iterator[None]:
    yield
    until = time.monotonic() + 5
    while threads() and time.monotonic() < until:
        time.sleep(0.01)
    assert threads() == []


def threads() -> list[str]:
    return [one.name for one in threading.enumerate() if one.name == "next-page"]


def page(number: int, *, pages: int = PAGES) -> Answer:
    metadata: dict[str, str] = {"resourceVersion": "7"}
    if number + 1 < pages:
        metadata["continue"] = f"t{number + 1}"
    pods = [
        {"metadata": {"name": f"{number:02}-{index}", "uid": f"u{number}{index}"}} for index in "ab"
    ]
    document = {"kind": "PodList", "apiVersion": "v1", "metadata": metadata, "items": pods}
    return Answer(body=json.dumps(document, separators=(",", ":")).encode())


def number_of(request: Request) -> int:
    return int(request.params.get("continue", "t0")[1:])


def in_pages(request: Request) -> Answer:
    return page(number_of(request))


parse = partial(parse_page, name=PATH)


def pages_of(api: Api, *, path: str = PATH) -> Iterator[Page]:
    return list_pages(api, path, parse)


def listed(api: Api) -> list[Page]:
    return list(pages_of(api))


def names(api: Api) -> list[str]:
    return sorted(pod.name for one in listed(api) for pod in one.pods)


ALL = sorted(f"{number:02}-{letter}" for number in range(PAGES) for letter in "ab")


@pytest.mark.parametrize("pages", range(1, 9))
def test_every_page_comes_once(serve: Serve, reach: Reach, pages: int) -> None:
    server = serve(lambda request: page(number_of(request), pages=pages))

    assert names(reach(server)) == ALL[: 2 * pages]
    assert len(server.requests) == pages


def test_pages_are_what_their_bytes_say(serve: Serve, reach: Reach) -> None:
    whole = [parse_page(page(number).body, name=PATH) for number in range(PAGES)]

    assert listed(reach(serve(in_pages))) == whole


@pytest.mark.parametrize("fault", [said(500, "no"), said(429, "later"), Answer(fault="reset")])
@pytest.mark.parametrize("at", [3, 4, 5, 11])
def test_what_passes_is_asked_again(serve: Serve, reach: Reach, at: int, fault: Answer) -> None:
    failed: list[int] = []

    def answers(request: Request) -> Answer:
        if number_of(request) == at and len(failed) < 2:
            failed.append(at)
            return fault
        return in_pages(request)

    assert names(reach(serve(answers))) == ALL


@pytest.mark.parametrize(
    "fault",
    [
        said(500, "no"),
        said(403, "pods is forbidden"),
        Answer(fault="cut", body=page(1).body),
        Answer(body=page(1).body[:-9]),
        Answer(body=b"<html>log in</html>"),
        Answer(body=b'{"kind":"Status","message":"no"}'),
    ],
)
@pytest.mark.parametrize("at", [3, 4, 11])
def test_a_page_that_stays_broken_is_an_error(
    serve: Serve, reach: Reach, at: int, fault: Answer
) -> None:
    server = serve(lambda request: fault if number_of(request) == at else in_pages(request))

    with pytest.raises(ClusterError):
        listed(reach(server))


def test_an_expired_list_goes_on_with_the_token_that_the_server_gives(
    serve: Serve, reach: Reach, notices: list[str]
) -> None:
    def answers(request: Request) -> Answer:
        if request.params.get("continue") == "t5":
            return said(410, "too old", metadata={"continue": "t05"})
        return in_pages(request)

    assert names(reach(serve(answers))) == ALL
    assert len(notices) == 1


def test_a_token_that_was_guessed_wrong_loses_nothing(serve: Serve, reach: Reach) -> None:
    def answers(request: Request) -> Answer:
        if request.params.get("continue") == "wrong":
            return said(400, "bad token")
        document = json.loads(in_pages(request).body)
        if number_of(request) in {3, 6}:
            document["items"][0]["metadata"]["continue"] = "wrong"
            document["metadata"] = document.pop("metadata")  # the list's own stands last
        return Answer(body=json.dumps(document, separators=(",", ":")).encode())

    assert names(reach(serve(answers))) == ALL


def test_a_list_that_turns_in_circles_is_an_error(serve: Serve, reach: Reach) -> None:
    def answers(request: Request) -> Answer:
        number = number_of(request)
        return page(number if number < 7 else 4)

    with pytest.raises(ClusterError, match="the same pages for ever"):
        listed(reach(serve(answers)))


@pytest.mark.parametrize("packing", ["chunked", "packed"])
def test_pages_come_however_they_are_sent(serve: Serve, reach: Reach, packing: str) -> None:
    def answers(request: Request) -> Answer:
        return replace(in_pages(request), **{packing: True})

    assert names(reach(serve(answers))) == ALL


@pytest.mark.parametrize("sent", ["whole", "in chunks"])
@pytest.mark.parametrize("size", [1, 100, len(page(3).body), len(page(3).body) + 1])
def test_a_page_that_is_larger_than_its_room_comes_too(
    serve: Serve, reach: Reach, monkeypatch: pytest.MonkeyPatch, size: int, sent: str
) -> None:
    monkeypatch.setattr(cluster, "_ROOM", size)
    server = serve(lambda request: replace(in_pages(request), chunked=sent == "in chunks"))

    assert names(reach(server)) == ALL


def test_pages_of_many_lengths_are_never_mixed(serve: Serve, reach: Reach) -> None:
    def answers(request: Request) -> Answer:
        document = json.loads(in_pages(request).body)
        document["items"] *= 1 + number_of(request) * 7 % 5 * 40
        return Answer(body=json.dumps(document, separators=(",", ":")).encode())

    counts = [len(one.pods) for one in listed(reach(serve(answers)))]

    assert counts == [2 * (1 + number * 7 % 5 * 40) for number in range(PAGES)]


def test_the_next_page_is_asked_for_before_the_first_one_is_decoded(
    serve: Serve, reach: Reach
) -> None:
    server = serve(in_pages)

    def slow(data: bytes | memoryview) -> Page:
        time.sleep(0.05)
        return parse(data)

    asked = [len(server.requests) for _ in list_pages(reach(server), PATH, slow)]

    assert asked[0] >= 2
    assert asked == sorted(asked)


def test_a_page_is_looked_at_while_the_next_one_does_not_come(serve: Serve, reach: Reach) -> None:
    come = threading.Event()

    def answers(request: Request) -> Answer:
        if number_of(request) == 3:
            come.wait(10)
        return in_pages(request)

    found = []
    for one in pages_of(reach(serve(answers))):
        found += [pod.name for pod in one.pods]
        if len(found) == 6:
            come.set()

    assert found == ALL


def test_no_more_than_two_pages_are_got_ahead(serve: Serve, reach: Reach) -> None:
    server = serve(in_pages)

    for number, _ in enumerate(pages_of(reach(server))):
        time.sleep(0.01)
        assert len(server.requests) <= number + 1 + 2


def test_where_no_memory_is_to_be_had_at_once_the_pages_come_too(
    serve: Serve, reach: Reach, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr(cluster, "mmap", refuse)

    assert names(reach(serve(in_pages))) == ALL


@pytest.mark.parametrize("at", [1, 2, 7, 11])
def test_what_comes_before_an_error_was_right(serve: Serve, reach: Reach, at: int) -> None:
    broken = Answer(body=page(at).body[:-9])
    server = serve(lambda request: broken if number_of(request) == at else in_pages(request))
    pages = pages_of(reach(server))

    found = [pod.name for _ in range(at) for pod in next(pages).pods]

    assert found == ALL[: 2 * at]
    with pytest.raises(ClusterError, match="not whole"):
        next(pages)


def test_after_a_list_that_failed_another_one_comes_whole(serve: Serve, reach: Reach) -> None:
    def answers(request: Request) -> Answer:
        if request.path == "/broken" and number_of(request) == 5:
            return Answer(body=b"{")
        return in_pages(request)

    api = reach(serve(answers))
    with pytest.raises(ClusterError):
        list(pages_of(api, path="/broken"))

    assert names(api) == ALL


def test_whoever_stops_early_leaves_no_thread(serve: Serve, reach: Reach) -> None:
    pages: Any = pages_of(reach(serve(in_pages)))
    for _ in range(4):
        next(pages)

    pages.close()


def test_a_list_that_was_left_in_the_middle_can_be_read_again(serve: Serve, reach: Reach) -> None:
    api = reach(serve(in_pages))
    for _ in range(3):
        pages: Any = pages_of(api)
        for _ in range(4):
            next(pages)
        pages.close()

    assert names(api) == ALL
