"""The parts of the grammar that others ask for."""

from __future__ import annotations

import pytest

from imagelock.core import grammar


@pytest.mark.parametrize(
    "part", ["localhost", "quay.io", "registry:5000", "[::1]", "GHCR", "a.b", "x.", "127.0.0.1"]
)
def test_a_registry_is_known_by_a_dot_a_colon_a_capital_or_as_localhost(part: str) -> None:
    assert grammar.is_domain(part)


@pytest.mark.parametrize("part", ["library", "acme-corp", "a_b", "localhosts", "registry", ""])
def test_anything_else_before_a_slash_belongs_to_the_repository(part: str) -> None:
    assert not grammar.is_domain(part)


def test_an_identifier_is_64_lower_case_hex_digits() -> None:
    assert grammar.is_identifier("0a" * 32)
    assert not grammar.is_identifier("0A" * 32)
    assert not grammar.is_identifier("0a" * 32 + "0")
    assert not grammar.is_identifier("0a" * 32 + "\n")
    assert not grammar.is_identifier("0a" * 31)


def test_a_name_is_split_as_docker_splits_it() -> None:
    assert grammar.normalise("nginx") == ("docker.io", "library/nginx")
    assert grammar.normalise("index.docker.io/a/b") == ("docker.io", "a/b")
    assert grammar.normalise("[::1]:5000/a") == ("[::1]:5000", "a")


def test_a_name_whose_registry_is_none_or_whose_path_is_too_long_is_not_split() -> None:
    assert grammar.normalise("my_host.example/a") is None
    assert grammar.normalise("a" * 248) is None
    assert grammar.normalise("a" * 247) == ("docker.io", "library/" + "a" * 247)


def test_what_is_missing_is_pointed_at_behind_the_last_character() -> None:
    assert grammar.what_is_wrong("app:")[1:] == (4, 4)
    assert grammar.what_is_wrong("app@")[1:] == (4, 4)
    assert grammar.what_is_wrong("app/")[1:] == (4, 4)
