"""Exemption: who may run unpinned, where, and why."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from imagelock.core.reference import Repository

__all__ = ["Exemption"]


class Exemption(Struct, frozen=True, kw_only=True):
    """Images that may run without a digest of the lock, in some namespaces, for a reason.

    *repository* is a normalised name or the beginning of one; it matches at a
    ``/`` boundary only, so ``gke.gcr.io`` covers ``gke.gcr.io/pause`` and never
    ``gke.gcr.io.evil.example/pause``. *namespaces* are names, ``prefix-*``, or
    ``*``. *until* is the last day on which it holds. *preset* names the table
    that it came from, and is empty for the user's own.
    """

    repository: str
    namespaces: tuple[str, ...]
    reason: str
    owner: str = ""
    until: date | None = None
    preset: str = ""

    def covers(self, repository: Repository, namespace: str | None) -> bool:
        """Say whether it is about this repository in this namespace.

        A namespace of ``None`` is unknown (a manifest without one): only an
        exemption for every namespace covers that.
        """
        return self._covers_repository(str(repository)) and self._covers_namespace(namespace)

    def has_expired(self, today: date) -> bool:
        """Say whether its last day is over."""
        return self.until is not None and today > self.until

    def _covers_repository(self, name: str) -> bool:
        prefix = self.repository.rstrip("/")
        return name == prefix or name.startswith(f"{prefix}/")

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
