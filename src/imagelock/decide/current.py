"""The findings that stand now, by workload: what appeared, what went.

    pod api-7c9f-a ┐
    pod api-7c9f-b ├─ Deployment/api, container app, nginx:1 ── one finding, held by four objects
    ReplicaSet …   │
    Deployment api ┘

It appears with the first object that holds it and goes with the last, so that
neither a rollout nor a pod that is replaced makes it flicker. Of an object only
the number of its images and the identity of its findings are kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from imagelock.core.change import Change, Regarding
from imagelock.core.finding import Finding
from imagelock.core.place import ClusterPlace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagelock.core.change import Feed
    from imagelock.decide.objects import Judged

__all__ = ["CurrentFindings"]

_KINDS_WITHOUT_UID = frozenset({"Pod", "Node"})  # many; each is told by its own event


_Name = tuple[str, str]  # namespace, name
_Identity = tuple[str, str, str, str, str]  # rule, namespace, workload, container, image


class _Entry(Struct, frozen=True, gc=False):
    images: int
    identities: tuple[_Identity, ...] = ()
    uid: str = ""


class _Standing(Struct):
    finding: Finding
    regarding: Regarding
    held_by: int = 0


class CurrentFindings:
    """What stands now, made of everything that was seen of a cluster."""

    def __init__(self) -> None:
        self.images = 0
        self._standing: dict[_Identity, _Standing] = {}
        self._entries: dict[Feed, dict[_Name, _Entry]] = {}
        self._before: dict[Feed, dict[_Name, _Entry]] = {}
        # A cluster has few namespaces and few sizes of pods: one object of each is enough.
        self._namespaces: dict[str, str] = {}
        self._clean: dict[int, _Entry] = {}

    @property
    def standing(self) -> Iterator[Change]:
        """What stands, as if it had appeared just now."""
        for one in self._standing.values():
            yield Change("appeared", one.finding, one.regarding)

    def objects(self, kind: str) -> int:
        """Count the objects of a kind."""
        return sum(len(entries) for feed, entries in self._entries.items() if feed.kind == kind)

    def holds(self, feed: Feed, namespace: str, name: str) -> bool:
        """Say whether an object is there."""
        return (namespace, name) in self._entries.get(feed, {})

    def begin(self, feed: Feed) -> None:
        """Note that a list of everything begins: what it does not bring is gone at its end."""
        # A list that broke off is begun again: what it brought counts as seen before.
        held = self._entries.get(feed, {})
        self._before[feed] = {**self._before.get(feed, {}), **held}
        self._entries[feed] = {}

    def take(self, feed: Feed, judged: Judged) -> Iterator[Change]:
        """Note how an object is now."""
        key = (self._namespaces.setdefault(judged.namespace, judged.namespace), judged.name)
        found = {_identity(finding): finding for finding in judged.findings}
        before = self._pop(feed, key)
        self._entries.setdefault(feed, {})[key] = self._entry(judged, tuple(found))
        self.images += judged.images
        # First what is new: what stays is held all the time.
        for identity, finding in found.items():
            yield from self._hold(identity, finding, judged)
        if before is not None:
            yield from self._release(before)

    def revise(self, feed: Feed, judged: Judged) -> Iterator[Change]:
        """Note what another object made of one that has not changed; if it is there still."""
        key = (judged.namespace, judged.name)
        before = self._before.get(feed, {})
        is_listed = key in self._entries.get(feed, {})
        if is_listed or key in before:
            yield from self.take(feed, judged)
        if not is_listed and key in self._entries.get(feed, {}):
            # The list that runs has not brought it yet, and may not bring it at all.
            before[key] = self._entries[feed].pop(key)

    def remove(self, feed: Feed, namespace: str, name: str) -> Iterator[Change]:
        """Note that an object is gone."""
        entry = self._pop(feed, (namespace, name))
        if entry is not None:
            yield from self._release(entry)

    def end(self, feed: Feed) -> Iterator[Change]:
        """Note that a list is whole: what it did not bring is gone."""
        for entry in self._before.pop(feed, {}).values():
            yield from self._release(entry)

    def _pop(self, feed: Feed, key: _Name) -> _Entry | None:
        before = self._before.get(feed, {}).pop(key, None)
        return self._entries.get(feed, {}).pop(key, None) or before

    def _entry(self, judged: Judged, identities: tuple[_Identity, ...]) -> _Entry:
        uid = "" if judged.kind in _KINDS_WITHOUT_UID else judged.uid
        if identities or uid:
            return _Entry(judged.images, identities, uid)
        return self._clean.setdefault(judged.images, _Entry(judged.images))

    def _hold(self, identity: _Identity, finding: Finding, judged: Judged) -> Iterator[Change]:
        standing = self._standing.get(identity)
        if standing is None:
            told = _at_its_workload(finding)
            standing = _Standing(told, self._regarding(told.place, judged))
            self._standing[identity] = standing
            yield Change("appeared", standing.finding, standing.regarding)
        standing.held_by += 1

    def _release(self, entry: _Entry) -> Iterator[Change]:
        self.images -= entry.images
        for identity in entry.identities:
            standing = self._standing[identity]
            standing.held_by -= 1
            if not standing.held_by:
                del self._standing[identity]
                yield Change("went", standing.finding, standing.regarding)

    def _regarding(self, place: object, judged: Judged) -> Regarding:
        """Name the workload, or the object that shows the finding where its uid is not known."""
        if isinstance(place, ClusterPlace) and (place.kind, place.name) != (
            judged.kind,
            judged.name,
        ):
            uid = self._uid(place)
            if uid:
                return Regarding(place.kind, place.namespace, place.name, uid)
        return Regarding(judged.kind, judged.namespace, judged.name, judged.uid)

    def _uid(self, place: ClusterPlace) -> str:
        key = (place.namespace, place.name)
        for feed, entries in self._entries.items():
            if feed.kind == place.kind and key in entries:
                return entries[key].uid
        return ""


def _identity(finding: Finding) -> _Identity:
    place = finding.place
    if not isinstance(place, ClusterPlace):
        return finding.rule.name, "", str(place), "", finding.image
    # An image on nodes is one finding, however many hold it.
    itself = "Node" if place.kind == "Node" else f"{place.kind}/{place.name}"
    workload = place.workload or itself
    return finding.rule.name, place.namespace, workload, place.container, finding.image


def _at_its_workload(finding: Finding) -> Finding:
    place = finding.place
    return replace(finding, place=place.deployed) if isinstance(place, ClusterPlace) else finding
