"""Answers without an end, line by line."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from tests.simulators.api_server import Answer, said

from imagelock.errors import ClusterError
from imagelock.outside.endless import Endless
from imagelock.outside.kubernetes_api import Patience
from imagelock.outside.refusals import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulators.api_server import ApiServer

    from imagelock.outside.kubernetes_api import Api

    Serve = Callable[..., ApiServer]
    Reach = Callable[..., Api]

LINES = b"".join(b'{"n":%d,"x":"%b"}\n' % (number, b"x" * 700) for number in range(9))


def read(api: Api) -> list[bytes]:
    with api.stream("/api/v1/pods", {"watch": "1"}, silence=2.0) as stream:
        return list(stream)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(body=LINES),
        Answer(body=LINES, chunked=True),
        Answer(body=LINES, packed=True),
        Answer(body=LINES, packed=True, chunked=True),
    ],
)
def test_lines_come_whole_wherever_they_were_cut_on_the_way(
    serve: Serve, reach: Reach, answer: Answer
) -> None:
    assert read(reach(serve(answer))) == LINES.splitlines()


def test_half_a_line_at_the_end_is_no_line(serve: Serve, reach: Reach) -> None:
    assert read(reach(serve(Answer(body=b"one\ntwo\nthr")))) == [b"one", b"two"]


@pytest.mark.parametrize(
    "answer",
    [
        Answer(body=LINES, fault="cut"),
        Answer(body=LINES, fault="cut", chunked=True),
        Answer(fault="reset"),
        Answer(fault="silence"),
    ],
)
def test_a_connection_that_breaks_is_told(serve: Serve, reach: Reach, answer: Answer) -> None:
    with pytest.raises(ClusterError, match=r"broke before|stopped answering"):
        read(reach(serve(answer)))


def test_a_refusal_is_told_as_everywhere_and_not_asked_again(serve: Serve, reach: Reach) -> None:
    server = serve(said(500, "etcd is away"))

    with pytest.raises(ApiError, match="etcd is away"):
        read(reach(server))

    assert len(server.requests) == 1


def test_a_token_that_ran_out_is_renewed_once(serve: Serve, reach: Reach, tmp_path: object) -> None:
    token = tmp_path / "token"  # type: ignore[operator]
    token.write_text("old")
    server = serve(said(401, "Unauthorized"), Answer(body=b"one\n"))

    assert read(reach(server, user={"tokenFile": str(token)})) == [b"one"]


def test_a_line_without_an_end_is_not_collected_for_ever(serve: Serve, reach: Reach) -> None:
    api = reach(serve(Answer(body=b"x" * 100_000)), Patience(tries=1))
    stream = api.stream("/", {}, silence=2.0)
    bounded = Endless(stream._response, "host", "", longest=10_000)

    with bounded, pytest.raises(ClusterError, match="has no end"):
        list(bounded)


def test_it_can_be_ended_by_another_thread(serve: Serve, reach: Reach) -> None:
    server = serve(Answer(body=b"one\n" + b"x" * 10_000, chunked=True, fault="hold"))
    came = threading.Event()

    def follow() -> None:
        with stream:
            for _ in stream:
                came.set()

    stream = reach(server).stream("/", {}, silence=60.0)
    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    assert came.wait(10)

    stream.stop()

    thread.join(10)
    assert not thread.is_alive()


def test_ending_what_has_ended_is_no_error(serve: Serve, reach: Reach) -> None:
    stream = reach(serve(Answer(body=b"one\n"))).stream("/", {}, silence=2.0)
    with stream:
        list(stream)

    stream.stop()
