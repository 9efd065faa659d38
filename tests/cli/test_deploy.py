from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest
from tests.simulators.api_server import Answer, ApiServer, said, without_proxies
from tests.simulators.argo_cluster import (
    ARGO,
    ArgoCluster,
    Step,
    answered,
    application,
    application_set,
    namespace,
    nothing,
)
from tests.simulators.kubeconfigs import write

from imagelock.cli.arguments import duration
from imagelock.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.simulators.api_server import Request

    Deploy = Callable[..., int]


@pytest.fixture
def cluster() -> ArgoCluster:
    return ArgoCluster()


@pytest.fixture
def server(cluster: ArgoCluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiServer]:
    without_proxies(monkeypatch)
    with ApiServer(cluster) as it:
        yield it


@pytest.fixture
def deploy(tmp_path: Path, server: ApiServer) -> Deploy:
    """Return what deploys some documents to the simulated cluster."""

    def run(*documents: Any, timeout: str = "5s", options: tuple[str, ...] = ()) -> int:
        folder = tmp_path / "apps"
        folder.mkdir()
        for number, one in enumerate(documents):
            (folder / f"{number}.json").write_text(json.dumps(one))
        kubeconfig = str(write(tmp_path, server.url, namespace="argocd"))
        cluster = ["--kubeconfig", kubeconfig, "--poll", "0.01s", "--timeout", timeout]
        return main(["deploy", str(folder), *cluster, *options])

    return run


def patched(server: ApiServer) -> list[str]:
    return [
        request.path.rpartition("/")[2]
        for request in server.requests
        if request.headers.get("Content-Type") == "application/apply-patch+yaml"
    ]


def child(name: str, status: str = "Synced") -> dict[str, Any]:
    about = {"group": "argoproj.io", "kind": "Application", "namespace": "argocd"}
    return {**about, "name": name, "status": status}


def test_what_becomes_synced_and_healthy_is_a_success(
    deploy: Deploy, cluster: ArgoCluster, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster.script["shop"] = [
        nothing,
        cluster.looks("OutOfSync", "Missing"),
        cluster.syncs("applying"),
        cluster.ends_sync(),
        cluster.looks("Synced", "Progressing"),
        cluster.looks(),
    ]

    assert deploy(application("shop")) == 0

    told = capsys.readouterr().err
    assert "1 object, 1 Application: to http://127.0.0.1" in told
    assert "Application argocd/shop: applied" in told
    assert "argocd/shop: Synced and Healthy" in told
    assert cluster.script["shop"] == []


def test_an_old_status_that_says_healthy_is_not_believed(
    deploy: Deploy, cluster: ArgoCluster, capsys: pytest.CaptureFixture[str]
) -> None:
    old = {"sync": {"status": "Synced"}, "health": {"status": "Healthy"}}
    path = f"{ARGO}/namespaces/argocd/applications/shop"
    cluster.objects[path] = {**application("shop"), "status": {**old, "reconciledAt": "2026"}}
    cluster.script["shop"] = [nothing] * 5 + [cluster.looks("Synced", "Degraded")]

    assert deploy(application("shop"), timeout="0.5s") == 3

    assert "argocd/shop: Synced, Degraded" in capsys.readouterr().err


def test_the_whole_tree_of_applications_is_waited_for(
    deploy: Deploy, cluster: ArgoCluster, server: ApiServer
) -> None:
    children = [application("one"), application("two")]
    cluster.script["root"] = [
        cluster.creates(*children),
        cluster.looks(resources=[child("one"), child("two")]),
    ]
    cluster.script["one"] = [nothing, nothing, cluster.looks()]
    cluster.script["two"] = [nothing, nothing, nothing, cluster.looks()]

    assert deploy(namespace("argocd"), application("root")) == 0

    assert patched(server) == ["argocd", "root"]
    assert cluster.script["two"] == []


def test_the_applications_of_a_set_are_waited_for(deploy: Deploy, cluster: ArgoCluster) -> None:
    done = [
        {"type": "ErrorOccurred", "status": "False"},
        {"type": "ResourcesUpToDate", "status": "True"},
    ]

    def finish(obj: dict[str, Any]) -> None:
        answered(obj)
        obj["status"] = {"conditions": done}

    create = cluster.creates(application("made"), owner="uid-all")
    cluster.script["all"] = [nothing, create, finish]
    cluster.script["made"] = [nothing, cluster.looks()]

    assert deploy(application_set("all")) == 0

    assert cluster.script["made"] == []


def test_what_is_not_healthy_in_time_is_told_with_its_reasons(
    deploy: Deploy, cluster: ArgoCluster, capsys: pytest.CaptureFixture[str]
) -> None:
    late = {"kind": "Deployment", "name": "web", "namespace": "shop", "status": "Synced"}
    late["health"] = {"status": "Degraded", "message": "back-off pulling image"}  # type: ignore[assignment]
    cluster.script["shop"] = [nothing, cluster.looks("Synced", "Degraded", resources=[late])]
    cluster.script["good"] = [nothing, cluster.looks()]

    assert deploy(application("shop"), application("good"), timeout="0.4s") == 3

    told = capsys.readouterr().err
    assert "error: 1 of 2 Applications not Synced and Healthy after" in told
    assert "  argocd/shop: Synced, Degraded" in told
    assert "Deployment shop/web: Synced, Degraded: back-off pulling image" in told
    assert told.splitlines()[-1] == (
        "imagelock deploy: the objects were applied, and not everything is Synced and Healthy"
    )


def test_a_cluster_that_is_silent_for_a_while_is_waited_for(
    deploy: Deploy, cluster: ArgoCluster, server: ApiServer
) -> None:
    cluster.script["shop"] = [nothing, nothing, cluster.looks()]
    faults = [Answer(fault="reset")] * 3

    def sometimes(request: Request) -> Answer:
        if request.method == "GET" and "applications/shop" in request.path and faults:
            return faults.pop()
        return cluster(request)

    server.answers = sometimes

    assert deploy(application("shop"), timeout="20s") == 0
    assert faults == []


def test_a_permission_that_is_missing_ends_the_waiting(
    deploy: Deploy, cluster: ArgoCluster, server: ApiServer, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = said(
        403,
        'applications.argoproj.io "shop" is forbidden: User "ci" cannot get resource '
        '"applications" in API group "argoproj.io" in the namespace "argocd"',
    )
    server.answers = lambda request: (
        refused
        if "applications/shop" in request.path and request.method == "GET"
        else cluster(request)
    )

    assert deploy(application("shop"), timeout="10m") == 3

    told = capsys.readouterr().err
    assert "verb 'get' on 'applications' in API group \"argoproj.io\", for namespace argocd" in told
    assert "everything was applied and stays so; whether it is healthy is not known" in told


def test_a_dry_run_applies_nothing_and_waits_for_nothing(
    deploy: Deploy, cluster: ArgoCluster, capsys: pytest.CaptureFixture[str]
) -> None:
    before = dict(cluster.objects)

    assert deploy(application("shop"), options=("--dry-run",)) == 0

    assert cluster.objects == before
    assert "Application argocd/shop: would be applied" in capsys.readouterr().err


def test_without_applications_there_is_nothing_to_wait_for(
    deploy: Deploy, capsys: pytest.CaptureFixture[str]
) -> None:
    assert deploy(namespace("shop")) == 0
    assert "there is nothing to wait for" in capsys.readouterr().err


def test_a_mistake_in_any_file_is_found_before_the_first_request(
    deploy: Deploy, server: ApiServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert deploy(application("shop"), {"kind": "Application"}) == 2

    assert server.requests == []
    assert capsys.readouterr().err.endswith("imagelock deploy: nothing was applied\n")


def test_objects_of_a_wave_are_applied_side_by_side_and_waves_one_after_the_other(
    deploy: Deploy, cluster: ArgoCluster, server: ApiServer
) -> None:
    together = threading.Barrier(4, timeout=20)
    kinds: list[str] = []

    def answer(request: Request) -> Answer:
        if request.method == "PATCH" and request.params.get("fieldManager"):
            kinds.append(request.json["kind"])
            if request.json["kind"] == "Application" and kinds.count("Application") <= 8:
                together.wait()  # nobody is answered before four have asked
        with alone:
            return cluster(request)

    alone = threading.Lock()
    server.answers = answer
    names = [application(f"app-{number}") for number in range(8)]

    assert deploy(*names[:4], namespace("shop"), *names[4:], options=("--dry-run",)) == 0
    assert kinds == ["Namespace"] + ["Application"] * 8


def test_what_was_applied_before_a_refusal_is_counted(
    deploy: Deploy, cluster: ArgoCluster, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster.owned_by_others.add(f"{ARGO}/namespaces/argocd/applications/b")

    assert deploy(namespace("argocd"), application("b")) == 3

    told = capsys.readouterr().err
    assert '.spec.source: conflict with "kubectl"' in told
    assert told.endswith("1 of 2 objects were applied and stay so; the others were not\n")


def test_applications_without_a_namespace_are_told_which_one_is_taken(
    deploy: Deploy, cluster: ArgoCluster, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster.script["shop"] = [nothing, cluster.looks()]
    homeless = application("shop")
    del homeless["metadata"]["namespace"]

    assert deploy(homeless) == 0

    assert "Application shop names no namespace: 'argocd' is taken" in capsys.readouterr().err


def test_quiet_says_nothing_when_all_is_well(
    deploy: Deploy, cluster: ArgoCluster, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster.script["shop"] = [nothing, cluster.looks()]

    assert deploy(application("shop"), options=("--quiet",)) == 0

    assert capsys.readouterr() == ("", "")


def test_an_interruption_says_what_stays(
    tmp_path: Path, cluster: ArgoCluster, server: ApiServer
) -> None:
    (tmp_path / "app.json").write_text(json.dumps(application("shop")))
    kubeconfig = str(write(tmp_path, server.url))
    running: list[subprocess.Popen[str]] = []

    def interrupt(obj: dict[str, Any]) -> None:
        del obj
        os.kill(running[0].pid, signal.SIGINT)

    steps: list[Step] = [nothing, interrupt]
    cluster.script["shop"] = steps
    command = [sys.executable, "-m", "imagelock", "deploy", str(tmp_path / "app.json")]
    with subprocess.Popen(
        [*command, "--kubeconfig", kubeconfig, "--poll", "0.1s"],
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        running.append(process)
        _, told = process.communicate(timeout=60)

    assert process.returncode == 130
    assert "Traceback" not in told
    assert told.splitlines()[-1].startswith("imagelock deploy: everything was applied and stays")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), ("10m", 600), ("1h", 3_600), ("1h30m", 5_400), ("0.5s", 0.5)],
)
def test_times_are_read_as_people_write_them(text: str, seconds: float) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "-1", "10d", "m"])
def test_what_is_no_time_is_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["deploy", "x", f"--timeout={text}"]) == 2
    assert "is no time such as 90s" in capsys.readouterr().err
