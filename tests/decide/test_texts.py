"""Objects of Argo Workflows and Argo Rollouts, as a cluster stores them."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from imagelock.core.place import ClusterPlace
from imagelock.decide.judge import Terms
from imagelock.decide.verify import verify_pages
from imagelock.syntax.kubernetes import parse_page

PINNED = "quay.io/acme/tool@sha256:" + "a" * 64
TERMS = Terms(policy="pinned", lock=None, exemptions=(), today=date(2027, 1, 1))


def verified(kind: str, spec: dict[str, Any], **metadata: Any) -> list[tuple[str, str, str, str]]:
    """Return severity, rule, container and image of what is found in one object of a list."""
    group = "apps" if kind == "ReplicaSet" else "argoproj.io"
    version = "v1" if kind == "ReplicaSet" else "v1alpha1"
    listed = {
        "kind": f"{kind}List",
        "apiVersion": f"{group}/{version}",
        "metadata": {"resourceVersion": "1"},
        "items": [{"metadata": {"name": "x", "namespace": "ci", **metadata}, "spec": spec}],
    }
    report = verify_pages([parse_page(json.dumps(listed).encode(), name="x")], TERMS)
    found: list[tuple[str, str, str, str]] = []
    for finding in report.findings:
        where = finding.place.container if isinstance(finding.place, ClusterPlace) else ""
        found.append((finding.severity, finding.rule.name, where, finding.image))
    return found


def unpinned(container: str, image: str) -> tuple[str, str, str, str]:
    return ("error", "not-pulled-by-digest", container, image)


def template(**fields: Any) -> dict[str, Any]:
    return {
        "name": "build",
        "inputs": {},
        "outputs": {},
        "metadata": {},
        "container": {"name": "", "image": PINNED, "command": ["make"], "resources": {}},
        **fields,
    }


def workflow(*templates: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"templates": list(templates), "entrypoint": "build", "arguments": {}, **fields}


@pytest.mark.parametrize("kind", ["WorkflowTemplate", "ClusterWorkflowTemplate"])
def test_every_way_a_workflow_names_an_image_is_found(kind: str) -> None:
    spec = workflow(
        template(
            initContainers=[{"name": "fetch", "image": "alpine:1"}],
            sidecars=[{"name": "dind", "image": "docker:2"}],
            volumes=[{"name": "model", "image": {"reference": "quay.io/m:3"}}],
        ),
        {"name": "sum", "script": {"name": "", "image": "python:4", "source": "image: no"}},
        {
            "name": "set",
            "containerSet": {"containers": [{"name": "a", "image": "busybox:5"}]},
        },
        {
            "name": "steps",
            "steps": [[{"name": "s", "inline": {"container": {"image": "inline:6"}}}]],
        },
        templateDefaults={"container": {"image": "default:7"}},
    )

    assert verified(kind, spec) == [
        unpinned("init container build/fetch", "alpine:1"),
        unpinned("sidecar build/dind", "docker:2"),
        unpinned("volume build/model", "quay.io/m:3"),
        unpinned("script sum", "python:4"),
        unpinned("container set/a", "busybox:5"),
        unpinned("container s", "inline:6"),
        unpinned("container", "default:7"),
    ]


def test_a_cron_workflow_is_looked_into_too() -> None:
    spec = {
        "schedules": ["0 3 * * *"],
        "workflowSpec": workflow(template(container={"image": "alpine:3"})),
    }

    assert verified("CronWorkflow", spec) == [unpinned("container build", "alpine:3")]


@pytest.mark.parametrize(
    "patch",
    [
        '{"containers":[{"name":"main","image":"patched:1"}]}',
        "containers:\n- name: main\n  image: patched:1\n",
        "containers:\n- name: main\n  image: patched:1\n  resources: {limits: {memory: {{x}}}}\n",
    ],
)
def test_the_image_of_a_pod_spec_patch_is_found(patch: str) -> None:
    spec = workflow(template(podSpecPatch=patch))

    assert verified("WorkflowTemplate", spec) == [unpinned("container build/main", "patched:1")]


def test_the_pod_spec_of_a_manifest_that_a_workflow_applies_is_found() -> None:
    manifest = """\
apiVersion: batch/v1
kind: Job
metadata: {generateName: pi-job-}
spec:
  template:
    spec:
      containers:
      - {name: pi, image: "perl:5.{{inputs.parameters.minor}}"}
      - {name: own, image: perl:5}
"""
    steps = {"name": "job", "resource": {"action": "create", "manifest": manifest}}

    assert verified("WorkflowTemplate", workflow(steps)) == [
        unpinned("container job/own", "perl:5"),
        (
            "warning",
            "not-a-reference",
            "container job/pi",
            "perl:5.{{inputs.parameters.minor}}",
        ),
    ]


@pytest.mark.parametrize("text", ['{"containers": [', "[" * 5_000, '{"a":' * 995 + "1" + "}" * 995])
def test_a_text_that_cannot_be_read_is_told(text: str) -> None:
    spec = workflow(template(podSpecPatch=text))

    listed = {"kind": "WorkflowTemplate", "metadata": {"name": "x"}, "spec": spec}
    report = verify_pages([parse_page(json.dumps(listed).encode(), name="x")], TERMS)

    (finding,) = report.findings
    assert (finding.severity, finding.rule.name) == ("warning", "not-looked-at")
    assert "the podSpecPatch of template 'build' could not be read" in finding.message


def test_an_image_that_a_parameter_brings_is_judged_by_its_value() -> None:
    spec = workflow(
        template(container={"image": "{{workflow.parameters.builder}}"}),
        {
            "name": "test",
            "inputs": {"parameters": [{"name": "tag", "default": "1.2"}]},
            "container": {"image": "golang:{{ inputs.parameters.tag }}"},
        },
        arguments={"parameters": [{"name": "builder", "value": PINNED}]},
    )

    assert verified("WorkflowTemplate", spec) == [unpinned("container test", "golang:1.2")]


def test_an_image_that_nobody_knows_before_a_workflow_starts_is_told_and_no_error() -> None:
    spec = workflow(
        template(
            inputs={"parameters": [{"name": "image"}]},
            container={"image": "{{inputs.parameters.image}}"},
        ),
    )

    assert verified("WorkflowTemplate", spec) == [
        ("warning", "not-a-reference", "container build", "{{inputs.parameters.image}}")
    ]


def test_the_template_of_a_rollout_counts_and_what_it_refers_to_counts_there() -> None:
    pod_template = {"metadata": {}, "spec": {"containers": [{"name": "app", "image": "shop:1"}]}}
    canary = {"canary": {"steps": [{"setWeight": 20}, {"pause": {}}]}}
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "shop"}

    assert verified("Rollout", {"replicas": 0, "strategy": canary, "template": pod_template}) == [
        unpinned("container app", "shop:1")
    ]
    assert verified("Rollout", {"workloadRef": reference, "strategy": canary}) == []


@pytest.mark.parametrize(
    ("owners", "replicas", "count"),
    [("Rollout", 0, 0), ("Rollout", 2, 1), ("Rollout", None, 1), ("", 0, 1)],
)
def test_a_replica_set_counts_with_replicas_or_without_an_owner(
    owners: str, replicas: int | None, count: int
) -> None:
    spec: dict[str, Any] = {"template": {"spec": {"containers": [{"name": "c", "image": "a:1"}]}}}
    if replicas is not None:
        spec["replicas"] = replicas
    references = [{"kind": kind, "name": "shop", "controller": True} for kind in owners.split()]

    found = verified("ReplicaSet", spec, ownerReferences=references)

    assert found.count(unpinned("container c", "a:1")) == count
