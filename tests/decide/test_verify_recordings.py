"""The recorded cluster: exactly its odd ones are found."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from imagelock.core.presets import exemptions_of
from imagelock.core.proof import Child, Index, Proofs
from imagelock.core.reference import Digest
from imagelock.decide.judge import Terms
from imagelock.decide.verify import verify_pages
from imagelock.outside.files import read_source
from imagelock.syntax.kubernetes import parse_page
from imagelock.syntax.lockfile import parse_lock

if TYPE_CHECKING:
    from imagelock.core.cluster import Page
    from imagelock.core.config import Policy
    from imagelock.core.exemption import Exemption
    from imagelock.core.finding import Report
    from imagelock.core.lock import Lock


RECORDINGS = Path(__file__).resolve().parents[3] / "shared" / "recordings" / "kubernetes-1.36"


PAGES = ("pods-page-1", "pods-page-2", "pods-page-3")


OTHERS = ("deployments", "statefulsets", "daemonsets", "replicasets", "jobs", "cronjobs", "nodes")


TODAY = date(2027, 1, 1)


A, B = "sha256:" + "a" * 64, "sha256:" + "b" * 64


def recorded(*names: str) -> list[Page]:
    if not RECORDINGS.exists():
        pytest.skip(f"needs the recordings of a Kubernetes API server ({RECORDINGS})")
    return [
        parse_page((RECORDINGS / f"{name}.json").read_bytes(), name=f"{name}.json")
        for name in names
    ]


def recorded_lock() -> Lock:
    return parse_lock(read_source(RECORDINGS / "images.lock"))


def terms(*exemptions: Exemption, policy: Policy = "pinned", lock: Lock | None = None) -> Terms:
    return Terms(policy=policy, lock=lock, exemptions=exemptions, today=TODAY)


def told(report: Report, severity: str = "error") -> set[tuple[str, str, str]]:
    return {
        (finding.rule.name, str(finding.place), finding.image)
        for finding in report.findings
        if finding.severity == severity
    }


UNPINNED = {
    ("not-pulled-by-digest", place, image)
    for place, image in [
        ("data-plane/Pod/unpinned container c0", "docker.io/library/busybox:1.36"),
        ("data-plane/Pod/unpinned-init init container i0", "alpine:3.20"),
        ("data-plane/Pod/image-volume volume v0", "quay.io/models/llm:v1"),
        ("base/Pod/keycloak-7c9f-0 ephemeral container debugger", "busybox"),
        ("default/Pod/impostor container c0", "gke.gcr.io.evil.example/k8s-dns-kube-dns:1"),
    ]
}


UNPINNED_TEMPLATES = {
    ("not-pulled-by-digest", place, image)
    for place, image in [
        (
            "control-plane/Deployment/sample-deployment container c",
            "ghcr.io/eurodat/scaled-to-zero:1",
        ),
        ("base/CronJob/sample-cronjob container c", "docker.io/library/postgres:16.4"),
    ]
}


OF_THE_PROVIDER = {
    (
        "not-pulled-by-digest",
        "kube-system/Pod/kube-dns-abc container c0",
        "gke.gcr.io/k8s-dns-kube-dns:1.23.0-gke.9",
    ),
    (
        "not-pulled-by-digest",
        "kube-system/DaemonSet/sample-daemonset container c",
        "gke.gcr.io/fluent-bit:v1",
    ),
}


REDIS = "redis:7@sha256:00071c44be122e4c71cb5056eec7e2335d2c3d111303d75a2b906218ae9b03b1"


CANNOT_COMPARE = {
    ("cannot-compare", "data-plane/Pod/config-digest-only container c0", REDIS),
    ("cannot-compare", "data-plane/Pod/platform-child container c0", REDIS),
}


@pytest.mark.parametrize("policy", ["pinned", "locked"])
@pytest.mark.parametrize("pods", [("pods-all",), PAGES, tuple(reversed(PAGES))])
def test_exactly_the_odd_ones_of_the_recorded_cluster_are_found(
    policy: Policy, pods: tuple[str, ...]
) -> None:
    gke = exemptions_of(["gke"])

    report = verify_pages(
        recorded(*pods, *OTHERS), terms(*gke, policy=policy, lock=recorded_lock())
    )

    assert told(report) == UNPINNED | UNPINNED_TEMPLATES
    assert told(report, "warning") == CANNOT_COMPARE
    assert [finding.rule.name for finding in report.findings if finding.severity == "note"] == [
        "mirror-name"
    ]
    assert report.exit_status == 1
    assert report.coverage.left_out == ()


def test_without_the_preset_the_providers_images_are_findings_too() -> None:
    report = verify_pages(recorded("pods-all", *OTHERS), terms(lock=recorded_lock()))

    assert told(report) == UNPINNED | UNPINNED_TEMPLATES | OF_THE_PROVIDER
    assert {rule for rule, _, _ in told(report, "warning")} == {
        "cannot-compare",
        "unexplained-image",
    }


def test_policy_pinned_needs_no_lock_and_then_says_nothing_of_nodes() -> None:
    report = verify_pages(recorded("pods-all", "nodes"), terms(*exemptions_of(["gke"])))

    assert told(report) == UNPINNED
    assert told(report, "warning") == CANNOT_COMPARE
    assert "the images of 2 nodes" in [skipped.what for skipped in report.coverage.skipped]


def test_the_recorded_clusters_counts_add_up() -> None:
    report = verify_pages(recorded("pods-all", *OTHERS), terms(*exemptions_of(["gke"])))

    counts = report.summary
    assert (counts["pods"], counts["workloads"], counts["nodes"]) == (37, 5, 2)
    assert counts["images asked for"] == 45
    assert counts["allowed"] + counts["exempt"] + len(told(report)) == 45
    assert counts["not started"] == 1
    assert [(use.exemption.repository, use.images) for use in report.exemptions] == [
        ("gke.gcr.io", 2)
    ]


def test_a_list_whose_rest_was_not_given_is_never_clean() -> None:
    for some in (PAGES[:2], PAGES[:1], (PAGES[0], PAGES[2])):
        report = verify_pages(recorded(*some), terms(*exemptions_of(["gke"])))

        assert "not-read" in {rule for rule, _, _ in told(report)}


def test_strict_makes_what_cannot_be_compared_a_finding() -> None:
    report = verify_pages(recorded("pods-all"), terms(*exemptions_of(["gke"]))).strict()

    assert told(report) > CANNOT_COMPARE


def test_an_index_that_names_the_running_manifest_clears_the_warning() -> None:
    child = "sha256:3ef9d11a979fd152214772edcdd1d395dccca96024ca1b86ba75ff81c5013f87"
    index = Index((Child(Digest.parse(child), "arm64"),))
    proofs = Proofs({Digest.parse(REDIS.partition("@")[2]): index})

    for order in (("pods-all", "nodes"), ("nodes", "pods-all")):
        report = verify_pages(recorded(*order), terms(*exemptions_of(["gke"])), proofs=proofs)

        assert [place for _, place, _ in told(report, "warning")] == [
            "data-plane/Pod/config-digest-only container c0"
        ]


def test_an_index_that_does_not_name_the_running_manifest_makes_it_an_error() -> None:
    index = Index((Child(Digest.parse(A), "arm64"),))
    proofs = Proofs({Digest.parse(REDIS.partition("@")[2]): index})

    report = verify_pages(recorded("pods-all", "nodes"), terms(), proofs=proofs)

    assert (
        "running-other-digest",
        "data-plane/Pod/platform-child container c0",
        REDIS,
    ) in told(report)
