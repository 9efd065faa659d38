"""`imagelock watch` at a real API server: bookmarks, the whole cluster, replicas, Events."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

import pytest
from tests.simulators.live_cluster import eventually

from imagelock.outside.watch import Alive, Pace, Watch, Whole

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.end_to_end.real_cluster import RealCluster, Watching

    Start = Callable[..., Watching]

LEASES = "/apis/coordination.k8s.io/v1"
EVENTS = "/apis/events.k8s.io/v1"
WEB = f"ghcr.io/acme/web@sha256:{'a' * 64}"


def test_a_quiet_watch_keeps_up_with_what_happens_elsewhere(cluster: RealCluster) -> None:
    quiet = f"/api/v1/namespaces/{cluster.namespace}-of-nobody/pods"
    watch = Watch(cluster.api, quiet, pace=Pace(shortest_watch=6, longest_watch=6))
    messages = watch.messages()

    while not isinstance(next(messages), Whole):
        pass
    listed = watch._version
    assert isinstance(next(messages), Alive)  # the server lets us watch
    cluster.pod("elsewhere", WEB)
    assert isinstance(next(messages), Alive)  # a bookmark

    assert int(watch._version) > int(listed)
    watch.stop()


def test_a_whole_cluster_is_watched_with_the_permissions_that_rbac_prints(
    cluster: RealCluster, rbac: Callable[..., Path], start: Start
) -> None:
    cluster.pod("early", "redis:7")
    tester = rbac("--watch", "--lease-namespace", cluster.namespace)
    lease = f"{cluster.namespace}/watch"

    watch = start("--selector", "app=early", "--events", "--lease", lease, at=tester)

    eventually(lambda: watch.is_whole, seconds=60)
    assert watch.changes == [("appeared", "early")]
    eventually(lambda: events_of(cluster), seconds=60)
    assert "permission" not in watch.said.lower()


def test_a_pod_that_gets_other_labels_goes(cluster: RealCluster, start: Start) -> None:
    cluster.pod("early", "redis:7")
    where = ("--namespace", cluster.namespace, "--selector", "app=early")
    watch = start(*where, at=cluster.kubeconfig)
    eventually(lambda: watch.is_whole, seconds=60)

    for app in ("other", "early"):
        change = {"metadata": {"labels": {"app": app}}}
        cluster.merge(f"{cluster.path('pods')}/early", change)

    eventually(lambda: len(watch.changes) == 3, seconds=60)
    assert watch.changes == [("appeared", "early"), ("went", "early"), ("appeared", "early")]


# Replicas


def test_a_replica_that_is_stopped_hands_over_to_one_of_two(
    cluster: RealCluster, start: Start
) -> None:
    cluster.pod("early", "redis:7")
    options = ("--namespace", cluster.namespace, "--lease", f"{cluster.namespace}/watch")
    first = start(*options, at=cluster.kubeconfig)
    eventually(lambda: first.is_whole, seconds=60)
    before = holder(cluster)
    others = [start(*options, at=cluster.kubeconfig) for _ in range(2)]
    waits = f"is held by {before}"
    eventually(lambda: all(waits in one.said for one in others), seconds=60)

    assert first.end() == 0

    eventually(lambda: any(one.is_whole for one in others), seconds=60)
    after = holder(cluster)
    assert after not in {"", before}
    [waiting] = [one for one in others if not one.is_whole]
    eventually(lambda: f"is held by {after}" in waiting.said, seconds=60)
    assert waiting.changes == []


def test_a_lease_that_somebody_deletes_is_made_again(cluster: RealCluster, start: Start) -> None:
    cluster.pod("early", "redis:7")
    lease = f"{cluster.namespace}/watch"
    watch = start("--namespace", cluster.namespace, "--lease", lease, at=cluster.kubeconfig)
    eventually(lambda: watch.is_whole, seconds=60)

    cluster.delete(f"{cluster.path('leases', LEASES)}/watch")

    eventually(lambda: holder(cluster) != "", seconds=60)
    cluster.pod("late", "redis:7")
    eventually(lambda: ("appeared", "late") in watch.changes, seconds=60)


def holder(cluster: RealCluster) -> str:
    path = f"{cluster.path('leases', LEASES)}/watch"
    if not cluster.answers(path):
        return ""
    held: str = cluster.get(path)["spec"]["holderIdentity"]
    return held


# Events


def test_the_same_finding_is_one_event_whoever_tells_it(cluster: RealCluster, start: Start) -> None:
    cluster.deployment("api", "nginx:1.27")
    options = ("--namespace", cluster.namespace, "--events")
    start_and_kill(cluster, start, options, 1)

    start(*options, at=cluster.kubeconfig)

    [event] = eventually(lambda: [one for one in events_of(cluster) if one.get("series")])
    assert event["series"]["count"] == 2
    assert event["regarding"]["kind"] == "Deployment"
    assert event["type"] == "Warning"
    assert len(events_of(cluster)) == 1


@pytest.mark.parametrize("name", ["x-" + "y" * 251, "a.b-c", "1"])
def test_whatever_a_pod_is_called_it_has_its_event(
    cluster: RealCluster, start: Start, name: str
) -> None:
    cluster.pod(name, "nginx:1.27")

    watch = start("--namespace", cluster.namespace, "--events", at=cluster.kubeconfig)

    [event] = eventually(lambda: events_of(cluster), seconds=60)
    assert event["regarding"]["name"] == name
    assert "warning: an Event" not in watch.said


def start_and_kill(
    cluster: RealCluster, start: Start, options: tuple[str, ...], count: int
) -> None:
    watch = start(*options, at=cluster.kubeconfig)
    eventually(lambda: len(events_of(cluster)) == count, seconds=60)
    watch.end(signal.SIGKILL)


def events_of(cluster: RealCluster) -> list[Any]:
    found: list[Any] = cluster.get(cluster.path("events", EVENTS))["items"]
    return [one for one in found if one["reportingController"] == "imagelock.watch"]
