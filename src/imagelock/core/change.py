"""Feed, Regarding, Change: what is followed in a cluster, and what is told of it."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from imagelock.core.finding import Finding

__all__ = ["Change", "Feed", "Regarding"]


class Feed(Struct, frozen=True):
    """Objects of one kind, of one namespace or of all (empty), that are followed together."""

    kind: str
    namespace: str = ""

    def __str__(self) -> str:
        return f"{self.kind} in {self.namespace}" if self.namespace else self.kind


class Regarding(Struct, frozen=True):
    """The object of a cluster that a change is about, as an Event of Kubernetes names it."""

    kind: str
    namespace: str
    name: str
    uid: str


class Change(Struct, frozen=True):
    """A finding that stands from now on, or does not stand any more."""

    what: Literal["appeared", "went"]
    finding: Finding
    regarding: Regarding
