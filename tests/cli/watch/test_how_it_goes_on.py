"""How imagelock watch goes on when the cluster fails, and how it ends."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest
from tests.simulators.kubeconfigs import write
from tests.simulators.live_cluster import LiveCluster, eventually, pod

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.simulators.watching import Watching

    Start = Callable[..., Watching]


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
