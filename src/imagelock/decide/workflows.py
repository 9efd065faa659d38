"""Which images workflows will run: the values of parameters followed from call to call.

    CronWorkflow ──workflowTemplateRef──► WorkflowTemplate ──entrypoint──► template
        arguments ──────────────────────────► workflow.parameters            │ steps, tasks, hooks
                                                                             ▼
                                     arguments ──► inputs.parameters of the next template

A value is filled in where somebody gives it, and the namespace where it is known; nothing
else is: what is only known once a workflow runs keeps its ``{{ … }}``, and is told.
"""

from __future__ import annotations

import re
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from imagelock.core.cluster import Workload
from imagelock.core.place import printable
from imagelock.core.workflow import Template, Values

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from imagelock.core.container import Container
    from imagelock.core.workflow import Call, TemplateRef

__all__ = ["Named", "Problem", "Workflows", "is_open"]

_MOST_CALLS = 10_000  # of one workflow: templates may call each other, and themselves
_LONGEST = 16_384  # characters of a value: filled in again and again, it could grow for ever
_VARIABLE = re.compile(r"\{\{\s*([\w.-]+)\s*\}\}")
_CRON = "CronWorkflow"

# What to do about a template that was not read; whether it is of the whole cluster.
_MISSING = {
    False: (
        "Is its name right, and is it in the namespace of this workflow? Where files are read, "
        "give it too: kubectl get workflowtemplates -A -o json. Where it may not be listed, see "
        "imagelock rbac."
    ),
    True: (
        "It stands in no namespace, so with --namespace it is not listed: verify the whole "
        "cluster, or save it and give it with --from: kubectl get clusterworkflowtemplates "
        "-o json. Where it may not be listed, see imagelock rbac."
    ),
}

_Name = tuple[str, str, str]  # kind, namespace, name


class Named(Struct, frozen=True):
    """An image that a workflow runs, and where: the workflow that is started, and the slot."""

    workload: Workload
    container: str
    image: str


class _Place(Struct, frozen=True):
    """A template of an object."""

    holder: Workload
    template: Template


class _Visit(Struct, frozen=True):
    """A template that is run, with what it is given; *item* is what ``{{item}}`` stands for."""

    place: _Place
    arguments: Values = {}
    item: Values = {}


class Problem(Exception):  # noqa: N818  (no error of the program: it ends one branch)
    """Why a call cannot be followed, and what to do about it, where something can be done."""

    def __init__(self, message: str, *, help: str = "") -> None:  # noqa: A002  (as in a finding)
        super().__init__(message)
        self.message = message
        self.help = help


def is_open(image: str) -> bool:
    """Say whether something in an image is filled in later."""
    return "{{" in image


class Workflows:
    """The workflows of a cluster: all of them are needed, since one may run another's templates."""

    def __init__(self) -> None:
        self._known: dict[_Name, Workload] = {}
        self._meant: list[Workload] = []
        self._started: set[_Name] = set()
        self._reached: set[tuple[_Name, str]] = set()
        self.problems: list[tuple[Workload, Problem]] = []

    def know(self, workload: Workload) -> None:
        """Note a workflow whose templates others may run."""
        self._known[_name(workload)] = workload

    def take(self, workload: Workload) -> None:
        """Note a workflow that is to be looked at."""
        self._meant.append(workload)

    def finish(self) -> Iterator[Named]:
        """Yield every image that depends on a parameter, as far as it is known.

        What cannot be followed is in `problems` then.
        """
        # Those that run by themselves first: their values are the ones that count.
        for workload in sorted(self._meant, key=lambda one: one.kind != _CRON):
            yield from self._run(workload)
        for workload in self._meant:
            yield from self._left_open(workload)

    def _run(self, workload: Workload) -> Iterator[Named]:
        run = _Run(workload, self._known)
        told = {(one.path, one.image) for one in _static(workload)}
        for place, container, image in run.images():
            slot = (_name(place.holder), container)
            if is_open(image) and self._is_started_by_others(workload):
                continue
            self._reached.add(slot)
            own = place.holder is workload
            of = "" if own else f" of {place.holder.kind}/{place.holder.name}"
            if not (own and (container, image) in told and not is_open(image)):
                yield Named(workload, f"{container}{of}", image)
        self._started |= run.started
        self.problems += [(workload, problem) for problem in run.problems.values()]

    def _is_started_by_others(self, workload: Workload) -> bool:
        return _name(workload) in self._started

    def _left_open(self, workload: Workload) -> Iterator[Named]:
        """Yield what no workflow that is known gives a value to."""
        for container in _static(workload):
            slot = (_name(workload), container.path)
            if is_open(container.image) and slot not in self._reached:
                image = _fill(container.image, _where(workload))
                yield Named(workload, container.path, image)


def _static(workload: Workload) -> tuple[Container, ...]:
    if not workload.texts:
        return workload.containers
    from imagelock.decide.texts import containers_in_texts  # what few clusters need

    return (*workload.containers, *containers_in_texts(workload.texts)[0])


class _Run:
    """One workflow, from its start on."""

    def __init__(self, workload: Workload, known: dict[_Name, Workload]) -> None:
        self._workload = workload
        self._known = known
        self._globals: Values = {}
        self._waiting: deque[_Visit] = deque()
        self._seen: set[tuple[_Name, int, frozenset[tuple[str, str | None]]]] = set()
        self._calls = 0
        self._told: set[tuple[_Name, str, str]] = set()
        self.started: set[_Name] = set()
        self.problems: dict[str, Problem] = {}

    def images(self) -> Iterator[tuple[_Place, str, str]]:
        """Yield what depends on parameters: the template, the container there, the image."""
        with self._noted():
            self._begin()
        # No recursion: templates may call each other as deep as they like.
        while self._waiting and self._calls < _MOST_CALLS:
            yield from self._visit(self._waiting.popleft())
        if self._waiting:
            self._note(
                Problem(
                    f"its templates call each other more than {_MOST_CALLS:,} times: what comes "
                    "after that was not followed"
                )
            )

    def _begin(self) -> None:
        own = self._workload.workflow
        assert own is not None  # noqa: S101  (no other is taken)
        holder = self._workload
        if own.ref is not None:
            holder = self._find(own.ref, holder)
            self.started.add(_name(holder))
        base = holder.workflow
        assert base is not None  # noqa: S101  (no other is known)
        self._globals = {**base.arguments, **own.arguments}
        for around in {id(one): one for one in (base.around, own.around)}.values():
            self._waiting.append(_Visit(_Place(holder, around)))
        for name in (own.entrypoint or base.entrypoint, own.on_exit or base.on_exit):
            # Of its own: what is not there cannot be run.
            if name and (holder is not self._workload or base.template(name) is not None):
                with self._noted():
                    self._waiting.append(_Visit(self._place(holder, name, None), self._globals))

    @contextmanager
    def _noted(self) -> Iterator[None]:
        """Note what cannot be followed: it ends one branch and no other."""
        try:
            yield
        except Problem as problem:
            self._note(problem)

    def _note(self, problem: Problem) -> None:
        self.problems.setdefault(problem.message, problem)

    def _place(self, holder: Workload, name: str, ref: TemplateRef | None) -> _Place:
        holder = holder if ref is None else self._find(ref, holder)
        found = holder.workflow.template(name) if holder.workflow is not None else None
        if found is None:
            raise Problem(
                f"template '{printable(name)}' that it runs is not in "
                f"{holder.kind}/{printable(holder.name)}: the images of that are not known"
            )
        return _Place(holder, found)

    def _find(self, ref: TemplateRef, holder: Workload) -> Workload:
        # A workflow runs in its own namespace, and finds templates there.
        namespace = "" if ref.is_cluster else self._workload.namespace or holder.namespace
        found = self._known.get((ref.kind, namespace, ref.name))
        if found is None:
            raise Problem(
                f"it runs {ref.kind}/{printable(ref.name)}, which is not among what was read: "
                "the images of that are not known",
                help=_MISSING[ref.is_cluster],
            )
        return found

    def _visit(self, visit: _Visit) -> Iterator[tuple[_Place, str, str]]:
        place, arguments = visit.place, visit.arguments
        template = place.template
        inputs = {**template.values}
        inputs |= {name: arguments[name] for name in template.takes if name in arguments}
        values = {f"inputs.parameters.{name}": value for name, value in inputs.items()}
        values |= {f"workflow.parameters.{name}": value for name, value in self._globals.items()}
        values |= {**_where(self._workload), **visit.item}
        identity = (_name(place.holder), id(template), frozenset(values.items()))
        if identity in self._seen:
            return
        self._seen.add(identity)
        self._calls += 1
        yield from self._slots(place, values)
        for call in template.calls:
            self._call(place, call, values)

    def _slots(self, place: _Place, values: Values) -> Iterator[tuple[_Place, str, str]]:
        for container, image in _images(place.template, values):
            identity = (_name(place.holder), container, image)
            if identity not in self._told:
                self._told.add(identity)
                yield place, container, image

    def _call(self, place: _Place, call: Call, values: Values) -> None:
        if not (call.inline or call.template):
            return
        for item in _items(call, values):
            known = {**values, **item}
            arguments = {
                name: None if value is None else _fill(value, known)
                for name, value in call.arguments.items()
            }
            with self._noted():
                if call.inline is not None:
                    called = _Visit(_Place(place.holder, call.inline), arguments, item)
                else:
                    name = _fill(call.template, known)
                    called = _Visit(self._place(place.holder, name, call.ref), arguments)
                self._waiting.append(called)


def _images(template: Template, values: Values) -> Iterator[tuple[str, str]]:
    """Yield the containers of a template that depend on parameters, with their images."""
    for container in template.containers:
        if is_open(container.image):
            yield container.path, _fill(container.image, values)
    texts = [
        (key, inside, _fill(text, values)) for key, inside, text in template.texts if is_open(text)
    ]
    if texts:
        from imagelock.decide.texts import containers_in_texts  # what few clusters need

        for container in containers_in_texts(texts)[0]:
            yield container.path, container.image


def _where(workload: Workload) -> Values:
    """Return what is known of where a workflow runs: of a ClusterWorkflowTemplate nothing is."""
    return {"workflow.namespace": workload.namespace}


def _fill(text: str, values: Values) -> str:
    def value(found: re.Match[str]) -> str:
        return values.get(found[1]) or found[0]

    filled = _VARIABLE.sub(value, text)
    return filled if len(filled) <= _LONGEST else text


def _items(call: Call, values: Values) -> Iterator[Values]:
    """Yield what ``{{item}}`` stands for, for each item of a call; nothing if it has none."""
    items: Iterable[Any] = call.items
    if call.each_of:
        items = _decoded(_fill(call.each_of, values))
    some = False
    for item in items:
        some = True
        yield {name: _fill(text, values) for name, text in _named(item)}
    if not some:
        yield {}


def _decoded(text: str) -> list[Any]:
    try:
        return msgspec.json.decode(text, type=list[Any])
    except (msgspec.DecodeError, RecursionError):
        return []  # it is known when the workflow runs: what depends on it stays open


def _named(item: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401  (JSON)
    if isinstance(item, dict):
        for key, value in item.items():
            if isinstance(value, str | int | float):
                yield f"item.{key}", _text(value)
    elif isinstance(item, str | int | float):
        yield "item", _text(item)


def _text(value: str | float) -> str:
    """Return a scalar as JSON writes it, which is how a workflow sees it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _name(workload: Workload) -> _Name:
    return workload.kind, workload.namespace, workload.name
