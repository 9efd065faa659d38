"""Which objects of a cluster are meant, and what that leaves out."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct

from imagelock.core.finding import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagelock.core.cluster import Page

__all__ = ["EVERYTHING", "LeftOut", "Scope", "announced", "counted"]

_IN_A_LIST = "a list in a list is not read: give it as a file of its own, --from takes several"
_LEFT_OUT = "this namespace is left out (--exclude)"
_OUTSIDE = "every namespace is left out (--exclude '*')"
# Kinds that hold no pod template: nothing is lost when they are passed over.
_WITHOUT_IMAGES = {
    "ClusterRole",
    "ClusterRoleBinding",
    "ConfigMap",
    "Endpoints",
    "EndpointSlice",
    "Event",
    "HorizontalPodAutoscaler",
    "Ingress",
    "Lease",
    "LimitRange",
    "Namespace",
    "NetworkPolicy",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "PodDisruptionBudget",
    "ResourceQuota",
    "Role",
    "RoleBinding",
    "Secret",
    "Service",
    "ServiceAccount",
    "StorageClass",
}


class Scope(Struct, frozen=True):
    """The namespaces that are meant, and the label selector that chose the objects.

    Without *only* it is all of them. Those of *without* are names, or ``prefix-*``.
    The *selector* has done its work before: it is kept to be told.
    """

    only: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()
    selector: str = ""

    @property
    def is_narrow(self) -> bool:
        """Whether it is about a part that somebody chose, and not about a cluster."""
        return bool(self.only or self.selector)

    def holds(self, namespace: str) -> bool:
        """Say whether this namespace is meant."""
        if self.only and namespace not in self.only:
            return False
        return not self.leaves_out(namespace)

    def leaves_out(self, namespace: str) -> bool:
        """Say whether this namespace was left out by its name."""
        return namespace in self.without or any(
            pattern.endswith("*") and namespace.startswith(pattern[:-1]) for pattern in self.without
        )


EVERYTHING = Scope()


class LeftOut:
    """What was in the pages and was not looked at, or could not be in them."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._namespaces: Counter[str] = Counter()
        self._kinds: Counter[str] = Counter()
        self._unselected = 0
        self._unseen: list[Skipped] = []
        self._met: set[str] = set()

    def take(self, page: Page) -> None:
        """Note what a page itself says that it leaves out."""
        self._unseen += page.unseen
        self._unselected += page.unselected
        self._kinds.update(dict(page.others))

    def add(self, namespace: str, count: int = 1) -> None:
        """Note objects of a namespace that is not meant."""
        self._namespaces[namespace] += count

    def meet(self, namespace: str) -> None:
        """Note that a namespace that is meant has something in it."""
        self._met.add(namespace)

    @property
    def has_excluded(self) -> bool:
        """Whether something was there that somebody left out by its namespace."""
        return any(map(self._scope.leaves_out, self._namespaces))

    def skipped(self) -> Iterator[Skipped]:
        """Say what was left out, and why."""
        yield from self._unseen
        yield from self._empty()
        yield from self._by_the_call()
        for kind, count in sorted(self._kinds.items()):
            reason = _IN_A_LIST if kind.endswith("List") else "this kind is not read"
            what = f"{counted(count, 'object')} of kind {kind}"
            yield Skipped(what, reason, expected=kind in _WITHOUT_IMAGES)

    def _empty(self) -> Iterator[Skipped]:
        # An API server lists nothing, and no more, of a namespace that is not there.
        reason = "nothing is in it: is the name right?"
        if self._scope.selector:
            reason = "nothing in it has these labels: are its name and the selector right?"
        for namespace in sorted(self._scope.only - self._met):
            if not self._scope.leaves_out(namespace):
                yield Skipped(f"namespace {namespace}", reason)

    def _by_the_call(self) -> Iterator[Skipped]:
        scope = self._scope
        yield from _other_namespaces(scope)
        for namespace, count in sorted(self._namespaces.items()):
            if not scope.only or scope.leaves_out(namespace):
                where = f"in namespace {namespace}" if namespace else "without a namespace"
                what = f"{counted(count, 'object')} {where}"
                yield _chosen(what, _LEFT_OUT if namespace else _OUTSIDE)
        yield from _other_labels(scope, self._unselected)


def announced(scope: Scope) -> Iterator[Skipped]:
    """Say what a scope leaves out before anything was seen."""
    yield from _other_namespaces(scope)
    for name in sorted(scope.without):
        yield _chosen(f"namespace {name}", _LEFT_OUT)
    yield from _other_labels(scope, 0)


def _other_namespaces(scope: Scope) -> Iterator[Skipped]:
    if scope.only:
        only = ", ".join(sorted(scope.only))
        yield _chosen(f"every namespace but {only}", "--namespace names those that are meant")


def _other_labels(scope: Scope, count: int) -> Iterator[Skipped]:
    if scope.selector:
        # A server that selects does not say how much it leaves out.
        what = counted(count, "object") if count else "pods and workloads with other labels"
        yield _chosen(what, f"only labels of --selector '{scope.selector}' were asked for")


def counted(count: int, noun: str) -> str:
    """Return a number of things as it is told."""
    return f"1 {noun}" if count == 1 else f"{count:,} {noun}s"


def _chosen(what: str, reason: str) -> Skipped:
    return Skipped(what, reason, expected=True)
