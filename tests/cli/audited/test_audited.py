"""One cluster of odd objects, labelled by hand, verified from files, live, and watched."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from tests.cli.audited import exemptions, pods, running, workloads
from tests.cli.audited.cluster import NODES, OPTIONS, TOLD_OF_NODES, Case, write_inputs
from tests.simulators.api_server import without_proxies
from tests.simulators.kubeconfigs import write
from tests.simulators.live_cluster import LiveCluster, eventually
from tests.simulators.watching import Watching

from imagelock.core.resources import RESOURCES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CASES = (*pods.CASES, *running.CASES, *workloads.CASES, *exemptions.CASES)
KINDS = {one.plural: one for one in RESOURCES}
Told = set[tuple[str, str]]  # namespace; rule, workload and container


@pytest.fixture(autouse=True)
def judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_proxies(monkeypatch)
    monkeypatch.chdir(tmp_path)
    write_inputs(tmp_path)


@pytest.fixture
def live(tmp_path: Path) -> Iterator[LiveCluster]:
    with LiveCluster() as cluster:
        cluster.page = 50
        for one in NODES:
            cluster.put("nodes", one)
        for number, (plural, item) in enumerate(objects()):
            metadata = {**item["metadata"], "uid": f"u{number}"}
            cluster.put(plural, {**item, "metadata": metadata})
        write(tmp_path, cluster.url)
        yield cluster


def objects() -> Iterator[tuple[str, dict[str, Any]]]:
    for one in CASES:
        yield from one.objects


def dump() -> dict[str, Any]:
    """Return everything in one List, as kubectl saves it."""
    items = [{"apiVersion": "v1", "kind": "Node", **one} for one in NODES]
    for plural, item in objects():
        kind = KINDS[plural]
        version = f"{kind.group}/{kind.version}" if kind.group else kind.version
        items.append({"apiVersion": version, "kind": kind.kind, **item})
    return {"apiVersion": "v1", "kind": "List", "items": items}


def expected() -> Told:
    return {(_namespace(one), told) for one in CASES for told in one.told}


def _namespace(one: Case) -> str:
    return one.namespace.partition("/")[0]


def told(findings: list[dict[str, Any]]) -> Told:
    """Return what is told of pods and workloads, by workload; notes say nothing of one object."""
    found = set()
    for one in findings:
        place = one["location"]
        if "kind" not in place or place["kind"] == "Node" or one["severity"] == "note":
            continue
        workload = place.get("workload") or f"{place['kind']}/{place['name']}"
        told = f"{one['rule']} {workload} {place.get('container', '')}".strip()
        found.add((place.get("namespace", ""), told))
    return found


def told_of_nodes(findings: list[dict[str, Any]]) -> set[str]:
    return {one["image"] for one in findings if one["location"].get("kind") == "Node"}


def test_there_are_enough_cases_and_no_two_are_the_same() -> None:
    assert len(CASES) >= 80
    assert max(Counter(one.namespace for one in CASES).values()) == 1


def test_every_odd_object_is_told_and_no_other(tmp_path: Path, verify: Any) -> None:
    (tmp_path / "dump.json").write_text(json.dumps(dump()))

    status, out, err = verify("--from", "dump.json", *OPTIONS, "--format", "json")

    document = json.loads(out)
    assert status == 1, err
    assert told(document["findings"]) == expected()
    assert told_of_nodes(document["findings"]) == TOLD_OF_NODES


@pytest.mark.usefixtures("live")
def test_a_live_cluster_is_told_the_same(verify: Any) -> None:
    status, out, err = verify("--kubeconfig", "kubeconfig", *OPTIONS, "--format", "json")

    document = json.loads(out)
    assert status == 1, err
    assert told(document["findings"]) == expected()
    assert told_of_nodes(document["findings"]) == TOLD_OF_NODES


@pytest.mark.usefixtures("live")
def test_who_watches_is_told_the_same(tmp_path: Path) -> None:
    watching = Watching(tmp_path, *OPTIONS, "--format", "json")
    try:
        eventually(lambda: any('"whole"' in line for line in watching.out))
        changes = [one for one in watching.documents if one["change"] == "appeared"]
        went = [one for one in watching.documents if one["change"] == "went"]
    finally:
        watching.close()

    findings = [one["finding"] for one in changes]
    assert told(findings) == expected()
    assert told_of_nodes(findings) == TOLD_OF_NODES
    assert went == []
