"""AllowList: the repositories that this pipeline builds, and no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from imagelock.core.grammar import DOCKER_HUB
from imagelock.core.place import FilePlace
from imagelock.core.reference import Repository

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["AllowList", "AllowedName", "BareName", "FullName"]

_OFFICIAL = "library/"  # what Docker Hub puts before a name without a slash


class FullName(Struct, frozen=True):
    """``<registry>/<repository>``: that repository and no other."""

    repository: Repository
    place: FilePlace

    def covers(self, repository: Repository, registries: Sequence[str]) -> bool:  # noqa: ARG002
        """Say whether it allows a repository."""
        return repository == self.repository

    def __str__(self) -> str:
        return str(self.repository)


class BareName(Struct, frozen=True):
    """``<repository>``: the whole path of a repository, at the registries that are given.

    ``trustee/tx`` is not the end of ``group/trustee/tx``.
    """

    path: str
    place: FilePlace

    def covers(self, repository: Repository, registries: Sequence[str]) -> bool:
        """Say whether it allows a repository; without registries at any of them."""
        if registries and repository.registry not in registries:
            return False
        return self.path in _paths_of(repository)

    def __str__(self) -> str:
        return self.path


AllowedName = FullName | BareName


class AllowList:
    """The names of ``<organisation>-images``, in their order."""

    __slots__ = ("_by_path", "name", "names")

    def __init__(self, names: Iterable[AllowedName], *, name: str = "") -> None:
        self.names = tuple(names)
        self.name = name
        self._by_path: dict[str, list[AllowedName]] = {}
        for allowed in self.names:
            path = allowed.path if isinstance(allowed, BareName) else allowed.repository.path
            self._by_path.setdefault(path, []).append(allowed)

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[AllowedName]:
        return iter(self.names)

    def allows(self, repository: Repository, registries: Sequence[str] = ()) -> bool:
        """Say whether this pipeline may bring in an image of *repository*.

        Args:
            repository: The image's repository.
            registries: Where bare names are; none stands for every registry.
        """
        return bool(self.names_of(repository, registries))

    def names_of(
        self, repository: Repository, registries: Sequence[str] = ()
    ) -> tuple[AllowedName, ...]:
        """Return the names that allow *repository*: mostly one, or none."""
        candidates = (
            allowed for path in _paths_of(repository) for allowed in self._by_path.get(path, ())
        )
        return tuple(allowed for allowed in candidates if allowed.covers(repository, registries))


def _paths_of(repository: Repository) -> tuple[str, ...]:
    """Return the path as it is, and as people write it at Docker Hub."""
    path = repository.path
    if repository.registry == DOCKER_HUB and path.startswith(_OFFICIAL):
        return path, path.removeprefix(_OFFICIAL)
    return (path,)
