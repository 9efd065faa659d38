"""What was seen in a cluster."""

from __future__ import annotations

import pytest

from imagelock.core.cluster import Container, Owner, Pod, State, Workload


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


def pod_of(owner: Owner | None, name: str = "api-7c9-x", **labels: str) -> Pod:
    return Pod(namespace="shop", name=name, containers=(), owner=owner, **labels)


@pytest.mark.parametrize(
    ("pod", "workload"),
    [
        (pod_of(Owner("ReplicaSet", "api-7c9"), template_hash="7c9"), "Deployment/api"),
        (pod_of(Owner("ReplicaSet", "api-7c9"), rollout_hash="7c9"), "Rollout/api"),
        (pod_of(Owner("ReplicaSet", "api-7c9")), "ReplicaSet/api-7c9"),
        (pod_of(Owner("ReplicaSet", "api-7c9"), template_hash="c9"), "ReplicaSet/api-7c9"),
        (pod_of(Owner("ReplicaSet", "7c9"), template_hash="7c9"), "ReplicaSet/7c9"),
        (pod_of(Owner("StatefulSet", "api"), "api-0"), "StatefulSet/api"),
        (pod_of(Owner("Job", "backup-29"), "backup-29-x"), "Job/backup-29"),
        (pod_of(Owner("Node", "node-a"), "proxy-node-a"), "StaticPod/proxy"),
        (pod_of(None, "web"), "Pod/web"),
    ],
)
def test_a_pod_is_known_by_what_somebody_deployed_as_far_as_it_shows(
    pod: Pod, workload: str
) -> None:
    assert pod.workload == workload


@pytest.mark.parametrize(
    ("kind", "owner", "workload"),
    [
        ("Job", Owner("CronJob", "backup"), "CronJob/backup"),
        ("ReplicaSet", Owner("Deployment", "api"), "Deployment/api"),
        ("Deployment", Owner("Shop", "shop"), "Deployment/it"),
        ("CronJob", None, "CronJob/it"),
    ],
)
def test_a_job_is_known_by_its_cron_job_and_a_deployment_by_itself(
    kind: str, owner: Owner | None, workload: str
) -> None:
    found = Workload(kind=kind, namespace="shop", name="it", containers=(), owner=owner)

    assert found.workload == workload
