"""Bodies that are larger, slower or packed otherwise than anybody would like."""

from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace
from tests.simulators.api_server import Answer

from imagelock.errors import ClusterError
from imagelock.outside.body import Bounds
from imagelock.outside.kubernetes_api import Patience

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulators.api_server import ApiServer

    from imagelock.outside.kubernetes_api import Api

    Serve = Callable[..., ApiServer]
    Reach = Callable[..., Api]

SMALL = Patience(tries=1, connect=2.0, read=2.0, body=Bounds(size=2 * 1024 * 1024, seconds=0.3))
TEXT = bytes(range(256)) * 4_000  # more than a piece


def packed(data: bytes) -> Answer:
    return Answer(body=data, headers={"Content-Encoding": "gzip"})


@pytest.mark.parametrize("packing", ["plain", "chunked", "gzip", "chunked gzip"])
def test_a_body_of_some_size_comes_as_it_was_sent(serve: Serve, reach: Reach, packing: str) -> None:
    answer = Answer(body=TEXT, packed="gzip" in packing, chunked="chunked" in packing)

    assert reach(serve(answer)).get("/x") == TEXT


@pytest.mark.parametrize(
    "answer",
    [
        Answer(body=b"x" * 3_000_000),
        Answer(body=b"x" * 3_000_000, chunked=True),
        packed(gzip.compress(b"x" * 3_000_000)),
        packed(gzip.compress(b"x" * 300_000_000, 1)),
    ],
    ids=["plain", "chunked", "gzip", "bomb"],
)
def test_a_body_without_measure_is_an_error(serve: Serve, reach: Reach, answer: Answer) -> None:
    with pytest.raises(ClusterError, match="more than 2 MB"):
        reach(serve(answer), SMALL).get("/x")


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (gzip.compress(TEXT)[:-9], "did not come whole"),
        (gzip.compress(TEXT) + b"more", "did not come whole"),
        (b"", "did not come whole"),
        (TEXT, "not packed as it says"),
        (zlib.compress(TEXT), "not packed as it says"),
    ],
)
def test_a_packed_body_that_is_not_whole_is_an_error(
    serve: Serve, reach: Reach, data: bytes, problem: str
) -> None:
    with pytest.raises(ClusterError, match=problem):
        reach(serve(packed(data)), SMALL).get("/x")


def test_a_packing_that_nobody_asked_for_is_an_error(serve: Serve, reach: Reach) -> None:
    answer = Answer(body=b"x", headers={"Content-Encoding": "br"})

    with pytest.raises(ClusterError, match="packed \\(br\\)"):
        reach(serve(answer)).get("/x")


def test_a_body_that_drips_is_an_error_in_the_end(serve: Serve, reach: Reach) -> None:
    def slowly(_: Any) -> Answer:
        return Answer(body=b"x" * 100_000, chunked=True, pause=0.02)

    with pytest.raises(ClusterError, match=r"did not end in 0\.3 seconds"):
        reach(serve(slowly), SMALL).get("/x")


def test_a_slow_body_that_ends_in_time_is_read(serve: Serve, reach: Reach) -> None:
    patient = replace(SMALL, body=Bounds(seconds=60))
    answer = Answer(body=b"x" * 5_000, chunked=True, pause=0.01)

    assert len(reach(serve(answer), patient).get("/x")) == 5_000


def test_the_connection_is_not_used_again_after_a_body_that_was_given_up(
    serve: Serve, reach: Reach
) -> None:
    api = reach(serve(Answer(body=b"x" * 3_000_000), Answer(body=b"next")), SMALL)

    with pytest.raises(ClusterError):
        api.get("/x")

    assert api.get("/x") == b"next"
