"""A list that may not be followed: what is waited for, and what is the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.simulators.api_server import said
from tests.simulators.live_cluster import LiveCluster, eventually, pod

from imagelock.outside.watch import (
    Alive,
    Pace,
    Trouble,
    Unseen,
    Watch,
    Whole,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.simulators.api_server import ApiServer

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


@pytest.mark.parametrize("what", ["list", "watch"])
def test_a_server_that_is_being_started_may_refuse_pods_at_first(
    cluster: LiveCluster, follow: Follow, what: str
) -> None:
    if what == "list":
        cluster.refusals = 2
        following = follow(cluster.url)
    else:
        cluster.forbidden.add("watch pods")
        following = follow(cluster.url)
        following.until(Trouble)
        cluster.forbidden.clear()

    following.until(Alive)
    assert following.pods == {"a"}
    assert following.error is None


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
