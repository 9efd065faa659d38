"""imagelock and a real API server: the one that IMAGELOCK_TEST_KUBECONFIG names.

Without it one is started, where etcd and kube-apiserver are installed. Everything is
made in a namespace of a random name and deleted at the end; see `real_cluster`.
"""

from __future__ import annotations

import base64
import json
import signal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.end_to_end.real_cluster import ARGO, Controller, RealCluster, definition, name_of
from tests.simulators.live_cluster import eventually

from imagelock.outside.cluster import Reader, list_pages
from imagelock.outside.kubernetes_api import connect
from imagelock.outside.refusals import ApiError
from imagelock.syntax.kubernetes import parse_page

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.end_to_end.real_cluster import Watching

    Run = Callable[..., tuple[int, str, str]]
    Start = Callable[..., Watching]

A, B = (f"sha256:{letter * 64}" for letter in "ab")
WEB = f"ghcr.io/acme/web@{A}"


def findings(printed: str) -> set[tuple[str, str]]:
    return {(name_of(one), one["rule"]) for one in json.loads(printed)["findings"]}


# The client


def test_a_list_in_small_pages_is_the_same_as_in_one(cluster: RealCluster) -> None:
    for number in range(7):
        cluster.pod(f"web-{number}", WEB)
    decode = partial(parse_page, name="pods")

    whole, small = (
        [
            pod.name
            for page in list_pages(cluster.api, cluster.path("pods"), decode, limit=limit)
            for pod in page.pods
        ]
        for limit in (100_000, 3)
    )

    assert small == whole == [f"web-{number}" for number in range(7)]


def test_a_list_that_expired_goes_on_with_the_token_of_the_server(
    cluster: RealCluster,
) -> None:
    for number in range(5):
        cluster.pod(f"web-{number}", WEB)
    notices: list[str] = []
    api = connect(cluster.kubeconfig, None, notice=notices.append)
    # As a server writes it; its first version is long gone in every cluster but a new one.
    first = {"v": "meta.k8s.io/v1", "rv": 1, "start": f"{cluster.namespace}/web-1\0"}
    token = base64.urlsafe_b64encode(json.dumps(first).encode()).rstrip(b"=").decode()

    reader = Reader(api, cluster.path("pods"), limit=2)
    try:
        page = json.loads(bytes(reader.fetch_into(memoryview(b""), token)))
    except ApiError as error:
        pytest.skip(f"this server takes no token that it did not give: {error.problem}")

    if not notices:
        pytest.skip("this server still knows its first version")
    assert [one["metadata"]["name"] for one in page["items"]][-1:] != ["web-0"]
    assert "expired while it was read" in notices[0]


def test_what_is_not_there_is_a_refusal_with_its_reason(cluster: RealCluster) -> None:
    with pytest.raises(ApiError) as caught:
        cluster.api.get(f"{cluster.path('configmaps')}/imagelock-is-not-there")

    assert caught.value.code == 404
    assert "not found" in str(caught.value)


def test_a_wrong_token_verifies_nothing(cluster: RealCluster, run: Run) -> None:
    status, out, err = run("verify", at=cluster.with_token("imagelock-knows-no-such-token"))

    assert (status, out) == (3, "")
    assert "does not accept our credentials" in err
    assert err.splitlines()[-1] == "imagelock verify: nothing was verified"


# verify, and its permissions


def test_what_was_asked_for_and_what_runs_is_verified(cluster: RealCluster, run: Run) -> None:
    cluster.pod("right", WEB, image_id=WEB)
    cluster.pod("pending", WEB)
    cluster.pod("tagged", "nginx:1.27", image_id=f"docker.io/library/nginx@{B}")
    cluster.pod("other", WEB, image_id=f"ghcr.io/else/where@{B}")
    cluster.pod("platform", WEB, image_id=f"ghcr.io/acme/web@{B}")
    cluster.pod("early", WEB, initContainers=[{"name": "first", "image": "busybox"}])
    cluster.deployment("sleeping", "redis:7")

    where = ("--namespace", cluster.namespace, "--format", "json")
    status, out, _ = run("verify", *where, at=cluster.kubeconfig)

    assert status == 1
    assert {one for one in findings(out) if one[1] != "not-looked-at"} == {
        ("tagged", "not-pulled-by-digest"),
        ("other", "running-other-digest"),
        ("platform", "cannot-compare"),
        ("early", "not-pulled-by-digest"),
        ("sleeping", "not-pulled-by-digest"),
    }
    assert json.loads(out)["coverage"]["looked_at"] == 7


def test_labels_choose_what_is_verified(cluster: RealCluster, run: Run) -> None:
    cluster.pod("web-1", WEB)
    cluster.pod("cache-1", "redis:7")

    where = ("--namespace", cluster.namespace, "--selector", "app=web")
    status, out, _ = run("verify", *where, at=cluster.kubeconfig)

    assert status == 0
    assert "1 pod," in out


def test_a_namespace_that_is_not_there_is_told(cluster: RealCluster, run: Run) -> None:
    nowhere = f"{cluster.namespace}-not"

    status, out, _ = run("verify", "--namespace", nowhere, "--strict", at=cluster.kubeconfig)

    assert status == 1
    assert f"namespace {nowhere}: error: was not looked at: nothing is in it" in out


def test_the_permissions_that_rbac_prints_suffice_in_a_namespace(
    cluster: RealCluster, run: Run, rbac: Callable[..., Path]
) -> None:
    cluster.pod("right", WEB, image_id=WEB)
    where = ("--namespace", cluster.namespace)
    tester = rbac("--verify", *where)

    status, out, err = eventually(lambda: _allowed(run("verify", *where, "--strict", at=tester)))

    # Before Kubernetes 1.21 there are no CronJobs of batch/v1, which --strict does not forgive.
    assert status == int("does not serve them" in out), err
    assert out.count("error: was not looked at") == status
    assert "1 pod," in out


def test_the_permissions_that_rbac_prints_suffice_in_the_cluster(
    run: Run, rbac: Callable[..., Path]
) -> None:
    tester = rbac("--verify")

    status, out, err = eventually(lambda: _allowed(run("verify", at=tester)))

    assert status in {0, 1}, err
    assert "permission" not in out + err


def test_a_permission_that_is_missing_is_named_with_what_gives_it(
    cluster: RealCluster, run: Run, rbac: Callable[..., Path]
) -> None:
    where = ("--namespace", cluster.namespace)
    tester = rbac("--verify", *where, without="pods")

    status, out, err = run("verify", *where, at=tester)

    assert (status, out) == (3, "")
    assert f"verb 'list' on 'pods' in the core API group, for namespace {where[1]}" in err
    assert f"imagelock rbac --verify --namespace {where[1]} --service-account {where[1]}/t" in err


def test_a_kind_that_may_not_be_listed_is_named(
    cluster: RealCluster, run: Run, rbac: Callable[..., Path]
) -> None:
    cluster.pod("right", WEB, image_id=WEB)
    where = ("--namespace", cluster.namespace)
    tester = rbac("--verify", *where, without="deployments")

    status, out, _ = eventually(lambda: _allowed(run("verify", *where, at=tester)))

    assert status == 0
    assert f"deployments in namespace {where[1]}: the permission to list them is missing" in out


def _allowed(done: tuple[int, str, str]) -> tuple[int, str, str] | None:
    """Return it unless it was refused: a role counts a moment after it was made."""
    return None if done[0] == 3 and "Missing permission" in done[2] else done


# watch


def test_what_changes_is_told_as_it_changes(
    cluster: RealCluster, rbac: Callable[..., Path], start: Start
) -> None:
    where = ("--namespace", cluster.namespace)
    tester = rbac("--watch", *where, "--lease-namespace", cluster.namespace)
    cluster.pod("early", "redis:7")
    deployment = cluster.deployment("api", "nginx:1.27")
    cluster.merge(f"{cluster.path('pods')}/early", {"metadata": {"annotations": {"a": "b"}}})
    lease = f"{cluster.path('leases', '/apis/coordination.k8s.io/v1')}/watch"

    watch = start(*where, "--events", "--lease", f"{cluster.namespace}/watch", at=tester)
    eventually(lambda: watch.is_whole, seconds=60)
    assert sorted(watch.changes) == [("appeared", "api"), ("appeared", "early")]
    assert cluster.get(lease)["spec"]["holderIdentity"]

    cluster.pod("late", "nginx:1.27")
    eventually(lambda: ("appeared", "late") in watch.changes, seconds=60)
    image = {"spec": {"containers": [{"name": "app", "image": WEB}]}}
    cluster.patch_spec(f"{cluster.path('pods')}/late", image)
    eventually(lambda: ("went", "late") in watch.changes, seconds=60)
    cluster.delete(f"{cluster.path('pods')}/early")
    eventually(lambda: ("went", "early") in watch.changes, seconds=60)
    assert {"Deployment", "Pod"} == eventually(lambda: _regarded(cluster, 3), seconds=60)

    cluster.delete(deployment)
    eventually(lambda: ("went", "api") in watch.changes, seconds=60)
    assert watch.end() == 0
    assert cluster.get(lease)["spec"]["holderIdentity"] == ""
    assert "permission" not in watch.said.lower()


def _regarded(cluster: RealCluster, count: int) -> set[str]:
    """Return the kinds that Events are about, once there are so many."""
    events = cluster.get(cluster.path("events", "/apis/events.k8s.io/v1"))["items"]
    ours = [one for one in events if one["reportingController"] == "imagelock.watch"]
    return {one["regarding"]["kind"] for one in ours} if len(ours) == count else set()


def test_a_replica_that_is_killed_is_replaced(cluster: RealCluster, start: Start) -> None:
    cluster.pod("early", "redis:7")
    options = ("--namespace", cluster.namespace, "--lease", f"{cluster.namespace}/watch")
    first = start(*options, at=cluster.kubeconfig)
    eventually(lambda: first.is_whole, seconds=60)
    second = start(*options, at=cluster.kubeconfig)
    eventually(lambda: "is held by" in second.said, seconds=60)
    assert second.changes == []

    first.end(signal.SIGKILL)

    eventually(lambda: second.is_whole, seconds=60)
    assert second.changes == [("appeared", "early")]


def test_who_may_list_and_not_watch_is_told_so(
    cluster: RealCluster, rbac: Callable[..., Path], start: Start
) -> None:
    tester = rbac("--verify", "--namespace", cluster.namespace)

    watch = start("--namespace", cluster.namespace, at=tester)

    assert watch.process.wait(60) == 3
    assert "imagelock rbac --watch --namespace" in watch.said


# deploy


def config_map(cluster: RealCluster, **more: Any) -> dict[str, Any]:
    metadata = {"name": "settings", "namespace": cluster.namespace}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, **more}


def test_a_dry_run_is_accepted_and_changes_nothing(cluster: RealCluster, run: Run) -> None:
    Path("x.json").write_text(json.dumps(config_map(cluster, data={"a": "b"})))

    status, _, err = run("deploy", "x.json", "--dry-run", at=cluster.kubeconfig)

    assert status == 0
    assert f"ConfigMap {cluster.namespace}/settings: would be applied" in err
    assert not cluster.answers(f"{cluster.path('configmaps')}/settings")


def test_a_field_that_there_is_not_is_the_fault_of_the_file(cluster: RealCluster, run: Run) -> None:
    Path("x.json").write_text(json.dumps(config_map(cluster, nonsense=1)))

    status, _, err = run("deploy", "x.json", at=cluster.kubeconfig)

    assert status == 2
    assert "nonsense" in err
    assert "asking again" not in err


@pytest.mark.parametrize("option", ["--dry-run", "--quiet"])
def test_a_namespace_that_nobody_makes_is_named(
    cluster: RealCluster, run: Run, option: str
) -> None:
    cluster.namespace += "-not"
    Path("x.json").write_text(json.dumps(config_map(cluster)))

    status, _, err = run("deploy", "x.json", option, at=cluster.kubeconfig)

    assert status == 3
    assert f'namespaces "{cluster.namespace}" not found' in err
    assert err.splitlines()[-1] == "imagelock deploy: nothing was applied"


def test_what_is_applied_twice_does_not_change_and_a_conflict_names_the_other(
    cluster: RealCluster, run: Run
) -> None:
    at, path = cluster.kubeconfig, f"{cluster.path('configmaps')}/settings"
    Path("x.json").write_text(json.dumps(config_map(cluster, data={"a": "b"})))
    assert run("deploy", "x.json", at=at)[0] == 0
    version = cluster.get(path)["metadata"]["resourceVersion"]
    assert run("deploy", "x.json", at=at)[0] == 0
    assert cluster.get(path)["metadata"]["resourceVersion"] == version

    Path("x.json").write_text(json.dumps(config_map(cluster, data={"a": "c"})))
    other = ("--field-manager", "somebody")
    status, _, err = run("deploy", "x.json", *other, at=at)

    assert status == 3
    assert '.data.a: conflict with "imagelock"' in err
    assert run("deploy", "x.json", *other, "--force-conflicts", at=at)[0] == 0
    assert cluster.get(path)["data"] == {"a": "c"}


def test_an_application_is_waited_for_with_the_permissions_that_rbac_prints(
    cluster: RealCluster, run: Run, rbac: Callable[..., Path]
) -> None:
    cluster.define(definition())
    tester = rbac("--deploy", "--argocd-namespace", cluster.namespace)
    Path("x.json").write_text(json.dumps(cluster.application("shop")))

    with Controller(cluster, "shop"):
        status, _, err = eventually(
            lambda: _allowed(run("deploy", "x.json", "--poll", "1s", at=tester))
        )

    assert status == 0, err
    assert f"{cluster.namespace}/shop: Synced and Healthy" in err


def test_an_application_that_is_not_healthy_in_time_is_told(cluster: RealCluster, run: Run) -> None:
    cluster.define(definition())
    Path("x.json").write_text(json.dumps(cluster.application("shop")))

    with Controller(cluster, "shop", health="Degraded"):
        options = ("--poll", "1s", "--timeout", "6s")
        status, _, err = run("deploy", "x.json", *options, at=cluster.kubeconfig)

    assert status == 3
    assert f"{cluster.namespace}/shop: Synced, Degraded" in err


def test_who_may_not_apply_is_told_what_gives_it(
    cluster: RealCluster, run: Run, rbac: Callable[..., Path]
) -> None:
    cluster.define(definition())
    space = cluster.namespace
    tester = rbac("--deploy", "--argocd-namespace", space, without="applications")
    Path("x.json").write_text(json.dumps(cluster.application("shop")))

    status, _, err = run("deploy", "x.json", at=tester)

    assert status == 3
    assert f"imagelock rbac --deploy --argocd-namespace {space} --service-account {space}/" in err
    assert not cluster.answers(f"{cluster.path('applications', ARGO)}/shop")
