"""The spec of an Argo workflow -> what decides which images it runs (`imagelock.core.workflow`).

A cluster stores such a spec as somebody wrote it, so nothing of it need be what it should be:
what is none of it is passed over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imagelock.core.workflow import Call, Template, TemplateRef, Workflow
from imagelock.syntax.anywhere import containers_anywhere, parameters_of, texts_anywhere

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["read_workflow"]

# What a template calls stands in these, and what it takes is filled in when it is run.
_APART = frozenset({"steps", "dag", "inputs"})
_Object = dict[str, Any]


def read_workflow(kind: str, spec: Mapping[str, Any]) -> Workflow:
    """Read the spec of a WorkflowTemplate, or that of the workflows of a CronWorkflow."""
    workflow = _object(spec.get("workflowSpec")) if kind == "CronWorkflow" else spec
    ref = _object(workflow.get("workflowTemplateRef"))
    return Workflow(
        ref=_ref(ref) if ref else None,
        entrypoint=_text(workflow.get("entrypoint")),
        on_exit=_text(workflow.get("onExit")),
        arguments=parameters_of(workflow.get("arguments")),
        templates=tuple(_template(one) for one in _objects(workflow.get("templates"))),
        around=_around(workflow),
    )


def _around(workflow: Mapping[str, Any]) -> Template:
    apart = {"templates", "arguments", "hooks"}
    own = {key: value for key, value in workflow.items() if key not in apart}
    return Template(
        containers=tuple(containers_anywhere(own)),
        texts=tuple(texts_anywhere(own)),
        calls=tuple(_hooks(workflow)),
    )


def _template(template: _Object, name: str = "") -> Template:
    own = {key: value for key, value in template.items() if key not in _APART}
    own["name"] = name or _text(template.get("name"))
    inputs = _object(template.get("inputs"))
    return Template(
        name=own["name"],
        takes=tuple(_text(one.get("name")) for one in _objects(inputs.get("parameters"))),
        values=parameters_of(inputs),
        containers=tuple(containers_anywhere(own)),
        texts=tuple(texts_anywhere(own)),
        calls=tuple(_calls(template)),
    )


def _calls(template: _Object) -> Iterator[Call]:
    steps = template.get("steps")
    for group in steps if isinstance(steps, list) else ():
        # A group of steps is a list; one step alone may stand without it.
        for step in _objects(group if isinstance(group, list) else [group]):
            yield from _call(step)
    for task in _objects(_object(template.get("dag")).get("tasks")):
        yield from _call(task)


def _call(call: _Object) -> Iterator[Call]:
    ref, inline = _object(call.get("templateRef")), _object(call.get("inline"))
    items = call.get("withItems")
    yield Call(
        template=_text(ref.get("template")) or _text(call.get("template")),
        ref=_ref(ref) if ref else None,
        inline=_template(inline, _text(call.get("name"))) if inline else None,
        arguments=parameters_of(call.get("arguments")),
        items=tuple(items) if isinstance(items, list) else (),
        each_of=_text(call.get("withParam")),
    )
    yield from _hooks(call)
    if "onExit" in call:
        yield Call(template=_text(call.get("onExit")))


def _hooks(holder: Mapping[str, Any]) -> Iterator[Call]:
    for hook in _object(holder.get("hooks")).values():
        yield from _call(_object(hook))


def _ref(ref: _Object) -> TemplateRef:
    return TemplateRef(_text(ref.get("name")), ref.get("clusterScope") is True)


def _object(value: Any) -> _Object:  # noqa: ANN401  (JSON)
    return value if isinstance(value, dict) else {}


def _objects(value: Any) -> list[_Object]:  # noqa: ANN401  (JSON)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _text(value: Any) -> str:  # noqa: ANN401  (JSON)
    return value if isinstance(value, str) else ""
