"""Events in a cluster: each finding once, few at a time, and nobody waits for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace
from tests.simulators.live_cluster import LiveCluster, eventually

from imagelock.core.change import Change, Regarding
from imagelock.core.finding import Finding
from imagelock.core.place import ClusterPlace
from imagelock.errors import ClusterError
from imagelock.outside.events import Budget, Events
from imagelock.outside.kubernetes_api import Patience
from imagelock.syntax.events import event_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from imagelock.outside.kubernetes_api import Api

    Reach = Callable[..., Api]

PLACE = ClusterPlace(namespace="shop", kind="Deployment", name="api", container="container app")
FINDING = Finding.of("not-pulled-by-digest", PLACE, "asked for without a digest", image="nginx:1")
CHANGE = Change("appeared", FINDING, Regarding("Deployment", "shop", "api", "uid-1"))
ONCE = Patience(tries=1, connect=2.0, read=2.0)


@pytest.fixture
def cluster() -> Iterator[LiveCluster]:
    with LiveCluster() as it:
        yield it


@pytest.fixture
def events(cluster: LiveCluster, reach: Reach, notices: list[str]) -> Events:
    return Events(reach(cluster.url, ONCE), instance="pod-a", notice=notices.append)


def told(cluster: LiveCluster) -> dict[str, Any]:
    return {name: event for (_, name), event in cluster.objects.get("events", {}).items()}


def image(name: str) -> Change:
    return replace(CHANGE, finding=replace(FINDING, image=name))


def test_a_finding_becomes_an_event(events: Events, cluster: LiveCluster) -> None:
    events.send(CHANGE)

    assert list(told(cluster)) == [event_name(CHANGE)]


def test_a_finding_that_is_told_again_counts_on(events: Events, cluster: LiveCluster) -> None:
    for _ in range(3):
        events.send(CHANGE)

    (event,) = told(cluster).values()
    assert event["series"]["count"] == 3


def test_what_was_told_before_a_restart_is_not_told_as_new(
    events: Events, cluster: LiveCluster, reach: Reach
) -> None:
    events.send(CHANGE)

    Events(reach(cluster.url, ONCE), instance="pod-b", notice=print).send(CHANGE)

    assert len(told(cluster)) == 1


def test_events_are_told_in_the_background(events: Events, cluster: LiveCluster) -> None:
    events.start()

    for name in ("nginx:1", "nginx:2"):
        events.tell(image(name))

    eventually(lambda: events.sent == 2)
    assert len(told(cluster)) == 2
    assert events.dropped == 0


def test_a_refusal_is_told_once_and_counted(
    events: Events, cluster: LiveCluster, notices: list[str]
) -> None:
    cluster.forbidden.add("events")
    events.start()

    for name in ("nginx:1", "nginx:2", "nginx:3"):
        events.tell(image(name))

    eventually(lambda: events.dropped == 3)
    assert len(notices) == 1
    assert "events is forbidden" in notices[0]
    with pytest.raises(ClusterError):
        events.send(CHANGE)


def test_too_many_are_dropped_and_counted_and_nobody_waits(events: Events) -> None:
    for number in range(250):
        events.tell(image(f"nginx:{number}"))

    assert events.dropped == 150


def test_a_budget_gives_some_at_once_and_then_so_many_a_second() -> None:
    budget = Budget(burst=3, rate=2.0)

    assert [budget.pause(100.0) for _ in range(5)] == [0.0, 0.0, 0.0, 0.5, 1.0]


def test_a_budget_is_full_again_after_a_rest_and_never_fuller() -> None:
    budget = Budget(burst=2, rate=1.0)
    for _ in range(2):
        budget.pause(100.0)

    assert [budget.pause(1_000.0) for _ in range(3)] == [0.0, 0.0, 1.0]
