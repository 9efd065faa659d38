"""Exemptions: a repository's boundary, a namespace, a date."""

from __future__ import annotations

from datetime import date

import pytest

from imagelock.core.exemption import Exemption
from imagelock.core.reference import Repository

PAUSE = Repository.parse("gke.gcr.io/pause")


def exemption(
    repository: str = "gke.gcr.io", *namespaces: str, until: date | None = None
) -> Exemption:
    return Exemption(
        repository=repository, namespaces=namespaces or ("*",), reason="because", until=until
    )


@pytest.mark.parametrize(
    ("prefix", "repository"),
    [
        ("gke.gcr.io", "gke.gcr.io/pause"),
        ("gke.gcr.io", "gke.gcr.io/prometheus-engine/operator"),
        ("gke.gcr.io/", "gke.gcr.io/pause"),
        ("gke.gcr.io/pause", "gke.gcr.io/pause"),
        ("quay.io/acme", "quay.io/acme/tools/debug"),
        ("docker.io/library", "nginx"),
        ("registry:5000", "registry:5000/app"),
    ],
)
def test_a_repository_is_covered_below_a_slash(prefix: str, repository: str) -> None:
    assert exemption(prefix).covers(Repository.parse(repository), "kube-system")


@pytest.mark.parametrize(
    ("prefix", "repository"),
    [
        ("gke.gcr.io", "gke.gcr.io.evil.example/pause"),
        ("gke.gcr.io", "gke.gcr.io:5000/pause"),
        ("gke.gcr.io", "evil.example/gke.gcr.io/pause"),
        ("gke.gcr.io", "xgke.gcr.io/pause"),
        ("gke.gcr.io", "GKE.gcr.io/pause"),
        ("gke.gcr.io/pause", "gke.gcr.io/pause-evil"),
        ("gke.gcr.io/pause", "gke.gcr.io/paus"),
        ("quay.io/acme", "quay.io/acme-evil/app"),
        ("quay.io/acme/app", "quay.io/acme"),
        ("registry", "registry:5000/app"),
        ("library/nginx", "nginx"),
    ],
)
def test_a_name_that_only_begins_the_same_is_not_covered(prefix: str, repository: str) -> None:
    assert not exemption(prefix).covers(Repository.parse(repository), "kube-system")


@pytest.mark.parametrize(
    ("patterns", "namespace"),
    [
        (("kube-system",), "kube-system"),
        (("gke-*",), "gke-managed-system"),
        (("gke-*",), "gke-"),
        (("kube-system", "gke-*"), "gke-gmp-system"),
        (("*",), "anything"),
    ],
)
def test_a_namespace_is_named_whole_or_by_its_beginning(
    patterns: tuple[str, ...], namespace: str
) -> None:
    assert exemption("gke.gcr.io", *patterns).covers(PAUSE, namespace)


@pytest.mark.parametrize(
    ("patterns", "namespace"),
    [
        (("kube-system",), "kube-system-evil"),
        (("kube-system",), "kube"),
        (("gke-*",), "gke"),
        (("gke-*",), "my-gke-system"),
        (("kube-system", "gke-*"), "default"),
    ],
)
def test_another_namespace_is_not_covered(patterns: tuple[str, ...], namespace: str) -> None:
    assert not exemption("gke.gcr.io", *patterns).covers(PAUSE, namespace)


def test_an_exemption_without_a_namespace_covers_nothing() -> None:
    held = Exemption(repository="gke.gcr.io", namespaces=(), reason="because")

    assert not held.covers(PAUSE, "kube-system")
    assert not held.covers(PAUSE, None)


def test_an_unknown_namespace_is_covered_by_an_exemption_for_all_of_them_only() -> None:
    assert exemption("gke.gcr.io", "*").covers(PAUSE, None)
    assert not exemption("gke.gcr.io", "kube-system", "gke-*").covers(PAUSE, None)


def test_an_exemption_holds_to_the_end_of_its_last_day() -> None:
    until = exemption(until=date(2027, 3, 31))

    assert not until.has_expired(date(2027, 3, 31))
    assert until.has_expired(date(2027, 4, 1))
    assert not exemption().has_expired(date(9999, 12, 31))


REGIONAL = "*-artifactregistry.gcr.io/gke-release/gke-release"


@pytest.mark.parametrize("region", ["us-central1", "europe-west3", "a"])
def test_a_star_stands_for_a_piece_of_one_label(region: str) -> None:
    name = f"{region}-artifactregistry.gcr.io/gke-release/gke-release/pause"

    assert exemption(REGIONAL).covers(Repository.parse(name), "kube-system")


@pytest.mark.parametrize(
    "repository",
    [
        "evil.example-artifactregistry.gcr.io/gke-release/gke-release/pause",
        "evil.example/x-artifactregistry.gcr.io/gke-release/gke-release/pause",
        "us-artifactregistry.gcr.io/gke-release/gke-release-staging/pause",
        "us-artifactregistry.gcr.io.evil.example/gke-release/gke-release/pause",
        "us-artifactregistry.gcr.io:5000/gke-release/gke-release/pause",
        "us-artifactregistryxgcr.io/gke-release/gke-release/pause",
    ],
)
def test_a_star_reaches_over_no_dot_colon_or_slash(repository: str) -> None:
    assert not exemption(REGIONAL).covers(Repository.parse(repository), "kube-system")
