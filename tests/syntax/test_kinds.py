"""Workloads and nodes as they are written, with parts that are missing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from imagelock.core.cluster import Node, Workload
from imagelock.core.podspec import POD_SPECS
from imagelock.syntax.kinds import read_object
from imagelock.syntax.kubernetes import parse_page
from imagelock.syntax.selectors import parse_selector

WORKLOADS = sorted(POD_SPECS.keys() - {"Pod"})


def read(kind: str, **parts: Any) -> Any:
    return read_object(kind, json.dumps({"kind": kind, **parts}).encode())


def nulls(kind: str) -> list[dict[str, Any]]:
    """Return what an object of a kind holds where one part on the way to its pod spec is null."""
    found: list[dict[str, Any]] = []
    keys = POD_SPECS[kind]
    for depth in range(len(keys)):
        part: Any = None
        for key in reversed(keys[: depth + 1]):
            part = {key: part}
        found.append(part)
    return found


@pytest.mark.parametrize("kind", WORKLOADS)
def test_a_part_of_a_workload_that_is_null_is_one_that_is_not_there(kind: str) -> None:
    for parts in ({}, *nulls(kind)):
        named = read(kind, metadata={"name": "w", "namespace": "shop"}, **parts)

        assert named == Workload(kind=kind, namespace="shop", name="w", containers=())


@pytest.mark.parametrize("kind", [*WORKLOADS, "Rollout", "WorkflowTemplate", "CronWorkflow"])
def test_a_workload_without_metadata_has_no_name(kind: str) -> None:
    assert read(kind, metadata=None, spec=None).name == ""


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"status": None},
        {"status": {"images": None, "nodeInfo": None}},
        {"metadata": None},
    ],
)
def test_a_part_of_a_node_that_is_null_is_one_that_is_not_there(parts: dict[str, Any]) -> None:
    assert read("Node", **parts) == Node(name="")


def test_what_has_no_metadata_has_no_labels() -> None:
    listed = {"kind": "List", "items": [{"kind": "Deployment", "metadata": None, "spec": None}]}
    selector = parse_selector("app=shop")

    page = parse_page(json.dumps(listed).encode(), name="x", selector=selector)

    assert page.unselected == 1
