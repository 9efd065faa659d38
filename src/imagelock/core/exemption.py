"""Exemption: who may run unpinned, where, and why."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

from imagelock.core.place import FilePlace

if TYPE_CHECKING:
    from datetime import date  # noqa: TC004  (never decoded into; start-up is part of the product)

    from imagelock.core.reference import Repository

__all__ = ["Exemption"]

_SETTINGS = FilePlace("imagelock.toml")


class Exemption(Struct, frozen=True, kw_only=True):
    """Images that may run without a digest of the lock, in some namespaces, for a reason.

    *repository* is a normalised name or the beginning of one; it matches at a
    ``/`` boundary only, so ``gke.gcr.io`` covers ``gke.gcr.io/pause`` and never
    ``gke.gcr.io.evil.example/pause``. A ``*`` in it stands for letters, digits
    and hyphens, so it never reaches over a dot, a colon or a slash. *namespaces*
    are names, ``prefix-*``, or ``*``. *until* is the last day on which it holds.
    *preset* names the table that it came from, and is empty for the user's own,
    which was written at *place*.
    """

    repository: str
    namespaces: tuple[str, ...]
    reason: str
    owner: str = ""
    until: date | None = None
    preset: str = ""
    place: FilePlace = _SETTINGS

    def covers(self, repository: Repository, namespace: str | None) -> bool:
        """Say whether it is about this repository in this namespace.

        A namespace of ``None`` is unknown (a manifest without one): only an
        exemption for every namespace covers that.
        """
        return self.covers_repository(repository) and self._covers_namespace(namespace)

    def covers_repository(self, repository: Repository) -> bool:
        """Say whether it is about this repository in any namespace."""
        return _pattern(self.repository).match(str(repository)) is not None

    def has_expired(self, today: date) -> bool:
        """Say whether its last day is over."""
        return self.until is not None and today > self.until

    def _covers_namespace(self, namespace: str | None) -> bool:
        for pattern in self.namespaces:
            if pattern == "*":
                return True
            if namespace is None:
                continue
            if namespace == pattern:
                return True
            if pattern.endswith("*") and namespace.startswith(pattern[:-1]):
                return True
        return False


@lru_cache
def _pattern(repository: str) -> re.Pattern[str]:
    literals = repository.rstrip("/").split("*")
    return re.compile("[a-z0-9-]+".join(map(re.escape, literals)) + r"(?:/|\Z)")
