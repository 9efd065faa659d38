"""Lock, LockEntry and the matching rule (Found | Ambiguous | Missing)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from imagelock.core.place import FilePlace
from imagelock.core.reference import Digest, ImageReference, Repository

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Ambiguous", "Found", "Lock", "LockEntry", "Match", "Missing", "conflicts_in"]

_REMEMBERED = 16_384  # answers


class LockEntry(Struct, frozen=True):
    """One line of ``images.lock``: an image ID with a digest, and where it came from."""

    reference: ImageReference
    origin: FilePlace

    @property
    def digest(self) -> Digest:
        """The digest, which every entry has."""
        digest = self.reference.digest
        assert digest is not None  # noqa: S101  (whoever builds an entry has checked it)
        return digest


class Found(Struct, frozen=True):
    """The lock names one digest for this image."""

    digest: Digest
    entry: LockEntry


class Ambiguous(Struct, frozen=True):
    """The image names no tag and its repository has several digests: the first one counts."""

    digest: Digest
    entry: LockEntry
    others: tuple[LockEntry, ...]


class Missing(Struct, frozen=True):
    """The lock has no digest for this image; *near* are the repository's other entries."""

    near: tuple[LockEntry, ...]


Match = Found | Ambiguous | Missing


class Lock:
    """The entries of ``images.lock``, in their order, which is meaning."""

    __slots__ = ("_by_name", "_by_repository", "_matches", "entries", "name")

    def __init__(self, entries: Iterable[LockEntry], *, name: str = "images.lock") -> None:
        self.entries = tuple(entries)
        self.name = name
        self._by_repository: dict[Repository, list[LockEntry]] = {}
        for entry in self.entries:
            self._by_repository.setdefault(entry.reference.repository, []).append(entry)
        self._by_name: dict[str, list[Repository]] | None = None
        # Manifests ask for the same few hundred images again and again.
        self._matches: dict[tuple[Repository, str | None], Match] = {}

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[LockEntry]:
        return iter(self.entries)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Lock):
            return NotImplemented
        return [entry.reference for entry in self] == [entry.reference for entry in other]

    __hash__ = None  # type: ignore[assignment]

    @property
    def repositories(self) -> tuple[Repository, ...]:
        """Every repository that has an entry, in the order of their first ones."""
        return tuple(self._by_repository)

    @property
    def names(self) -> dict[str, list[Repository]]:
        """The last part of every repository's path, and which repositories have it."""
        if self._by_name is None:
            self._by_name = {}
            for repository in self._by_repository:
                name = repository.path.rpartition("/")[2]
                self._by_name.setdefault(name, []).append(repository)
        return self._by_name

    def entries_of(self, repository: Repository) -> tuple[LockEntry, ...]:
        """Return the entries of one repository, in their order."""
        return tuple(self._by_repository.get(repository, ()))

    def match(self, reference: ImageReference) -> Match:
        """Say which digest an image ID without one stands for.

        No other tag, no other registry and no network is tried: see
        docs/lock.md, "The matching rule".
        """
        asked = (reference.repository, reference.tag)
        match = self._matches.get(asked)
        if match is None:
            match = self._match(*asked)
            if len(self._matches) < _REMEMBERED:
                self._matches[asked] = match
        return match

    def _match(self, repository: Repository, tag: str | None) -> Match:
        entries = candidates = self.entries_of(repository)
        if tag is not None:
            # An entry without a tag never satisfies a tagged image ID: nobody
            # said that it is this version.
            candidates = tuple(e for e in entries if e.reference.tag == tag)
        first_with: dict[Digest, LockEntry] = {}
        for entry in candidates:
            first_with.setdefault(entry.digest, entry)
        if not first_with:
            return Missing(entries)
        first, *others = first_with.values()
        if others:
            return Ambiguous(first.digest, first, tuple(others))
        return Found(first.digest, first)

    def allows(self, reference: ImageReference) -> bool:
        """Say whether this very digest of this very repository is in the lock."""
        return any(e.digest == reference.digest for e in self.entries_of(reference.repository))


def conflicts_in(entries: Iterable[LockEntry]) -> Iterator[tuple[LockEntry, LockEntry]]:
    """Yield each entry that gives a tag another digest than the first one did, after that one.

    Entries without a tag do not contradict each other: that a repository has
    several digests is told where one is chosen (`Ambiguous`).
    """
    first_of: dict[tuple[Repository, str], LockEntry] = {}
    for entry in entries:
        reference = entry.reference
        if reference.tag is None:
            continue
        first = first_of.setdefault((reference.repository, reference.tag), entry)
        if first.digest != entry.digest:
            yield first, entry
