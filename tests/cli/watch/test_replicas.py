"""Several replicas of imagelock watch, of which one works."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

from tests.simulators.live_cluster import LiveCluster, eventually, pod

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulators.watching import Watching

    Start = Callable[..., Watching]


def test_one_replica_works_and_the_next_one_takes_over(cluster: LiveCluster, start: Start) -> None:
    cluster.put("pods", pod("a", "nginx:1"))
    options = ("--lease", "ops/watch", "--listen", "127.0.0.1:0")
    first = start(*options)
    first.said("1 error and 0 warnings stand")
    asked = cluster.asked("pods", watch=False)

    second = start(*options)
    second.said("waiting: the lease ops/watch is held by ")
    assert second.page("/readyz") == (200, "ready\n")
    assert second.metric("imagelock_leader") == 0
    assert first.metric("imagelock_leader") == 1
    assert second.out == []
    assert cluster.asked("pods", watch=False) == asked

    assert first.end() == 0
    second.said("working: the lease ops/watch is ours")
    second.said("appeared shop/Pod/a")
    assert second.metric("imagelock_leader") == 1


def test_a_replica_that_loses_its_lease_stops_and_begins_anew_when_it_is_free(
    cluster: LiveCluster, start: Start
) -> None:
    cluster.put("pods", pod("a", "nginx:1"))
    watch = start("--lease", "ops/watch", "--listen", "127.0.0.1:0", "--format", "json")
    watch.said("1 error and 0 warnings stand")
    lease = cluster.objects["leases"]["ops", "watch"]

    cluster.put("leases", {**lease, "spec": {**lease["spec"], "holderIdentity": "another"}})
    watch.said("the lease ops/watch is lost, another replica may work now")
    watch.said("waiting: the lease ops/watch is held by another")
    cluster.put("pods", pod("b", "redis:7"))
    assert watch.metric("imagelock_leader") == 0
    assert watch.metric("imagelock_findings") == 0

    lease = cluster.objects["leases"]["ops", "watch"]
    cluster.put("leases", {**lease, "spec": {**lease["spec"], "holderIdentity": ""}})
    eventually(lambda: [one["change"] for one in watch.documents].count("whole") == 2)
    told = [one["change"] for one in watch.documents]
    assert told == ["began", "appeared", "whole", "began", "appeared", "appeared", "whole"]


def test_a_lease_that_cannot_be_given_back_is_told_and_no_failure(
    cluster: LiveCluster, start: Start
) -> None:
    watch = start("--lease", "ops/watch")
    watch.said("0 errors and 0 warnings stand")

    cluster.refusal = (503, "")

    assert watch.end() == 0
    assert "the lease ops/watch could not be given back" in "".join(watch.err)
    assert watch.err[-1] == "stopped\n"


def test_whoever_presses_ctrl_c_twice_leaves_the_lease_to_the_next_replica(
    cluster: LiveCluster, start: Start
) -> None:
    watch = start("--lease", "ops/watch")
    watch.said("0 errors and 0 warnings stand")
    cluster.pause = 0.5

    watch.process.send_signal(signal.SIGINT)
    time.sleep(0.05)

    assert watch.end(signal.SIGINT) == 130
    assert cluster.objects["leases"]["ops", "watch"]["spec"]["holderIdentity"] == ""


def test_a_lease_that_may_not_be_had_ends_it(cluster: LiveCluster, start: Start) -> None:
    cluster.forbidden.add("leases")

    watch = start("--lease", "ops/watch")

    assert watch.wait() == 3
    assert "Missing permission" in "".join(watch.err)
    assert cluster.asked("pods", watch=False) == 0
