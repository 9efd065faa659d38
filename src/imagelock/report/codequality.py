"""A report as GitLab's Code Quality widget reads it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from imagelock.core.identity import filed_under, fingerprints
from imagelock.core.place import FilePlace, printable

if TYPE_CHECKING:
    from imagelock.core.finding import Finding, Report

__all__ = ["render"]

# "critical" and "blocker" would claim to know what the image is for.
_SEVERITIES = {"error": "major", "warning": "minor", "note": "info"}


def render(report: Report) -> str:
    """Return the list of issues; GitLab shows one issue for one fingerprint."""
    issues = [
        _issue(finding, fingerprint)
        for finding, fingerprint in zip(report.findings, fingerprints(report.findings), strict=True)
    ]
    return json.dumps(issues, indent=2) + "\n"


def _issue(finding: Finding, fingerprint: str) -> dict[str, object]:
    line = finding.place.line if isinstance(finding.place, FilePlace) else 0
    return {
        "description": _description(finding),
        "check_name": finding.rule.name,
        "fingerprint": fingerprint,
        "severity": _SEVERITIES[finding.severity],
        "location": {
            "path": printable(filed_under(finding.place)),
            "lines": {"begin": max(1, line)},
        },
    }


def _description(finding: Finding) -> str:
    if isinstance(finding.place, FilePlace):
        return finding.sentence
    return f"{finding.place}: {finding.sentence}"
