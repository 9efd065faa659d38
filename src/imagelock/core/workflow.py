"""Workflow, Template, Call: what of Argo Workflows decides which images a workflow runs."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from imagelock.core.container import Container

__all__ = ["Call", "Template", "TemplateRef", "Values", "Workflow"]

# The parameters of something, by name. One without a value is known to come from elsewhere
# (``valueFrom``); one that is not there may still be given one.
Values = dict[str, str | None]


class TemplateRef(Struct, frozen=True):
    """A WorkflowTemplate by its name, or a ClusterWorkflowTemplate."""

    name: str
    is_cluster: bool = False

    @property
    def kind(self) -> str:
        """The kind of what is named."""
        return "ClusterWorkflowTemplate" if self.is_cluster else "WorkflowTemplate"


class Call(Struct, frozen=True, kw_only=True):
    """A step, a task or a hook: the template that it runs, and what it gives to it.

    *ref* names where the template stands, if not beside its caller; *inline* is one that
    stands in the call itself. *items* are those of ``withItems``, *each_of* is the text
    of ``withParam``; the template is run once for each.
    """

    template: str = ""
    ref: TemplateRef | None = None
    inline: Template | None = None
    arguments: Values = {}
    items: tuple[Any, ...] = ()
    each_of: str = ""


class Template(Struct, frozen=True, kw_only=True):
    """One template: what it takes, what it names as it is written, and what it calls.

    *takes* are all its parameters, *values* those that have one of their own. *texts* are
    as `imagelock.core.cluster.Workload` has them.
    """

    name: str = ""
    takes: tuple[str, ...] = ()
    values: Values = {}
    containers: tuple[Container, ...] = ()
    texts: tuple[tuple[str, str, str], ...] = ()
    calls: tuple[Call, ...] = ()


class Workflow(Struct, frozen=True, kw_only=True):
    """What a WorkflowTemplate holds, or what a CronWorkflow starts.

    *ref* is the template whose templates are run. *around* is what holds for all of its
    own templates, and calls those that run at the end.
    """

    ref: TemplateRef | None = None
    entrypoint: str = ""
    on_exit: str = ""
    arguments: Values = {}
    templates: tuple[Template, ...] = ()
    around: Template = Template()

    def template(self, name: str) -> Template | None:
        """Return one of its templates."""
        return next((one for one in self.templates if one.name == name), None)
