from __future__ import annotations

import pytest

from imagelock.core.podspec import POD_SPECS
from imagelock.core.resources import RESOURCES, kind_of
from imagelock.syntax.kinds import KINDS

PATHS = {resource.plural: resource.path for resource in RESOURCES}


def test_every_kind_that_is_listed_is_read_and_every_pod_template_is_listed() -> None:
    assert {resource.kind for resource in RESOURCES} == set(KINDS) == {*POD_SPECS, "Node", *OWN}


OWN = {"Rollout", "WorkflowTemplate", "ClusterWorkflowTemplate", "CronWorkflow"}


@pytest.mark.parametrize(
    ("plural", "path"),
    [
        ("pods", "/api/v1"),
        ("deployments", "/apis/apps/v1"),
        ("cronjobs", "/apis/batch/v1"),
        ("clusterworkflowtemplates", "/apis/argoproj.io/v1alpha1"),
    ],
)
def test_a_resource_is_listed_under_its_group(plural: str, path: str) -> None:
    assert PATHS[plural] == path


@pytest.mark.parametrize(
    ("api_version", "kind", "known_as"),
    [
        ("apps/v1", "Deployment", "Deployment"),
        ("extensions/v1beta1", "Deployment", "Deployment"),
        ("", "Deployment", "Deployment"),
        ("v1", "Pod", "Pod"),
        ("batch.volcano.sh/v1alpha1", "Job", "Job.batch.volcano.sh"),
        ("rollouts.kruise.io/v1beta1", "Rollout", "Rollout.rollouts.kruise.io"),
        ("example.com/v1", "Shop", "Shop"),
        ("v1", "Deployment", "Deployment"),
    ],
)
def test_a_namesake_of_another_group_is_another_kind(
    api_version: str, kind: str, known_as: str
) -> None:
    assert kind_of(api_version, kind) == known_as
