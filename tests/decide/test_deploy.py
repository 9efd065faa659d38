from __future__ import annotations

import json
from typing import Any

from imagelock.decide.deploy import (
    Done,
    Failed,
    Rollout,
    Waiting,
    after_ask,
    after_look,
    begin,
    described,
    elsewhere,
    progress,
    to_ask,
    to_look_at,
)
from imagelock.decide.standing import Look
from imagelock.syntax.argocd import (
    APPLICATION_SET,
    Key,
    parse_application,
    parse_application_set,
)

ROOT, CHILD, OTHER = (Key("argocd", name) for name in ("root", "child", "other"))
SET = Key("argocd", "set", APPLICATION_SET)


def app(key: Key, sync: str = "Synced", health: str = "Healthy", **parts: Any) -> Look:
    status = {
        "sync": {"status": sync},
        "health": {"status": health},
        "reconciledAt": "2026-11-23T10:00:30Z",
        "resources": parts.pop("resources", []),
    }
    spec = {"syncPolicy": {"automated": {}}, **parts.pop("spec", {})}
    document = {"metadata": {"name": key.name, "namespace": key.namespace}, "spec": spec}
    return Look(parse_application(json.dumps({**document, "status": status}).encode()))


def made(*keys: Key, status: str = "Synced", **more: Any) -> list[dict[str, Any]]:
    return [
        {"group": "argoproj.io", "kind": key.kind, "name": key.name, "namespace": key.namespace}
        | {"status": status, **more}
        for key in keys
    ]


def round_of(rollout: Rollout, **looks: Look) -> Rollout:
    """Look once at everything that must be looked at, and ask for what must be asked for."""
    named = {key: looks[key.name] for key in to_look_at(rollout)}
    rollout = after_look(rollout, named)
    return after_ask(rollout, to_ask(rollout))


def test_one_application_is_asked_about_and_then_believed() -> None:
    rollout = begin([ROOT])

    rollout = round_of(rollout, root=app(ROOT))
    assert isinstance(progress(rollout), Waiting)

    rollout = round_of(rollout, root=app(ROOT))
    assert progress(rollout) == Done(1)
    assert to_look_at(rollout) == ()
    assert to_look_at(rollout, again=True) == (ROOT,)


def test_what_an_application_creates_is_waited_for_too() -> None:
    root = app(ROOT, resources=made(CHILD))
    rollout = round_of(round_of(begin([ROOT]), root=root), root=root, child=app(CHILD))

    assert progress(rollout) == Waiting(1, 2, "argocd/child: Argo CD has not looked at it yet")

    for _ in range(2):
        rollout = round_of(rollout, child=app(CHILD))
    assert progress(rollout) == Done(2)


def test_a_child_is_not_believed_before_its_parent_is_done_with_it() -> None:
    root = app(ROOT, "OutOfSync", resources=made(CHILD, status="OutOfSync"))
    rollout = begin([ROOT])

    for _ in range(4):
        rollout = round_of(rollout, root=root, child=app(CHILD))

    assert "argocd/child: waits for argocd/root" in described(rollout)
    assert CHILD not in to_ask(rollout)


def test_children_of_children_are_waited_for() -> None:
    looks = {
        "root": app(ROOT, resources=made(CHILD)),
        "child": app(CHILD, resources=made(OTHER)),
        "other": app(OTHER),
    }
    rollout = begin([ROOT])

    for _ in range(8):
        rollout = round_of(rollout, **looks)

    assert progress(rollout) == Done(3)


def test_an_application_that_manages_itself_is_no_circle() -> None:
    root = app(ROOT, resources=made(ROOT))
    rollout = begin([ROOT])

    for _ in range(3):
        rollout = round_of(rollout, root=root)

    assert progress(rollout) == Done(1)


def test_what_is_no_longer_made_is_no_longer_waited_for() -> None:
    before, after = app(ROOT, resources=made(CHILD)), app(ROOT, resources=[])
    rollout = after_look(begin([ROOT]), {ROOT: before})
    assert CHILD in rollout.watched

    rollout = after_ask(rollout, [ROOT])
    rollout = after_look(rollout, {ROOT: after, CHILD: Look(None)})

    assert progress(rollout) == Done(1)


def test_what_is_to_be_pruned_is_not_waited_for() -> None:
    root = app(ROOT, resources=made(CHILD, requiresPruning=True))

    assert CHILD not in round_of(begin([ROOT]), root=root).watched


def test_applications_in_another_cluster_are_told_and_not_watched() -> None:
    spec = {"destination": {"server": "https://10.0.0.1"}}
    rollout = round_of(begin([ROOT]), root=app(ROOT, spec=spec, resources=made(CHILD)))

    assert CHILD not in rollout.watched
    assert elsewhere(rollout) == (
        "argocd/root: its 1 Applications are in the cluster https://10.0.0.1",
    )


def test_the_applications_of_a_set_are_waited_for_when_the_set_is_done() -> None:
    conditions = [
        {"type": "ErrorOccurred", "status": "False"},
        {"type": "ResourcesUpToDate", "status": "True"},
    ]
    document = {"metadata": {"name": "set", "namespace": "argocd"}}
    data = json.dumps({**document, "status": {"conditions": conditions}}).encode()
    looks = {"set": Look(parse_application_set(data), (CHILD,)), "child": app(CHILD)}
    rollout = round_of(begin([SET]), **looks)
    assert "argocd/child: waits for ApplicationSet argocd/set" in described(rollout)

    for _ in range(4):
        rollout = round_of(rollout, **looks)

    assert progress(rollout) == Done(2)


def test_when_waiting_helps_nothing_that_is_said() -> None:
    stuck = app(ROOT, "OutOfSync", spec={"syncPolicy": None}, resources=made(CHILD, status=""))
    rollout = begin([ROOT, OTHER])

    for _ in range(3):
        rollout = round_of(rollout, root=stuck, other=app(OTHER), child=app(CHILD))

    state = progress(rollout)
    assert isinstance(state, Failed)
    assert (state.ready, state.total) == (1, 3)
    assert "nobody" not in described(rollout)[0]
    assert "argocd app sync argocd/root" in state.why


def test_of_hundreds_the_first_are_told_and_the_others_counted() -> None:
    keys = [Key("argocd", f"app-{number:03}") for number in range(200)]

    lines = described(begin(keys))

    assert lines[0] == "argocd/app-000: it is not there yet"
    assert lines[-1] == "… and 150 more (kubectl get applications -A)"
    assert len(lines) == 51


def test_while_one_may_still_become_ready_it_is_waited() -> None:
    stuck = app(ROOT, "OutOfSync", spec={"syncPolicy": None})
    rollout = begin([ROOT, OTHER])

    for _ in range(3):
        rollout = round_of(rollout, root=stuck, other=app(OTHER, health="Progressing"))

    assert isinstance(progress(rollout), Waiting)


def test_the_story_names_everything_that_is_not_ready() -> None:
    rollout = begin([ROOT, OTHER])
    for _ in range(3):
        rollout = round_of(rollout, root=app(ROOT, health="Degraded"), other=app(OTHER))

    assert described(rollout) == ("argocd/root: Synced, Degraded",)
