"""A report for people: in a terminal, and in the log of a job."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imagelock.core.finding import Report

__all__ = ["render"]


def render(report: Report, *, colour: bool = False) -> str:
    """Return the report as lines of text."""
    del colour
    lines = [f"{finding.place}: {finding.message}" for finding in report.findings]
    lines.append(f"{len(report.findings)} findings in {report.coverage.looked_at}")
    return "\n".join(lines) + "\n"
