"""How far a deployment is: what to look at, what to ask for, whether it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from imagelock.core.place import printable
from imagelock.decide.standing import (
    Behind,
    Look,
    Ready,
    Standing,
    Stuck,
    Watched,
    is_settled,
    must_be_asked,
    standing,
)
from imagelock.syntax.argocd import (
    APPLICATION,
    APPLICATION_SET,
    GROUP,
    Application,
    ApplicationSet,
    Key,
    Resource,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = [
    "Done",
    "Failed",
    "Progress",
    "Rollout",
    "Waiting",
    "after_ask",
    "after_look",
    "begin",
    "described",
    "elsewhere",
    "progress",
    "to_ask",
    "to_look_at",
]


_DESCRIBED = 50  # Applications: nobody reads about more, and one reason often is that of all


class Rollout(Struct, frozen=True):
    """Everything that is waited for."""

    watched: dict[Key, Watched]


class Done(Struct, frozen=True):
    """Everything is ready."""

    ready: int


class Waiting(Struct, frozen=True):
    """Something is behind."""

    ready: int
    total: int
    why: str


class Failed(Struct, frozen=True):
    """What is not ready cannot become so by waiting."""

    ready: int
    total: int
    why: str


Progress = Done | Waiting | Failed


def begin(applied: Iterable[Key]) -> Rollout:
    """Start to wait for what was applied."""
    return Rollout({key: Watched(key=key, released=True) for key in applied})


def to_look_at(rollout: Rollout, *, again: bool = False) -> tuple[Key, ...]:
    """Name what must be looked at: what is not ready, or, *again*, everything."""
    return tuple(
        key
        for key, watched in rollout.watched.items()
        if again or not isinstance(standing(watched), Ready)
    )


def after_look(rollout: Rollout, looks: Mapping[Key, Look]) -> Rollout:
    """Take in what was seen; what those Applications create is watched from now on."""
    watched = dict(rollout.watched)
    for key, look in looks.items():
        if key not in watched:
            continue  # what had made it was looked at just before, and does not make it any more
        watched[key] = replace(watched[key], look=look, looked=True)
        children = dict(_children(watched[key]))
        for child, released in children.items():
            known = watched.get(child, Watched(key=child, parent=key))
            watched[child] = replace(known, released=known.released or released)
        if _is_final(watched[key]):
            _drop(watched, key, keep=children)
    return Rollout(watched)


def to_ask(rollout: Rollout) -> tuple[Key, ...]:
    """Name what Argo CD must be asked to look at, so that its status can be believed."""
    return tuple(key for key, watched in rollout.watched.items() if must_be_asked(watched))


def after_ask(rollout: Rollout, keys: Iterable[Key]) -> Rollout:
    """Take in what Argo CD was asked to look at: the status seen before does not count."""
    watched = dict(rollout.watched)
    for key in keys:
        seen = watched[key].look.seen
        finished = seen.finished_at if isinstance(seen, Application) else ""
        watched[key] = replace(watched[key], asked=finished, looked=False)
    return Rollout(watched)


def progress(rollout: Rollout) -> Progress:
    """Say how far everything is."""
    standings = {key: standing(watched) for key, watched in rollout.watched.items()}
    late = {key: one for key, one in standings.items() if not isinstance(one, Ready)}
    ready, total = len(standings) - len(late), len(standings)
    if not late:
        return Done(ready)
    key, first = next(iter(late.items()))
    why = f"{key}: {first.why}"
    if all(_is_hopeless(one, standings) for one in late.values()):
        return Failed(ready, total, why)
    return Waiting(ready, total, why)


def described(rollout: Rollout) -> tuple[str, ...]:
    """Tell of what is not ready, and why, in lines for a person.

    What only waits for another comes last, and of very many the first are told.
    """
    late = [
        (key, one)
        for key, watched in sorted(rollout.watched.items())
        if isinstance(one := standing(watched), Behind | Stuck)
    ]
    late.sort(key=lambda pair: isinstance(pair[1], Behind) and pair[1].on is not None)
    lines: list[str] = []
    for key, one in late[:_DESCRIBED]:
        lines.append(f"{key}: {one.why}")
        lines += [f"    {detail}" for detail in one.details]
    if len(late) > _DESCRIBED:
        more = len(late) - _DESCRIBED
        lines.append(f"… and {more} more (kubectl get applications -A)")
    return tuple(lines)


def elsewhere(rollout: Rollout) -> tuple[str, ...]:
    """Tell of Applications that create Applications in another cluster: those are not watched."""
    told = []
    for key, watched in rollout.watched.items():
        seen = watched.look.seen
        if isinstance(seen, Application) and seen.target:
            count = sum(1 for one in seen.resources if _is_ours(one))
            if count:
                told.append(
                    printable(f"{key}: its {count} Applications are in the cluster {seen.target}")
                )
    return tuple(told)


def _children(watched: Watched) -> Iterator[tuple[Key, bool]]:
    """Yield what it creates, and whether that is done with as far as it is concerned."""
    seen, final = watched.look.seen, _is_final(watched)
    if isinstance(seen, ApplicationSet):
        yield from ((key, final) for key in watched.look.owned)
    elif isinstance(seen, Application) and not seen.target:
        for one in seen.resources:
            if _is_ours(one) and not one.requires_pruning:
                yield Key(one.namespace, one.name, one.kind), final and one.status == "Synced"


def _is_final(watched: Watched) -> bool:
    """Say whether what it creates is known, and is about its present spec."""
    seen = watched.look.seen
    if isinstance(seen, Application):
        return watched.released and is_settled(watched, seen)
    return isinstance(standing(watched), Ready)


def _drop(watched: dict[Key, Watched], parent: Key, *, keep: Mapping[Key, bool]) -> None:
    """Forget what *parent* had made and does not make any more."""
    gone = [key for key, one in watched.items() if one.parent == parent and key not in keep]
    for key in gone:
        del watched[key]
        _drop(watched, key, keep={})


def _is_ours(resource: Resource) -> bool:
    return resource.group == GROUP and resource.kind in {APPLICATION, APPLICATION_SET}


def _is_hopeless(one: Standing, standings: Mapping[Key, Standing]) -> bool:
    seen: set[Key] = set()
    while isinstance(one, Behind) and one.on is not None and one.on not in seen:
        seen.add(one.on)
        one = standings[one.on]
    return isinstance(one, Stuck)
