"""A Lease of a cluster: one works, the others wait."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.simulators.live_cluster import LiveCluster, eventually

from imagelock.core.lease import Times
from imagelock.errors import ClusterError
from imagelock.outside.kubernetes_api import Patience
from imagelock.outside.lease import Lease
from imagelock.outside.refusals import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from imagelock.outside.kubernetes_api import Api

    Reach = Callable[..., Api]
    Replica = Callable[..., Lease]

ONCE = Patience(tries=1, connect=2.0, read=2.0)


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def cluster() -> Iterator[LiveCluster]:
    with LiveCluster() as it:
        yield it


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def replica(cluster: LiveCluster, reach: Reach, clock: Clock) -> Replica:
    def make(identity: str, **more: Any) -> Lease:
        more = {"clock": clock, **more}
        return Lease(reach(cluster.url, ONCE), "ops", "watch", identity=identity, **more)

    return make


def held(cluster: LiveCluster) -> dict[str, Any]:
    spec: dict[str, Any] = cluster.objects["leases"]["ops", "watch"]["spec"]
    return spec


def test_the_first_replica_makes_the_lease_and_holds_it(
    cluster: LiveCluster, replica: Replica
) -> None:
    first = replica("a")
    assert not first.holds()
    assert not first.is_known

    first.step()

    assert first.holds()
    assert (held(cluster)["holderIdentity"], held(cluster)["leaseDurationSeconds"]) == ("a", 15)


def test_the_second_replica_waits_and_knows_for_whom(replica: Replica) -> None:
    first, second = replica("a"), replica("b")
    first.step()

    second.step()

    assert not second.holds()
    assert second.is_known
    assert second.holder == "a"


def test_a_holder_that_renews_is_never_followed(replica: Replica, clock: Clock) -> None:
    first, second = replica("a"), replica("b")

    for _ in range(30):
        first.step()
        second.step()
        assert first.holds()
        assert not second.holds()
        clock.now += 2.0


def test_a_silent_holder_is_followed_after_it_has_given_up(
    replica: Replica, clock: Clock, cluster: LiveCluster
) -> None:
    first, second = replica("a"), replica("b")
    first.step()
    second.step()

    gave_up = took = 0
    for second_of_silence in range(1, 30):
        clock.now += 1.0
        second.step()
        if not first.holds() and not gave_up:
            gave_up = second_of_silence
        if second.holds() and not took:
            took = second_of_silence

    assert (gave_up, took) == (10, 16)
    assert held(cluster)["leaseTransitions"] == 1


def test_a_process_that_was_frozen_holds_nothing_when_it_wakes_up(
    replica: Replica, clock: Clock
) -> None:
    first = replica("a")
    first.step()
    term = first.term

    clock.now += 60.0
    assert not first.holds(term)

    first.step()
    assert first.holds()
    assert not first.holds(term)


def test_a_renewal_goes_on_with_the_same_term(replica: Replica, clock: Clock) -> None:
    first = replica("a")
    first.step()
    term = first.term

    clock.now += 9.0
    first.step()
    clock.now += 9.0

    assert first.holds(term)


def test_a_lease_that_was_given_back_is_taken_at_once(
    replica: Replica, cluster: LiveCluster
) -> None:
    first, second = replica("a"), replica("b")
    first.step()
    second.step()

    first.release()
    assert not first.holds()
    assert held(cluster)["holderIdentity"] == ""

    second.step()
    assert second.holds()


def test_whoever_does_not_hold_it_gives_nothing_back(
    replica: Replica, cluster: LiveCluster
) -> None:
    first, second = replica("a"), replica("b")
    first.step()
    second.step()

    second.release()

    assert held(cluster)["holderIdentity"] == "a"


def test_of_two_that_take_it_at_the_same_time_one_gets_it(
    replica: Replica, cluster: LiveCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = replica("a"), replica("b")
    second_record = second._record

    def look_and_be_late() -> Any:
        record = second_record()
        first.step()
        return record

    monkeypatch.setattr(second, "_record", look_and_be_late)
    with pytest.raises(ApiError, match="already exists"):
        second.step()

    assert first.holds()
    assert not second.holds()
    assert held(cluster)["holderIdentity"] == "a"


def test_a_renewal_that_is_late_never_overwrites_another_s_lease(
    replica: Replica, cluster: LiveCluster, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = replica("a"), replica("b")
    first.step()
    second.step()
    first_record = first._record

    def look_and_sleep() -> Any:
        record = first_record()
        clock.now += 16.0
        second.step()
        return record

    monkeypatch.setattr(first, "_record", look_and_sleep)
    with pytest.raises(ApiError, match="has been modified"):
        first.step()

    assert not first.holds()
    assert second.holds()
    assert held(cluster)["holderIdentity"] == "b"


def test_labels_that_others_gave_the_lease_stay(replica: Replica, cluster: LiveCluster) -> None:
    metadata = {"name": "watch", "namespace": "ops", "labels": {"team": "x"}}
    cluster.put("leases", {"metadata": metadata, "spec": {}})

    replica("a").step()

    assert held(cluster)["holderIdentity"] == "a"
    assert cluster.objects["leases"]["ops", "watch"]["metadata"]["labels"] == {"team": "x"}


def test_a_server_that_is_away_ends_the_term_and_is_told(
    replica: Replica, cluster: LiveCluster, clock: Clock
) -> None:
    first = replica("a")
    first.step()

    cluster.refusal = (500, "")
    clock.now += 5.0
    with pytest.raises(ClusterError):
        first.step()
    assert first.holds()

    clock.now += 5.0
    assert not first.holds()


def test_a_replica_takes_the_lease_by_itself_and_says_what_goes_wrong(
    replica: Replica, cluster: LiveCluster
) -> None:
    import time

    first = replica("a", clock=time.monotonic, times=Times(retry=0.01))
    first.start()
    eventually(first.holds)

    cluster.forbidden.add("leases")
    eventually(lambda: first.fault is not None)
    cluster.forbidden.clear()
    eventually(lambda: first.fault is None)

    first.release()
    assert held(cluster)["holderIdentity"] == ""


def test_a_bug_of_ours_is_not_waited_out(replica: Replica, monkeypatch: pytest.MonkeyPatch) -> None:
    first = replica("a")
    monkeypatch.setattr(first, "step", lambda: 1 / 0)

    first.start()

    assert isinstance(eventually(lambda: first.fault), ZeroDivisionError)


def test_a_lease_is_given_back_although_a_renewal_was_faster(
    cluster: LiveCluster, replica: Replica
) -> None:
    first = replica("a")
    first.step()
    lease = cluster.objects["leases"]["ops", "watch"]
    cluster.put("leases", lease)  # the renewal's answer has not come yet

    first.release()

    assert held(cluster)["holderIdentity"] == ""


def test_a_lease_that_another_replica_took_meanwhile_stays_its(
    cluster: LiveCluster, replica: Replica
) -> None:
    first = replica("a")
    first.step()
    lease = cluster.objects["leases"]["ops", "watch"]
    cluster.put("leases", {**lease, "spec": {**lease["spec"], "holderIdentity": "b"}})

    first.release()

    assert held(cluster)["holderIdentity"] == "b"
