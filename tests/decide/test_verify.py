"""A cluster against a lock: the recorded one, and small ones made for a question."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from imagelock.core.cluster import Container, Node, Owner, Page, Pod, Workload
from imagelock.core.exemption import Exemption
from imagelock.core.finding import Finding, Report, Skipped
from imagelock.core.place import ClusterPlace
from imagelock.decide.judge import Terms
from imagelock.decide.verify import Scope, verify_pages

if TYPE_CHECKING:
    from imagelock.core.config import Policy
    from imagelock.core.lock import Lock


TODAY = date(2027, 1, 1)


A, B = "sha256:" + "a" * 64, "sha256:" + "b" * 64


def terms(*exemptions: Exemption, policy: Policy = "pinned", lock: Lock | None = None) -> Terms:
    return Terms(policy=policy, lock=lock, exemptions=exemptions, today=TODAY)


def told(report: Report, severity: str = "error") -> set[tuple[str, str, str]]:
    return {
        (finding.rule.name, str(finding.place), finding.image)
        for finding in report.findings
        if finding.severity == severity
    }


def container(image: str, **fields: Any) -> Container:
    return Container(**{"kind": "container", "name": "c", "image": image, **fields})


def pod(*containers: Container, **fields: Any) -> Pod:
    return Pod(**{"namespace": "shop", "name": "a", "containers": containers, **fields})


def verify(*pods: Pod, **options: Any) -> Report:
    exemptions = options.pop("exemptions", ())
    return verify_pages([Page(kind="PodList", pods=pods)], terms(*exemptions), **options)


def only(report: Report) -> Finding:
    (finding,) = report.findings
    return finding


@pytest.mark.parametrize(
    "image", ["", "Not An Image", "\x1b[2Jevil", "redis@sha256:123", "a" * 64, "x" * 10_000, "日本"]
)
def test_an_image_that_is_no_reference_is_an_error_and_no_crash(image: str) -> None:
    finding = only(verify(pod(container(image, image_id=image, state="running"))))

    assert (finding.rule.name, finding.severity) == ("not-a-reference", "error")


@pytest.mark.parametrize("phase", ["Pending", "Running", "Succeeded", "Failed", "Unknown"])
def test_a_pod_counts_in_every_phase(phase: str) -> None:
    assert only(verify(pod(container("redis:7"), phase=phase))).rule.name == "not-pulled-by-digest"


def test_a_static_pod_is_judged_like_any_other() -> None:
    static = pod(container("redis:7"), owner=Owner("Node", "node-a"))

    assert only(verify(static)).rule.name == "not-pulled-by-digest"


def test_a_container_that_runs_without_telling_what_cannot_be_compared() -> None:
    running = pod(container(f"redis:7@{A}", state="running"))
    waiting = pod(container(f"redis:7@{A}", state="waiting"))

    assert only(verify(running)).rule.name == "cannot-compare"
    assert verify(waiting).findings == ()
    assert verify(waiting).summary["not started"] == 1


def test_a_container_that_runs_another_image_is_an_error() -> None:
    wrong = pod(container(f"redis:7@{A}", image_id=f"evil.example/miner@{B}", state="running"))

    finding = only(verify(wrong))

    assert (finding.rule.name, finding.severity) == ("running-other-digest", "error")
    assert "evil.example/miner" in finding.message


def test_a_pod_without_a_container_was_not_read() -> None:
    assert only(verify(pod())).rule.name == "not-read"


def test_nothing_at_all_is_not_clean_in_silence() -> None:
    report = verify_pages([Page(kind="PodList", name="pods.json")], terms())

    assert only(report).rule.name == "not-looked-at"
    assert (report.coverage.looked_at, report.coverage.unit) == (0, "pods")
    assert report.strict().exit_status == 1


def test_an_object_that_comes_twice_counts_once_and_a_namesake_counts() -> None:
    twice = pod(container("redis:7"), uid="1")
    namesake = pod(container("redis:7"), uid="2")

    assert verify(twice, twice, namesake).summary["pods"] == 2
    assert len(verify(twice, twice, namesake).findings) == 2


def test_an_earlier_revision_without_replicas_is_passed_over() -> None:
    old = Workload(
        kind="ReplicaSet",
        namespace="shop",
        name="a-1",
        containers=(container("redis:6"),),
        owner=Owner("Deployment", "a"),
        replicas=0,
    )
    page = Page(kind="ReplicaSetList", workloads=(old, replace(old, name="a-2", replicas=1)))

    assert str(only(verify_pages([page], terms())).place) == "shop/ReplicaSet/a-2 container c"


def test_a_namespace_that_is_left_out_is_told() -> None:
    report = verify(
        pod(container("redis:7")),
        pod(container(f"redis:7@{A}"), namespace="bank"),
        scope=Scope(without=frozenset({"shop"})),
    )

    assert report.findings == ()
    assert [skipped.what for skipped in report.coverage.skipped] == ["1 object in namespace shop"]


def test_only_the_namespace_that_is_meant_is_looked_at() -> None:
    report = verify(
        pod(container("redis:7")),
        pod(container(f"redis:7@{A}"), namespace="bank"),
        scope=Scope(only=frozenset({"bank"})),
    )

    assert report.findings == ()
    assert report.coverage.looked_at == 1
    assert [skipped.what for skipped in report.coverage.skipped] == ["every namespace but bank"]


def test_what_could_not_be_seen_is_told() -> None:
    unseen = Skipped("nodes", "the permission is missing")
    pages = [
        Page(kind="nodes", unseen=(unseen,)),
        Page(
            kind="List",
            pods=(pod(container(f"redis@{A}")),),
            others=(("Service", 2), ("Rollout", 1)),
        ),
    ]

    report = verify_pages(pages, terms())

    assert report.coverage.left_out == (
        unseen,
        Skipped("1 object of kind Rollout", "this kind is not read"),
    )
    assert report.exit_status == 0
    assert report.strict().exit_status == 1


def test_the_cluster_is_named_in_every_place() -> None:
    place = only(verify(pod(container("redis:7")), cluster="production")).place

    assert place == ClusterPlace(
        cluster="production",
        namespace="shop",
        kind="Pod",
        name="a",
        container="container c",
        workload="Pod/a",
    )


def test_the_pods_of_a_cron_job_are_known_by_it_although_only_its_job_names_it() -> None:
    owned = pod(container("redis:7"), name="backup-29-x", owner=Owner("Job", "backup-29"))
    job = Workload(
        kind="Job",
        namespace="shop",
        name="backup-29",
        containers=(container("redis:7"),),
        owner=Owner("CronJob", "backup"),
    )
    pages = [Page(kind="PodList", pods=(owned,)), Page(kind="JobList", workloads=(job,))]

    findings = verify_pages(pages, terms()).findings

    assert len(findings) == 2
    for finding in findings:
        assert isinstance(finding.place, ClusterPlace)
        assert finding.place.workload == "CronJob/backup"


EXEMPT = Exemption(
    repository="docker.io/library/redis", namespaces=("shop",), reason="it leaves in March"
)


def test_an_exemption_lets_pass_and_is_counted() -> None:
    report = verify(pod(container("redis:7")), exemptions=(EXEMPT,))

    assert report.findings == ()
    assert report.summary["exempt"] == 1
    assert report.exemptions[0].exemption.reason == "it leaves in March"


def test_an_exemption_that_has_ended_lets_nothing_pass_and_is_an_error() -> None:
    ended = replace(EXEMPT, until=date(2026, 12, 31))

    report = verify(pod(container("redis:7")), exemptions=(ended,))

    assert {rule for rule, _, _ in told(report)} == {"not-pulled-by-digest", "expired-exemption"}
    assert "2026-12-31" in report.findings[0].message


def test_an_exemption_that_nothing_used_is_a_note() -> None:
    finding = only(verify(pod(container(f"redis:7@{A}")), exemptions=(EXEMPT,)))

    assert (finding.rule.name, finding.severity) == ("unused-exemption", "note")


def test_an_exemption_is_not_called_unused_where_only_a_part_was_looked_at() -> None:
    unused = Exemption(repository="quay.io/x", namespaces=("bank",), reason="r")
    pages = [Page(kind="PodList", pods=(pod(container(f"redis:7@{A}")),))]

    report = verify_pages(pages, terms(unused), scope=Scope(only=frozenset({"shop"})))

    assert report.findings == ()


def test_an_exempt_image_with_a_digest_still_has_to_run_what_it_asks_for() -> None:
    wrong = pod(container(f"redis:7@{A}", image_id=f"evil.example/x@{B}"))

    report = verify_pages([Page(kind="PodList", pods=(wrong,))], terms(EXEMPT, policy="locked"))

    assert only(report).rule.name == "running-other-digest"


def test_a_mirror_is_told_once_however_many_containers_it_serves() -> None:
    mirrored = container(f"redis:7@{A}", image_id=f"mirror.example/redis@{A}")

    finding = only(verify(pod(mirrored), pod(mirrored, name="b"), pod(mirrored, name="c")))

    assert finding.rule.name == "mirror-name"
    assert "2 more containers" in finding.message


def test_a_node_that_was_not_seen_changes_nothing() -> None:
    page = Page(kind="NodeList", nodes=(Node(name="node-a", images=((f"redis@{A}",),)),))
    fine = pod(container(f"redis:7@{A}", image_id=f"redis@{A}"), node="node-z")

    assert verify_pages([page, Page(kind="PodList", pods=(fine,))], terms()).findings == ()
