"""What was seen in a cluster."""

from __future__ import annotations

import pytest

from imagelock.core.cluster import Container, Owner, State, Workload


@pytest.mark.parametrize(
    ("image_id", "state", "expected"),
    [
        ("", "waiting", False),
        ("", "unknown", False),
        ("", "running", True),
        ("", "terminated", True),
        ("redis@sha256:aa", "waiting", True),
    ],
)
def test_a_container_has_started_once_its_node_knows_of_it(
    image_id: str, state: State, *, expected: bool
) -> None:
    container = Container(kind="container", name="c", image="redis", image_id=image_id, state=state)

    assert container.has_started is expected


@pytest.mark.parametrize(
    ("kind", "owner", "replicas", "expected"),
    [
        ("ReplicaSet", Owner("Deployment", "shop"), 0, True),
        ("ReplicaSet", Owner("Deployment", "shop"), 2, False),
        ("ReplicaSet", None, 0, False),
        ("Deployment", None, 0, False),
        ("Deployment", Owner("Shop", "shop"), 0, False),
    ],
)
def test_only_an_owned_replica_set_without_replicas_is_history(
    kind: str, owner: Owner | None, replicas: int, *, expected: bool
) -> None:
    workload = Workload(
        kind=kind, namespace="shop", name="it", containers=(), owner=owner, replicas=replicas
    )

    assert workload.is_history is expected
