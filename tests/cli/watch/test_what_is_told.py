"""What imagelock watch tells, and to whom: people, programs, Prometheus, Events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.simulators.live_cluster import LiveCluster, deployment, eventually, pod

from imagelock.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.simulators.watching import Watching

    Start = Callable[..., Watching]


A = "sha256:" + "a" * 64
PINNED = f"quay.io/shop/api:1@{A}"


def test_a_finding_is_told_when_it_appears_and_when_it_goes(
    cluster: LiveCluster, start: Start
) -> None:
    watch = start()
    watch.said("watching 1 Pod, 1 image: 0 errors and 0 warnings stand")

    cluster.put("pods", pod("a", "nginx:1"))
    watch.said("appeared shop/Pod/a container app: error: 'nginx:1'", "[not-pulled-by-digest]")
    cluster.delete("pods", "a")
    watch.said("went     shop/Pod/a container app: error: 'nginx:1'")

    assert watch.end() == 0
    assert len(watch.out) == 2
    assert watch.err[-1] == "stopped\n"


def test_a_deployment_with_its_pods_is_one_line(cluster: LiveCluster, start: Start) -> None:
    cluster.put("deployments", deployment("api", "nginx:1"))
    for number in range(20):
        cluster.put("pods", pod(f"api-7c9f-{number}", "nginx:1", owner="api"))

    watch = start()

    watch.said("watching 21 Pods, 1 Deployment, 22 images: 1 error and 0 warnings stand")
    assert [line.split(":")[0] for line in watch.changes()] == [
        "appeared shop/Deployment/api container app"
    ]


def test_a_program_reads_where_it_begins_what_stood_and_what_is_news(
    cluster: LiveCluster, start: Start
) -> None:
    cluster.put("pods", pod("a", "nginx:1"))
    watch = start("--format", "json", "--quiet")
    eventually(lambda: len(watch.out) == 3)

    cluster.delete("pods", "a")
    eventually(lambda: len(watch.out) == 4)

    began, appeared, whole, went = watch.documents
    assert [one["change"] for one in watch.documents] == ["began", "appeared", "whole", "went"]
    assert began["version"] == 1
    assert whole["standing"] == {"errors": 1, "warnings": 0}
    assert appeared["finding"] == went["finding"]
    assert appeared["finding"]["location"]["name"] == "a"
    assert watch.end() == 0
    assert watch.err == []


def labelled(item: dict[str, Any], **labels: str) -> dict[str, Any]:
    return {**item, "metadata": {**item["metadata"], "labels": labels}}


def test_only_what_has_the_labels_is_looked_at_and_what_is_left_out_is_told(
    cluster: LiveCluster, start: Start
) -> None:
    cluster.put("pods", labelled(pod("a", "nginx:1"), team="shop"))
    cluster.put("pods", labelled(pod("b", "redis:7"), team="other"))
    watch = start("--selector", "team=shop", "--exclude", "sandbox-*")

    watch.said("watching 1 Pod, 1 image: 1 error and 0 warnings stand")
    watch.said("not looked at: pods and workloads with other labels", "--selector 'team=shop'")
    watch.said("not looked at: namespace sandbox-*: this namespace is left out (--exclude)")
    cluster.put("pods", labelled(pod("b", "redis:7"), team="shop"))
    watch.said("appeared shop/Pod/b")
    cluster.put("pods", labelled(pod("a", "nginx:1"), team="other"))
    watch.said("went     shop/Pod/a")


def test_a_program_reads_what_is_left_out(cluster: LiveCluster, start: Start) -> None:
    node = {"metadata": {"name": "n", "namespace": ""}, "status": {"images": [{"names": ["a:1"]}]}}
    cluster.put("nodes", node)
    watch = start("--format", "json", "--namespace", "shop")
    watch.said('"whole"')

    assert watch.documents[-1]["skipped"] == [
        {
            "what": "every namespace but shop",
            "reason": "--namespace names those that are meant",
        },
        {
            "what": "images of 1 node",
            "reason": "a node does not say which namespace or label an image is for",
        },
    ]


@pytest.mark.usefixtures("cluster")
def test_a_digest_of_the_app_of_apps_is_accepted_until_it_leaves_it(
    start: Start, tmp_path: Path
) -> None:
    (tmp_path / "images.lock").write_text(f"quay.io/shop/web:1@{A}\n")
    (tmp_path / "apps").mkdir()
    manifest = tmp_path / "apps" / "api.yaml"
    manifest.write_text(f"image: {PINNED}\n")
    watch = start("--policy", "locked", "--app-of-apps", "apps")
    watch.said("0 errors and 0 warnings stand")

    manifest.write_text("image: {\n")
    watch.said("appeared apps/api.yaml", "[not-read]")
    watch.said("appeared shop/Pod/pinned", "[not-in-lock]")
    (tmp_path / "apps" / "other.yaml").write_text(f"image: {PINNED}\n")
    manifest.unlink()
    watch.said("went     apps/api.yaml", "[not-read]")
    watch.said("went     shop/Pod/pinned")


@pytest.mark.usefixtures("cluster")
def test_an_exemption_that_has_ended_stands_until_it_is_removed(
    start: Start, tmp_path: Path
) -> None:
    settings = tmp_path / "imagelock.toml"
    settings.write_text(
        '[[exemptions]]\nrepository = "quay.io/old"\nnamespaces = ["*"]\n'
        'reason = "until it was pinned"\nuntil = 2020-01-01\n'
    )
    watch = start("--events", "--listen", "127.0.0.1:0")
    watch.said("appeared imagelock.toml:1", "error: ", "[expired-exemption]")
    watch.said("1 error and 0 warnings stand")
    ended = {"rule": "expired-exemption", "severity": "error", "namespace": ""}
    assert watch.metric("imagelock_findings", **ended) == 1

    settings.write_text("")
    watch.said("went     imagelock.toml:1", "[expired-exemption]")


def test_prometheus_reads_what_stands(cluster: LiveCluster, start: Start) -> None:
    cluster.put("pods", pod("a", "nginx:1"))
    cluster.put("pods", pod("b", PINNED, image_id="quay.io/shop/api@sha256:" + "b" * 64))
    watch = start("--listen", "127.0.0.1:0")
    watch.said("1 error and 1 warning stand")

    wrong = {"rule": "not-pulled-by-digest", "severity": "error", "namespace": "shop"}
    unclear = {"rule": "cannot-compare", "severity": "warning", "namespace": "shop"}
    assert watch.metric("imagelock_findings", **wrong) == 1
    assert watch.metric("imagelock_findings", **unclear) == 1
    assert watch.metric("imagelock_objects", kind="Pod") == 3
    assert watch.metric("imagelock_images") == 3
    assert watch.metric("imagelock_leader") == 1
    assert watch.metric("imagelock_build_info") == 1
    assert watch.metric("imagelock_watch_last_contact_timestamp_seconds", kind="Pod")

    cluster.delete("pods", "a")
    eventually(lambda: watch.metric("imagelock_findings", **wrong) == 0)


def test_no_name_that_anybody_can_invent_is_a_label(cluster: LiveCluster, start: Start) -> None:
    cluster.put("pods", pod("invented-pod", "invented/image:1"))
    watch = start("--listen", "127.0.0.1:0")
    watch.said("1 error and 0 warnings stand")

    assert "invented" not in watch.page("/metrics")[1]


@pytest.mark.usefixtures("cluster")
def test_a_changed_lock_is_read_again_and_everything_judged_again(
    start: Start, tmp_path: Path
) -> None:
    lock = tmp_path / "images.lock"
    lock.write_text(f"quay.io/shop/web:1@{A}\n")
    watch = start("--policy", "locked", "--listen", "127.0.0.1:0")
    watch.said("appeared shop/Pod/pinned", "[not-in-lock]")

    lock.write_text("this is no lock\n")
    watch.said("what was read before still counts")
    assert watch.metric("imagelock_inputs_failures_total") == 1

    other = tmp_path / "new"
    other.write_text(f"{PINNED}\nquay.io/shop/web:1@{A}\n")
    other.rename(lock)
    watch.said("the files have changed: 2 entries in the lock")
    watch.said("went     shop/Pod/pinned")
    assert watch.metric("imagelock_lock_entries") == 2


@pytest.mark.usefixtures("cluster")
def test_a_config_map_that_is_mounted_is_read_again(start: Start, tmp_path: Path) -> None:
    for name, image in (("one", f"quay.io/shop/web:1@{A}"), ("two", PINNED)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "images.lock").write_text(f"{image}\n")
    (tmp_path / "data").symlink_to("one")
    (tmp_path / "images.lock").symlink_to("data/images.lock")
    watch = start("--policy", "locked")
    watch.said("appeared shop/Pod/pinned", "[not-in-lock]")

    (tmp_path / "next").symlink_to("two")
    (tmp_path / "next").rename(tmp_path / "data")

    watch.said("went     shop/Pod/pinned")


def test_findings_are_told_as_events_on_their_workloads(cluster: LiveCluster, start: Start) -> None:
    cluster.put("deployments", deployment("api", "nginx:1"))
    cluster.put("pods", pod("api-7c9f-a", "nginx:1", owner="api"))

    watch = start("--events", "--listen", "127.0.0.1:0")

    (event,) = eventually(lambda: list(cluster.objects.get("events", {}).values()))
    assert event["regarding"]["kind"] == "Deployment"
    assert event["regarding"]["uid"] == "uid-deployments-api"
    watch.said("1 error and 0 warnings stand")
    assert len(cluster.objects["events"]) == 1
    eventually(lambda: watch.metric("imagelock_events_total", result="sent") == 1)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--lease", "watch"), "'watch' is no NAMESPACE/NAME"),
        (("--lease", "a/b/c"), "'a/b/c' is no NAMESPACE/NAME"),
        (("--resync", "often"), "'often' is no time"),
        (("--listen", "8080"), "'8080' is no ADDRESS:PORT"),
        (("--format", "junit"), "invalid choice: 'junit'"),
        (("--policy", "locked"), "there is no such file"),
        (("--preset", "azure"), "azure"),
        (("--selector", "a b"), "this is no label selector"),
        (("--app-of-apps", "-"), "which can be read only once"),
        (("--app-of-apps", "nowhere"), "nowhere"),
    ],
)
def test_a_wrong_call_is_one_message(
    cluster: LiveCluster,
    capsys: pytest.CaptureFixture[str],
    options: tuple[str, ...],
    told: str,
) -> None:
    assert main(["watch", "--kubeconfig", "kubeconfig", *options]) == 2

    out, err = capsys.readouterr()
    assert out == ""
    assert told in err
    assert err.splitlines()[-1] == "imagelock watch: nothing is watched any more"
    assert cluster.requests == []
