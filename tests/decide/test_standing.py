from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from imagelock.decide.standing import (
    Behind,
    Look,
    Ready,
    Stuck,
    Watched,
    must_be_asked,
    standing,
)
from imagelock.syntax.argocd import (
    APPLICATION_SET,
    Key,
    parse_application,
    parse_application_set,
)

SHOP = Key("argocd", "shop")
PENDING = {"annotations": {"argocd.argoproj.io/refresh": "normal"}}
AUTOMATED: dict[str, Any] = {"syncPolicy": {"automated": {}}}


def status(sync: str = "Synced", health: str = "Healthy", **more: Any) -> dict[str, Any]:
    return {
        "sync": {"status": sync},
        "health": {"status": health, **more.pop("healthy", {})},
        "reconciledAt": "2026-11-23T10:00:30Z",
        **more,
    }


def operation(phase: str = "Succeeded", at: str = "2026-11-23T10:00:20Z", **more: Any) -> Any:
    return {"phase": phase, "finishedAt": at, **more}


def seen(*, metadata: Any = None, spec: Any = AUTOMATED, **parts: Any) -> Look:
    about = {"name": "shop", "namespace": "argocd", **(metadata or {})}
    document = {"metadata": about, "spec": spec, **parts}
    return Look(parse_application(json.dumps(document).encode()))


def watched(look: Look, **more: Any) -> Watched:
    """Return an Application that Argo CD was asked to look at, and that was looked at since."""
    it = Watched(key=SHOP, released=True, asked="", look=look, looked=True)
    return replace(it, **more)


def test_synced_and_healthy_is_ready() -> None:
    assert standing(watched(seen(status=status()))) == Ready()


def test_synced_and_healthy_after_a_sync_is_ready_if_it_was_compared_since() -> None:
    assert standing(watched(seen(status=status(operationState=operation())))) == Ready()


OLD = {
    "never asked for": watched(seen(status=status()), asked=None),
    "asked for after the last look": watched(seen(status=status()), looked=False),
    "not answered": watched(seen(status=status(), metadata=PENDING)),
    "a sync was asked for": watched(seen(status=status(), operation={"sync": {}})),
    "a sync runs": watched(seen(status=status(operationState={"phase": "Running"}))),
    "not compared since the sync": watched(
        seen(status=status(operationState=operation(at="2026-11-23T10:00:31Z")))
    ),
    "compared in the second of its end": watched(
        seen(status=status(operationState=operation(at="2026-11-23T10:00:30Z")))
    ),
    "never compared": watched(seen(status={**status(), "reconciledAt": None})),
    "what makes it is not done": watched(
        seen(status=status()), released=False, parent=Key("argocd", "root")
    ),
}


@pytest.mark.parametrize("name", OLD)
def test_an_old_status_is_never_believed(name: str) -> None:
    assert isinstance(standing(OLD[name]), Behind)


def test_a_comparison_in_the_second_of_the_end_of_a_sync_is_asked_for_once_more() -> None:
    at = "2026-11-23T10:00:30Z"
    it = watched(seen(status=status(operationState=operation(at=at))))

    assert must_be_asked(it)
    assert not must_be_asked(replace(it, asked=at))
    assert standing(replace(it, asked=at)) == Ready()


@pytest.mark.parametrize(
    ("it", "asked"),
    [
        (watched(seen(status=status()), asked=None), True),
        (watched(seen(status=status())), False),
        (watched(seen(status=status()), asked=None, looked=False), False),
        (watched(seen(status=status()), asked=None, released=False), False),
        (watched(seen(status=status(), metadata=PENDING), asked=None), False),
        (watched(Look(None), asked=None), False),
    ],
)
def test_argo_cd_is_asked_once_and_only_when_the_answer_will_prove_something(
    it: Watched,
    asked: bool,  # noqa: FBT001
) -> None:
    assert must_be_asked(it) is asked


@pytest.mark.parametrize(
    ("look", "kind", "why"),
    [
        (seen(status=status("OutOfSync")), Behind, "OutOfSync, Healthy"),
        (
            seen(status=status(health="Progressing", healthy={"message": "1 of 3\n pods"})),
            Behind,
            "Synced, Progressing: 1 of 3 pods",
        ),
        (seen(status=status(health="Degraded")), Behind, "Synced, Degraded"),
        (seen(status=status(health="Suspended")), Behind, "Synced, Suspended"),
        (seen(status=status(health="")), Behind, "Synced"),
        (
            seen(status={}, operation={"sync": {}}),
            Behind,
            "is being synced",
        ),
        (
            seen(status=status(operationState={"phase": "Running", "message": "wave 2"})),
            Behind,
            "is being synced: wave 2",
        ),
        (
            seen(
                status={
                    "sync": {"status": "Unknown"},
                    "conditions": [{"type": "InvalidSpecError", "message": "no project x"}],
                }
            ),
            Behind,
            "Unknown: InvalidSpecError: no project x",
        ),
        (
            seen(
                status=status(
                    "Unknown", conditions=[{"type": "ComparisonError", "message": "no such path"}]
                )
            ),
            Behind,
            "Unknown, Healthy: ComparisonError: no such path",
        ),
        (seen(metadata={"deletionTimestamp": "2026"}, status=status()), Stuck, "being deleted"),
        (
            seen(
                metadata={"annotations": {"argocd.argoproj.io/skip-reconcile": "true"}},
                status=status(),
            ),
            Stuck,
            "skip-reconcile",
        ),
        (seen(spec={}, status=status("OutOfSync")), Stuck, "argocd app sync argocd/shop"),
        (
            seen(
                status=status(
                    "OutOfSync", conditions=[{"type": "SyncError", "message": "Failed sync"}]
                )
            ),
            Stuck,
            "Argo CD does not try this revision again",
        ),
        (
            seen(
                status=status(
                    "OutOfSync",
                    resources=[
                        {
                            "kind": "Secret",
                            "name": "old",
                            "status": "OutOfSync",
                            "requiresPruning": True,
                        }
                    ],
                )
            ),
            Stuck,
            "does not prune",
        ),
        (Look(None), Stuck, "it is not there"),
    ],
)
def test_the_reason_is_what_a_person_would_want(look: Look, kind: type, why: str) -> None:
    it = standing(watched(look))

    assert isinstance(it, kind)
    assert not isinstance(it, Ready)
    assert why in it.why


def test_without_automated_sync_synced_is_ready_all_the_same() -> None:
    assert standing(watched(seen(spec={}, status=status()))) == Ready()


def test_the_details_name_what_failed_and_what_is_late() -> None:
    failed = {"kind": "Job", "namespace": "shop", "name": "db", "status": "SyncFailed"}
    failed["message"] = "immutable"
    resources = [
        {"kind": "Deployment", "namespace": "shop", "name": f"web-{number}", "status": "OutOfSync"}
        for number in range(7)
    ]
    resources[0]["health"] = {"status": "Degraded", "message": "no \x1b[31mimage"}  # type: ignore[assignment]
    last = operation(
        "Failed",
        message="one failed",
        syncResult={"resources": [failed]},
    )

    it = standing(
        watched(
            seen(
                status=status(
                    "OutOfSync",
                    operationState=last,
                    resources=resources,
                    conditions=[{"type": "SyncError", "message": "Failed sync attempt"}],
                )
            )
        )
    )

    assert isinstance(it, Stuck)
    assert it.details == (
        "SyncError: Failed sync attempt",
        "its last sync: Failed: one failed",
        "Job shop/db: immutable",
        "Deployment shop/web-0: OutOfSync, Degraded: no \\x1b[31mimage",
        *(f"Deployment shop/web-{number}: OutOfSync" for number in (1, 2, 3, 4)),
        "… and 2 more",
    )


def test_one_that_waits_for_its_parent_tells_how_it_is_so_far() -> None:
    look = seen(status=status(health="Degraded", healthy={"message": "crash loop"}))

    it = standing(watched(look, released=False, parent=Key("argocd", "root")))

    assert it == Behind(
        "waits for argocd/root", ("so far Synced, Degraded: crash loop",), Key("argocd", "root")
    )


def a_set(*conditions: tuple[str, str, str], **metadata: Any) -> Watched:
    about = {"name": "all", "namespace": "argocd", **metadata}
    stated = [{"type": name, "status": is_so, "message": said} for name, is_so, said in conditions]
    data = json.dumps({"metadata": about, "status": {"conditions": stated}}).encode()
    key = Key("argocd", "all", APPLICATION_SET)
    look = Look(parse_application_set(data))
    return Watched(key=key, released=True, asked="", look=look, looked=True)


GOOD = (("ErrorOccurred", "False", ""), ("ResourcesUpToDate", "True", ""))
REFRESHING = {"argocd.argoproj.io/application-set-refresh": "true"}


@pytest.mark.parametrize(
    ("it", "why"),
    [
        (a_set(*GOOD, annotations=REFRESHING), "Argo CD has not looked at it yet"),
        (replace(a_set(*GOOD), asked=None), "Argo CD has not looked at it yet"),
        (a_set(("ErrorOccurred", "True", "no cluster x")), "it failed: no cluster x"),
        (a_set(), "its Applications are not up to date"),
        (a_set(*GOOD, ("RolloutProgressing", "True", "step 1")), "step by step: step 1"),
    ],
)
def test_a_set_is_behind_until_it_says_that_it_is_done(it: Watched, why: str) -> None:
    result = standing(it)

    assert isinstance(result, Behind)
    assert why in result.why


def test_a_set_without_errors_that_is_up_to_date_is_ready() -> None:
    assert standing(a_set(*GOOD)) == Ready()
