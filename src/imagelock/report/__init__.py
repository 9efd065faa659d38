"""A report as text: one file, one format; here is what several of them say alike."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imagelock.core.finding import Report

__all__ = ["counts_of"]


def counts_of(report: Report) -> dict[str, int]:
    """Return the counts under names that a query may hold without quotes: ``pinned_now``."""
    return {
        "errors": report.count("error"),
        "warnings": report.count("warning"),
        "notes": report.count("note"),
        **{re.sub(r"\W+", "_", name): count for name, count in report.summary.items()},
    }
