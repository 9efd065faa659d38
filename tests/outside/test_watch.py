"""A list that is followed: what a server does at its worst moments, and what comes of it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
from tests.simulators.api_server import RECORDINGS, Answer, said
from tests.simulators.live_cluster import LiveCluster, eventually, pod

from imagelock.errors import ClusterError
from imagelock.outside.watch import (
    Alive,
    Begun,
    Listed,
    Message,
    Pace,
    Trouble,
    Unseen,
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

PODS = "/api/v1/pods"
HASTE = Pace(first_pause=0.01, longest_pause=0.05, unseen=0.05)
IMPATIENT = Pace(first_pause=0.01, longest_pause=0.05, silence=0.3)


MessageT = TypeVar("MessageT", bound=Message)


class Following:
    """A watch in a thread of its own, and everything that it said."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.messages: list[Message] = []
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def until(self, kind: type[MessageT], *, times: int = 1) -> list[MessageT]:
        """Wait until messages of this kind came so often."""

        def came() -> list[MessageT]:
            return [one for one in self.messages if isinstance(one, kind)]

        eventually(lambda: len(came()) >= times)
        return came()

    @property
    def pods(self) -> set[str]:
        """The pods that are there, by what was said."""
        there: set[str] = set()
        listed: set[str] = set()
        for message in self.messages:
            match message:
                case Begun():
                    listed = set()
                case Listed(page):
                    listed |= {one.name for one in page.pods}
                case Whole():
                    there = listed
                case Changed(page, _):
                    there |= {one.name for one in page.pods}
                case Deleted(_, name, _):
                    there.discard(name)
        return there

    def end(self) -> None:
        self.watch.stop()
        self._thread.join(10)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        try:
            for message in self.watch.messages():
                self.messages.append(message)
        except ClusterError as error:
            self.error = error


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

    following.until(Changed)
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


def test_what_may_not_be_listed_is_told_and_tried_again(
    cluster: LiveCluster, follow: Follow
) -> None:
    cluster.forbidden.add("nodes")
    following = follow(cluster.url, needed=False, path="/api/v1/nodes")

    (first, *_) = following.until(Unseen, times=2)
    cluster.forbidden.clear()

    following.until(Whole)
    assert first == Unseen(first.reason, expected=False)
    assert "Missing permission: verb 'list' on 'nodes'" in first.reason


def test_a_kind_that_the_cluster_does_not_have_is_no_news(serve: Serve, follow: Follow) -> None:
    server = serve(said(404, "the server could not find the requested resource"))

    rollouts = "/apis/argoproj.io/v1alpha1/rollouts"
    following = follow(server.url, needed=False, expected=frozenset({404}), path=rollouts)

    assert following.until(Unseen)[0].expected


def test_what_is_told_for_a_moment_only_is_not_believed(serve: Serve, follow: Follow) -> None:
    unknown = said(404, "the server could not find the requested resource")
    refused = said(403, "it is forbidden")
    server = serve(unknown, refused, refused, unknown)

    following = follow(server.url, needed=False, expected=frozenset({404}), path="/apis/x/v1/y")

    following.until(Trouble, times=2)
    assert {one.expected for one in following.until(Unseen, times=2)} == {True}


def test_a_kind_that_every_cluster_should_have_is_missed(serve: Serve, follow: Follow) -> None:
    server = serve(said(404, "the server could not find the requested resource"))

    following = follow(server.url, needed=False, path="/apis/batch/v1/cronjobs")

    reason = "this cluster does not serve /apis/batch/v1/cronjobs"
    assert following.until(Unseen)[0] == Unseen(reason, expected=False)


def test_pods_that_may_not_be_listed_are_the_end(cluster: LiveCluster, follow: Follow) -> None:
    cluster.forbidden.add("pods")

    following = follow(cluster.url)

    assert "Missing permission" in str(eventually(lambda: following.error))


def test_pods_that_may_be_listed_and_not_watched_are_the_end(
    cluster: LiveCluster, follow: Follow
) -> None:
    cluster.forbidden.add("watch pods")

    following = follow(cluster.url)

    told = str(eventually(lambda: following.error))
    assert "Missing permission: verb 'watch' on 'pods'" in told
    assert "imagelock rbac --watch --user u" in told


def test_a_server_that_is_being_started_may_refuse_what_it_allowed(
    cluster: LiveCluster, follow: Follow
) -> None:
    following = follow(cluster.url)
    following.until(Alive)

    cluster.refusals = 2
    cluster.cut_watches()
    cluster.put("pods", pod("b", "nginx:1"))

    eventually(lambda: following.pods == {"a", "b"})
    following.until(Trouble, times=2)
    assert not any(isinstance(one, Unseen) for one in following.messages)


def test_a_watch_that_is_opened_again_says_that_the_server_answers(
    cluster: LiveCluster, follow: Follow
) -> None:
    """Some servers send no bookmark before something happens, for days perhaps."""
    following = follow(cluster.url)
    following.until(Alive)

    cluster.cut_watches()

    following.until(Trouble)
    following.until(Alive, times=2)


def test_permission_that_is_lost_later_is_waited_for(cluster: LiveCluster, follow: Follow) -> None:
    following = follow(cluster.url)
    following.until(Alive)

    cluster.forbidden.add("pods")
    cluster.cut_watches()
    following.until(Unseen)
    cluster.forbidden.clear()

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
