from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from msgspec import Struct
from tests.simulators.api_server import (
    Answer,
    ApiServer,
    Request,
    recorded,
    recorded_pages,
    said,
)

from imagelock.errors import ClusterError
from imagelock.outside.cluster import list_pages
from imagelock.outside.kubernetes_api import Patience
from imagelock.outside.refusals import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable

    from imagelock.outside.kubernetes_api import Api

    Serve = Callable[..., ApiServer]
    Reach = Callable[..., Api]


class Metadata(Struct, rename={"continue_token": "continue"}):
    continue_token: str = ""
    name: str = ""


class Item(Struct):
    metadata: Metadata


class Page(Struct):
    metadata: Metadata
    items: list[Item]

    @property
    def continue_token(self) -> str:
        return self.metadata.continue_token


def decode(data: bytes | memoryview) -> Page:
    return msgspec.json.decode(data, type=Page)


def page(*names: str, more: str = "") -> Answer:
    metadata = {"resourceVersion": "7", **({"continue": more} if more else {})}
    items = [{"metadata": {"name": name}} for name in names]
    document: dict[str, Any] = {"kind": "PodList", "metadata": metadata, "items": items}
    return Answer(body=json.dumps(document, separators=(",", ":")).encode())


def by_token(**pages: Answer) -> Callable[[Request], Answer]:
    return lambda request: pages[request.params.get("continue", "first")]


def names(api: Api, path: str = "/api/v1/pods", **more: Any) -> list[str]:
    return [
        item.metadata.name for page in list_pages(api, path, decode, **more) for item in page.items
    ]


def test_a_recorded_list_comes_in_all_its_pages(serve: Serve, reach: Reach) -> None:
    whole = [item.metadata.name for item in decode(recorded("pods-all").body).items]

    server = serve(recorded_pages)

    assert sorted(names(reach(server))) == sorted(whole)
    assert len(server.requests) == 3


def test_limit_and_selectors_go_with_every_page(serve: Serve, reach: Reach) -> None:
    server = serve(by_token(first=page("a", more="t"), t=page("b")))

    names(reach(server), limit=7, params={"labelSelector": "x"})

    assert [request.params for request in server.requests] == [
        {"limit": "7", "labelSelector": "x"},
        {"limit": "7", "labelSelector": "x", "continue": "t"},
    ]


def test_one_page_needs_one_request(serve: Serve, reach: Reach) -> None:
    server = serve(page("a", "b"))

    assert names(reach(server)) == ["a", "b"]
    assert len(server.requests) == 1


def test_an_expired_list_goes_on_with_the_token_that_the_server_gives(
    serve: Serve, reach: Reach, notices: list[str]
) -> None:
    expired = recorded("error-410-expired-continue")
    fresh = json.loads(expired.body)["metadata"]["continue"]
    server = serve(by_token(**{"first": page("a", more="t"), "t": expired, fresh: page("b")}))

    assert names(reach(server)) == ["a", "b"]
    assert "/api/v1/pods expired while it was read" in notices[0]


def test_a_list_that_expires_again_and_again_is_told_of_once(
    serve: Serve, reach: Reach, notices: list[str]
) -> None:
    def expired(token: str) -> Answer:
        return said(410, "too old", metadata={"continue": token})

    server = serve(
        by_token(
            first=page("a", more="t"),
            t=expired("t2"),
            t2=page("b", more="u"),
            u=expired("u2"),
            u2=page("c"),
        )
    )

    assert names(reach(server)) == ["a", "b", "c"]
    assert len(notices) == 1


def test_an_expired_list_without_a_token_is_an_error(serve: Serve, reach: Reach) -> None:
    server = serve(by_token(first=page("a", more="t"), t=said(410, "too old")))

    with pytest.raises(ApiError, match="too old"):
        names(reach(server))


HALF = page("b", "c").body[:-9]


@pytest.mark.parametrize(
    "second",
    [
        Answer(body=HALF),
        Answer(body=HALF, chunked=True),
        Answer(body=HALF, packed=True),
        Answer(body=page("b", "c").body, fault="cut"),
        Answer(body=page("b", "c").body * 99, fault="cut", chunked=True),
        Answer(body=page("b", "c").body, fault="short"),
        Answer(fault="reset"),
        Answer(body=b"<html>log in</html>"),
        Answer(body=b""),
        Answer(body=b'{"kind":"PodList"}'),
        Answer(status=500),
        said(403, "pods is forbidden"),
    ],
)
def test_a_page_that_is_not_whole_is_never_taken_for_the_end(
    serve: Serve, reach: Reach, second: Answer
) -> None:
    server = serve(by_token(first=page("a", more="t"), t=second))
    seen: list[str] = []

    with pytest.raises(ClusterError):
        seen.extend(
            one.items[0].metadata.name for one in list_pages(reach(server), "/api/v1/pods", decode)
        )

    assert "b" not in seen


def test_a_page_whose_metadata_stands_last_is_read_too(serve: Serve, reach: Reach) -> None:
    late = Answer(body=b'{"items":[{"metadata":{"name":"a"}}], "metadata":{"continue":"t"}}')

    assert names(reach(serve(by_token(first=late, t=page("b"))))) == ["a", "b"]


def test_a_token_inside_an_object_is_not_the_list_s(serve: Serve, reach: Reach) -> None:
    trap = Answer(
        body=b'{"items":[{"metadata":{"name":"a","continue":"wrong"}}],"metadata":{"continue":"t"}}'
    )
    server = serve(by_token(first=trap, wrong=said(400, "bad"), t=page("b")))

    assert names(reach(server)) == ["a", "b"]


def test_a_server_that_gives_the_same_page_for_ever_is_an_error(serve: Serve, reach: Reach) -> None:
    server = serve(by_token(first=page("a", more="t"), t=page("b", more="t")))

    with pytest.raises(ClusterError, match="the same pages for ever"):
        names(reach(server))


def test_whoever_stops_early_does_not_wait_for_the_next_page(serve: Serve, reach: Reach) -> None:
    server = serve(by_token(first=page("a", more="t"), t=Answer(fault="silence")))
    pages = list_pages(reach(server, Patience(read=600)), "/api/v1/pods", decode)

    assert next(pages).items[0].metadata.name == "a"
    pages.close()  # type: ignore[attr-defined]
