"""Objects come, change and go at random; what stands for who watches is what verify tells then."""

from __future__ import annotations

import copy
import json
import random
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from tests.cli.audited.cluster import NODES, OPTIONS, write_inputs
from tests.cli.audited.test_audited import objects, told, told_of_nodes
from tests.simulators.api_server import without_proxies
from tests.simulators.kubeconfigs import write
from tests.simulators.live_cluster import LiveCluster, eventually
from tests.simulators.watching import Watching

if TYPE_CHECKING:
    from pathlib import Path

CHANGES = 60
# Pods neither outlive their nodes and Jobs nor are they there before them.
STAYING = {"nodes", "jobs"}


def churn(cluster: LiveCluster, chance: random.Random, every: list[tuple[str, Any]]) -> None:
    """Put, change or delete some objects."""
    for plural, item in chance.choices(every, k=CHANGES):
        namespace = item["metadata"].get("namespace", "")
        name = item["metadata"]["name"]
        is_there = (namespace, name) in cluster.objects.get(plural, {})
        if is_there and plural not in STAYING and chance.random() < 0.4:
            cluster.delete(plural, name, namespace)
        else:
            changed = copy.deepcopy(item)
            if chance.random() < 0.5:
                # What another object of the same kind asks for and runs, or holds.
                other = chance.choice([one for kind, one in every if kind == plural])
                changed |= {
                    key: other[key] for key in ("spec", "status", "template") if key in other
                }
            cluster.put(plural, changed)


def stands(watching: Watching) -> list[dict[str, Any]]:
    """Return what a reader of the changes has that adds and removes, as docs/watch.md says."""
    held: dict[str, dict[str, Any]] = {}
    for one in watching.documents:
        if one["change"] == "began":
            held = {}
        if "finding" in one:
            finding = one["finding"]
            key = json.dumps([finding["rule"], finding["image"], finding["location"]])
            if one["change"] == "appeared":
                assert key not in held
                held[key] = finding
            else:
                del held[key]
    return list(held.values())


def compact(cluster: LiveCluster) -> None:
    """Forget the past, so that whoever watches has to list again."""
    cluster.forget_history()
    cluster.cut_watches()


def everything() -> list[tuple[str, Any]]:
    """Return every object with its plural, and a uid of its own."""
    every = [*(("nodes", one) for one in NODES), *objects()]
    return [
        (plural, {**item, "metadata": {**item["metadata"], "uid": f"u{number}"}})
        for number, (plural, item) in enumerate(every)
    ]


def must_agree(watching: Watching, findings: list[dict[str, Any]]) -> None:
    """Wait until both tell the same, and show the difference if that never comes about."""

    def difference() -> tuple[object, ...]:
        now = stands(watching)
        return told(now) ^ told(findings), told_of_nodes(now) ^ told_of_nodes(findings)

    with suppress(AssertionError):
        eventually(lambda: not any(difference()), seconds=30)
    assert difference() == (set(), set())


@pytest.mark.parametrize("seed", range(2))
def test_what_stands_after_many_changes_is_what_verify_tells(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verify: Any
) -> None:
    without_proxies(monkeypatch)
    monkeypatch.chdir(tmp_path)
    write_inputs(tmp_path)
    chance, every = random.Random(seed), everything()  # noqa: S311  (no secret)
    with LiveCluster() as cluster:
        write(tmp_path, cluster.url)
        for plural, item in every:
            if plural in STAYING:
                cluster.put(plural, item)
        watching = Watching(tmp_path, *OPTIONS, "--format", "json")
        try:
            for happens in (LiveCluster.bookmark, LiveCluster.cut_watches, compact):
                churn(cluster, chance, every)
                happens(cluster)
                churn(cluster, chance, every)
                _, out, _ = verify("--kubeconfig", "kubeconfig", *OPTIONS, "--format", "json")
                must_agree(watching, json.loads(out)["findings"])
        finally:
            watching.close()
