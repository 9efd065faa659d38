"""Findings as Events of Kubernetes."""

from __future__ import annotations

import json
import re

import msgspec
import pytest
from msgspec.structs import replace

from imagelock.core.change import Change, Regarding
from imagelock.core.finding import Finding
from imagelock.core.place import ClusterPlace
from imagelock.core.resources import RESOURCES
from imagelock.syntax.events import (
    event_name,
    event_namespace,
    render_event,
    render_series,
    times,
)

NOW = "2026-03-01T09:30:00.000000Z"
PLACE = ClusterPlace(namespace="shop", kind="Deployment", name="api", container="container app")
FINDING = Finding.of("not-pulled-by-digest", PLACE, "asked for without a digest", image="nginx:1")
CHANGE = Change("appeared", FINDING, Regarding("Deployment", "shop", "api", "uid-1"))


def about(kind: str, name: str = "api") -> Change:
    return replace(CHANGE, regarding=Regarding(kind, "shop", name, "uid-1"))


def test_an_event_is_about_the_workload_and_says_what_is_wrong() -> None:
    event = json.loads(render_event(CHANGE, instance="pod-a", now=NOW))

    assert event["regarding"] == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "namespace": "shop",
        "name": "api",
        "uid": "uid-1",
    }
    assert (event["type"], event["reason"]) == ("Warning", "NotPulledByDigest")
    assert event["note"] == (
        "container app: 'nginx:1': asked for without a digest [not-pulled-by-digest]"
    )
    # What the API server wants of every Event.
    for key in ("eventTime", "reportingController", "reportingInstance", "action"):
        assert event[key]


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda one: one.kind)
def test_every_kind_that_is_watched_has_its_api_version(resource: object) -> None:
    kind, path = resource.kind, resource.path  # type: ignore[attr-defined]

    event = json.loads(render_event(about(kind), instance="pod-a", now=NOW))

    assert path.endswith(f"/{event['regarding']['apiVersion']}")


def test_an_event_of_a_node_stands_in_the_default_namespace() -> None:
    node = replace(CHANGE, regarding=Regarding("Node", "", "worker-1", "uid-1"))

    assert event_namespace(node) == "default"
    assert event_namespace(CHANGE) == "shop"


def test_the_same_finding_has_the_same_name_and_no_other_has_it() -> None:
    same = replace(CHANGE, finding=replace(FINDING, message="in other words"))
    others = [
        about("StatefulSet"),
        about("Deployment", "web"),
        replace(CHANGE, finding=replace(FINDING, image="nginx:2")),
        replace(CHANGE, finding=replace(FINDING, place=replace(PLACE, container="container b"))),
        replace(CHANGE, regarding=Regarding("Deployment", "shop", "api", "uid-2")),
    ]

    assert event_name(CHANGE) == event_name(same)
    assert event_name(CHANGE) not in {event_name(one) for one in others}


@pytest.mark.parametrize("name", ["a", "a" * 253, "a" * 235 + ".b" + "c" * 16])
def test_a_name_is_one_that_kubernetes_takes(name: str) -> None:
    made = event_name(about("Deployment", name))

    assert len(made) <= 253
    assert re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*", made)


def test_a_note_is_no_longer_than_kubernetes_takes() -> None:
    long = replace(CHANGE, finding=replace(FINDING, message="ä" * 2_000))

    event = json.loads(render_event(long, instance="pod-a", now=NOW))

    assert len(event["note"].encode()) <= 1024


def test_how_often_an_event_was_told_is_read() -> None:
    assert times(b'{"series":{"count":7}}') == 7
    assert times(b'{"series":null}') == times(b"{}") == 1
    with pytest.raises(msgspec.DecodeError):
        times(b"[]")


def test_what_is_told_again_counts_on() -> None:
    assert json.loads(render_series(8, now=NOW)) == {
        "series": {"count": 8, "lastObservedTime": NOW}
    }
