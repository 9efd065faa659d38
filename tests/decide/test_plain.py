"""Which pods are only counted: those of which there is nothing to tell."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from imagelock.core.cluster import Alike, Container, Page
from imagelock.core.exemption import Exemption
from imagelock.core.lock import Lock, LockEntry
from imagelock.core.place import FilePlace
from imagelock.core.presets import exemptions_of
from imagelock.core.reference import ImageReference
from imagelock.decide.judge import Terms
from imagelock.decide.plain import Plain
from imagelock.decide.scope import Scope
from imagelock.decide.verify import verify_pages
from imagelock.syntax.kubernetes import parse_page

if TYPE_CHECKING:
    from imagelock.core.finding import Report

RECORDINGS = Path(__file__).resolve().parents[3] / "shared" / "recordings" / "kubernetes-1.36"
A, B = "sha256:" + "a" * 64, "sha256:" + "b" * 64
PAUSE = Exemption(repository="gke.gcr.io", namespaces=("kube-system",), reason="the provider's")
TERMS = Terms(policy="pinned", lock=None, exemptions=(PAUSE,), today=date(2027, 1, 1))
LOCKED = replace(
    TERMS,
    policy="locked",
    lock=Lock([LockEntry(ImageReference.parse(f"redis:7@{A}"), FilePlace("images.lock"))]),
)


def container(image: str, image_id: str = "", **fields: Any) -> Container:
    state = "running" if image_id else "waiting"
    return Container(
        **{"kind": "container", "name": "c", "image": image, "image_id": image_id, "state": state}
        | fields
    )


@pytest.mark.parametrize(
    ("containers", "plain"),
    [
        ([container(f"redis@{A}", f"redis@{A}")], True),
        ([container(f"redis@{A}")], True),
        ([container("gke.gcr.io/pause:3", f"gke.gcr.io/pause@{B}")], True),
        ([], False),
        ([container("redis:7", f"redis@{A}")], False),
        ([container(f"redis@{A}", f"redis@{A}"), container("redis")], False),
        ([container(f"redis@{A}", f"mirror.example/redis@{A}")], False),
        ([container(f"redis@{A}", f"redis@{B}")], False),
        ([container(f"redis@{A}", state="running")], False),
        ([container(f"redis@{A}", state="unknown")], False),
        ([container(f"redis@{A}", kind="init container")], False),
        ([container(f"redis@{A}"), container(f"redis@{A}", kind="volume", state="unknown")], True),
        ([container("gke.gcr.io/pause:3", state="unknown")], True),
        ([container("not an image")], False),
    ],
)
def test_only_what_is_allowed_and_runs_as_asked_is_plain(
    containers: list[Container], *, plain: bool
) -> None:
    assert Plain(TERMS)("kube-system", tuple(containers)) is plain


def test_the_namespace_and_the_policy_decide_too() -> None:
    pause = (container("gke.gcr.io/pause:3"),)
    other = (container(f"redis@{B}"),)

    assert not Plain(TERMS)("shop", pause)
    assert Plain(TERMS)("shop", other)
    assert not Plain(LOCKED)("shop", other)


ALIKE = Alike("shop", (container(f"redis@{A}", f"redis@{A}"),), ("1", "2", "", ""))


def verify(*alike: Alike, **options: Any) -> Report:
    return verify_pages([Page(kind="PodList", alike=alike)], TERMS, **options)


def test_what_is_alike_is_counted_once_for_every_pod() -> None:
    report = verify(ALIKE, replace(ALIKE, uids=("2", "3")))

    assert [finding.rule.name for finding in report.findings] == ["unused-exemption"]
    assert report.coverage.looked_at == 5
    assert report.summary == {
        "pods": 5,
        "images asked for": 5,
        "allowed": 5,
        "exempt": 0,
        "running as asked": 5,
    }


def test_an_image_of_pods_that_were_all_seen_before_is_not_told_as_asked_for() -> None:
    other = replace(ALIKE, containers=(container(f"redis@{B}", f"redis@{B}"),), uids=("1", "2"))

    assert [(use.image, use.uses) for use in verify(ALIKE, other).images] == [(f"redis@{A}", 4)]


def test_what_is_alike_in_another_namespace_is_left_out_and_told() -> None:
    report = verify(ALIKE, scope=Scope(without=frozenset({"shop"})))

    assert report.coverage.looked_at == 0
    assert [skipped.what for skipped in report.coverage.skipped] == ["4 objects in namespace shop"]


@pytest.mark.parametrize("preset", [(), ("gke",)])
def test_the_recorded_cluster_is_told_the_same_however_it_is_read(preset: tuple[str, ...]) -> None:
    if not RECORDINGS.exists():
        pytest.skip(f"needs the recordings of a Kubernetes API server ({RECORDINGS})")
    pages = [(RECORDINGS / f"pods-page-{number}.json").read_bytes() for number in (1, 2, 3)]
    terms = replace(TERMS, exemptions=exemptions_of(preset))

    whole = verify_pages([parse_page(data, name="pods") for data in pages], terms)
    condensed = [parse_page(data, name="pods", is_plain=Plain(terms)) for data in pages]
    report = verify_pages(condensed, terms)

    assert sum(page.pod_count for page in condensed) == 37
    assert any(page.alike for page in condensed)
    assert report.findings == whole.findings
    assert (report.summary, report.coverage) == (whole.summary, whole.coverage)
    assert sorted(report.images, key=str) == sorted(whole.images, key=str)
