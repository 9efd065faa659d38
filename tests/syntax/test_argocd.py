from __future__ import annotations

import json
from typing import Any

import pytest

from imagelock.errors import InputError
from imagelock.syntax.argocd import (
    APPLICATION_SET,
    Application,
    Key,
    parse_application,
    parse_application_set,
    parse_applications,
)


def application(**parts: Any) -> Application:
    metadata = {"name": "shop", "namespace": "argocd", **parts.pop("metadata", {})}
    return parse_application(json.dumps({"metadata": metadata, **parts}).encode())


def test_a_new_application_says_nothing_yet() -> None:
    it = application(spec={}, status={})

    assert it.key == Key("argocd", "shop")
    assert not (it.awaits_refresh)
    assert not (it.is_syncing)
    assert not (it.is_automated)
    assert not (it.is_deleted)
    assert (it.finished_at, it.reconciled_at, it.resources, it.conditions) == ("", "", (), ())


@pytest.mark.parametrize(
    ("policy", "automated"),
    [
        (None, False),
        ({}, False),
        ({"automated": None}, False),
        ({"automated": {}}, True),
        ({"automated": {"enabled": True}}, True),
        ({"automated": {"enabled": False}}, False),
    ],
)
def test_automated_sync_is_recognised_in_all_its_spellings(policy: Any, automated: bool) -> None:  # noqa: FBT001
    assert application(spec={"syncPolicy": policy}).is_automated is automated


@pytest.mark.parametrize(
    ("destination", "target"),
    [
        ({"server": "https://kubernetes.default.svc"}, ""),
        ({"server": "https://kubernetes.default.svc:443/"}, ""),
        ({"name": "in-cluster"}, ""),
        ({"name": "prod-eu"}, "prod-eu"),
        ({"server": "https://10.0.0.1:6443"}, "https://10.0.0.1:6443"),
    ],
)
def test_another_cluster_is_told_from_this_one(destination: Any, target: str) -> None:
    assert application(spec={"destination": destination}).target == target


@pytest.mark.parametrize(
    ("parts", "syncing"),
    [
        ({"operation": {"sync": {}}}, True),
        ({"status": {"operationState": {"phase": "Running"}}}, True),
        ({"status": {"operationState": {"phase": "Running", "finishedAt": None}}}, True),
        ({"status": {"operationState": {"phase": "Failed", "finishedAt": "2026"}}}, False),
    ],
)
def test_a_sync_that_was_asked_for_or_runs_is_seen(parts: Any, syncing: bool) -> None:  # noqa: FBT001
    assert application(**parts).is_syncing is syncing


def test_who_made_an_application_is_known() -> None:
    owners = [{"kind": "ApplicationSet", "uid": "1"}, {"kind": "Other", "uid": "2"}]

    assert application(metadata={"ownerReferences": owners}).owner_uids == {"1"}


def test_a_set_tells_of_its_conditions() -> None:
    conditions = [{"type": "ErrorOccurred", "status": "True", "message": "no such project"}]
    data = {
        "metadata": {"name": "all", "namespace": "argocd"},
        "status": {"conditions": conditions},
    }

    it = parse_application_set(json.dumps(data).encode())

    assert it.key == Key("argocd", "all", APPLICATION_SET)
    assert it.condition("ErrorOccurred").message == "no such project"
    assert it.condition("ResourcesUpToDate").status == ""


def test_a_page_of_applications_knows_the_next() -> None:
    data = {"metadata": {"continue": "t"}, "items": [{"metadata": {"name": "a"}}]}

    page = parse_applications(json.dumps(data).encode())

    assert (page.continue_token, len(page.items)) == ("t", 1)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"metadata": {}}', b'{"metadata": null}'])
def test_what_is_no_application_is_an_error(data: bytes) -> None:
    with pytest.raises(InputError, match="not what Argo CD writes"):
        parse_application(data)


def test_a_key_prints_nothing_that_a_terminal_obeys() -> None:
    assert str(Key("argocd", "a\x1b[2J", APPLICATION_SET)) == "ApplicationSet argocd/a\\x1b[2J"
