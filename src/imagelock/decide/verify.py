"""A cluster, page by page, against a lock.

    pages ──► what was asked for ──► may it run here? (`judge`)
         └──► what runs          ──► is it that?      (`compare`)

No page is kept: only counts, findings, and what can be compared no sooner than
every node is known.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from msgspec.structs import replace

from imagelock.core.cluster import Pod, Workload
from imagelock.core.finding import Coverage, Finding, Report
from imagelock.core.place import ClusterPlace, FilePlace
from imagelock.core.podspec import POD_SPECS
from imagelock.decide.asked import AskedImages
from imagelock.decide.compared import RunningImages
from imagelock.decide.exempted import ended
from imagelock.decide.jobs import Jobs
from imagelock.decide.nodes import NodeImages
from imagelock.decide.plain import Plain, has_containers
from imagelock.decide.running import NO_PROOFS
from imagelock.decide.scope import EVERYTHING, LeftOut, Scope
from imagelock.decide.whole import Lists
from imagelock.decide.workflows import Workflows, is_open

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from imagelock.core.cluster import Alike, Container, Page
    from imagelock.core.proof import Proofs
    from imagelock.decide.judge import Terms

__all__ = ["EVERYTHING", "Scope", "verify_pages"]


def verify_pages(
    pages: Iterable[Page],
    terms: Terms | Plain,
    *,
    proofs: Proofs = NO_PROOFS,
    scope: Scope = EVERYTHING,
    cluster: str = "",
    jobs: Jobs | None = None,
) -> Report:
    """Judge every image that the pages name, and compare it with what runs.

    Args:
        pages: The cluster, in pages of any kind and order.
        terms: What an image is judged by, or what found by it those plain that are alike
            on the pages.
        proofs: Documents that show which digests belong together.
        scope: What is meant of it.
        cluster: Its name, for the places of findings.
        jobs: Those that were seen before; those of the pages are added.
    """
    plain = terms if isinstance(terms, Plain) else Plain(terms)
    verification = _Verification(plain, proofs, scope, cluster, jobs or Jobs())
    for page in pages:
        verification.take(page)
    return verification.report()


class _Verification:
    """Everything that is kept of the pages."""

    def __init__(
        self, plain: Plain, proofs: Proofs, scope: Scope, cluster: str, jobs: Jobs
    ) -> None:
        self._terms = plain.judgements.terms
        self._proofs = proofs
        self._scope = scope
        self._cluster = cluster
        self._asked = AskedImages(plain.judgements)
        self._running = RunningImages(proofs)
        self._nodes = NodeImages()
        self._lists = Lists()
        self._workflows = Workflows()
        self._seen: set[str] = set()
        self._counts: Counter[str] = Counter()
        self._left_out = LeftOut(scope)
        self._is_plain = plain
        self._findings: list[Finding] = []
        self._jobs = jobs
        self._last_page = cluster or "the cluster"

    def take(self, page: Page) -> None:
        """Look at one page."""
        self._last_page = page.name or self._last_page
        self._lists.take(page)
        self._left_out.take(page)
        for node in page.nodes:
            self._nodes.take(node)
        for alike in page.alike:
            self._take_alike(alike)
        for pod in page.pods:
            self._take("Pod", pod)
        for workload in page.workloads:
            if workload.workflow is not None:
                self._workflows.know(workload)  # of whatever namespace: others may run it
            if workload.kind == "Job":
                self._jobs.know(workload)
            if not workload.is_history:
                self._take(workload.kind, workload)

    def report(self) -> Report:
        """Tell what was found."""
        self._look_at_workflows()
        self._asked.finish()
        running = tuple(self._running.finish(self._nodes))
        nodes = () if self._scope.is_narrow else tuple(self._about_nodes())
        return Report(
            command="verify",
            findings=(
                *map(self._at_its_cron_job, self._asked.findings),
                *map(self._at_its_cron_job, self._findings),
                *self._about_nothing(),
                *map(self._at_its_cron_job, running),
                *nodes,
                *self._lists.findings(),
                *self._about_exemptions(),
            ),
            coverage=self._coverage(),
            summary=self._summary(),
            exemptions=self._asked.uses.uses,
            images=self._asked.images,
        )

    def _take(self, kind: str, found: Pod | Workload) -> None:
        if not self._scope.holds(found.namespace):
            self._left_out.add(found.namespace)
            return
        self._left_out.meet(found.namespace)
        if self._is_known(found.uid):
            return
        if isinstance(found, Pod) and self._is_plain(found.namespace, found.containers):
            self._count_pods(found.namespace, found.containers, 1)
        else:
            self._counts["pods" if isinstance(found, Pod) else "workloads"] += 1
            self._look_at(kind, found)

    def _is_known(self, uid: str) -> bool:
        # A list that went on after it had expired can bring an object twice. Names would
        # not tell: the files that were given may come from two clusters.
        if uid in self._seen:
            return True
        if uid:
            self._seen.add(uid)
        return False

    def _take_alike(self, alike: Alike) -> None:
        if not self._scope.holds(alike.namespace):
            self._left_out.add(alike.namespace, len(alike.uids))
            return
        self._left_out.meet(alike.namespace)
        before = len(self._seen)
        self._seen.update(alike.uids)
        count = len(self._seen) - before
        if "" in self._seen:  # those that have none are told apart by nothing
            self._seen.discard("")
            count += alike.uids.count("") - 1
        if count:  # an image of pods that were all seen before is asked for by none of them
            self._count_pods(alike.namespace, alike.containers, count)

    def _count_pods(self, namespace: str, containers: tuple[Container, ...], count: int) -> None:
        self._counts["pods"] += count
        for container in containers:
            self._asked.count(container.image, namespace, count)
            self._running.count(container, count)

    def _look_at(self, kind: str, found: Pod | Workload) -> None:
        if kind in POD_SPECS and not has_containers(found.containers):
            what = "no image of a container" if found.containers else "no image"
            message = f"it names {what}, and every pod has one: this was cut, or made by hand"
            self._findings.append(Finding.of("not-read", self._place(kind, found), message))
        is_workflow = isinstance(found, Workload) and found.workflow is not None
        if isinstance(found, Workload) and is_workflow:
            self._workflows.take(found)
        for container in (*found.containers, *self._in_texts(kind, found)):
            if is_workflow and is_open(container.image):
                continue  # who runs it may give it a value: that is asked when all are known
            place = self._place(kind, found, container.path)
            self._asked.take(container.image, place)
            if isinstance(found, Pod):
                self._compare(container, place, found)

    def _compare(self, container: Container, place: ClusterPlace, pod: Pod) -> None:
        if container.lacks_status and pod.has_run:
            # It was cut out, or its node leaves it out: in either case nobody knows what runs.
            container = replace(container, state="running")
        self._running.take(container, place, pod.node)

    def _look_at_workflows(self) -> None:
        for named in self._workflows.finish():
            workload = named.workload
            self._asked.take(named.image, self._place(workload.kind, workload, named.container))
        for workload, problem in self._workflows.problems:
            place = self._place(workload.kind, workload)
            found = Finding.of("not-looked-at", place, problem.message, help=problem.help)
            self._findings.append(found)

    def _in_texts(self, kind: str, found: Pod | Workload) -> tuple[Container, ...]:
        if isinstance(found, Pod) or not found.texts:
            return ()
        from imagelock.decide.texts import containers_in_texts  # what few clusters need

        containers, problem = containers_in_texts(found.texts)
        if problem:
            self._findings.append(Finding.of("not-looked-at", self._place(kind, found), problem))
        return containers

    def _place(self, kind: str, found: Pod | Workload, container: str = "") -> ClusterPlace:
        return ClusterPlace(
            namespace=found.namespace,
            kind=kind,
            name=found.name,
            container=container,
            cluster=self._cluster,
            workload=found.workload,
        )

    def _at_its_cron_job(self, finding: Finding) -> Finding:
        place = finding.place
        if isinstance(place, ClusterPlace):
            return replace(finding, place=self._jobs.told(place))
        return finding

    def _about_nodes(self) -> Iterator[Finding]:
        uses, cluster = self._asked.uses, self._cluster
        yield from self._nodes.findings(self._terms, self._proofs, uses, cluster)

    def _about_nothing(self) -> Iterator[Finding]:
        if self._counts.total():
            return
        message = "no pod and no workload was in what was read"
        nothing = Finding.of("not-looked-at", FilePlace(self._cluster or self._last_page), message)
        # A name or a label that is misspelt meets nothing, and is no proof of anything.
        is_meant = self._left_out.has_excluded
        has_nodes = self._nodes.nodes and not self._scope.is_narrow
        yield nothing if is_meant or has_nodes else nothing.strict()

    def _about_exemptions(self) -> Iterator[Finding]:
        exemptions, today = self._terms.exemptions, self._terms.today
        if self._scope != EVERYTHING:
            # What a part of a cluster does not use, another part may.
            yield from ended(exemptions, today)
        elif self._asked.counts["images"]:
            yield from self._asked.uses.findings(exemptions, today)

    def _coverage(self) -> Coverage:
        of_nodes = self._nodes.skipped(self._terms, self._scope)
        skipped = (*self._left_out.skipped(), *of_nodes)
        pods, workloads = self._counts["pods"], self._counts["workloads"]
        unit = "pods" if not workloads else "pods and workloads" if pods else "workloads"
        return Coverage(pods + workloads, unit, skipped)

    def _summary(self) -> dict[str, int]:
        asked, running = self._asked.counts, self._running.counts
        told = {
            "pods": self._counts["pods"],
            "workloads": self._counts["workloads"],
            "nodes": self._nodes.nodes,
            "images asked for": asked["images"],
            "allowed": asked["allowed"],
            "exempt": self._asked.uses.total,
            "running as asked": running["running as asked"],
            "not started": running["not started"],
            "images on nodes under a tag": self._nodes.tagged,
        }
        always = {"pods", "images asked for", "allowed", "exempt"}
        return {name: count for name, count in told.items() if count or name in always}
