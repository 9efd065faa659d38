"""Metrics in the text format of Prometheus: set by one thread, read by another."""

from __future__ import annotations

import threading
from math import isinf, isnan
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["CONTENT_TYPE", "Family", "Metrics"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_OTHERS = "(others)"
_MOST_SERIES = 2_000  # of one family


class Family(Struct, frozen=True):
    """One metric: its name, its help, and the names of its labels."""

    name: str
    kind: Literal["gauge", "counter"]
    help: str
    labels: tuple[str, ...] = ()


class Metrics:
    """The values of some families.

    Whoever can make namespaces must not be able to fill the memory of whoever keeps
    the metrics: beyond a number of series, all that is new counts as ``(others)``.
    """

    def __init__(self, families: Iterable[Family], *, most_series: int = _MOST_SERIES) -> None:
        self._families = {family.name: family for family in families}
        self._values: dict[str, dict[tuple[str, ...], float]] = {
            family.name: {} if family.labels else {(): 0.0} for family in self._families.values()
        }
        self._most_series = most_series
        self._lock = threading.Lock()

    def set(self, name: str, value: float, *labels: str) -> None:
        """Set a value."""
        with self._lock:
            self._values[name][self._series(name, labels)] = value

    def add(self, name: str, amount: float, *labels: str) -> None:
        """Add to a value; one that falls to 0 is still shown, so that alerts end."""
        with self._lock:
            values, series = self._values[name], self._series(name, labels)
            values[series] = values.get(series, 0.0) + amount

    def clear(self, name: str) -> None:
        """Set every value of a family to 0."""
        with self._lock:
            self._values[name] = dict.fromkeys(self._values[name], 0.0)

    def render(self) -> str:
        """Return everything as a page."""
        lines: list[str] = []
        with self._lock:
            for family in self._families.values():
                lines.append(f"# HELP {family.name} {_escaped(family.help)}")
                lines.append(f"# TYPE {family.name} {family.kind}")
                values = sorted(self._values[family.name].items())
                lines += [_line(family, labels, value) for labels, value in values]
        return "\n".join(lines) + "\n"

    def _series(self, name: str, labels: tuple[str, ...]) -> tuple[str, ...]:
        values, wanted = self._values[name], self._families[name].labels
        if len(labels) != len(wanted):
            raise ValueError(f"{name} has the labels {wanted}")
        if labels in values or len(values) < self._most_series:
            return labels
        return (_OTHERS,) * len(labels)


def _line(family: Family, labels: tuple[str, ...], value: float) -> str:
    pairs = ",".join(
        f'{name}="{_escaped(text, quotes=True)}"'
        for name, text in zip(family.labels, labels, strict=True)
    )
    return (
        f"{family.name}{{{pairs}}} {_number(value)}" if pairs else f"{family.name} {_number(value)}"
    )


def _escaped(text: str, *, quotes: bool = False) -> str:
    text = text.replace("\\", r"\\").replace("\n", r"\n")
    return text.replace('"', r"\"") if quotes else text


def _number(value: float) -> str:
    if isnan(value):
        return "NaN"
    if isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if value == int(value) else repr(value)
