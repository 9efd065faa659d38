"""The objects of a page, one by one, each with what is wrong with it.

The answer is `verify`'s own: every page goes through `verify_pages`, and what it
finds is handed out by object.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from imagelock.core.cluster import Node, Page, Pod, Workload
from imagelock.core.finding import Finding, Skipped
from imagelock.core.place import ClusterPlace
from imagelock.core.resources import TEMPLATED
from imagelock.decide.jobs import Jobs
from imagelock.decide.nodes import NodeImages
from imagelock.decide.running import NO_PROOFS
from imagelock.decide.scope import announced, counted
from imagelock.decide.verify import EVERYTHING, Scope, verify_pages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

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

    Attributes:
        must_judge_pods_again: A node is not what its pods were judged by; whoever lists
            the pods again takes it back.
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
        # Of other objects, that some pods depend on: of nodes, and of the Jobs of CronJobs.
        self._architectures: dict[str, str] = {}
        self._missed: set[str] = set()  # nodes that were asked for and not known
        self.must_judge_pods_again = False
        self._jobs = Jobs()
        # Workflows run each other's templates, so the answer about one may change with another.
        self._workflows: dict[tuple[str, str, str], Workload] = {}
        self._has_all_workflows = False
        self._untold: dict[str, set[str]] = {}

    def by(self, terms: Terms, proofs: Proofs, *, strict: bool = False) -> Objects:
        """Return what judges by other terms, and knows the nodes and Jobs that were seen."""
        other = Objects(
            terms,
            proofs=proofs,
            scope=self._scope,
            cluster=self._cluster,
            strict=strict,
        )
        other._architectures, other._jobs = self._architectures, self._jobs
        other._workflows, other._has_all_workflows = self._workflows, self._has_all_workflows
        return other

    def skipped(self) -> Iterator[Skipped]:
        """Say what is not looked at: by the call, and of the nodes that were seen by now."""
        yield from announced(self._scope)
        for reason, nodes in self._untold.items():
            if nodes:
                what = f"images of {counted(len(nodes), 'node')}"
                yield Skipped(what, reason, expected=True)

    def forget(self, kind: str, namespace: str, name: str) -> None:
        """Forget an object that is gone."""
        if kind == "Node":
            self._architectures.pop(name, None)
            for nodes in self._untold.values():
                nodes.discard(name)
        elif kind == "Job":
            self._jobs.forget(namespace, name)
        elif kind in TEMPLATED:
            self._workflows.pop((kind, namespace, name), None)

    def keep(self, kind: str, is_there: Callable[[str, str], bool]) -> None:
        """Forget the objects of a kind that are not there, by namespace and name."""
        if kind == "Node":
            gone = [("", name) for name in self._architectures if not is_there("", name)]
        elif kind == "Job":
            self._jobs.keep(is_there)
            return
        elif kind in TEMPLATED:
            names = [(namespace, name) for one, namespace, name in self._workflows if one == kind]
            gone = [name for name in names if not is_there(*name)]
        else:
            return
        for namespace, name in gone:
            self.forget(kind, namespace, name)

    def workflows(self) -> Iterator[Judged]:
        """Yield all workflows in scope, judged by what is known of the others now.

        Asked for when one of them has come or gone; from the first time on, `judged` takes
        it that they are all known.
        """
        self._has_all_workflows = True
        every = tuple(self._workflows.values())
        if every:
            yield from self._judged(Page(kind="", workloads=every), every)

    def judged(self, page: Page) -> Iterator[Judged]:
        """Yield the objects of a page that are in scope.

        Of a workflow nothing is said before `workflows` was asked for.
        """
        for node in page.nodes:
            # Each by itself: together, an image would be told at its first node only.
            yield from self._judged_node(node)
        for workload in page.workloads:
            if workload.workflow is not None:
                self._workflows[workload.kind, workload.namespace, workload.name] = workload
        yield from self._judged(self._with_workflows(page), (*page.pods, *page.workloads))

    def _with_workflows(self, page: Page) -> Page:
        """Return a page with all workflows, if it has one and they are known, or with none."""
        settled = tuple(one for one in page.workloads if one.workflow is None)
        if len(settled) == len(page.workloads):
            return page
        known = tuple(self._workflows.values()) if self._has_all_workflows else ()
        return replace(page, workloads=(*settled, *known))

    def _judged(self, page: Page, everything: tuple[Pod | Workload, ...]) -> Iterator[Judged]:
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
        before = self._architectures.get(node.name, node.architecture)
        if before != node.architecture or node.name in self._missed:
            self.must_judge_pods_again = True
        self._missed.discard(node.name)
        self.forget("Node", "", node.name)
        self._architectures[node.name] = node.architecture
        held = NodeImages()
        held.take(node)
        for skipped in held.skipped(self._terms, self._scope):
            self._untold.setdefault(skipped.reason, set()).add(node.name)
        found = self._findings(Page(kind="", nodes=(node,)))
        of_node = found.get(("Node", "", node.name), ())
        yield Judged(kind="Node", namespace="", name=node.name, findings=tuple(of_node))

    def _findings(self, *pages: Page) -> dict[tuple[str, str, str], list[Finding]]:
        report = verify_pages(
            pages,
            self._terms,
            proofs=self._proofs,
            scope=self._scope,
            cluster=self._cluster,
            jobs=self._jobs,
        )
        by_object: dict[tuple[str, str, str], list[Finding]] = {}
        for finding in report.findings:
            place = finding.place
            if isinstance(place, ClusterPlace) and finding.severity != "note":
                key = (place.kind, place.namespace, place.name)
                by_object.setdefault(key, []).append(finding.strict() if self._strict else finding)
        return by_object

    def _nodes_of(self, pods: Iterable[Pod]) -> Page:
        """Return what is known of the nodes on which pods run: their architecture."""
        if not len(self._proofs):
            return Page(kind="")  # nothing asks for it
        known = self._architectures
        wanted = {pod.node for pod in pods} - {""}
        self._missed |= wanted - known.keys()
        names = sorted(wanted & known.keys())
        return Page(
            kind="", nodes=tuple(Node(name=name, architecture=known[name]) for name in names)
        )


def _is_history(one: Pod | Workload) -> bool:
    return isinstance(one, Workload) and one.is_history
