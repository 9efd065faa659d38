"""The permissions that are printed: what the code asks for, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from imagelock.core.resources import RESOURCES
from imagelock.syntax.rbac import (
    Role,
    Subject,
    deploy_role,
    render_roles,
    verify_roles,
    watch_roles,
)

ROOT = Path(__file__).parents[2]
ACCOUNT = Subject("ServiceAccount", "watch", "imagelock")


def documents(*roles: Role, subjects: tuple[Subject, ...] = ()) -> list[Any]:
    return list(yaml.safe_load_all(render_roles(roles, subjects)))


def allowed(role: Any) -> set[tuple[str, str, str]]:
    return {
        (group, resource, verb)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def test_verify_may_list_what_it_lists_and_nothing_else() -> None:
    (role,) = documents(*verify_roles())

    assert (role["kind"], role["metadata"]) == ("ClusterRole", {"name": "imagelock-verify"})
    assert allowed(role) == {(one.group, one.plural, "list") for one in RESOURCES}


def test_in_namespaces_a_role_for_each_is_enough() -> None:
    one, other = documents(*verify_roles(["shop", "bank"]))

    assert [role["kind"] for role in (one, other)] == ["Role", "Role"]
    assert [role["metadata"]["namespace"] for role in (one, other)] == ["shop", "bank"]
    resources = {resource for _, resource, _ in allowed(one)}
    assert {"nodes", "clusterworkflowtemplates"}.isdisjoint(resources)
    assert {"pods", "rollouts"} <= resources


def test_watch_may_watch_too_and_keep_a_lease_in_one_namespace() -> None:
    reading, lease = documents(*watch_roles(lease_namespace="ours"))

    lists = {(one.group, one.plural, verb) for one in RESOURCES for verb in ("list", "watch")}
    events = {("events.k8s.io", "events", verb) for verb in ("create", "get", "patch")}
    assert allowed(reading) == lists | events
    assert (lease["kind"], lease["metadata"]["namespace"]) == ("Role", "ours")
    assert {resource for _, resource, _ in allowed(lease)} == {"leases"}


def test_the_example_of_watch_has_the_roles_that_are_printed() -> None:
    example = yaml.safe_load_all((ROOT / "examples" / "watch" / "watch.yaml").read_text("utf-8"))
    theirs = [allowed(one) for one in example if one["kind"] in {"ClusterRole", "Role"}]

    assert theirs == [allowed(one) for one in documents(*watch_roles())]


def test_deploy_may_apply_applications_in_one_namespace() -> None:
    (role,) = documents(deploy_role("argocd"))

    assert (role["kind"], role["metadata"]["namespace"]) == ("Role", "argocd")
    assert {verb for _, _, verb in allowed(role)} == {"get", "list", "create", "patch"}


def test_roles_are_bound_to_all_who_are_named_and_the_account_is_made() -> None:
    subjects = (ACCOUNT, Subject("User", "someone@example.com"), Subject("Group", "a: b"))

    account, role, binding = documents(*verify_roles(), subjects=subjects)

    assert account["metadata"] == {"name": "watch", "namespace": "imagelock"}
    assert binding["kind"] == "ClusterRoleBinding"
    assert binding["roleRef"]["name"] == role["metadata"]["name"]
    assert [(one["kind"], one["name"]) for one in binding["subjects"]] == [
        ("ServiceAccount", "watch"),
        ("User", "someone@example.com"),
        ("Group", "a: b"),
    ]


@pytest.mark.parametrize("role", [*watch_roles(), deploy_role("argocd")])
def test_a_binding_stands_where_its_role_does(role: Role) -> None:
    _, made, binding = documents(role, subjects=(ACCOUNT,))

    assert binding["kind"] == f"{made['kind']}Binding"
    assert binding["metadata"] == made["metadata"]
