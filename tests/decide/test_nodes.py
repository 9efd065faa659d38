"""The images that nodes hold."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from imagelock.core.cluster import Node
from imagelock.core.exemption import Exemption
from imagelock.core.lock import Lock, LockEntry
from imagelock.core.place import FilePlace
from imagelock.core.proof import Child, Index, Proofs
from imagelock.core.reference import Digest, ImageReference
from imagelock.decide.exempted import ExemptionUses
from imagelock.decide.judge import Terms
from imagelock.decide.nodes import NodeImages
from imagelock.decide.scope import EVERYTHING, Scope

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
    "names",
    [
        ("redis:7",),
        (f"redis@{B}", "redis:7"),
        ("gke.gcr.io.evil.example/pause:3.9",),
        ("Evil.example/Miner:1", "<none>@<none>"),
    ],
)
def test_what_nothing_explains_is_told_once_for_all_nodes(names: tuple[str, ...]) -> None:
    (finding,) = findings(*names)

    assert (finding.rule.name, finding.severity) == ("unexplained-image", "warning")
    assert finding.image == names[0]
    assert "2 nodes hold it" in finding.message


def test_a_manifest_of_a_locked_index_is_explained_by_the_index() -> None:
    proofs = Proofs({Digest.parse(A): Index((Child(Digest.parse(B), "amd64"),))})

    assert findings(f"redis@{B}", proofs=proofs) == []


def test_a_tag_among_the_names_tells_of_a_pull_by_tag() -> None:
    (by_tag,) = findings(f"redis@{B}", "docker.io/library/redis:7.2")
    (by_digest,) = findings(f"redis@{B}")

    assert by_tag.message.endswith("it was pulled by the tag '7.2'")
    assert "tag" not in by_digest.message


def test_images_that_a_node_knows_by_a_tag_are_counted_whatever_explains_them() -> None:
    nodes = NodeImages()
    images = [
        (f"redis@{A}", "redis:7"),
        (f"redis@{A}",),
        ("<none>:<none>",),
        ("sha256:" + "0" * 64,),
    ]
    nodes.take(Node(name="node-a", images=tuple(images)))

    assert nodes.tagged == 1


def test_a_digest_that_somebody_hardcoded_explains_an_image() -> None:
    redis = ImageReference.parse(f"redis@{B}")
    assert redis.digest is not None
    terms = replace(TERMS, hardcoded=frozenset({(redis.repository, redis.digest)}))
    nodes = NodeImages()
    nodes.take(Node(name="node-a", images=((f"redis@{B}",),)))

    assert list(nodes.findings(terms, Proofs(), ExemptionUses(), "")) == []


def capped(count: int, images: int = 50) -> list[str]:
    nodes = NodeImages()
    for number in range(count):
        held = tuple((f"redis:{index}",) for index in range(images))
        nodes.take(Node(name=f"n{number}", images=held))
    return [skipped.what for skipped in nodes.skipped(TERMS, EVERYTHING)]


def test_lists_that_the_kubelet_caps_are_told_together() -> None:
    assert capped(1) == ["further images of node n0"]
    assert capped(3) == ["further images of 3 nodes (n0, n1, n2)"]
    assert capped(5_000) == ["further images of 5,000 nodes (n0, n1, n2 and 4,997 more)"]
    assert capped(1, 49) == capped(1, 51) == capped(1, 0) == []


def test_a_limit_that_somebody_set_is_a_round_number() -> None:
    assert capped(2, 100) == ["further images of 2 nodes (n0, n1)"]


@pytest.mark.parametrize(
    ("terms", "scope", "reason"),
    [
        (replace(TERMS, lock=None), EVERYTHING, "only a lock could explain them"),
        (
            TERMS,
            Scope(only=frozenset({"shop"})),
            "a node does not say which namespace or label an image is for",
        ),
        (
            TERMS,
            Scope(selector="a=b"),
            "a node does not say which namespace or label an image is for",
        ),
    ],
)
def test_images_that_were_not_looked_at_are_told(terms: Terms, scope: Scope, reason: str) -> None:
    nodes = NodeImages()
    nodes.take(Node(name="a", images=(("redis:7",),)))

    assert [(one.what, one.reason) for one in nodes.skipped(terms, scope)] == [
        ("the images of 1 node", reason)
    ]


def test_an_image_that_nodes_know_by_different_names_is_told_once() -> None:
    nodes = NodeImages()
    nodes.take(Node(name="a", images=((f"redis@{B}", "redis:7.2"),)))
    nodes.take(Node(name="b", images=((f"redis@{B}",),)))
    nodes.take(Node(name="c", images=(("redis:7.2", f"redis@{B}"),)))

    (finding,) = nodes.findings(TERMS, Proofs(), ExemptionUses(), "")

    assert finding.image == f"redis@{B}"
    assert finding.message.startswith("3 nodes hold it")
    assert finding.message.endswith("it was pulled by the tag '7.2'")


def test_names_that_a_kubelet_does_not_tell_are_told() -> None:
    nodes = NodeImages()
    names = tuple(f"mirror-{number}.example/redis@{A}" for number in range(5))
    nodes.take(Node(name="a", images=(names, (f"redis@{A}",))))

    (skipped,) = nodes.skipped(TERMS, EVERYTHING)

    assert skipped.what == "further names of 1 image on nodes"
    assert skipped.expected
