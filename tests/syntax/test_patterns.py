"""The patterns of an exemption, normalised."""

from __future__ import annotations

import pytest

from imagelock.core.exemption import Exemption
from imagelock.core.reference import Repository
from imagelock.errors import InputError
from imagelock.syntax.patterns import parse_namespace_pattern, parse_repository_pattern


@pytest.mark.parametrize(
    ("text", "normalised"),
    [
        ("gke.gcr.io", "gke.gcr.io"),
        ("gke.gcr.io/", "gke.gcr.io"),
        ("gke.gcr.io/pause", "gke.gcr.io/pause"),
        ("registry.example:5000/x", "registry.example:5000/x"),
        ("registry:5000/", "registry:5000"),
        ("[::1]:5000/x", "[::1]:5000/x"),
        ("localhost", "localhost"),
        ("redis", "docker.io/library/redis"),
        ("docker.io/redis", "docker.io/library/redis"),
        ("index.docker.io/redis", "docker.io/library/redis"),
        ("docker.io", "docker.io"),
        ("bitnami/redis", "docker.io/bitnami/redis"),
        ("bitnami/", "docker.io/bitnami"),
        ("docker.io/bitnami/", "docker.io/bitnami"),
        ("*-docker.pkg.dev/gke-release", "*-docker.pkg.dev/gke-release"),
    ],
)
def test_a_pattern_is_a_registry_a_repository_or_what_is_below_one(
    text: str, normalised: str
) -> None:
    assert parse_repository_pattern(text) == normalised


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        "*",
        "*/*",
        "Redis",
        "redis:7",
        "redis:7.2",
        "quay.io/a/b:1",
        "quay.io/a/B",
        "quay.io/a@sha256:" + "a" * 64,
        "https://quay.io",
        "quay.io//a",
        "quay.io/a b",
        "my_host.example/a",
        "host.example:port",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is no repository"):
        parse_repository_pattern(text)


def test_all_of_an_organisation_at_docker_hub_ends_with_a_slash() -> None:
    def covers(pattern: str, image: str) -> bool:
        exemption = Exemption(
            repository=parse_repository_pattern(pattern), namespaces=("*",), reason="a test"
        )
        return exemption.covers(Repository.parse(image), "any")

    assert covers("bitnami/", "bitnami/redis")
    assert not covers("bitnami", "bitnami/redis")
    assert covers("redis", "docker.io/library/redis")


@pytest.mark.parametrize("text", ["*", "kube-system", "gke-managed-*", "a", "a*", "x" * 63])
def test_a_namespace_is_a_name_a_prefix_or_a_star(text: str) -> None:
    assert parse_namespace_pattern(text) == text


@pytest.mark.parametrize(
    "text", ["", "Kube", "a b", "-a", "a-", "*-system", "a*b", "**", "a.b", "x" * 64]
)
def test_anything_else_is_no_namespace(text: str) -> None:
    with pytest.raises(InputError, match="is no namespace"):
        parse_namespace_pattern(text)
