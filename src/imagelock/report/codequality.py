"""A report as GitLab's Code Quality widget reads it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from imagelock.core.group import LISTED, grouped, how_many
from imagelock.core.identity import filed_under, fingerprints
from imagelock.core.place import FilePlace, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imagelock.core.finding import Report
    from imagelock.core.group import Group

__all__ = ["render"]

# "critical" and "blocker" would claim to know what the image is for.
_SEVERITIES = {"error": "major", "warning": "minor", "note": "info"}


def render(report: Report) -> str:
    """Return the list of issues; GitLab shows one issue for one fingerprint."""
    groups = grouped(report.findings)
    listed, rest = groups[:LISTED], groups[LISTED:]
    names = fingerprints(group.finding for group in listed)
    issues = [_issue(group, name) for group, name in zip(listed, names, strict=True)]
    if rest:
        issues.append(_unlisted(rest))
    return json.dumps(issues, indent=2) + "\n"


def _issue(group: Group, fingerprint: str) -> dict[str, object]:
    place = group.place
    line = place.line if isinstance(place, FilePlace) else 0
    return {
        "description": _description(group),
        "check_name": group.finding.rule.name,
        "fingerprint": fingerprint,
        "severity": _SEVERITIES[group.finding.severity],
        "location": {
            "path": printable(filed_under(place)),
            "lines": {"begin": max(1, line)},
        },
    }


def _description(group: Group) -> str:
    if isinstance(group.place, FilePlace):
        return group.sentence
    return f"{group.place}: {group.sentence}"


def _unlisted(rest: Sequence[Group]) -> dict[str, object]:
    """Tell of what is not listed, where it can be seen: as an issue."""
    return {
        "description": f"{how_many(rest)} more: the report as JSON has them all",
        "check_name": "and-more",
        "fingerprint": "0" * 64,
        "severity": _SEVERITIES[rest[0].finding.severity],
        "location": {"path": printable(filed_under(rest[0].place)), "lines": {"begin": 1}},
    }
