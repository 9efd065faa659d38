"""A list that is followed: what a server does at its worst moments, and what comes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.simulators.api_server import RECORDINGS, Answer, said
from tests.simulators.live_cluster import LiveCluster, eventually, pod

from imagelock.outside.watch import (
    Alive,
    Begun,
    Listed,
    Pace,
    Trouble,
    Watch,
    Whole,
)
from imagelock.syntax.watch import Changed, Deleted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.simulators.api_server import ApiServer, Request

    from imagelock.outside.kubernetes_api import Api

    Serve = Callable[..., ApiServer]
    Reach = Callable[..., Api]
    Follow = Callable[..., "Following"]
from tests.simulators.following import Following

PODS = "/api/v1/pods"
HASTE = Pace(first_pause=0.01, longest_pause=0.05, unseen=0.05)
IMPATIENT = Pace(first_pause=0.01, longest_pause=0.05, silence=0.3)


@pytest.fixture
def cluster() -> Iterator[LiveCluster]:
    with LiveCluster() as it:
        it.put("pods", pod("a", "nginx:1"))
        yield it


@pytest.fixture
def follow(reach: Reach) -> Iterator[Follow]:
    """Return what follows the pods of a server, until the end of the test."""
    followed: list[Following] = []

    def start(
        server: str, *, pace: Pace = HASTE, needed: bool = True, path: str = PODS, **more: Any
    ) -> Following:
        watch = Watch(reach(server), path, needed=needed, pace=pace, **more)
        followed.append(Following(watch))
        return followed[-1]

    yield start
    for one in followed:
        one.end()


def test_what_is_there_is_listed_and_what_changes_is_told(
    cluster: LiveCluster, follow: Follow
) -> None:
    following = follow(cluster.url)
    following.until(Whole)
    assert following.pods == {"a"}

    cluster.put("pods", pod("b", "nginx:1"))
    following.until(Changed)
    assert following.pods == {"a", "b"}

    cluster.delete("pods", "a")
    following.until(Deleted)
    assert following.pods == {"b"}
    assert cluster.asked("pods", watch=False) == 1


def test_a_list_comes_in_pages(cluster: LiveCluster, follow: Follow) -> None:
    cluster.page = 2
    for name in "bcde":
        cluster.put("pods", pod(name, "nginx:1"))

    following = follow(cluster.url)

    following.until(Whole)
    assert len(following.until(Listed)) == 3
    assert following.pods == set("abcde")


def test_a_bookmark_says_that_the_watch_is_alive(cluster: LiveCluster, follow: Follow) -> None:
    following = follow(cluster.url)
    following.until(Alive)  # by being opened

    def is_alive() -> bool:
        cluster.bookmark()  # again and again: the watch may not have begun
        return sum(isinstance(one, Alive) for one in following.messages) > 1

    eventually(is_alive)
    assert cluster.asked("pods", watch=True) == 1


def test_a_broken_connection_is_opened_again_from_the_last_version(
    cluster: LiveCluster, follow: Follow
) -> None:
    following = follow(cluster.url)
    following.until(Whole)
    cluster.put("pods", pod("b", "nginx:1"))
    following.until(Changed)

    cluster.cut_watches()
    following.until(Trouble)
    cluster.put("pods", pod("c", "nginx:1"))

    following.until(Changed, times=2)
    assert following.pods == {"a", "b", "c"}
    assert cluster.asked("pods", watch=False) == 1
    versions = [params["resourceVersion"] for _, _, params in cluster.requests if "watch" in params]
    assert int(versions[-1]) > int(versions[0])


def test_half_a_line_is_dropped_and_comes_again_whole(cluster: LiveCluster, follow: Follow) -> None:
    following = follow(cluster.url)
    eventually(lambda: cluster.asked("pods", watch=True))

    cluster.half = True
    cluster.put("pods", pod("b", "nginx:1"))
    following.until(Trouble)
    cluster.half = False

    following.until(Changed)
    assert following.pods == {"a", "b"}
    assert cluster.asked("pods", watch=False) == 1


def test_a_version_that_is_gone_means_a_new_list(cluster: LiveCluster, follow: Follow) -> None:
    following = follow(cluster.url)
    eventually(lambda: cluster.asked("pods", watch=True))

    cluster.put("pods", pod("b", "nginx:1"))
    cluster.delete("pods", "a")
    cluster.forget_history()
    cluster.cut_watches()

    following.until(Whole, times=2)
    assert following.pods == {"b"}


def test_a_connection_that_says_nothing_is_noticed(cluster: LiveCluster, follow: Follow) -> None:
    following = follow(cluster.url, pace=IMPATIENT)
    following.until(Whole)
    cluster.mute = True
    cluster.put("pods", pod("b", "nginx:1"))

    assert "stopped answering" in following.until(Trouble)[0].problem
    cluster.mute = False

    # By a new list: of a cluster that was restored from a backup, no version is certain.
    following.until(Whole, times=2)
    assert following.pods == {"a", "b"}


def test_a_watch_that_the_server_ends_is_opened_again_without_a_list(
    cluster: LiveCluster, follow: Follow
) -> None:
    pace = Pace(first_pause=0.01, shortest_watch=0, longest_watch=0, steady=0.0)

    following = follow(cluster.url, pace=pace)

    eventually(lambda: cluster.asked("pods", watch=True) > 3)
    assert cluster.asked("pods", watch=False) == 1
    assert not [one for one in following.messages if isinstance(one, Trouble)]


def test_a_server_that_fails_for_a_while_is_asked_again_and_again(
    cluster: LiveCluster, follow: Follow
) -> None:
    following = follow(cluster.url)
    following.until(Whole)

    cluster.refusal = (500, "")
    cluster.cut_watches()
    troubles = following.until(Trouble, times=4)
    cluster.refusal = None
    cluster.put("pods", pod("b", "nginx:1"))

    following.until(Changed)
    assert [one.times for one in troubles][:4] == [1, 2, 3, 4]
    assert following.pods == {"a", "b"}


def test_a_server_that_wants_to_be_left_alone_is_left_alone(
    cluster: LiveCluster, follow: Follow
) -> None:
    following = follow(cluster.url)
    following.until(Whole)

    cluster.refusal = (429, "7")
    cluster.cut_watches()

    eventually(
        lambda: any(isinstance(one, Trouble) and one.pause >= 7 for one in following.messages)
    )


def test_a_list_that_was_asked_for_does_not_wait_for_anything(
    cluster: LiveCluster, follow: Follow
) -> None:
    following = follow(cluster.url, pace=Pace())
    eventually(lambda: cluster.asked("pods", watch=True))

    following.watch.relist()

    following.until(Whole, times=2)


LIST = Answer(body=b'{"kind":"PodList","metadata":{"resourceVersion":"7"},"items":[]}')


def first_list_then(*answers: Answer) -> Callable[[Request], Answer]:
    left = list(answers)

    def answer(request: Request) -> Answer:
        if request.params.get("watch") != "1":
            return LIST
        return left.pop(0) if len(left) > 1 else left[0]

    return answer


@pytest.mark.parametrize(
    "line",
    [
        b"{\n",
        b"<html>log in</html>\n",
        b"\n",
        b'{"type":"ADDED","object":{"kind":"Pod","metadata":{"name":"\xff"}}}\n',
        b'{"type":"ADDED","object":' + b"[" * 100_000 + b"\n",
        b'{"type":"ADDED","object":{"kind":"Pod","metadata":{"name":"x"}}}\n',
        b'{"type":"ADDED","object":{"kind":"Secret","metadata":{"resourceVersion":"8"}}}\n',
    ],
)
def test_what_cannot_be_read_means_a_new_list_and_never_the_end(
    serve: Serve, follow: Follow, line: bytes
) -> None:
    server = serve(first_list_then(Answer(body=line), Answer(body=b"")))

    following = follow(server.url)

    following.until(Whole, times=2)
    assert len(following.until(Trouble)) == 1


def test_a_refusal_in_the_stream_is_tried_again_from_the_same_version(
    serve: Serve, follow: Follow
) -> None:
    failed = b'{"type":"ERROR","object":{"kind":"Status","code":500,"message":"etcd is away"}}\n'
    server = serve(first_list_then(Answer(body=failed), Answer(fault="silence")))

    following = follow(server.url, pace=IMPATIENT)

    assert "etcd is away" in following.until(Trouble)[0].problem
    eventually(lambda: len(server.requests) > 2)
    versions = [one.params.get("resourceVersion") for one in server.requests]
    assert versions[:3] == [None, "7", "7"]


def test_a_server_that_has_forgotten_at_once_is_not_listed_without_pause(
    serve: Serve, follow: Follow
) -> None:
    gone = Answer(body=b'{"type":"ERROR","object":{"kind":"Status","code":410}}\n')
    server = serve(first_list_then(gone))

    following = follow(server.url, pace=Pace(first_pause=60.0))

    # The first time at once, then after a pause of half a minute at least.
    following.until(Whole, times=2)
    eventually(lambda: len(server.requests) == 4)
    following.end()
    assert len(server.requests) == 4


def test_a_version_that_is_gone_before_the_watch_begins_means_a_new_list(
    serve: Serve, follow: Follow
) -> None:
    server = serve(first_list_then(said(410, "too old"), Answer(fault="silence")))

    following = follow(server.url, pace=IMPATIENT)

    following.until(Whole, times=2)


def test_a_recorded_watch_is_followed(serve: Serve, follow: Follow) -> None:
    if not RECORDINGS.is_dir():
        pytest.skip("needs ../shared/recordings/kubernetes-1.36")
    lines = Answer(body=(RECORDINGS / "watch-pods.jsonl").read_bytes(), chunked=True)
    server = serve(first_list_then(lines, Answer(fault="silence")))

    following = follow(server.url, pace=IMPATIENT)

    following.until(Alive, times=2)
    told: list[Any] = [type(one) for one in following.messages if not isinstance(one, Trouble)]
    assert told[:9] == [Begun, Listed, Whole, Alive, Changed, Changed, Changed, Deleted, Alive]
    eventually(lambda: server.requests[-1].params.get("resourceVersion") == "336")
