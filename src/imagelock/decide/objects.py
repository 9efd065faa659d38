"""The objects of a page, one by one, each with what is wrong with it.

The answer is `verify`'s own: every page goes through `verify_pages`, and what it
finds is handed out by object.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from imagelock.core.cluster import Node, Page, Pod, Workload
from imagelock.core.finding import Finding
from imagelock.core.place import ClusterPlace
from imagelock.decide.running import NO_PROOFS
from imagelock.decide.verify import EVERYTHING, Scope, verify_pages

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from imagelock.core.proof import Proofs
    from imagelock.decide.judge import Terms

__all__ = ["Judged", "Objects"]


class Judged(Struct, frozen=True, kw_only=True):
    """One object: how many images it asks for, and what is wrong with them."""

    kind: str
    namespace: str
    name: str
    uid: str = ""
    images: int = 0
    findings: tuple[Finding, ...] = ()


class Objects:
    """Judges objects as they come, and keeps none of them.

    Only warnings and errors are handed out: a note says nothing about one object.
    """

    def __init__(
        self,
        terms: Terms,
        *,
        proofs: Proofs = NO_PROOFS,
        scope: Scope = EVERYTHING,
        cluster: str = "",
        strict: bool = False,
    ) -> None:
        self._terms = terms
        self._proofs = proofs
        self._scope = scope
        self._cluster = cluster
        self._strict = strict
        self._architectures: dict[str, str] = {}

    def by(self, terms: Terms, proofs: Proofs) -> Objects:
        """Return what judges by other terms; the nodes that were seen are known to it."""
        other = Objects(
            terms,
            proofs=proofs,
            scope=self._scope,
            cluster=self._cluster,
            strict=self._strict,
        )
        other._architectures = self._architectures
        return other

    def judged(self, page: Page) -> Iterator[Judged]:
        """Yield the objects of a page that are in scope."""
        for node in page.nodes:
            # Each by itself: together, an image would be told at its first node only.
            yield from self._judged_node(node)
        everything: tuple[Pod | Workload, ...] = (*page.pods, *page.workloads)
        objects = [one for one in everything if self._scope.holds(one.namespace)]
        if not objects:
            return
        found = self._findings(self._nodes_of(page.pods), page)
        for one in objects:
            kind = one.kind if isinstance(one, Workload) else "Pod"
            yield Judged(
                kind=kind,
                namespace=one.namespace,
                name=one.name,
                uid=one.uid,
                images=0 if _is_history(one) else len(one.containers),
                findings=tuple(found.get((kind, one.namespace, one.name), ())),
            )

    def _judged_node(self, node: Node) -> Iterator[Judged]:
        self._architectures[node.name] = node.architecture
        found = self._findings(Page(kind="", nodes=(node,)))
        of_node = found.get(("Node", "", node.name), ())
        yield Judged(kind="Node", namespace="", name=node.name, findings=tuple(of_node))

    def _findings(self, *pages: Page) -> dict[tuple[str, str, str], list[Finding]]:
        report = verify_pages(
            pages, self._terms, proofs=self._proofs, scope=self._scope, cluster=self._cluster
        )
        by_object: dict[tuple[str, str, str], list[Finding]] = {}
        for finding in report.findings:
            place = finding.place
            if isinstance(place, ClusterPlace) and finding.severity != "note":
                told = finding.strict() if self._strict else finding
                key = (place.kind, place.namespace, place.name)
                by_object.setdefault(key, []).append(told)
        return by_object

    def _nodes_of(self, pods: Iterable[Pod]) -> Page:
        """Return what is known of the nodes on which pods run: their architecture."""
        if not len(self._proofs):
            return Page(kind="")  # nothing asks for it
        known = self._architectures
        names = sorted({pod.node for pod in pods} & known.keys())
        return Page(
            kind="", nodes=tuple(Node(name=name, architecture=known[name]) for name in names)
        )


def _is_history(one: Pod | Workload) -> bool:
    return isinstance(one, Workload) and one.is_history
