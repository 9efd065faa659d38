"""Images that parameters bring to workflows, from call to call and from object to object."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from imagelock.core.place import ClusterPlace
from imagelock.decide.judge import Terms
from imagelock.decide.scope import Scope
from imagelock.decide.verify import verify_pages
from imagelock.syntax.kubernetes import parse_page

if TYPE_CHECKING:
    from imagelock.core.finding import Finding

PINNED = "quay.io/acme/tool@sha256:" + "a" * 64
TERMS = Terms(policy="pinned", lock=None, exemptions=(), today=date(2027, 1, 1))
Found = tuple[str, str, str, str]  # rule, object, container, image
INPUT = "{{inputs.parameters.image}}"
GLOBAL = "{{workflow.parameters.image}}"


def given(**values: Any) -> dict[str, Any]:
    return {"parameters": [{"name": name, "value": value} for name, value in values.items()]}


def of(kind: str, name: str, spec: dict[str, Any], namespace: str = "ci") -> dict[str, Any]:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": kind,
        "metadata": {"name": name, "namespace": "" if kind.startswith("Cluster") else namespace},
        "spec": spec,
    }


def library(
    *templates: dict[str, Any],
    kind: str = "WorkflowTemplate",
    namespace: str = "ci",
    **fields: Any,
) -> dict[str, Any]:
    return of(kind, "lib", {"templates": list(templates), **fields}, namespace)


def cron(name: str = "nightly", namespace: str = "ci", **spec: Any) -> dict[str, Any]:
    return of("CronWorkflow", name, {"schedule": "@daily", "workflowSpec": spec}, namespace)


def runs(image: str, name: str = "build", *takes: str) -> dict[str, Any]:
    inputs = {"parameters": [{"name": one} for one in takes]}
    return {"name": name, "inputs": inputs, "container": {"image": image}}


def calls(*tasks: dict[str, Any], name: str = "main", **fields: Any) -> dict[str, Any]:
    return {"name": name, "dag": {"tasks": list(tasks)}, **fields}


def task(template: str = "build", **fields: Any) -> dict[str, Any]:
    return {"name": "t", "template": template, **fields}


def findings(*objects: dict[str, Any], scope: Scope | None = None) -> tuple[Finding, ...]:
    listed = {"kind": "List", "apiVersion": "v1", "items": list(objects)}
    page = parse_page(json.dumps(listed).encode(), name="x")
    return verify_pages([page], TERMS, scope=scope or Scope()).findings


def verified(*objects: dict[str, Any], scope: Scope | None = None) -> list[Found]:
    found: list[Found] = []
    for finding in findings(*objects, scope=scope):
        place = finding.place
        if isinstance(place, ClusterPlace):
            where = f"{place.kind}/{place.name}"
            found.append((finding.rule.name, where, place.container, finding.image))
    return found


def unpinned(where: str, container: str, image: str = "alpine:1") -> Found:
    return ("not-pulled-by-digest", where, container, image)


BY_CRON = "container build of WorkflowTemplate/lib"


@pytest.mark.parametrize("order", [1, -1])
def test_an_argument_of_a_cron_workflow_reaches_the_template_that_it_refers_to(order: int) -> None:
    objects = [
        library(runs(GLOBAL), entrypoint="build", arguments=given(image=PINNED)),
        cron(workflowTemplateRef={"name": "lib"}, arguments=given(image="alpine:1")),
    ]

    assert verified(*objects[::order]) == [unpinned("CronWorkflow/nightly", BY_CRON)]


def test_a_pinned_argument_is_what_a_template_without_a_value_runs() -> None:
    assert not verified(
        library(runs(GLOBAL), entrypoint="build"),
        cron(workflowTemplateRef={"name": "lib"}, arguments=given(image=PINNED)),
    )


def test_what_no_workflow_gives_a_value_to_is_told_where_it_stands() -> None:
    assert verified(library(runs(GLOBAL), entrypoint="build")) == [
        ("not-a-reference", "WorkflowTemplate/lib", "container build", GLOBAL)
    ]


def test_what_a_cron_workflow_leaves_open_is_told_of_it() -> None:
    assert verified(
        library(runs(GLOBAL), entrypoint="build"),
        cron(workflowTemplateRef={"name": "lib"}),
    ) == [("not-a-reference", "CronWorkflow/nightly", BY_CRON, GLOBAL)]


def test_an_argument_is_the_input_of_the_entrypoint_too() -> None:
    assert verified(
        library(runs(INPUT, "build", "image"), entrypoint="build"),
        cron(workflowTemplateRef={"name": "lib"}, arguments=given(image="alpine:1")),
    ) == [unpinned("CronWorkflow/nightly", BY_CRON)]


def test_a_cluster_wide_template_is_found_from_every_namespace() -> None:
    reference = {"name": "lib", "clusterScope": True}

    assert verified(
        library(runs(GLOBAL), kind="ClusterWorkflowTemplate", entrypoint="build"),
        cron(workflowTemplateRef=reference, arguments=given(image="alpine:1")),
    ) == [unpinned("CronWorkflow/nightly", "container build of ClusterWorkflowTemplate/lib")]


def test_a_template_of_another_namespace_is_not_the_one_that_is_meant() -> None:
    rule, where, _, _ = verified(
        library(runs(PINNED), namespace="play", entrypoint="build"),
        cron(workflowTemplateRef={"name": "lib"}),
    )[0]

    assert (rule, where) == ("not-looked-at", "CronWorkflow/nightly")


def test_a_template_that_was_not_read_is_told_and_not_taken_for_clean() -> None:
    assert [found[:2] for found in verified(cron(workflowTemplateRef={"name": "gone"}))] == [
        ("not-looked-at", "CronWorkflow/nightly")
    ]


@pytest.mark.parametrize(
    ("reference", "remedy"),
    [
        ({"name": "gone"}, "kubectl get workflowtemplates -A -o json"),
        ({"name": "gone", "clusterScope": True}, "with --namespace it is not listed"),
        ({"name": "gone", "clusterScope": True}, "kubectl get clusterworkflowtemplates -o json"),
    ],
)
def test_it_is_said_how_a_template_that_was_not_read_can_be(
    reference: dict[str, Any], remedy: str
) -> None:
    (finding,) = findings(cron(workflowTemplateRef=reference))

    assert remedy in finding.help


def test_a_task_s_argument_reaches_the_template_that_it_calls() -> None:
    pinned_by_default = runs(INPUT)
    pinned_by_default["inputs"] = {"parameters": [{"name": "image", "default": PINNED}]}

    assert verified(
        library(
            pinned_by_default, calls(task(arguments=given(image="alpine:1"))), entrypoint="main"
        )
    ) == [unpinned("WorkflowTemplate/lib", "container build")]


def test_a_value_is_followed_through_several_templates_and_objects() -> None:
    reference = {"name": "lib", "template": "build"}
    call = {"name": "t", "templateRef": reference, "arguments": given(image="alpine:{{item}}")}

    assert verified(
        library(runs(INPUT, "build", "image")),
        cron(entrypoint="main", templates=[calls({**call, "withItems": [1, "2"]})]),
    ) == [
        unpinned("CronWorkflow/nightly", BY_CRON, "alpine:1"),
        unpinned("CronWorkflow/nightly", BY_CRON, "alpine:2"),
    ]


@pytest.mark.parametrize(
    "fields",
    [
        {"withItems": [{"image": "alpine:1"}], "arguments": given(image="{{item.image}}")},
        {"withParam": '["alpine:1"]', "arguments": given(image="{{item}}")},
        {"withParam": "{{workflow.parameters.list}}", "arguments": given(image="{{ item }}")},
        {"arguments": given(image="alpine:{{workflow.parameters.number}}")},
    ],
)
def test_items_and_numbers_are_filled_in(fields: dict[str, Any]) -> None:
    arguments = given(list='["alpine:1"]', number=1)
    templates = [runs(INPUT, "build", "image"), calls(task(**fields))]

    assert verified(cron(entrypoint="main", templates=templates, arguments=arguments)) == [
        unpinned("CronWorkflow/nightly", "container build")
    ]


@pytest.mark.parametrize(("item", "image"), [({"is": False}, "{{item.is}}"), (False, "{{item}}")])
def test_a_truth_is_filled_in_as_json_writes_it(item: Any, image: str) -> None:
    call = task(withItems=[item], arguments=given(image=f"alpine:{image}"))
    templates = [runs(INPUT, "build", "image"), calls(call)]

    assert verified(cron(entrypoint="main", templates=templates)) == [
        unpinned("CronWorkflow/nightly", "container build", "alpine:false")
    ]


@pytest.mark.parametrize(
    "template",
    [
        {"name": "main", "steps": [[task(arguments=given(image="alpine:1"))]]},
        calls({"name": "t", "hooks": {"exit": task(arguments=given(image="alpine:1"))}}),
        calls(
            {
                "name": "build",
                "inline": runs(INPUT, "", "image"),
                "arguments": given(image="alpine:1"),
            }
        ),
    ],
)
def test_steps_hooks_and_inline_templates_are_calls(template: dict[str, Any]) -> None:
    templates = [runs(INPUT, "build", "image"), template]

    assert unpinned("CronWorkflow/nightly", "container build") in verified(
        cron(entrypoint="main", templates=templates)
    )


def test_what_runs_at_the_end_counts() -> None:
    templates = [runs(PINNED), runs(GLOBAL, "bye")]

    assert verified(
        library(*templates, entrypoint="build", onExit="bye"),
        cron(workflowTemplateRef={"name": "lib"}, arguments=given(image="alpine:1")),
    ) == [unpinned("CronWorkflow/nightly", "container bye of WorkflowTemplate/lib")]


def test_what_a_step_puts_out_is_known_when_it_runs_and_told() -> None:
    put_out = "{{steps.make.outputs.result}}"
    templates = [runs(INPUT, "build", "image"), calls(task(arguments=given(image=put_out)))]

    assert verified(cron(entrypoint="main", templates=templates)) == [
        ("not-a-reference", "CronWorkflow/nightly", "container build", put_out)
    ]


NAMESPACED = "quay.io/{{workflow.namespace}}/tool:1"


@pytest.mark.parametrize(
    "objects",
    [
        [library(runs(NAMESPACED), entrypoint="build")],
        [library(runs(NAMESPACED))],
        [cron(entrypoint="build", templates=[runs(NAMESPACED)])],
        [
            cron(
                entrypoint="main",
                templates=[
                    runs(INPUT, "build", "image"),
                    calls(task(arguments=given(image=NAMESPACED))),
                ],
            )
        ],
    ],
)
def test_the_namespace_of_a_workflow_is_filled_in(objects: list[dict[str, Any]]) -> None:
    assert [image for _, _, _, image in verified(*objects)] == ["quay.io/ci/tool:1"]


def test_a_cluster_wide_template_is_in_the_namespace_of_who_runs_it() -> None:
    reference = {"name": "lib", "clusterScope": True}
    lib = library(runs(NAMESPACED), kind="ClusterWorkflowTemplate", entrypoint="build")

    assert [found[3] for found in verified(lib)] == [NAMESPACED]
    assert [found[3] for found in verified(lib, cron(workflowTemplateRef=reference))] == [
        "quay.io/ci/tool:1"
    ]


def test_a_value_that_comes_from_elsewhere_is_not_guessed_from_its_default() -> None:
    source = {"configMapKeyRef": {"name": "x", "key": "y"}, "default": PINNED}
    arguments = {"parameters": [{"name": "image", "valueFrom": source, "default": PINNED}]}

    assert verified(cron(entrypoint="build", templates=[runs(GLOBAL)], arguments=arguments)) == [
        ("not-a-reference", "CronWorkflow/nightly", "container build", GLOBAL)
    ]


def test_the_text_of_a_patch_is_filled_in_by_who_runs_it() -> None:
    patch = '{"containers": [{"name": "main", "image": "{{workflow.parameters.image}}"}]}'

    assert verified(
        library({**runs(PINNED), "podSpecPatch": patch}, entrypoint="build"),
        cron(workflowTemplateRef={"name": "lib"}, arguments=given(image="alpine:1")),
    ) == [unpinned("CronWorkflow/nightly", "container build/main of WorkflowTemplate/lib")]


@pytest.mark.parametrize("value", [INPUT + "x", INPUT + INPUT, INPUT])
def test_templates_that_call_themselves_come_to_an_end(value: str) -> None:
    endless = calls(task("main", arguments=given(image=value)), inputs=given(image="y"))

    found = verified(cron(entrypoint="main", templates=[endless]))

    assert {rule for rule, _, _, _ in found} <= {"not-looked-at"}


def test_a_library_outside_of_the_scope_is_used_and_not_judged() -> None:
    assert verified(
        library(runs(GLOBAL), runs("redis:7", "other"), kind="ClusterWorkflowTemplate"),
        cron(
            workflowTemplateRef={"name": "lib", "clusterScope": True},
            entrypoint="build",
            arguments=given(image="alpine:1"),
        ),
        scope=Scope(only=frozenset({"ci"})),
    ) == [unpinned("CronWorkflow/nightly", "container build of ClusterWorkflowTemplate/lib")]


@pytest.mark.parametrize("odd", [None, 3, "x", [3], {"parameters": [None, {}, {"name": 3}]}])
def test_a_spec_of_odd_shape_is_read_as_far_as_it_goes(odd: Any) -> None:
    spec = {
        "workflowTemplateRef": odd if odd != {"parameters": [None, {}, {"name": 3}]} else None,
        "arguments": odd,
        "hooks": odd,
        "entrypoint": "main",
        "templates": [
            {"name": "main", "inputs": odd, "steps": odd, "dag": {"tasks": odd}},
            {"name": "main", "steps": [[{"withItems": odd, "inline": odd, "templateRef": odd}]]},
            odd,
        ],
    }

    assert {rule for rule, _, _, _ in verified(cron(**spec))} <= {"not-looked-at"}
