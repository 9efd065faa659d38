"""A report as text: one file, one format; here is what several of them say alike."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from imagelock.core.place import ClusterPlace, printable

if TYPE_CHECKING:
    from imagelock.core.exemption import Exemption
    from imagelock.core.finding import Finding, Report

__all__ = ["counted", "counts_of", "in_order", "named_for", "terms_of"]


def in_order(report: Report) -> Report:
    """Return the report with what is in a cluster in the order of its namespaces and workloads.

    A namespace is what one team mends. And one cluster, whatever lists and files it was
    read from first, gives one report. What is in files stays as it was, after that.
    """
    return replace(report, findings=tuple(sorted(report.findings, key=_order)))


def _order(finding: Finding) -> tuple[bool, bool, str, str, str]:
    place = finding.place
    if not isinstance(place, ClusterPlace):
        return True, True, "", "", ""
    workload = place.workload or f"{place.kind}/{place.name}"
    return False, not place.namespace, place.namespace, workload, place.name


def counts_of(report: Report) -> dict[str, int]:
    """Return the counts under names that a query may hold without quotes: ``pinned_now``."""
    return {
        "errors": report.count("error"),
        "warnings": report.count("warning"),
        "notes": report.count("note"),
        **{re.sub(r"\W+", "_", name): count for name, count in report.summary.items()},
    }


def counted(count: int, things: str) -> str:
    """Return ``1 image asked for`` or ``2 images asked for``."""
    return f"{count:,} {named_for(count, things)}"


def named_for(count: int, things: str) -> str:
    """Return the name of *things* as it stands beside their number."""
    first, space, rest = printable(things).partition(" ")
    return f"{first.removesuffix('s') if count == 1 else first}{space}{rest}"


def terms_of(exemption: Exemption) -> str:
    """Say who answers for an exemption and when it ends: ``, owned by ops, until 2027-12-31``."""
    owner = f", owned by {printable(exemption.owner)}" if exemption.owner else ""
    until = f", until {exemption.until}" if exemption.until else ""
    return owner + until
