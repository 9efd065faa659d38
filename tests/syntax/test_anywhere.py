"""Containers in specs that are somebody's own, such as those of Argo."""

from __future__ import annotations

from typing import Any

import pytest

from imagelock.syntax.anywhere import containers_anywhere

WORKFLOW = {
    "entrypoint": "main",
    "templateDefaults": {"container": {"resources": {}}},
    "templates": [
        {"name": "main", "dag": {"tasks": [{"name": "a", "template": "build"}]}},
        {
            "name": "build",
            "initContainers": [{"name": "fetch", "image": "alpine:3"}],
            "container": {"name": "", "image": "golang:1", "command": ["go"]},
            "sidecars": [{"name": "docker", "image": "docker:dind"}],
            "volumes": [{"name": "model", "image": {"reference": "quay.io/m:1"}}],
        },
        {"name": "sum", "script": {"image": "python:3", "source": "image: nothing"}},
        {
            "name": "set",
            "containerSet": {"containers": [{"name": "one", "image": "busybox"}]},
        },
    ],
}


def found(spec: Any) -> list[tuple[str, str]]:
    return [(one.path, one.image) for one in containers_anywhere(spec)]


def test_every_container_of_a_workflow_is_found_under_the_name_of_its_template() -> None:
    assert found(WORKFLOW) == [
        ("init container build/fetch", "alpine:3"),
        ("container build", "golang:1"),
        ("sidecar build/docker", "docker:dind"),
        ("volume build/model", "quay.io/m:1"),
        ("script sum", "python:3"),
        ("container set/one", "busybox"),
    ]


def test_a_cron_workflow_holds_a_workflow() -> None:
    assert found({"schedule": "@daily", "workflowSpec": WORKFLOW}) == found(WORKFLOW)


def test_the_template_of_a_rollout_is_found() -> None:
    template = {"spec": {"containers": [{"name": "app", "image": "shop:1"}]}}

    assert found({"replicas": 1, "template": template}) == [("container app", "shop:1")]


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"workloadRef": {"kind": "Deployment", "name": "shop"}},
        {"templateDefaults": {"container": {"resources": {}}, "script": {}}},
        {"containers": [{"name": "without"}, None, 3, "x"]},
        {"containers": {"image": 3}, "container": "text", "script": [], "volumes": None},
        {"image": "not of a container", "arguments": {"parameters": [{"name": "image"}]}},
        {"volumes": [{"name": "tmp", "emptyDir": {}}, {"image": "text"}]},
    ],
)
def test_what_names_no_container_s_image_holds_none(spec: Any) -> None:
    assert found(spec) == []


def test_a_container_without_a_name_is_found_too() -> None:
    assert found({"container": {"name": "own", "image": "a"}, "script": {"image": "b"}}) == [
        ("container own", "a"),
        ("script", "b"),
    ]
