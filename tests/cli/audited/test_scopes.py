"""Whatever part of the cluster is meant, files, the live cluster and watch tell the same of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.cli.audited.cluster import OPTIONS
from tests.cli.audited.test_audited import dump, judged, live, told, told_of_nodes
from tests.simulators.live_cluster import eventually
from tests.simulators.watching import Watching

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["judged", "live"]  # fixtures

SHARED = ("--format", "json", *OPTIONS)


@pytest.mark.usefixtures("live")
@pytest.mark.parametrize(
    "scope",
    [
        ("--namespace", "kube-system", "--namespace", "right"),
        ("--namespace", "workflow-set", "--namespace", "cron-workflow-gives"),
        ("--namespace", "nobody-is-here"),
        ("--exclude", "gke-*", "--exclude", "kube-system"),
        ("--exclude", "*"),
        ("--exclude", "matches-nothing-*"),
        ("--namespace", "right", "--exclude", "right"),
        ("--selector", "pod-template-hash"),
        ("--selector", "!pod-template-hash"),
        ("--selector", "pod-template-hash in (7c9f)", "--namespace", "pods-of-a-deployment"),
        ("--policy", "pinned"),
        ("--preset", "eks"),
        ("--policy", "pinned", "--preset", "aks"),
    ],
    ids=" ".join,
)
def test_the_same_is_told_of_a_part(scope: tuple[str, ...], tmp_path: Path, verify: Any) -> None:
    (tmp_path / "dump.json").write_text(json.dumps(dump()))
    of_files, of_cluster = (
        json.loads(verify(*source, *SHARED, *scope)[1])["findings"]
        for source in (("--from", "dump.json"), ("--kubeconfig", "kubeconfig"))
    )
    watching = Watching(tmp_path, *SHARED, *scope)
    try:
        eventually(lambda: any('"whole"' in line for line in watching.out))
        watched = [one["finding"] for one in watching.documents if one["change"] == "appeared"]
    finally:
        watching.close()

    assert told(of_files) == told(of_cluster) == told(watched)
    assert told_of_nodes(of_files) == told_of_nodes(of_cluster) == told_of_nodes(watched)
