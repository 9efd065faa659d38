"""What the nodes say they run, container by container."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from imagelock.core.cluster import Container, Node
from imagelock.core.place import ClusterPlace
from imagelock.core.proof import Child, Index, Proofs
from imagelock.core.reference import Digest
from imagelock.decide.compared import RunningImages
from imagelock.decide.nodes import NodeImages

if TYPE_CHECKING:
    from imagelock.core.finding import Finding

A, B = "sha256:" + "a" * 64, "sha256:" + "b" * 64
PLACE = ClusterPlace(namespace="shop", kind="Pod", name="a", container="container c")
ON_ARM = Proofs({Digest.parse(A): Index((Child(Digest.parse(B), "arm64"),))})


def run(image_id: str, proofs: Proofs, architecture: str) -> list[Finding]:
    running, nodes = RunningImages(proofs), NodeImages()
    container = Container(kind="container", name="c", image=f"redis@{A}", image_id=image_id)
    running.take(container, PLACE, "node-a")
    nodes.take(Node(name="node-a", architecture=architecture))
    return list(running.finish(nodes))


@pytest.mark.parametrize(
    ("architecture", "rules"), [("arm64", []), ("amd64", ["cannot-compare"]), ("", [])]
)
def test_the_architecture_of_a_node_that_is_seen_later_counts(
    architecture: str, rules: list[str]
) -> None:
    found = run(f"redis@{B}", ON_ARM, architecture)

    assert [finding.rule.name for finding in found] == rules


def test_without_documents_a_verdict_needs_no_node() -> None:
    running = RunningImages(Proofs())
    container = Container(kind="container", name="c", image=f"redis@{A}", image_id=f"redis@{B}")

    running.take(container, PLACE, "node-a")

    assert [finding.rule.name for finding in running.findings] == ["cannot-compare"]


@pytest.mark.parametrize("fields", [{"image": "redis:7"}, {"image": "Not An Image"}])
def test_what_asked_for_no_digest_is_not_compared(fields: dict[str, Any]) -> None:
    running = RunningImages(Proofs())

    running.take(Container(kind="container", name="c", image_id=A, **fields), PLACE, "")

    assert list(running.finish(NodeImages())) == []
    assert not running.counts
