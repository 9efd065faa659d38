from __future__ import annotations

import re
from typing import TYPE_CHECKING

from imagelock.core.finding import Finding
from imagelock.core.group import grouped
from imagelock.core.place import ClusterPlace, FilePlace
from imagelock.report.html.spread import draw_spread

if TYPE_CHECKING:
    from imagelock.core.finding import Report
    from imagelock.core.place import Place


def draw(*places: Place, rule: str = "unpinned") -> str:
    findings = [
        Finding.of(rule, place, "no digest", image=f"a:{n}") for n, place in enumerate(places)
    ]
    return draw_spread(grouped(findings))


def in_namespace(name: str, times: int = 1) -> list[Place]:
    return [ClusterPlace(namespace=name, kind="Pod", name=f"p{n}") for n in range(times)]


def names(picture: str) -> list[str]:
    return re.findall(r"<li><(?:a|span)[^>]*>(.*?)</", picture)


def test_the_namespace_with_the_most_errors_comes_first_and_its_name_filters() -> None:
    picture = draw(*in_namespace("bank"), *in_namespace("shop", 3), *in_namespace("a b&c", 2))

    assert names(picture) == ["shop", "a b&amp;c", "bank"]
    assert '<a href="#namespace=a+b%26c">' in picture
    assert '<span class="number">3 errors</span>' in picture
    assert "Findings by namespace" in picture


def test_an_error_weighs_more_than_any_number_of_warnings() -> None:
    warned = [Finding.of("ambiguous", place, "two") for place in in_namespace("bank", 50)]
    wrong = [Finding.of("unpinned", place, "no digest") for place in in_namespace("shop")]
    picture = draw_spread(grouped([*warned, *wrong]))

    assert names(picture) == ["shop", "bank"]
    assert 'class="fill-warning" x="0.00%" width="100.00%"' in picture
    assert 'class="fill-error" x="0.00%" width="2.00%"' in picture


def test_pods_of_one_line_count_one_by_one(crowd: Report) -> None:
    picture = draw_spread(
        grouped(
            (
                *crowd.findings,
                *(Finding.of("unpinned", place, "no digest") for place in in_namespace("bank", 2)),
            )
        )
    )

    assert '<span class="number">301 errors</span>' in picture


def test_what_is_beyond_the_first_bars_is_counted() -> None:
    picture = draw(*(place for n in range(20) for place in in_namespace(f"n{n:02}", 20 - n)))

    assert names(picture) == [f"n{n:02}" for n in range(8)]
    assert "and 12 namespaces more: 78 errors" in picture


def test_nodes_and_files_beside_a_cluster_belong_to_no_namespace() -> None:
    node = ClusterPlace(kind="Node", name="n1")
    picture = draw(node, FilePlace("imagelock.toml"), *in_namespace("shop"))

    assert names(picture) == ["outside of namespaces", "shop"]


def test_without_a_cluster_it_is_files() -> None:
    picture = draw(FilePlace("a.yaml", 1), FilePlace("b.yaml", 1), FilePlace("b.yaml", 2))

    assert names(picture) == ["b.yaml", "a.yaml"]
    assert '<a href="#workload=%22b.yaml%22">' in picture


def test_one_place_is_compared_with_nothing() -> None:
    assert draw(*in_namespace("shop", 3)) == ""
    assert draw() == ""
