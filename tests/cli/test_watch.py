"""imagelock watch, as a process beside a cluster that changes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError

import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.simulators.api_server import without_proxies
from tests.simulators.kubeconfigs import write
from tests.simulators.live_cluster import LiveCluster, deployment, eventually, pod

from imagelock.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Start = Callable[..., "Watching"]

A = "sha256:" + "a" * 64
PINNED = f"quay.io/shop/api:1@{A}"


class Watching:
    """The command in a process of its own, and everything that it says."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.out: list[str] = []
        self.err: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "imagelock", "watch", "--kubeconfig", "kubeconfig", *arguments],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._readers = [
            threading.Thread(target=lines.extend, args=(stream,), daemon=True)
            for lines, stream in ((self.out, self.process.stdout), (self.err, self.process.stderr))
        ]
        for reader in self._readers:
            reader.start()

    def said(self, *parts: str) -> str:
        """Wait until a line on standard output or standard error holds all of this."""

        def found() -> str:
            lines = (line for line in (*self.out, *self.err) if all(part in line for part in parts))
            return next(lines, "")

        return str(eventually(found))

    def changes(self, kind: str = "") -> list[str]:
        """Return what was told, without the time."""
        return [line.split(" ", 1)[1].strip() for line in self.out if kind in line]

    @property
    def documents(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out]

    @property
    def url(self) -> str:
        listening = self.said("listening on ").split()
        return f"http://{listening[2].rstrip(':')}"

    def page(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(self.url + path, timeout=10) as answer:  # noqa: S310  (loopback)
                return answer.status, answer.read().decode()
        except HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def metric(self, name: str, **labels: str) -> float | None:
        for family in text_string_to_metric_families(self.page("/metrics")[1]):
            for sample in family.samples:
                if sample.name == name and labels.items() <= sample.labels.items():
                    return float(sample.value)
        return None

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, and return the exit status."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        status = self.process.wait(30)
        for reader in self._readers:
            reader.join(10)
        return status

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.wait()
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_proxies(monkeypatch)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[LiveCluster]:
    with LiveCluster() as it:
        it.put("pods", pod("pinned", PINNED))
        write(tmp_path, it.url)
        yield it


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Return what starts the command; it is ended with the test."""
    started: list[Watching] = []

    def watch(*arguments: str) -> Watching:
        started.append(Watching(tmp_path, *arguments))
        return started[-1]

    yield watch
    for one in started:
        one.close()


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


def test_a_cluster_that_forgot_its_history_is_listed_again(
    cluster: LiveCluster, start: Start
) -> None:
    cluster.put("pods", pod("a", "nginx:1"))
    watch = start("--listen", "127.0.0.1:0")
    watch.said("1 error and 0 warnings stand")

    cluster.mute = True
    cluster.delete("pods", "a")
    cluster.put("pods", pod("b", "redis:7"))
    cluster.forget_history()
    cluster.cut_watches()
    cluster.mute = False

    watch.said("went     shop/Pod/a")
    watch.said("appeared shop/Pod/b")
    assert watch.metric("imagelock_relists_total", kind="Pod") == 1
    assert len(watch.out) == 3
    assert len(watch.err) == 2


def test_a_line_that_breaks_in_its_middle_loses_nothing(cluster: LiveCluster, start: Start) -> None:
    watch = start()
    watch.said("0 errors and 0 warnings stand")

    cluster.half = True
    cluster.put("pods", pod("a", "nginx:1"))
    eventually(lambda: cluster.halves)
    cluster.half = False
    cluster.put("pods", pod("b", "nginx:1"))

    watch.said("appeared shop/Pod/a")
    watch.said("appeared shop/Pod/b")
    assert cluster.asked("pods", watch=False) == 1


def test_a_server_that_is_slow_is_waited_for(cluster: LiveCluster, start: Start) -> None:
    cluster.pause = 0.5
    cluster.put("pods", pod("a", "nginx:1"))

    watch = start("--listen", "127.0.0.1:0")

    assert watch.page("/readyz")[0] == 503
    assert watch.page("/healthz")[0] == 200
    watch.said("1 error and 0 warnings stand")
    assert watch.page("/readyz") == (200, "ready\n")


def test_a_server_that_is_away_for_a_while_is_told_once_and_nothing_is_lost(
    cluster: LiveCluster, start: Start
) -> None:
    watch = start("--listen", "127.0.0.1:0")
    watch.said("0 errors and 0 warnings stand")

    cluster.refusal = (503, "")
    cluster.cut_watches()
    cluster.put("pods", pod("a", "nginx:1"))
    watch.said("warning: ", "503")
    cluster.refusal = None
    cluster.cut_watches()

    watch.said("appeared shop/Pod/a")
    assert sum("warning:" in line for line in watch.err) == 1
    assert watch.metric("imagelock_watch_failures_total", kind="Pod")


def test_nodes_that_may_not_be_listed_are_told_and_the_pods_are_watched(
    cluster: LiveCluster, start: Start
) -> None:
    cluster.forbidden.add("nodes")

    watch = start("--listen", "127.0.0.1:0")

    watch.said("warning: not looked at: Node:", "Missing permission")
    watch.said("0 errors and 0 warnings stand")
    assert watch.metric("imagelock_unseen", kind="Node") == 1
    cluster.put("pods", pod("a", "nginx:1"))
    watch.said("appeared shop/Pod/a")


def test_what_may_not_be_listed_is_told_once(cluster: LiveCluster, start: Start) -> None:
    cluster.forbidden.add("nodes")
    watch = start("--listen", "127.0.0.1:0")

    watch.said("not looked at: Node:")
    eventually(lambda: cluster.asked("nodes", watch=False) > 2)

    assert sum("warning: not looked at" in line for line in watch.err) == 1
    assert watch.metric("imagelock_relists_total", kind="Node") is None
    assert watch.metric("imagelock_watch_last_contact_timestamp_seconds", kind="Node")


def test_pods_that_may_not_be_listed_end_it(cluster: LiveCluster, start: Start) -> None:
    cluster.forbidden.add("pods")

    watch = start()

    assert watch.wait() == 3
    assert "Missing permission: verb 'list' on 'pods'" in "".join(watch.err)
    assert watch.err[-1] == "imagelock watch: nothing is watched any more\n"
    assert watch.out == []


def test_a_cluster_that_is_not_there_ends_it(start: Start, tmp_path: Path) -> None:
    write(tmp_path, "http://127.0.0.1:9")

    watch = start()

    assert watch.wait() == 3
    assert "cannot connect to http://127.0.0.1:9" in "".join(watch.err)
    assert "Traceback" not in "".join(watch.err)


def test_killed_at_any_moment_it_begins_again_and_loses_nothing(
    cluster: LiveCluster, start: Start
) -> None:
    cluster.put("pods", pod("a", "nginx:1"))
    first = start()
    first.said("appeared shop/Pod/a")
    assert first.end(signal.SIGKILL) == -signal.SIGKILL

    cluster.delete("pods", "a")
    cluster.put("pods", pod("b", "redis:7"))
    second = start()

    second.said("1 error and 0 warnings stand")
    assert [line.split(":")[0] for line in second.changes()] == [
        "appeared shop/Pod/b container app"
    ]


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_signal_ends_it_at_once_while_the_cluster_is_silent(
    cluster: LiveCluster, start: Start, number: int, status: int
) -> None:
    watch = start()
    watch.said("0 errors and 0 warnings stand")
    cluster.pause = 60.0
    cluster.cut_watches()

    assert watch.end(number) == status
    assert "Traceback" not in "".join(watch.err)


def test_a_signal_ends_it_while_the_first_list_is_on_its_way(
    cluster: LiveCluster, start: Start
) -> None:
    cluster.pause = 60.0
    watch = start("-v")
    watch.said("asking http://127.0.0.1")

    assert watch.end() == 0


def test_a_reader_who_has_seen_enough_ends_it_with_the_next_line(
    cluster: LiveCluster, start: Start
) -> None:
    cluster.put("pods", pod("a", "nginx:1"))
    watch = start("--format", "json")
    watch.said('"whole"')

    # Closes our end of the pipe under the thread that reads from it, which gets one line more.
    assert watch.process.stdout is not None
    with open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), watch.process.stdout.fileno())

    def has_ended() -> bool:
        cluster.put("pods", pod(f"p{cluster.version}", "nginx:1"))
        return watch.process.poll() is not None

    eventually(has_ended)
    assert watch.wait() == 141
    assert "Traceback" not in "".join(watch.err)


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


def test_memory_does_not_grow_with_what_happens(cluster: LiveCluster, start: Start) -> None:
    watch = start("--listen", "127.0.0.1:0")
    if not os.path.exists("/proc/self/statm"):
        pytest.skip("needs /proc to look at the memory of a process")

    def churn(count: int) -> int:
        for number in range(count):
            cluster.put("pods", pod(f"p{number % 50}", f"quay.io/x/y{number}:{number}"))
        cluster.put("pods", pod("last", f"nginx:{count}"))
        watch.said(f"appeared shop/Pod/last container app: error: 'nginx:{count}'")
        watch.out.clear()
        with open(f"/proc/{watch.process.pid}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    churn(2_000)
    before = churn(1_999)
    after = churn(10_000)

    assert after - before < 8 * 1024 * 1024
    assert watch.metric("imagelock_objects", kind="Pod") == 52


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
