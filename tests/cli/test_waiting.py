from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from tests.simulators.api_server import Answer, ApiServer, Request, said, without_proxies
from tests.simulators.argo_cluster import ARGO, ArgoCluster, Step, application, nothing
from tests.simulators.kubeconfigs import write

from imagelock.cli.console import Console
from imagelock.cli.waiting import Pace, Wait, count
from imagelock.errors import ClusterError
from imagelock.outside.kubernetes_api import connect
from imagelock.syntax.argocd import Key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.simulators.api_server import Request

IMPATIENT = Pace(timeout=600, poll=0.01, patience=0.05)
PATIENT = Pace(timeout=600, poll=0.01, patience=60)


@pytest.fixture
def cluster() -> ArgoCluster:
    return ArgoCluster()


@pytest.fixture
def server(cluster: ArgoCluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiServer]:
    without_proxies(monkeypatch)
    with ApiServer(cluster) as server:
        yield server


@pytest.fixture
def wait(cluster: ArgoCluster, server: ApiServer, tmp_path: Path) -> Callable[..., None]:
    """Return what waits for an Application that goes through some steps."""

    def until_ready(*steps: Step, pace: Pace = PATIENT, **spec: Any) -> None:
        shop = application("shop", **spec)
        cluster.objects[f"{ARGO}/namespaces/argocd/applications/shop"] = shop
        cluster.script["shop"] = list(steps)
        api = connect(write(tmp_path, server.url), None)
        Wait(api, Console(), pace, field_manager="imagelock").until_ready([Key("argocd", "shop")])

    return until_ready


def test_what_nobody_syncs_is_not_waited_for_until_the_end(
    wait: Callable[..., None], cluster: ArgoCluster
) -> None:
    with pytest.raises(ClusterError) as caught:
        wait(nothing, cluster.looks("OutOfSync", "Missing"), pace=IMPATIENT, syncPolicy=None)

    told = str(caught.value)
    assert "1 of 1 Application not Synced and Healthy" in told
    assert "waiting longer will not help" in told
    assert "argocd app sync argocd/shop" in told


def test_what_argo_cd_does_not_try_again_is_not_waited_for_until_the_end(
    wait: Callable[..., None], cluster: ArgoCluster
) -> None:
    failed = [{"type": "SyncError", "message": "Failed sync attempt to 1a2b"}]

    with pytest.raises(ClusterError, match="Failed sync attempt to 1a2b"):
        wait(nothing, cluster.looks("OutOfSync", conditions=failed), pace=IMPATIENT)


def test_somebody_who_syncs_by_hand_is_given_the_time(
    wait: Callable[..., None], cluster: ArgoCluster
) -> None:
    wait(nothing, cluster.looks("OutOfSync"), nothing, cluster.looks(), syncPolicy=None)


def test_what_falls_back_at_the_last_look_is_waited_for_again(
    wait: Callable[..., None], cluster: ArgoCluster
) -> None:
    wait(nothing, cluster.looks(), cluster.looks("Synced", "Progressing"), nothing, cluster.looks())

    assert cluster.script["shop"] == []


def test_what_is_deleted_while_it_is_waited_for_is_told(
    wait: Callable[..., None], cluster: ArgoCluster
) -> None:
    def delete(obj: dict[str, object]) -> None:
        del obj
        cluster.objects[f"{ARGO}/namespaces/argocd/applications/shop"]["metadata"][
            "deletionTimestamp"
        ] = "2026-11-23T10:00:00Z"

    with pytest.raises(ClusterError, match="argocd/shop: it is being deleted"):
        wait(nothing, delete, pace=IMPATIENT)


def forbidden(times: int) -> Callable[[ArgoCluster], Callable[[Request], Answer]]:
    """Refuse some looks after the first one, as an API server does that is being started."""
    left = [said(403, "it is forbidden")] * times

    def answers(cluster: ArgoCluster) -> Callable[[Request], Answer]:
        def answer(request: Request) -> Answer:
            looked = any("annotations" in str(one) for one in cluster.objects.values())
            return left.pop() if left and looked else cluster(request)

        return answer

    return answers


def test_an_api_server_that_is_being_started_may_refuse_for_a_while(
    wait: Callable[..., None], cluster: ArgoCluster, server: ApiServer
) -> None:
    server.answers = forbidden(3)(cluster)

    wait(nothing, nothing, cluster.looks())


def test_a_permission_that_was_taken_away_is_not_waited_for_until_the_end(
    wait: Callable[..., None], cluster: ArgoCluster, server: ApiServer
) -> None:
    server.answers = forbidden(1_000_000)(cluster)

    with pytest.raises(ClusterError, match="it is forbidden"):
        wait(nothing, nothing, cluster.looks(), pace=IMPATIENT)


def test_many_applications_are_asked_about_several_at_once(
    cluster: ArgoCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_proxies(monkeypatch)
    names = [f"app-{number}" for number in range(8)]
    for name in names:
        cluster.objects[f"{ARGO}/namespaces/argocd/applications/{name}"] = application(name)
    cluster.usual = cluster.looks()
    together = threading.Barrier(4, timeout=20)
    lock = threading.Lock()

    def answer(request: Request) -> Answer:
        # Nobody is answered before four have asked.
        together.wait()
        with lock:
            return cluster(request)

    with ApiServer(answer) as server:
        wait = Wait(
            connect(write(tmp_path, server.url), None),
            Console(),
            PATIENT,
            field_manager="imagelock",
        )
        wait.until_ready([Key("argocd", name) for name in names])

    assert not together.broken


def test_numbers_are_spelled_as_people_read_them() -> None:
    assert (count(1, "object"), count(2, "object")) == ("1 object", "2 objects")


def test_a_cluster_that_is_away_is_not_told_once_for_every_application(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    without_proxies(monkeypatch)
    away = Answer(status=503, headers={"Retry-After": "1"})
    pace = Pace(timeout=1.0, poll=0.01)

    with ApiServer(lambda _: away) as server:
        console = Console()
        api = connect(write(tmp_path, server.url), None, notice=console.warn)
        with pytest.raises(ClusterError, match="the cluster did not answer at the end"):
            Wait(api, console, pace, field_manager="imagelock").until_ready(
                [Key("argocd", f"app-{number}") for number in range(20)]
            )

    assert capsys.readouterr().err.count("asking again") == 1
