"""What changed from one lock to another, told by image and not by line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from imagelock.core.lock import LockEntry

if TYPE_CHECKING:
    from imagelock.core.lock import Lock
    from imagelock.core.reference import Repository

__all__ = ["Change", "ChangeKind", "LockChanges", "compare_locks"]

ChangeKind = Literal["moved", "updated", "added", "removed"]


class Change(Struct, frozen=True):
    """One image that is not the same: *moved* has its tag and another digest."""

    kind: ChangeKind
    old: LockEntry | None
    new: LockEntry | None


class LockChanges(Struct, frozen=True):
    """The changes, in the order of the new lock, and how many entries are the same."""

    changes: tuple[Change, ...]
    unchanged: int

    def count(self, kind: ChangeKind) -> int:
        """Count the changes of one kind."""
        return sum(change.kind == kind for change in self.changes)


def compare_locks(old: Lock, new: Lock) -> LockChanges:
    """Say what changed.

    An entry whose tag has another digest *moved*: the same name is another
    program. Where a repository lost one tag and gained one, it was *updated*.
    Everything else was *added* or *removed*.
    """
    same = {entry.reference for entry in old} & {entry.reference for entry in new}
    lost = [entry for entry in old if entry.reference not in same]
    gained = [entry for entry in new if entry.reference not in same]
    changes = [_change_of(entry, lost, gained) for entry in gained]
    paired = {id(change.old) for change in changes}
    changes += [Change("removed", entry, None) for entry in lost if id(entry) not in paired]
    return LockChanges(tuple(changes), len(same))


def _change_of(entry: LockEntry, lost: list[LockEntry], gained: list[LockEntry]) -> Change:
    repository, tag = entry.reference.repository, entry.reference.tag
    before = _of(lost, repository)
    for candidate in before:
        if candidate.reference.tag == tag:
            return Change("moved", candidate, entry)
    if len(before) == 1 and len(_of(gained, repository)) == 1:
        return Change("updated", before[0], entry)
    return Change("added", None, entry)


def _of(entries: list[LockEntry], repository: Repository) -> list[LockEntry]:
    return [entry for entry in entries if entry.reference.repository == repository]
