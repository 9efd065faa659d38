"""The images that nodes hold."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from imagelock.core.cluster import Node
from imagelock.core.exemption import Exemption
from imagelock.core.lock import Lock, LockEntry
from imagelock.core.place import FilePlace
from imagelock.core.proof import Child, Index, Proofs
from imagelock.core.reference import Digest, ImageReference
from imagelock.decide.exempted import ExemptionUses
from imagelock.decide.judge import Terms
from imagelock.decide.nodes import NodeImages

if TYPE_CHECKING:
    from imagelock.core.finding import Finding

A, B = "sha256:" + "a" * 64, "sha256:" + "b" * 64
LOCK = Lock([LockEntry(ImageReference.parse(f"redis:7@{A}"), FilePlace("images.lock"))])
PAUSE = Exemption(repository="gke.gcr.io", namespaces=("kube-system",), reason="Google's")
TERMS = Terms(policy="pinned", lock=LOCK, exemptions=(PAUSE,), today=date(2027, 1, 1))


def findings(*names: str, proofs: Proofs | None = None) -> list[Finding]:
    nodes = NodeImages()
    nodes.take(Node(name="node-a", images=(names,)))
    nodes.take(Node(name="node-b", images=(names,)))
    return list(nodes.findings(TERMS, proofs or Proofs(), ExemptionUses(), ""))


@pytest.mark.parametrize(
    "names",
    [
        (f"docker.io/library/redis@{A}", "docker.io/library/redis:7"),
        (f"mirror.example/redis@{B}", f"redis@{A}"),
        (f"gke.gcr.io/pause@{B}", "gke.gcr.io/pause:3.9"),
        ("sha256:" + "0" * 64,),
        ("<none>@<none>", "<none>:<none>"),
        (),
    ],
)
def test_what_the_lock_or_an_exemption_explains_is_no_finding(names: tuple[str, ...]) -> None:
    assert findings(*names) == []


@pytest.mark.parametrize(
    "names", [("redis:7",), (f"redis@{B}", "redis:7"), ("gke.gcr.io.evil.example/pause:3.9",)]
)
def test_what_nothing_explains_is_told_once_for_all_nodes(names: tuple[str, ...]) -> None:
    (finding,) = findings(*names)

    assert (finding.rule.name, finding.severity) == ("unexplained-image", "warning")
    assert finding.image == names[0]
    assert "2 nodes hold it" in finding.message


def test_a_manifest_of_a_locked_index_is_explained_by_the_index() -> None:
    proofs = Proofs({Digest.parse(A): Index((Child(Digest.parse(B), "amd64"),))})

    assert findings(f"redis@{B}", proofs=proofs) == []


def test_a_list_that_the_kubelet_caps_is_told() -> None:
    nodes = NodeImages()
    nodes.take(Node(name="node-a", images=tuple((f"redis:{n}",) for n in range(50))))

    assert [skipped.what for skipped in nodes.skipped(TERMS)] == ["node node-a"]
