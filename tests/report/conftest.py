from __future__ import annotations

from datetime import date

import pytest
from msgspec.structs import replace

from imagelock.core.exemption import Exemption
from imagelock.core.finding import (
    Coverage,
    ExemptionUse,
    Finding,
    ImageUse,
    Report,
    ReportedSite,
    Skipped,
)
from imagelock.core.place import ClusterPlace, FilePlace

APP = FilePlace("deploy/app.yaml", 12, 16, "$.spec.containers[0].image")
POD = ClusterPlace(namespace="shop", kind="Pod", name="web-0", container="container app")
OF_API = {"container": "container api", "workload": "Deployment/api"}
DIGEST = "sha256:" + "0123456789abcdef" * 4
HOSTILE = "evil\x1b[2J<&>\"'\x00\u202e\ufffe\ud800\n]]>:1"


@pytest.fixture
def clean() -> Report:
    sites = (
        ReportedSite("position", "pinned-before", "nginx:1.25@sha256:aa", APP),
        ReportedSite("key", "exempt", "pause:3", FilePlace("deploy/app.yaml", 20, 4)),
    )
    coverage = Coverage(14, "images in 6 files")
    return Report(
        command="check", findings=(), coverage=coverage, summary={"sites": 14}, sites=sites
    )


@pytest.fixture
def mixed() -> Report:
    """A report with everything: files and a cluster, three severities, own and common help."""
    return Report(
        command="verify",
        findings=(
            Finding.of("ambiguous", APP, "two digests for 'redis'", image="redis"),
            Finding.of("tag-not-in-lock", APP, "no entry for 'nginx:1.25'", image="nginx:1.25"),
            Finding.of(
                "tag-not-in-lock",
                FilePlace("deploy/app.yaml", 3, 8, "$.a"),
                "no entry for 'nginx:1.26'",
                image="nginx:1.26",
                help="The lock has 'nginx:1.25'.",
            ),
            Finding.of("not-pulled-by-digest", POD, "asked for a tag", image="busybox:1"),
            Finding.of("unused-exemption", FilePlace("imagelock.toml"), "nothing used 'gke'"),
        ),
        coverage=Coverage(9, "images", (Skipped("notes.txt", "it is no YAML"),)),
        summary={"sites": 9, "pinned now": 4},
        exemptions=(
            ExemptionUse(
                Exemption(
                    repository="gke.gcr.io",
                    namespaces=("kube-system", "gmp-*"),
                    reason="brought by GKE",
                    owner="ops",
                    until=date(2027, 12, 31),
                    preset="gke",
                ),
                3,
            ),
        ),
    )


@pytest.fixture
def nothing() -> Report:
    return Report(command="check", findings=(), coverage=Coverage(0, "images"))


@pytest.fixture
def hostile() -> Report:
    """A report in which every text that others write is hostile."""
    place = FilePlace(f"dir/{HOSTILE}.yaml", 1, 1, HOSTILE)
    pod = ClusterPlace(namespace="..", kind="Pod", name=HOSTILE, container=HOSTILE)
    return Report(
        command="check",
        findings=(
            Finding.of("unpinned", place, f"a message of {HOSTILE}", image=HOSTILE, help=HOSTILE),
            Finding.of("unpinned", pod, "a message", image=HOSTILE),
        ),
        coverage=Coverage(2, "images", (Skipped(HOSTILE, HOSTILE),)),
        sites=(ReportedSite("key", "pinned-now", HOSTILE, place),),
    )


@pytest.fixture
def many() -> Report:
    """Five hundred findings of one rule in fifty files, in no order."""
    findings = tuple(
        Finding.of(
            "unpinned",
            FilePlace(f"f{number % 50:02}.yaml", 500 - number, 3),
            f"'app:{number}' has no digest",
            image=f"app:{number}",
        )
        for number in range(500)
    )
    return Report(command="check", findings=findings, coverage=Coverage(500, "images"))


@pytest.fixture
def crowd() -> Report:
    """A Deployment without a digest, and its three hundred pods."""
    places = [
        ClusterPlace(namespace="shop", kind="Pod", name=f"api-7c9-{number:03}", **OF_API)
        for number in range(300)
    ]
    places.append(ClusterPlace(namespace="shop", kind="Deployment", name="api", **OF_API))
    findings = tuple(
        Finding.of("not-pulled-by-digest", place, "asked for a tag", image="redis:7")
        for place in places
    )
    coverage = Coverage(301, "pods and workloads")
    return Report(command="verify", findings=findings, coverage=coverage)


@pytest.fixture
def flood() -> Report:
    """More than six thousand workloads with a warning, and an error after them all."""
    places = [ClusterPlace(namespace="shop", kind="Pod", name=f"p{n}") for n in range(6_001)]
    findings = [
        Finding.of("cannot-compare", place, "it gives another digest", image=f"redis:{number}")
        for number, place in enumerate(places[1:])
    ]
    findings.append(Finding.of("not-pulled-by-digest", places[0], "asked for a tag", image="r"))
    return Report(command="verify", findings=tuple(findings), coverage=Coverage(6_001, "pods"))


@pytest.fixture
def ten_thousand() -> Report:
    """Ten thousand workloads with something wrong, in ten namespaces."""
    findings = tuple(
        Finding.of(
            "not-pulled-by-digest" if number % 2 else "cannot-compare",
            ClusterPlace(
                namespace=f"team-{number % 10}",
                kind="Deployment",
                name=f"app-{number:05}",
                container="container app",
            ),
            "asked for without a digest" if number % 2 else "what runs cannot be compared",
            image=f"quay.io/team/app-{number % 97}:{number % 7}",
        )
        for number in range(10_000)
    )
    return Report(command="verify", findings=findings, coverage=Coverage(10_000, "workloads"))


@pytest.fixture
def told(mixed: Report) -> Report:
    """The mixed report, with all that a page tells besides."""
    return replace(
        mixed,
        subject="production",
        policy="locked",
        made="2026-11-23T19:56:02Z",
        images=(
            ImageUse(f"quay.io/acme/api:1@{DIGEST}", 7, "self-built"),
            ImageUse("nginx:1.25", 3, "external"),
            ImageUse("gke.gcr.io/pause:3", 3, "exempt"),
            ImageUse("quay.io/old:1", 2, "locked"),
            ImageUse("busybox:1", 1),
        ),
    )
