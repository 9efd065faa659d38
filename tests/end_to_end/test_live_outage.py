"""imagelock and a real API server that dies, forgets and comes back, as none but our own may."""

from __future__ import annotations

import json
import signal
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from tests.end_to_end.real_cluster import ROLES
from tests.simulators.live_cluster import eventually

from imagelock.outside.cluster import list_pages
from imagelock.outside.kubernetes_api import connect
from imagelock.outside.refusals import ApiError
from imagelock.syntax.kubernetes import parse_page

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.end_to_end.local_cluster import LocalCluster
    from tests.end_to_end.real_cluster import RealCluster, Watching

    Run = Callable[..., tuple[int, str, str]]
    Start = Callable[..., Watching]

A = f"sha256:{'a' * 64}"
WEB = f"ghcr.io/acme/web@{A}"


def test_a_list_that_the_store_forgets_while_it_is_read_goes_on_and_says_so(
    own: LocalCluster, mortal: RealCluster
) -> None:
    for number in range(9):
        mortal.pod(f"web-{number}", WEB)
    notices: list[str] = []
    api = connect(own.kubeconfig, None, notice=notices.append)
    decode = partial(parse_page, name="pods")

    pages = list_pages(api, mortal.path("pods"), decode, limit=2)
    seen = [pod.name for pod in next(pages).pods]
    mortal.pod("web-x", WEB)
    own.forget()
    rest = list(pages)

    seen += [pod.name for page in rest for pod in page.pods]
    assert seen == [*(f"web-{number}" for number in range(9)), "web-x"]
    assert "expired while it was read" in " ".join(notices)


def test_a_watch_outlives_the_server_that_it_watches(
    own: LocalCluster, mortal: RealCluster, start: Start
) -> None:
    mortal.pod("early", "redis:7")
    watch = start("--namespace", mortal.namespace, at=own.kubeconfig)
    eventually(lambda: watch.is_whole, seconds=60)

    own.kill("kube-apiserver")
    eventually(lambda: "; again in" in watch.said, seconds=60)
    own.mend()
    mortal.pod("late", "nginx:1.27")

    eventually(lambda: ("appeared", "late") in watch.changes, seconds=90)
    mortal.delete(f"{mortal.path('pods')}/early")
    eventually(lambda: ("went", "early") in watch.changes, seconds=60)
    assert watch.changes == [("appeared", "early"), ("appeared", "late"), ("went", "early")]
    assert "permission" not in watch.said
    assert watch.end() == 0


def test_what_went_while_nobody_looked_is_told_as_gone(
    own: LocalCluster, mortal: RealCluster, start: Start
) -> None:
    for name in ("first", "second"):
        mortal.pod(name, "redis:7")
    watch = start("--namespace", mortal.namespace, at=own.kubeconfig)
    eventually(lambda: watch.is_whole, seconds=60)

    watch.process.send_signal(signal.SIGSTOP)
    mortal.delete(f"{mortal.path('pods')}/first")
    mortal.pod("third", "redis:7")
    own.kill("kube-apiserver")
    own.forget()
    own.mend()
    watch.process.send_signal(signal.SIGCONT)

    eventually(lambda: ("went", "first") in watch.changes, seconds=90)
    eventually(lambda: ("appeared", "third") in watch.changes, seconds=90)
    assert len(watch.changes) == 4
    assert watch.end() == 0


def test_a_replica_without_its_lease_begins_again_when_the_store_is_back(
    own: LocalCluster, mortal: RealCluster, start: Start
) -> None:
    mortal.pod("early", "redis:7")
    lease = f"{mortal.namespace}/watch"
    watch = start("--namespace", mortal.namespace, "--lease", lease, at=own.kubeconfig)
    eventually(lambda: watch.is_whole, seconds=60)

    # The API server goes on, and whatever it is asked is not answered.
    own.kill("etcd")
    eventually(lambda: "is lost, another replica may work now" in watch.said, seconds=60)
    own.mend()
    mortal.pod("late", "nginx:1.27")

    # Whoever lost the lease has forgotten everything: what stands is told anew.
    again = [("appeared", "early"), ("appeared", "early"), ("appeared", "late")]
    eventually(lambda: len(watch.changes) == len(again), seconds=90)
    assert sorted(watch.changes) == again
    assert watch.end() == 0


def test_a_server_that_is_not_there_verifies_nothing(
    own: LocalCluster, mortal: RealCluster, run: Run
) -> None:
    mortal.pod("web", WEB)
    own.kill("kube-apiserver")

    status, out, err = run("verify", "--namespace", mortal.namespace, at=own.kubeconfig)

    assert (status, out) == (3, "")
    assert "connection refused" in err
    assert err.splitlines()[-1] == "imagelock verify: nothing was verified"
    own.mend()


def test_an_account_that_was_made_anew_goes_on_with_the_token_in_its_file(
    own: LocalCluster, mortal: RealCluster, start: Start
) -> None:
    mortal.pod("early", "redis:7")
    file = mortal.folder / "token"
    kubeconfig = account_with_token(mortal, file)
    watch = start("--namespace", mortal.namespace, at=kubeconfig)
    eventually(lambda: watch.is_whole, seconds=60)

    mortal.delete(f"{mortal.path('serviceaccounts')}/tester")
    account_with_token(mortal, file)
    own.kill("kube-apiserver")
    own.mend()
    mortal.pod("late", "redis:7")

    eventually(lambda: ("appeared", "late") in watch.changes, seconds=90)
    assert watch.changes == [("appeared", "early"), ("appeared", "late")]
    assert watch.end() == 0


def account_with_token(cluster: RealCluster, file: Path) -> Path:
    """Make an account that may do everything in its namespace, with its token in a file."""
    cluster.create(cluster.path("serviceaccounts"), {"metadata": {"name": "tester"}})
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}
    subject = {"kind": "ServiceAccount", "name": "tester", "namespace": cluster.namespace}
    binding = {"metadata": {"name": "tester"}, "roleRef": role, "subjects": [subject]}
    with suppress(ApiError):  # it stayed
        cluster.create(cluster.path("rolebindings", ROLES), binding)
    document = json.loads(cluster.as_account("tester").read_text())
    user = document["users"][0]["user"]
    file.write_text(user.pop("token"))
    user["tokenFile"] = str(file)
    kubeconfig = cluster.folder / "with-token-file"
    kubeconfig.write_text(json.dumps(document))
    return kubeconfig
