"""imagelock verify of a live cluster."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace
from tests.simulators.api_server import (
    RECORDINGS,
    Answer,
    ApiServer,
    Request,
    recorded,
    recorded_pages,
    said,
)
from tests.simulators.kubeconfigs import write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def recording(name: str) -> Path:
    path = RECORDINGS / name
    if not path.exists():
        pytest.skip(f"needs the recordings of a Kubernetes API server ({path})")
    return path


def rules(document: str) -> list[str]:
    return [finding["rule"] for finding in json.loads(document)["findings"]]


def recorded_cluster(request: Request) -> Answer:
    name = request.path.rpartition("/")[2]
    if name == "pods":
        return recorded_pages(request)
    if name == "v1alpha1":
        return said(404, "the server could not find the requested resource")
    if name in EMPTY:  # not recorded
        return Answer(body=json.dumps({"kind": EMPTY[name], "metadata": {}, "items": []}).encode())
    return recorded(name)


EMPTY = {"replicationcontrollers": "ReplicationControllerList", "podtemplates": "PodTemplateList"}


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[ApiServer]:
    with ApiServer(recorded_cluster) as server:
        write(tmp_path, server.url)
        yield server


def test_a_live_cluster_tells_the_same_truth_and_its_workloads(
    verify: Any, cluster: ApiServer
) -> None:
    status, out, _ = verify(
        *("--kubeconfig", "kubeconfig", "--context", "here", "--preset", "gke"),
        *("--lock", recording("images.lock"), "--format", "json"),
    )

    assert status == 1
    assert rules(out).count("not-pulled-by-digest") == 7
    assert json.loads(out)["coverage"]["looked_at"] == 42
    assert json.loads(out)["findings"][0]["location"]["cluster"] == "here"
    assert {request.method for request in cluster.requests} == {"GET"}


def test_workloads_that_may_not_be_listed_are_printed(verify: Any, cluster: ApiServer) -> None:
    refuse(cluster, "cronjobs", "nodes")

    status, out, _ = verify("--kubeconfig", "kubeconfig")

    assert status == 1
    assert "nodes, cronjobs: the permission to list them is missing" in out


@pytest.mark.usefixtures("cluster")
def test_a_namespace_that_is_not_there_is_never_clean(verify: Any) -> None:
    status, out, _ = verify("--kubeconfig", "kubeconfig", "--namespace", "sohp", "--strict")

    assert status == 1
    assert "namespace sohp: error: was not looked at: nothing is in it: is the name right?" in out


@pytest.mark.usefixtures("cluster")
def test_labels_that_nothing_in_a_namespace_has_are_never_clean(verify: Any) -> None:
    _, out, _ = verify("--kubeconfig", "kubeconfig", "--namespace", "shop", "--selector", "a=typo")

    assert "namespace shop: nothing in it has these labels" in out


def test_pods_that_may_not_be_listed_end_with_3(verify: Any, cluster: ApiServer) -> None:
    refuse(cluster, "pods")

    status, out, err = verify("--kubeconfig", "kubeconfig")

    assert (status, out) == (3, "")
    assert "cannot list resource" in err
    assert err.splitlines()[-1] == "imagelock verify: nothing was verified"


def test_half_an_answer_ends_with_3(verify: Any, cluster: ApiServer) -> None:
    whole = cluster.answers
    cluster.answers = lambda request: replace(whole(request), body=whole(request).body[:-10])

    status, out, err = verify("--kubeconfig", "kubeconfig")

    assert (status, out) == (3, "")
    assert err.splitlines()[-1] == "imagelock verify: nothing was verified"


def refuse(cluster: ApiServer, *names: str) -> None:
    def answers(request: Request) -> Answer:
        if request.path.rpartition("/")[2] in names:
            return recorded("error-403-forbidden")
        return recorded_cluster(request)

    cluster.answers = answers
