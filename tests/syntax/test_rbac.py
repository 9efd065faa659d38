"""The permissions that are printed: what the code asks for, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from imagelock.core.resources import RESOURCES
from imagelock.syntax.forbidden import Missing, parse_missing
from imagelock.syntax.rbac import (
    Role,
    Subject,
    deploy_role,
    remedy,
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

    account, role, *bindings = documents(*verify_roles(), subjects=subjects)

    assert account["metadata"] == {"name": "watch", "namespace": "imagelock"}
    assert {one["kind"] for one in bindings} == {"ClusterRoleBinding"}
    assert {one["roleRef"]["name"] for one in bindings} == {role["metadata"]["name"]}
    assert [(one["kind"], one["name"]) for binding in bindings for one in binding["subjects"]] == [
        ("ServiceAccount", "watch"),
        ("User", "someone@example.com"),
        ("Group", "a: b"),
    ]


@pytest.mark.parametrize("role", [*watch_roles(), deploy_role("argocd")])
def test_a_binding_stands_where_its_role_does(role: Role) -> None:
    _, made, binding = documents(role, subjects=(ACCOUNT,))

    assert binding["kind"] == f"{made['kind']}Binding"
    assert binding["metadata"].get("namespace") == made["metadata"].get("namespace")


def test_applying_the_permissions_of_one_takes_nobody_else_s_away() -> None:
    subjects = [
        ACCOUNT,
        Subject("User", "watch"),
        Subject("Group", "watch"),
        Subject("User", "imagelock:watch"),
        Subject("User", "https://login.example/#a b"),
        Subject("User", "https://login.example/#a/b"),
    ]

    names = [
        documents(*verify_roles(), subjects=(one,))[-1]["metadata"]["name"] for one in subjects
    ]

    assert names[0] == "imagelock-verify:serviceaccount:imagelock:watch"
    assert len(set(names)) == len(names)
    assert not any("/" in name or "%" in name for name in names)


def forbidden(user: str, verb: str, resource: str, group: str = "", namespace: str = "") -> str:
    """Word it as an API server does."""
    where = f'in the namespace "{namespace}"' if namespace else "at the cluster scope"
    what = f'cannot {verb} resource "{resource}" in API group "{group}"'
    return f'{resource} is forbidden: User "{user}" {what} {where}'


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (forbidden("bob", "list", "pods"), "--verify --user bob"),
        (
            forbidden("system:serviceaccount:ci:verify", "list", "jobs", "batch", "shop"),
            "--verify --namespace shop --service-account ci/verify",
        ),
        (forbidden("a b", "watch", "pods"), "--watch --user 'a b'"),
        (
            forbidden("bob", "get", "leases", "coordination.k8s.io", "ours"),
            "--watch --lease-namespace ours --user bob",
        ),
        (forbidden("bob", "create", "events", "events.k8s.io", "shop"), "--watch --user bob"),
        (
            forbidden("bob", "patch", "applications", "argoproj.io", "cd"),
            "--deploy --argocd-namespace cd --user bob",
        ),
    ],
)
def test_what_gives_a_missing_permission_is_a_call_of_rbac(told: str, expected: str) -> None:
    missing = parse_missing(told)

    assert missing is not None
    assert remedy(missing) == f"imagelock rbac {expected}"


def test_who_watches_is_told_the_permissions_of_watch() -> None:
    missing = parse_missing(forbidden("bob", "list", "pods"))

    assert missing is not None
    assert remedy(missing, to_watch=True) == "imagelock rbac --watch --user bob"


def test_what_rbac_does_not_print_is_not_promised() -> None:
    missing = parse_missing(forbidden("bob", "patch", "configmaps", namespace="shop"))

    assert missing is not None
    assert remedy(missing) == ""


def test_a_refusal_for_another_reason_names_no_permission() -> None:
    assert parse_missing('configmaps "x" is forbidden: exceeded quota: q') is None


def test_a_missing_permission_reads_as_a_part_of_a_sentence() -> None:
    missing = Missing(verb="list", resource="jobs", group="batch", namespace="shop")

    assert str(missing) == """verb 'list' on 'jobs' in API group "batch", for namespace shop"""
