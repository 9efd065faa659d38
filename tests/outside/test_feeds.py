"""Everything of a cluster, in one stream of news."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.simulators.live_cluster import LiveCluster, eventually, pod

from imagelock.core.change import Feed
from imagelock.core.resources import RESOURCES
from imagelock.errors import ClusterError
from imagelock.outside.feeds import Feeds
from imagelock.outside.watch import Alive, Pace, Unseen, Whole
from imagelock.syntax.selectors import parse_selector
from imagelock.syntax.watch import Changed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from imagelock.outside.feeds import News
    from imagelock.outside.kubernetes_api import Api

    Reach = Callable[..., Api]
    Open = Callable[..., Feeds]

PODS = Feed("Pod")


@pytest.fixture
def cluster() -> Iterator[LiveCluster]:
    with LiveCluster() as it:
        it.put("pods", pod("a", "nginx:1"))
        yield it


@pytest.fixture
def open_feeds(cluster: LiveCluster, reach: Reach) -> Iterator[Open]:
    opened: list[Feeds] = []

    def make(*namespaces: str) -> Feeds:
        opened.append(Feeds(reach(cluster.url), namespaces, pace=Pace(first_pause=0.01)))
        return opened[-1]

    yield make
    for feeds in opened:
        feeds.stop()


def until(feeds: Feeds, holds: Callable[[News], bool]) -> News:
    def found() -> News | None:
        news = feeds.next(0.1)
        return news if news is not None and holds(news) else None

    news: News = eventually(found)
    return news


def test_every_kind_that_verify_lists_is_followed(open_feeds: Open) -> None:
    assert [feed.kind for feed in open_feeds().feeds] == [one.kind for one in RESOURCES]


def test_nothing_is_asked_before_it_is_started(open_feeds: Open, cluster: LiveCluster) -> None:
    feeds = open_feeds()

    assert feeds.next(0.05) is None
    assert cluster.requests == []


def test_all_kinds_come_in_one_stream(open_feeds: Open) -> None:
    feeds = open_feeds()
    waiting = set(feeds.feeds)

    feeds.start(feeds.feeds)

    while waiting:
        waiting.discard(until(feeds, lambda news: isinstance(news.what, Whole)).feed)


def test_some_namespaces_have_feeds_of_their_own(open_feeds: Open, cluster: LiveCluster) -> None:
    cluster.put("pods", pod("b", "nginx:1", namespace="play"))
    feeds = open_feeds("shop", "play")
    wanted = [feed for feed in feeds.feeds if feed.kind == "Pod"]
    assert wanted == [Feed("Pod", "shop"), Feed("Pod", "play")]
    assert Feed("Node") in feeds.feeds

    feeds.start([Feed("Pod", "play")])

    until(feeds, lambda news: isinstance(news.what, Whole))
    assert {path for _, path, _ in cluster.requests} == {"/api/v1/namespaces/play/pods"}


def test_nodes_are_no_part_of_a_namespace(open_feeds: Open, cluster: LiveCluster) -> None:
    cluster.forbidden.add("nodes")
    feeds = open_feeds("shop")
    assert "ClusterWorkflowTemplate" not in {feed.kind for feed in feeds.feeds}

    feeds.start([Feed("Node")])

    unseen = until(feeds, lambda news: isinstance(news.what, Unseen)).what
    assert isinstance(unseen, Unseen)
    assert unseen.expected


def test_whoever_cannot_begin_says_so_in_the_stream(open_feeds: Open, cluster: LiveCluster) -> None:
    cluster.forbidden.add("pods")
    feeds = open_feeds()

    feeds.start([PODS])

    assert isinstance(
        until(feeds, lambda news: isinstance(news.what, Exception)).what, ClusterError
    )


def test_a_reader_that_is_slow_loses_nothing(open_feeds: Open, cluster: LiveCluster) -> None:
    feeds = open_feeds()
    feeds.start([PODS])
    until(feeds, lambda news: isinstance(news.what, Whole))

    for number in range(500):
        cluster.put("pods", pod(f"p{number}", "nginx:1"))

    seen = [until(feeds, lambda news: isinstance(news.what, Changed)) for _ in range(500)]
    names = [one.what.page.pods[0].name for one in seen if isinstance(one.what, Changed)]
    assert names == [f"p{number}" for number in range(500)]


def test_after_the_end_nothing_is_told(open_feeds: Open, cluster: LiveCluster) -> None:
    feeds = open_feeds()
    feeds.start([PODS])
    until(feeds, lambda news: isinstance(news.what, Alive))

    feeds.stop()
    cluster.put("pods", pod("b", "nginx:1"))

    assert feeds.next(0.3) is None


def test_labels_are_asked_for_in_every_list_and_watch_but_those_of_nodes(
    cluster: LiveCluster, reach: Reach
) -> None:
    feeds = Feeds(reach(cluster.url), selector=parse_selector("app=shop"))
    try:
        feeds.start(feeds.feeds)
        eventually(lambda: cluster.asked("pods", watch=True))
        eventually(lambda: cluster.asked("nodes", watch=True))
        eventually(lambda: cluster.asked("deployments", watch=True))
    finally:
        feeds.stop()

    for _, path, params in cluster.requests:
        wanted = None if path.endswith("/nodes") else "app=shop"
        assert params.get("labelSelector") == wanted, path


def test_what_is_in_no_namespace_is_not_meant_by_those_who_name_some(open_feeds: Open) -> None:
    followed = {str(feed) for feed in open_feeds("shop").feeds}

    assert {"Node", "Pod in shop", "WorkflowTemplate in shop"} <= followed
    assert "ClusterWorkflowTemplate" not in followed
