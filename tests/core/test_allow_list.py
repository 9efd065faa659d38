"""What a name of <organisation>-images allows."""

from __future__ import annotations

import pytest

from imagelock.core.allow_list import AllowList, BareName, FullName
from imagelock.core.place import FilePlace
from imagelock.core.reference import Repository

PLACE = FilePlace("acme-images", 1, 1)
GITLAB = "registry.gitlab.example:5050"


def full(name: str) -> AllowList:
    return AllowList([FullName(Repository.parse(name), PLACE)])


def bare(path: str) -> AllowList:
    return AllowList([BareName(path, PLACE)])


def test_a_full_name_allows_that_repository_and_no_other() -> None:
    allowed = full("quay.io/acme/app")

    assert allowed.allows(Repository("quay.io", "acme/app"))
    for registry, path in [
        ("ghcr.io", "acme/app"),
        ("quay.io", "acme/app/x"),
        ("quay.io", "acme/application"),
        ("quay.io", "x/acme/app"),
        ("quay.io.evil.example", "acme/app"),
    ]:
        assert not allowed.allows(Repository(registry, path))


def test_a_full_name_needs_no_registry_of_the_settings() -> None:
    assert full("quay.io/acme/app").allows(Repository("quay.io", "acme/app"), [GITLAB])


def test_a_bare_name_is_at_the_registries_that_are_given() -> None:
    allowed = bare("trustee/tx")

    assert allowed.allows(Repository(GITLAB, "trustee/tx"), [GITLAB, "quay.io"])
    assert allowed.allows(Repository("quay.io", "trustee/tx"), [GITLAB, "quay.io"])
    assert not allowed.allows(Repository("evil.example", "trustee/tx"), [GITLAB, "quay.io"])


def test_a_port_is_part_of_a_registry() -> None:
    repository = Repository("registry.gitlab.example", "trustee/tx")

    assert not bare("trustee/tx").allows(repository, [GITLAB])


def test_a_bare_name_is_at_any_registry_where_none_is_given() -> None:
    assert bare("trustee/tx").allows(Repository("anything.example", "trustee/tx"))


@pytest.mark.parametrize("path", ["group/trustee/tx", "tx", "trustee/tx/cache", "trustee/txx"])
def test_a_bare_name_is_a_whole_path_and_no_part_of_one(path: str) -> None:
    assert not bare("trustee/tx").allows(Repository(GITLAB, path), [GITLAB])


def test_a_bare_name_is_found_at_docker_hub_as_people_write_it() -> None:
    assert bare("app").allows(Repository.parse("app"))
    assert bare("app").allows(Repository.parse("docker.io/app"), ["docker.io"])
    assert bare("library/app").allows(Repository.parse("app"))
    assert not bare("app").allows(Repository("quay.io", "library/app"))


def test_all_names_that_allow_a_repository_are_known() -> None:
    both = AllowList(
        [BareName("acme/app", PLACE), FullName(Repository("quay.io", "acme/app"), PLACE)]
    )

    assert both.names_of(Repository("quay.io", "acme/app")) == both.names
    assert both.names_of(Repository("ghcr.io", "acme/app")) == both.names[:1]


def test_an_empty_list_allows_nothing() -> None:
    assert not AllowList(()).allows(Repository("quay.io", "acme/app"))
