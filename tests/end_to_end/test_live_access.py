"""Who asks a real API server, and for what: other identities, labels, kubectl beside us."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.end_to_end.real_cluster import name_of
from tests.simulators.live_cluster import eventually

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.end_to_end.real_cluster import RealCluster

    Run = Callable[..., tuple[int, str, str]]
    Grant = Callable[..., Path]
    Kubectl = Callable[..., str]

WEB = f"ghcr.io/acme/web@sha256:{'a' * 64}"


def acting_as(cluster: RealCluster, account: str, *groups: str) -> Path:
    """Return the administrator's kubeconfig, acting as somebody else."""
    document = json.loads(cluster.kubeconfig.read_text())
    if "users" not in document:
        pytest.skip("the kubeconfig is not one that this test can change")
    for one in document["users"]:
        one["user"] |= {"as": account, "as-groups": list(groups)}
    file = cluster.folder / "acting"
    file.write_text(json.dumps(document))
    return file


def test_an_administrator_who_acts_as_an_account_may_what_it_may(
    cluster: RealCluster, run: Run, rbac: Callable[..., Path]
) -> None:
    cluster.pod("right", WEB, image_id=WEB)
    where = ("--namespace", cluster.namespace)
    acting = acting_as(cluster, f"system:serviceaccount:{cluster.namespace}:tester")

    status, out, err = run("verify", *where, at=acting)
    assert (status, out) == (3, "")
    assert f"--service-account {cluster.namespace}/tester" in err

    rbac("--verify", *where)
    status, out, err = eventually(lambda: _allowed(run("verify", *where, at=acting)))
    assert status == 0, err
    assert "1 pod," in out


def test_a_group_may_what_is_granted_to_it(cluster: RealCluster, run: Run, rbac: Grant) -> None:
    cluster.pod("right", WEB, image_id=WEB)
    where = ("--namespace", cluster.namespace)
    group = f"{cluster.namespace}-auditors"
    rbac("--verify", *where, "--group", group)
    acting = acting_as(cluster, "jane", group)

    status, _, err = eventually(lambda: _allowed(run("verify", *where, at=acting)))

    assert status == 0, err


@pytest.mark.parametrize(
    ("labels", "chosen"),
    [
        ("app=web", {"web-1"}),
        ("app in (web,cache)", {"web-1", "cache-1"}),
        ("app!=web", {"cache-1"}),
        ("app notin (cache), app", {"web-1"}),
        ("!tier,app", {"web-1", "cache-1"}),
        ("!app", set()),
    ],
)
def test_labels_choose_the_same_here_and_there(
    cluster: RealCluster, run: Run, labels: str, chosen: set[str]
) -> None:
    for name in ("web-1", "cache-1"):
        cluster.pod(name, "redis:7")
    where = ("--namespace", cluster.namespace, "--selector", labels, "--format", "json")

    _, out, _ = run("verify", *where, at=cluster.kubeconfig)

    found = [one for one in json.loads(out)["findings"] if one["rule"] != "not-looked-at"]
    assert {name_of(one) for one in found} == chosen


# kubectl


@pytest.fixture
def kubectl(cluster: RealCluster) -> Kubectl:
    """Return what runs kubectl, or skip."""
    program = shutil.which("kubectl")
    if program is None:
        pytest.skip("needs kubectl on PATH")

    def call(*arguments: str, text: str | None = None) -> str:
        command = [program, "--kubeconfig", str(cluster.kubeconfig), *arguments]
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return call


def test_what_kubectl_saved_is_judged_as_the_cluster_is(
    cluster: RealCluster, run: Run, kubectl: Kubectl
) -> None:
    cluster.pod("right", WEB, image_id=WEB)
    cluster.pod("tagged", "nginx:1.27", image_id=WEB)
    cluster.deployment("sleeping", "redis:7")
    where = ("--namespace", cluster.namespace)
    file = cluster.folder / "saved.json"

    file.write_text(kubectl("get", "pods,deployments", *where, "-o", "json"))
    saved = run("verify", "--from", str(file), "--format", "json")
    live = run("verify", *where, "--format", "json", at=cluster.kubeconfig)

    assert saved[0] == live[0] == 1
    assert _told(saved[1]) == _told(live[1]) != set()


def test_kubectl_applies_what_rbac_prints(cluster: RealCluster, run: Run, kubectl: Kubectl) -> None:
    account = f"{cluster.namespace}/tester"
    for options in (["--verify"], ["--watch", "--lease-namespace", cluster.namespace]):
        where = ("--namespace", cluster.namespace, "--service-account", account)
        _, printed, _ = run("rbac", *options, *where)

        kubectl("apply", "--dry-run=server", "-f", "-", text=printed)


def _told(printed: str) -> set[tuple[str, str]]:
    found = json.loads(printed)["findings"]
    return {(one["rule"], name_of(one)) for one in found if one["rule"] != "not-looked-at"}


def _allowed(done: tuple[int, str, str]) -> tuple[int, str, str] | None:
    """Return it unless it was refused: a role counts a moment after it was made."""
    return None if done[0] == 3 and "Missing permission" in done[2] else done
