"""Metrics, as Prometheus' own parser reads them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from imagelock.serve.metrics import Family, Metrics

COUNT = Family("x_total", "counter", "So many.", ("kind",))
PLAIN = Family("x_seconds", "gauge", "So long.")


def read(metrics: Metrics) -> dict[str, dict[tuple[Any, ...], float]]:
    """Return the values by name and by the values of their labels."""
    return {
        family.name: {tuple(one.labels.values()): one.value for one in family.samples}
        for family in text_string_to_metric_families(metrics.render())
    }


def test_what_was_set_is_what_prometheus_reads() -> None:
    metrics = Metrics((COUNT, PLAIN))
    metrics.add("x_total", 1, "Pod")
    metrics.add("x_total", 2, "Pod")
    metrics.set("x_seconds", 1.5)

    assert read(metrics) == {"x": {("Pod",): 3.0}, "x_seconds": {(): 1.5}}


def test_help_and_kind_are_told() -> None:
    (family,) = text_string_to_metric_families(Metrics((PLAIN,)).render())

    assert (family.documentation, family.type) == ("So long.", "gauge")


def test_a_value_without_labels_is_0_from_the_beginning() -> None:
    assert read(Metrics((PLAIN,))) == {"x_seconds": {(): 0.0}}


def test_a_value_that_falls_to_0_stays() -> None:
    metrics = Metrics((COUNT,))
    metrics.add("x_total", 1, "Pod")
    metrics.add("x_total", -1, "Pod")

    assert read(metrics) == {"x": {("Pod",): 0.0}}


def test_a_family_can_be_cleared() -> None:
    metrics = Metrics((COUNT,))
    metrics.add("x_total", 4, "Pod")
    metrics.clear("x_total")

    assert read(metrics) == {"x": {("Pod",): 0.0}}


@given(st.text(), st.floats(allow_nan=False))
def test_whatever_a_label_holds_it_is_read_as_it_was(label: str, value: float) -> None:
    # Prometheus' parser splits at every line end that Python knows; ours is the newline only.
    metrics = Metrics((COUNT,))
    metrics.set("x_total", value, label)

    lines = metrics.render().split("\n")

    assert len(lines) == 4
    if len(lines[2].splitlines()) == 1 and "\ud800" not in label and label.isprintable():
        assert read(metrics) == {"x": {(label,): value}}


@pytest.mark.parametrize("label", ['a"b', "a\\b", "a\nb", "a\\nb", "}", "{", ",", "=", ""])
def test_signs_that_mean_something_are_escaped(label: str) -> None:
    metrics = Metrics((COUNT,))
    metrics.set("x_total", 1, label)

    assert read(metrics) == {"x": {(label,): 1.0}}


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), 0.1, 1e300, 1795464989.3680365])
def test_numbers_are_read_as_they_were(value: float) -> None:
    metrics = Metrics((PLAIN,))
    metrics.set("x_seconds", value)

    assert read(metrics) == {"x_seconds": {(): value}}


def test_nobody_can_fill_the_memory_with_new_labels() -> None:
    metrics = Metrics((COUNT,), most_series=10)
    for number in range(1_000):
        metrics.add("x_total", 1, f"namespace-{number}")
    metrics.add("x_total", 1, "namespace-3")

    values = read(metrics)["x"]
    assert len(values) == 11
    assert values["(others)",] == 990
    assert values["namespace-3",] == 2


def test_a_label_too_few_is_a_bug() -> None:
    with pytest.raises(ValueError, match="has the labels"):
        Metrics((COUNT,)).add("x_total", 1)
