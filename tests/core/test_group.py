from __future__ import annotations

import pytest

from imagelock.core.finding import Finding
from imagelock.core.group import Group, grouped, how_many
from imagelock.core.place import ClusterPlace, FilePlace, Place


def place(name: str, kind: str = "Pod", workload: str = "Deployment/api") -> ClusterPlace:
    return ClusterPlace(
        namespace="shop", kind=kind, name=name, container="container c", workload=workload
    )


def finding(place: Place, rule: str = "unpinned", image: str = "redis:7") -> Finding:
    return Finding.of(rule, place, "no digest", image=image)


def only(*places: Place) -> Group:
    (group,) = grouped([finding(place) for place in places])
    return group


@pytest.mark.parametrize(
    ("places", "extent"),
    [
        ([place("api-1")], "in pod api-1"),
        ([place("api-1"), place("api-2")], "in 2 pods, e.g. api-1"),
        ([place("api", "Deployment"), place("api-1")], "in its template and pod api-1"),
        (
            [place("api", "Deployment"), *(place(f"api-{n}") for n in range(1200))],
            "in its template and 1,200 pods, e.g. api-0",
        ),
        (
            [place("a-1", "Job", "CronJob/a"), place("a-1-x", workload="CronJob/a")],
            "in 1 job and 1 pod, e.g. a-1",
        ),
        ([place("api", "Deployment")], ""),
        ([place("web", workload="Pod/web")], ""),
        ([place("web", workload="")], ""),
        ([FilePlace("a.yaml", 1)], ""),
    ],
)
def test_a_group_says_how_far_it_reaches(places: list[Place], extent: str) -> None:
    assert only(*places).extent == extent


def test_a_group_stands_at_its_workload() -> None:
    assert str(only(place("api-1")).place) == "shop/Deployment/api container c"
    assert str(only(place("web", workload="")).place) == "shop/Pod/web container c"
    assert str(only(FilePlace("a.yaml", 1)).place) == "a.yaml:1"


def test_lines_of_files_are_never_grouped() -> None:
    same = finding(FilePlace("a.yaml", 1))

    assert len(grouped([same, same])) == 2


def test_what_differs_in_anything_but_the_pod_is_told_apart() -> None:
    other_namespace = ClusterPlace(kind="Pod", name="api-1", workload="Deployment/api")
    findings = [
        finding(place("api-1")),
        finding(place("api-2"), image="redis:8"),
        finding(place("api-3"), rule="cannot-compare"),
        finding(place("api-4", workload="Deployment/web")),
        finding(other_namespace),
        finding(place("api-5")).strict(),
    ]

    assert [len(group.places) for group in grouped(findings)] == [2, 1, 1, 1, 1]


def test_errors_come_first_and_what_is_about_one_workload_stands_together() -> None:
    findings = [
        finding(place("api-1"), "cannot-compare"),
        finding(place("web-1", workload="Deployment/web")),
        finding(place("api-1")),
        finding(place("web-1", workload="Deployment/web"), image="nginx"),
        finding(FilePlace("a.yaml", 9)),
        finding(FilePlace("a.yaml", 1)),
    ]

    assert [(group.finding.severity, str(group.place)) for group in grouped(findings)] == [
        ("error", "shop/Deployment/api container c"),
        ("error", "shop/Deployment/web container c"),
        ("error", "shop/Deployment/web container c"),
        ("error", "a.yaml:1"),
        ("error", "a.yaml:9"),
        ("warning", "shop/Deployment/api container c"),
    ]


def test_many_places_are_named_in_part_and_counted() -> None:
    assert only(place("api-1")).named_places == []
    assert only(*(place(f"api-{n}") for n in range(10))).named_places[-1].endswith("c")
    assert only(*(place(f"api-{n}") for n in range(1_500))).named_places[-1] == "and 1,490 more"


def test_findings_are_counted_by_severity() -> None:
    findings = [finding(place("a")), finding(place("b")), finding(place("c"), "unused-exemption")]

    assert how_many(grouped(findings)) == "2 errors, 1 note"


def test_a_hostile_name_is_harmless() -> None:
    group = only(place("a\x1b[2J", workload="Deployment/x\n"))

    assert group.extent.isprintable()
    assert str(group.place).isprintable()
