"""May this image run here? The one answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from imagelock.core.config import Policy
from imagelock.core.exemption import Exemption
from imagelock.core.lock import Lock
from imagelock.core.reference import Digest, Repository

if TYPE_CHECKING:
    from datetime import date  # noqa: TC004  (never decoded into; start-up is part of the product)

    from imagelock.core.reference import ImageReference

__all__ = ["Allowed", "Denied", "Exempt", "Judgement", "Terms", "judge"]


class Allowed(Struct, frozen=True):
    """It has a digest that the policy accepts."""


class Exempt(Struct, frozen=True):
    """It has none, and an exemption covers it."""

    exemption: Exemption


class Denied(Struct, frozen=True):
    """It may not run; *rule* says why (`imagelock.core.rules`).

    *expired* is the exemption that covered it until its date passed.
    """

    rule: str
    expired: Exemption | None = None


Judgement = Allowed | Exempt | Denied


class Terms(Struct, frozen=True, kw_only=True):
    """What an image is judged by.

    *hardcoded* are digests that somebody wrote into a manifest by hand, and that
    policy ``locked`` accepts beside those of the lock.
    """

    policy: Policy
    lock: Lock | None
    exemptions: tuple[Exemption, ...]
    today: date
    hardcoded: frozenset[tuple[Repository, Digest]] = frozenset()

    def choose(self, reference: ImageReference) -> bool:
        """Say whether somebody chose this digest for this repository."""
        if self.lock is not None and self.lock.allows(reference):
            return True
        return (reference.repository, reference.digest) in self.hardcoded


def judge(reference: ImageReference, namespace: str | None, terms: Terms) -> Judgement:
    """Say whether an image may run in a namespace (``None``: not known).

    Policy ``pinned`` accepts every digest; ``locked`` only those that
    ``images.lock`` has for the same repository, and those that were hardcoded.
    """
    if reference.is_pinned:
        if terms.policy == "pinned":
            return Allowed()
        if terms.choose(reference):
            return Allowed()
    expired = None
    for exemption in terms.exemptions:
        if exemption.covers(reference.repository, namespace):
            if not exemption.has_expired(terms.today):
                return Exempt(exemption)
            expired = expired or exemption
    return Denied("not-in-lock" if reference.is_pinned else "unpinned", expired)
