"""Where one Application stands: ready, behind, or stuck.

A status can be older than the spec beside it. It is believed only if Argo CD
removed a refresh annotation that was set after the spec was written: it does so
in the patch that brings the status it then found; and if it has looked again
since its last sync ended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from imagelock.core.place import printable
from imagelock.syntax.argocd import Application, ApplicationSet, Key, Resource

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = [
    "Behind",
    "Look",
    "Ready",
    "Standing",
    "Stuck",
    "Watched",
    "is_settled",
    "must_be_asked",
    "standing",
]

_SHOWN = 5  # resources of one Application that a message names
_NOT_LOOKED = "Does Argo CD watch its namespace, and does the controller run?"


class Ready(Struct, frozen=True):
    """It is as it should be, and that is proven."""


class Behind(Struct, frozen=True):
    """It may still become ready; *on* is what it waits for, where that is known."""

    why: str
    details: tuple[str, ...] = ()
    on: Key | None = None


class Stuck(Struct, frozen=True):
    """Waiting will not make it ready: somebody has to do something."""

    why: str
    details: tuple[str, ...] = ()


Standing = Ready | Behind | Stuck


class Look(Struct, frozen=True):
    """What was seen of one object: nothing if it is not there; the Applications of a set."""

    seen: Application | ApplicationSet | None
    owned: tuple[Key, ...] = ()


class Watched(Struct, frozen=True, kw_only=True):
    """One Application or ApplicationSet that is waited for.

    *asked* is ``None`` until Argo CD was asked to look at it, and then the end of
    the last sync that had been seen before. *released* says that its spec is what
    it will stay: it was applied, or what makes it is done.
    """

    key: Key
    parent: Key | None = None
    released: bool = False
    asked: str | None = None
    look: Look = Look(None)
    looked: bool = False


def standing(watched: Watched) -> Standing:
    """Say where it stands."""
    blocked = _blocked(watched)
    if blocked is not None:
        return blocked
    seen = watched.look.seen
    if not watched.released and watched.parent is not None:
        return Behind(f"waits for {watched.parent}", _so_far(seen), on=watched.parent)
    if isinstance(seen, ApplicationSet):
        return _of_a_set(watched, seen)
    if seen is None or not is_settled(watched, seen):
        return _unsettled(watched, seen)
    return _settled(seen)


def must_be_asked(watched: Watched) -> bool:
    """Say whether Argo CD must be asked to look at it, so that its status can be believed."""
    seen = watched.look.seen
    if not (watched.released and watched.looked) or seen is None or seen.awaits_refresh:
        # An annotation of somebody else's is waited for first: what removes it may have
        # begun before the spec was written.
        return False
    if watched.asked is None:
        return True
    # Times are whole seconds: a comparison of the second in which the sync ended may have
    # begun before that, so it is asked for once more.
    return (
        isinstance(seen, Application)
        and not seen.is_syncing
        and seen.finished_at != ""
        and seen.finished_at == seen.reconciled_at
        and watched.asked != seen.finished_at
    )


def is_settled(watched: Watched, seen: Application) -> bool:
    """Say whether its status is about its spec, and about what its last sync left."""
    if watched.asked is None or not watched.looked or seen.awaits_refresh or seen.is_syncing:
        return False
    if not seen.reconciled_at:
        # A spec that is refused is never compared; the conditions say why.
        return False
    return seen.reconciled_at > seen.finished_at or watched.asked == seen.finished_at


def _blocked(watched: Watched) -> Stuck | None:
    seen = watched.look.seen
    if seen is None:
        if watched.looked and watched.released:
            return Stuck("it is not there: somebody deleted it, or it may not be made")
    elif seen.is_deleted:
        return Stuck("it is being deleted")
    elif isinstance(seen, Application) and seen.is_skipped:
        return Stuck("it is annotated skip-reconcile, so Argo CD does not look at it")
    return None


def _so_far(seen: Application | ApplicationSet | None) -> tuple[str, ...]:
    if not isinstance(seen, Application):
        return ()
    return (_line(f"so far {_head(seen)}", seen.status.health.message), *_details(seen))


def _unsettled(watched: Watched, seen: Application | None) -> Behind:
    if seen is None:
        return Behind("it is not there yet")
    details = tuple(_details(seen))
    if seen.is_syncing:
        state = seen.status.operation_state
        return Behind(_line("is being synced", state.message if state else ""), details)
    if watched.asked is None or not watched.looked or seen.awaits_refresh:
        return Behind("Argo CD has not looked at it yet", (*details, _NOT_LOOKED))
    if any(one.type.endswith("Error") for one in seen.conditions):
        # A spec that Argo CD refuses is never compared.
        return Behind(f"{_head(seen)}: {_first_condition(seen)}", details)
    return Behind("Argo CD has not looked at it since its last sync", details)


def _settled(seen: Application) -> Standing:
    sync, health = seen.status.sync.status, seen.status.health
    if sync == "Synced" and health.status == "Healthy":
        return Ready()
    details = tuple(_details(seen))
    if sync == "OutOfSync":
        reason = _why_nobody_syncs(seen)
        if reason:
            return Stuck(f"{_head(seen)}: {reason}", details)
    return Behind(_line(_head(seen), health.message or _first_condition(seen)), details)


def _head(seen: Application) -> str:
    parts = (seen.status.sync.status, seen.status.health.status)
    return printable(", ".join(part for part in parts if part)) or "without a status"


def _first_condition(seen: Application) -> str:
    return next(iter(_conditions(seen)), "")


def _why_nobody_syncs(seen: Application) -> str:
    if not seen.is_automated:
        return (
            "it has no automated sync, so it stays so until somebody syncs it "
            f"(argocd app sync {seen.key}, or set spec.syncPolicy.automated)"
        )
    if any(one.type == "SyncError" for one in seen.conditions):
        return "Argo CD does not try this revision again"
    wrong = [one for one in seen.resources if one.status != "Synced"]
    if wrong and all(one.requires_pruning for one in wrong) and not seen.prunes:
        return "what is left is to be removed, and its automated sync does not prune"
    return ""


def _of_a_set(watched: Watched, seen: ApplicationSet) -> Standing:
    error = seen.condition("ErrorOccurred")
    if error.status == "True":
        return Behind(_line("it failed", error.message))
    if watched.asked is None or not watched.looked or seen.awaits_refresh:
        return Behind(
            "Argo CD has not looked at it yet",
            (_NOT_LOOKED,),
        )
    rolling = seen.condition("RolloutProgressing")
    if rolling.status == "True":
        return Behind(_line("it rolls out step by step", rolling.message))
    current = seen.condition("ResourcesUpToDate")
    if current.status != "True":
        return Behind(_line("its Applications are not up to date", current.message))
    return Ready()


def _details(seen: Application) -> Iterator[str]:
    yield from _conditions(seen)
    state = seen.status.operation_state
    if state is not None and state.phase in {"Failed", "Error"}:
        yield _line(f"its last sync: {state.phase}", state.message)
        yield from _some(
            _line(f"{one.kind} {_name(one.namespace, one.name)}", one.message)
            for one in seen.failures
        )
    yield from _some(
        f"{one.kind} {_name(one.namespace, one.name)}: {_state(one)}"
        for one in seen.resources
        if _is_late(one)
    )


def _conditions(seen: Application) -> Iterator[str]:
    for one in seen.conditions:
        yield _line(one.type, one.message)


def _is_late(resource: Resource) -> bool:
    healthy = resource.health is None or resource.health.status in {"", "Healthy"}
    return resource.status not in {"", "Synced"} or not healthy


def _state(resource: Resource) -> str:
    health = resource.health
    parts = [resource.status, health.status if health else ""]
    if resource.requires_pruning:
        parts.append("to be removed")
    return _line(", ".join(part for part in parts if part), health.message if health else "")


def _name(namespace: str, name: str) -> str:
    return f"{namespace}/{name}" if namespace else name


def _some(lines: Iterable[str]) -> Iterator[str]:
    every = list(lines)
    yield from every[:_SHOWN]
    if len(every) > _SHOWN:
        yield f"… and {len(every) - _SHOWN} more"


def _line(head: str, message: str) -> str:
    text = " ".join(message.split())
    return printable(f"{head}: {text}" if text else head)
