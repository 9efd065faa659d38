"""Templates of workloads, and what must be told of them."""

from __future__ import annotations

import json
from typing import Any

from tests.cli.audited.cluster import (
    APP_IMAGE,
    EVIL,
    case,
    container,
    owned,
    pod,
    volume,
)

BY_TAG = "nginx:1"


def template(image: str = BY_TAG, **more: Any) -> dict[str, Any]:
    """Return a pod template."""
    return {"spec": {"containers": [container(image)], **more}}


def workload(
    plural: str, name: str = "w", *, pods: dict[str, Any] | None = None, **more: Any
) -> tuple[str, dict[str, Any]]:
    """Return an object with a pod template; *more* is of its spec or its metadata."""
    owners = {"ownerReferences": more.pop("owners")} if "owners" in more else {}
    spec = {"template": pods or template(), **more}
    return plural, {"metadata": {"name": name, **owners}, "spec": spec}


def cron_job(name: str = "w", **more: Any) -> tuple[str, dict[str, Any]]:
    """Return a CronJob."""
    spec = {"schedule": "0 3 * * *", "jobTemplate": {"spec": {"template": template()}}, **more}
    return "cronjobs", {"metadata": {"name": name}, "spec": spec}


def argo(plural: str, name: str = "w", **spec: Any) -> tuple[str, dict[str, Any]]:
    """Return an object of Argo's."""
    group = {"apiVersion": "argoproj.io/v1alpha1"}
    return plural, {**group, "metadata": {"name": name}, "spec": spec}


def workflow(**one: Any) -> tuple[str, dict[str, Any]]:
    """Return a WorkflowTemplate of one template."""
    return argo("workflowtemplates", entrypoint="t", templates=[{"name": "t", **one}])


CORE = (
    case(
        "deployment", workload("deployments"), told="not-pulled-by-digest Deployment/w container c"
    ),
    case("deployment-right", workload("deployments", pods=template(APP_IMAGE))),
    case(
        "scaled-to-nothing",
        workload("deployments", replicas=0),
        told="not-pulled-by-digest Deployment/w container c",
    ),
    case("history", workload("replicasets", "w-1", replicas=0, owners=owned("Deployment", "w"))),
    case(
        "orphan",
        workload("replicasets", "w-1", replicas=0),
        told="not-pulled-by-digest ReplicaSet/w-1 container c",
    ),
    case(
        "not-controlled",
        workload("replicasets", "w-1", replicas=0, owners=owned("Deployment", "w", controls=False)),
        told="not-pulled-by-digest ReplicaSet/w-1 container c",
    ),
    case(
        "revision",
        workload("replicasets", "w-1", replicas=2, owners=owned("Deployment", "w")),
        told="not-pulled-by-digest Deployment/w container c",
    ),
    case(
        "revision-of-a-rollout",
        workload("replicasets", "w-1", replicas=2, owners=owned("Rollout", "w")),
        told="not-pulled-by-digest Rollout/w container c",
    ),
    case(
        "replicas-not-said",
        workload("replicasets", "w-1", owners=owned("Deployment", "w")),
        told="not-pulled-by-digest Deployment/w container c",
    ),
    case(
        "stateful",
        workload("statefulsets", pods=template(APP_IMAGE, volumes=[volume(BY_TAG)])),
        told="not-pulled-by-digest StatefulSet/w volume data",
    ),
    case(
        "daemons",
        workload(
            "daemonsets",
            pods=template(
                APP_IMAGE, initContainers=[container(BY_TAG, "setup", restartPolicy="Always")]
            ),
        ),
        told="not-pulled-by-digest DaemonSet/w init container setup",
    ),
    case(
        "controller",
        workload("replicationcontrollers", replicas=0),
        told="not-pulled-by-digest ReplicationController/w container c",
    ),
    case(
        "pod-template",
        ("podtemplates", {"metadata": {"name": "w"}, "template": template()}),
        told="not-pulled-by-digest PodTemplate/w container c",
    ),
    case(
        "controller-without-template",
        ("replicationcontrollers", {"metadata": {"name": "w"}, "spec": {"replicas": 1}}),
        told="not-read ReplicationController/w",
    ),
    case(
        "nothing-in-it",
        ("deployments", {"metadata": {"name": "w"}, "spec": None}),
        ("cronjobs", {"metadata": {"name": "w"}, "spec": {"jobTemplate": None}}),
        ("daemonsets", {"metadata": {"name": "w"}, "spec": {"template": {"spec": None}}}),
        told="not-read Deployment/w\nnot-read CronJob/w\nnot-read DaemonSet/w",
    ),
    case("cron-job", cron_job(), told="not-pulled-by-digest CronJob/w container c"),
    case("suspended", cron_job(suspend=True), told="not-pulled-by-digest CronJob/w container c"),
    case(
        "cron-job-and-its-job",
        cron_job(),
        workload("jobs", "w-29012345", owners=owned("CronJob", "w")),
        pod(
            BY_TAG,
            f"docker.io/library/nginx@{EVIL}",
            name="w-29012345-x",
            ownerReferences=owned("Job", "w-29012345"),
        ),
        told="not-pulled-by-digest CronJob/w container c",
    ),
    case(
        "job-like-one-of-a-cron-job",
        workload("jobs", "w-29012345"),
        pod(
            BY_TAG,
            f"docker.io/library/nginx@{EVIL}",
            name="w-29012345-x",
            ownerReferences=owned("Job", "w-29012345"),
        ),
        told="not-pulled-by-digest Job/w-29012345 container c",
    ),
    case(
        "job-ended",
        workload("jobs", suspend=True, completions=1),
        told="not-pulled-by-digest Job/w container c",
    ),
    case(
        "not-locked",
        workload("deployments", pods=template(f"quay.io/acme/app@{EVIL}")),
        told="not-in-lock Deployment/w container c",
    ),
    case(
        "pods-of-a-deployment",
        workload("deployments"),
        workload("replicasets", "w-7c9f", replicas=2, owners=owned("Deployment", "w")),
        *(
            pod(
                BY_TAG,
                f"docker.io/library/nginx@{EVIL}",
                name=f"w-7c9f-{one}",
                labels={"pod-template-hash": "7c9f"},
                ownerReferences=owned("ReplicaSet", "w-7c9f"),
            )
            for one in "xyz"
        ),
        told="not-pulled-by-digest Deployment/w container c",
    ),
    case(
        "false-label",
        pod(
            BY_TAG,
            f"docker.io/library/nginx@{EVIL}",
            labels={"pod-template-hash": "aaaa"},
            ownerReferences=owned("ReplicaSet", "w-7c9f"),
        ),
        told="not-pulled-by-digest ReplicaSet/w-7c9f container c",
    ),
    case(
        "of-an-operator",
        pod(BY_TAG, f"docker.io/library/nginx@{EVIL}", ownerReferences=owned("Kafka", "k")),
        told="not-pulled-by-digest Kafka/k container c",
    ),
)

ROLLOUTS = (
    case(
        "rollout",
        argo("rollouts", replicas=0, template=template()),
        told="not-pulled-by-digest Rollout/w container c",
    ),
    case(
        "rollout-of-a-deployment",
        argo("rollouts", workloadRef={"apiVersion": "apps/v1", "kind": "Deployment", "name": "w"}),
        workload("deployments", replicas=0),
        told="not-pulled-by-digest Deployment/w container c",
    ),
    case(
        "rollout-with-volume",
        argo("rollouts", template=template(APP_IMAGE, volumes=[volume(BY_TAG)])),
        told="not-pulled-by-digest Rollout/w volume data",
    ),
)

MANIFEST = json.dumps({"apiVersion": "v1", "kind": "Pod", "spec": template()["spec"]})
PATCH = "initContainers:\n- name: x\n  image: nginx:1\n"
INPUT = {"inputs": {"parameters": [{"name": "image"}]}}
TAKES = {"name": "build", **INPUT, "container": {"image": "{{inputs.parameters.image}}"}}


def given(image: str) -> dict[str, Any]:
    """Return arguments."""
    return {"parameters": [{"name": "image", "value": image}]}


WORKFLOWS = (
    case(
        "workflow",
        workflow(container={"image": BY_TAG}),
        told="not-pulled-by-digest WorkflowTemplate/w container t",
    ),
    case("workflow-right", workflow(container={"image": APP_IMAGE})),
    case(
        "workflow-set",
        workflow(containerSet={"containers": [container(APP_IMAGE, "a"), container(BY_TAG, "b")]}),
        told="not-pulled-by-digest WorkflowTemplate/w container t/b",
    ),
    case(
        "workflow-script",
        workflow(script={"image": BY_TAG, "source": "image: not/this:1"}),
        told="not-pulled-by-digest WorkflowTemplate/w script t",
    ),
    case(
        "workflow-around",
        workflow(
            container={"image": APP_IMAGE},
            sidecars=[container(BY_TAG, "s")],
            initContainers=[container(BY_TAG, "i")],
            volumes=[volume(BY_TAG)],
        ),
        told="""
            not-pulled-by-digest WorkflowTemplate/w sidecar t/s
            not-pulled-by-digest WorkflowTemplate/w init container t/i
            not-pulled-by-digest WorkflowTemplate/w volume t/data
         """,
    ),
    case("workflow-plugin", workflow(plugin={"hello": {"text": "image: nginx:1"}})),
    case("workflow-http", workflow(http={"url": "https://example.org", "image": BY_TAG})),
    case("workflow-waits", workflow(suspend={"duration": "20s"})),
    case(
        "workflow-resource",
        workflow(resource={"action": "create", "manifest": MANIFEST}),
        told="not-pulled-by-digest WorkflowTemplate/w container t/c",
    ),
    case(
        "workflow-artifact",
        workflow(
            resource={"action": "create", "manifestFrom": {"artifact": {"raw": {"data": MANIFEST}}}}
        ),
        told="not-pulled-by-digest WorkflowTemplate/w container t/c",
    ),
    case(
        "workflow-fetched",
        workflow(resource={"action": "create", "manifestFrom": {"artifact": {"s3": {"key": "x"}}}}),
        told="not-looked-at WorkflowTemplate/w",
    ),
    case(
        "workflow-patch",
        workflow(container={"image": APP_IMAGE}, podSpecPatch=PATCH),
        told="not-pulled-by-digest WorkflowTemplate/w init container t/x",
    ),
    case(
        "workflow-patch-broken",
        workflow(container={"image": APP_IMAGE}, podSpecPatch="{a: ["),
        told="not-looked-at WorkflowTemplate/w",
    ),
    case(
        "workflow-defaults",
        argo(
            "workflowtemplates",
            templateDefaults={"container": {"image": BY_TAG}},
            templates=[{"name": "t", "container": {"command": ["x"]}}],
        ),
        told="not-pulled-by-digest WorkflowTemplate/w container",
    ),
    case(
        "workflow-inline",
        workflow(steps=[[{"name": "one", "inline": {"container": {"image": BY_TAG}}}]]),
        told="not-pulled-by-digest WorkflowTemplate/w container one",
    ),
    case(
        "workflow-sequence",
        argo(
            "workflowtemplates",
            entrypoint="t",
            templates=[
                TAKES,
                {
                    "name": "t",
                    "steps": [
                        [
                            {
                                "name": "s",
                                "template": "build",
                                "withSequence": {"count": "3"},
                                "arguments": given("alpine:{{item}}"),
                            }
                        ]
                    ],
                },
            ],
        ),
        told="not-a-reference WorkflowTemplate/w container build",
    ),
    case(
        "workflow-expression",
        workflow(container={"image": "{{=lower('A')}}/x:1"}),
        told="not-a-reference WorkflowTemplate/w container t",
    ),
    case(
        "workflow-namespace",
        workflow(container={"image": "q.io/{{workflow.namespace}}/x:1"}),
        told="not-pulled-by-digest WorkflowTemplate/w container t",
    ),
    case(
        "cron-workflow",
        argo(
            "cronworkflows",
            suspend=True,
            schedule="@daily",
            workflowSpec={
                "entrypoint": "t",
                "templates": [{"name": "t", "container": {"image": BY_TAG}}],
            },
        ),
        told="not-pulled-by-digest CronWorkflow/w container t",
    ),
    case(
        "cron-workflow-of-nothing",
        argo("cronworkflows", workflowSpec={"workflowTemplateRef": {"name": "gone"}}),
        told="not-looked-at CronWorkflow/w",
    ),
    case(
        "cron-workflow-gives",
        argo("workflowtemplates", "lib", entrypoint="build", templates=[TAKES]),
        argo(
            "cronworkflows",
            workflowSpec={"workflowTemplateRef": {"name": "lib"}, "arguments": given(BY_TAG)},
        ),
        told="not-pulled-by-digest CronWorkflow/w container build of WorkflowTemplate/lib",
    ),
    case(
        "cron-workflow-gives-right",
        argo("workflowtemplates", "lib", entrypoint="build", templates=[TAKES]),
        argo(
            "cronworkflows",
            workflowSpec={"workflowTemplateRef": {"name": "lib"}, "arguments": given(APP_IMAGE)},
        ),
    ),
    case(
        "",
        argo(
            "clusterworkflowtemplates",
            entrypoint="t",
            templates=[{"name": "t", "container": {"image": BY_TAG}}],
        ),
        told="not-pulled-by-digest ClusterWorkflowTemplate/w container t",
    ),
    case(
        "workflow-of-the-cluster",
        argo(
            "cronworkflows",
            workflowSpec={"workflowTemplateRef": {"name": "w", "clusterScope": True}},
        ),
    ),
)


CASES = (*CORE, *ROLLOUTS, *WORKFLOWS)
