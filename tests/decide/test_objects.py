"""Objects, one by one: the answers are those that `verify` gives about all of them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace
from tests.simulators.api_server import RECORDINGS, recorded

from imagelock.core.cluster import Container, Node, Owner, Page, Pod, Workload
from imagelock.core.place import ClusterPlace, Source
from imagelock.core.presets import exemptions_of
from imagelock.core.proof import Child, Index, Proofs
from imagelock.core.reference import Digest
from imagelock.decide.judge import Terms
from imagelock.decide.objects import Judged, Objects
from imagelock.decide.verify import Scope, verify_pages
from imagelock.syntax.kubernetes import parse_page
from imagelock.syntax.lockfile import parse_lock

if TYPE_CHECKING:
    from imagelock.core.finding import Finding

A, B = "sha256:" + "a" * 64, "sha256:" + "b" * 64
PINNED = f"quay.io/shop/api:1@{A}"
TERMS = Terms(policy="pinned", lock=None, exemptions=(), today=date(2026, 3, 1))


def pod(
    name: str = "a", image: str = PINNED, *, namespace: str = "shop", image_id: str = ""
) -> Pod:
    container = Container(kind="container", name="app", image=image, image_id=image_id)
    return Pod(namespace=namespace, name=name, containers=(container,), uid=f"uid-{name}", node="n")


def judged(*pages: Page, terms: Terms = TERMS, **more: object) -> list[Judged]:
    objects = Objects(terms, **more)  # type: ignore[arg-type]
    return [one for page in pages for one in objects.judged(page)]


def rules(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.rule.name for finding in findings]


def test_every_object_comes_with_what_is_wrong_with_it() -> None:
    page = Page(kind="PodList", pods=(pod("a"), pod("b", "redis:7"), pod("c", "redis:7")))

    first, second, third = judged(page)

    assert first == Judged(kind="Pod", namespace="shop", name="a", uid="uid-a", images=1)
    assert rules(second.findings) == rules(third.findings) == ["not-pulled-by-digest"]
    assert second.findings[0].place == ClusterPlace(
        namespace="shop", kind="Pod", name="b", container="container app", workload="Pod/b"
    )


def test_an_object_of_another_namespace_is_left_out() -> None:
    page = Page(kind="PodList", pods=(pod("a"), pod("b", "redis:7", namespace="play")))

    assert [one.name for one in judged(page, scope=Scope(only=frozenset({"shop"})))] == ["a"]


def test_the_replica_set_of_an_earlier_revision_asks_for_nothing() -> None:
    old = Workload(
        kind="ReplicaSet",
        namespace="shop",
        name="api-1",
        containers=pod(image="redis:6").containers,
        owner=Owner("Deployment", "api"),
        replicas=0,
    )

    (one,) = judged(Page(kind="ReplicaSetList", workloads=(old,)))

    assert (one.images, one.findings) == (0, ())


def test_a_note_is_not_told_of_one_object() -> None:
    mirrored = pod(image_id=f"mirror.example/shop/api@{A}")

    assert judged(Page(kind="Pod", pods=(mirrored,)))[0].findings == ()


def test_warnings_are_errors_where_that_is_wanted() -> None:
    page = Page(kind="Pod", pods=(pod(image_id=f"quay.io/shop/api@{B}"),))

    ((warning,),) = (one.findings for one in judged(page))
    ((error,),) = (one.findings for one in judged(page, strict=True))

    assert (warning.severity, error.severity) == ("warning", "error")
    assert warning.rule.name == error.rule.name == "cannot-compare"


def test_a_pod_is_compared_with_the_architecture_of_its_node() -> None:
    index = Index((Child(Digest.parse(B), "arm64"),))
    proofs = Proofs({Digest.parse(A): index})
    runs = Page(kind="Pod", pods=(pod(image_id=f"quay.io/shop/api@{B}"),))

    def on(architecture: str) -> list[str]:
        node = Page(kind="Node", nodes=(Node(name="n", architecture=architecture),))
        return rules(judged(node, runs, proofs=proofs)[1].findings)

    assert on("arm64") == []
    assert on("amd64") == ["cannot-compare"]


def test_nodes_that_were_seen_are_known_to_what_judges_by_other_terms() -> None:
    proofs = Proofs({Digest.parse(A): Index((Child(Digest.parse(B), "arm64"),))})
    objects = Objects(TERMS)
    list(objects.judged(Page(kind="Node", nodes=(Node(name="n", architecture="amd64"),))))

    (one,) = objects.by(TERMS, proofs).judged(
        Page(kind="Pod", pods=(pod(image_id=f"quay.io/shop/api@{B}"),))
    )

    assert rules(one.findings) == ["cannot-compare"]


def of_job(job: str) -> Page:
    return Page(kind="Pod", pods=(replace(pod(f"{job}-x", "redis:7"), owner=Owner("Job", job)),))


def a_job(name: str, *, owner: str = "") -> Page:
    by = Owner("CronJob", owner) if owner else None
    containers = pod(image="redis:7").containers
    job = Workload(kind="Job", namespace="shop", name=name, containers=containers, owner=by)
    return Page(kind="Job", workloads=(job,))


def workloads(page: Page, objects: Objects) -> list[str]:
    places = [finding.place for one in objects.judged(page) for finding in one.findings]
    return [place.workload for place in places if isinstance(place, ClusterPlace)]


def test_the_pod_of_a_cron_job_is_told_at_the_cron_job() -> None:
    objects = Objects(TERMS)
    list(objects.judged(a_job("nightly", owner="backup")))

    assert workloads(of_job("nightly"), objects) == ["CronJob/backup"]


def test_the_pod_of_a_job_that_was_not_seen_yet_is_told_where_its_name_leads() -> None:
    assert workloads(of_job("backup-29384756"), Objects(TERMS)) == ["CronJob/backup"]
    assert workloads(of_job("migrate-7"), Objects(TERMS)) == ["Job/migrate-7"]
    assert workloads(of_job("report-20260301"), Objects(TERMS)) == ["Job/report-20260301"]


def test_a_job_that_somebody_named_like_that_is_its_own_workload() -> None:
    objects = Objects(TERMS)
    list(objects.judged(a_job("report-20260301")))

    assert workloads(of_job("report-20260301"), objects) == ["Job/report-20260301"]


def test_jobs_that_are_gone_are_forgotten() -> None:
    objects = Objects(TERMS)
    for name in ("a", "b", "c"):
        list(objects.judged(a_job(name, owner="backup")))

    objects.forget("Job", "shop", "a")
    objects.keep("Job", lambda _namespace, name: name == "c")
    objects.keep("Pod", lambda _namespace, _name: False)

    assert [workloads(of_job(name), objects) for name in ("a", "b", "c")] == [
        ["Job/a"],
        ["Job/b"],
        ["CronJob/backup"],
    ]


def test_nodes_that_are_gone_are_forgotten() -> None:
    proofs = Proofs({Digest.parse(A): Index((Child(Digest.parse(B), "arm64"),))})
    objects = Objects(TERMS, proofs=proofs)
    runs = Page(kind="Pod", pods=(pod(image_id=f"quay.io/shop/api@{B}"),))
    list(objects.judged(Page(kind="Node", nodes=(Node(name="n", architecture="amd64"),))))
    assert [rules(one.findings) for one in objects.judged(runs)] == [["cannot-compare"]]

    objects.keep("Node", lambda _namespace, _name: False)

    assert [rules(one.findings) for one in objects.judged(runs)] == [[]]


def node(architecture: str) -> Page:
    return Page(kind="Node", nodes=(Node(name="n", architecture=architecture),))


def test_pods_are_judged_again_when_their_node_is_not_what_they_were_judged_by() -> None:
    proofs = Proofs({Digest.parse(A): Index((Child(Digest.parse(B), "arm64"),))})
    objects = Objects(TERMS, proofs=proofs)
    runs = Page(kind="Pod", pods=(pod(image_id=f"quay.io/shop/api@{B}"),))

    def again(page: Page) -> bool:
        objects.must_judge_pods_again = False
        list(objects.judged(page))
        return objects.must_judge_pods_again

    assert not again(runs)
    assert again(node("amd64"))
    assert not again(node("amd64"))
    assert not again(runs)
    assert again(node("arm64"))


def test_without_documents_no_pod_depends_on_its_node() -> None:
    objects = Objects(TERMS)
    list(objects.judged(Page(kind="Pod", pods=(pod(image_id=f"quay.io/shop/api@{B}"),))))
    list(objects.judged(node("amd64")))

    assert not objects.must_judge_pods_again


def test_an_image_that_nothing_explains_is_told_of_every_node_that_holds_it() -> None:
    lock = parse_lock(Source("images.lock", f"{PINNED}\n"))
    held = (("quay.io/stray/image:1",),)
    page = Page(kind="NodeList", nodes=(Node(name="m", images=held), Node(name="n", images=held)))

    first, second = judged(page, terms=replace(TERMS, lock=lock))

    assert rules(first.findings) == rules(second.findings) == ["unexplained-image"]


@pytest.mark.parametrize("policy", ["pinned", "locked"])
def test_of_a_recorded_cluster_it_says_what_verify_says(policy: str) -> None:
    if not RECORDINGS.is_dir():
        pytest.skip("needs ../shared/recordings/kubernetes-1.36")
    lock = parse_lock(Source("images.lock", (RECORDINGS / "images.lock").read_text()))
    terms = replace(TERMS, policy=policy, lock=lock, exemptions=exemptions_of(("gke",)))
    names = ("nodes", "jobs", "pods-all", "deployments", "statefulsets", "daemonsets", "cronjobs")
    pages = [parse_page(recorded(name).body, name=name) for name in names]

    by_object = {finding for one in judged(*pages, terms=terms) for finding in one.findings}

    whole = verify_pages(pages, terms).findings
    told = {one for one in whole if one.severity != "note" and isinstance(one.place, ClusterPlace)}
    assert by_object == told
    assert len(told) >= 9
