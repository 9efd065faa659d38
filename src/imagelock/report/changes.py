"""Findings as they appear and go: one line each, for people or as JSON.

2026-03-01T09:30:00Z appeared shop/Deployment/api container app: error: 'nginx:1' … [unpinned]
2026-03-01T09:41:12Z went     shop/Deployment/api container app: error: 'nginx:1' … [unpinned]
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from msgspec import to_builtins

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from imagelock.core.change import Change
    from imagelock.core.finding import Skipped

__all__ = ["VERSION", "began_line", "json_line", "text_line", "whole_line"]

VERSION = 1  # of the lines: it grows when a reader of the old ones could go wrong
_COLOURS = {"error": "31", "warning": "33", "note": "36", "went": "32", "place": "1", "dim": "2"}


def text_line(change: Change, *, time: str, colour: bool = False) -> str:
    """Return a change as a person reads it."""
    finding = change.finding

    def paint(text: str, style: str) -> str:
        return f"\x1b[{_COLOURS[style]}m{text}\x1b[0m" if colour else text

    has_gone = change.what == "went"
    what = paint(f"{change.what:<8}", "went" if has_gone else finding.severity)
    severity = paint(f"{finding.severity}:", "dim" if has_gone else finding.severity)
    rule = paint(f"[{finding.rule.name}]", "dim")
    place = paint(str(finding.place), "place")
    return f"{paint(time, 'dim')} {what} {place}: {severity} {finding.sentence} {rule}\n"


def json_line(change: Change, *, time: str) -> str:
    """Return a change as one line of JSON; the finding is that of report.schema.json."""
    finding = change.finding
    return _line(
        change.what,
        time,
        {
            "finding": {
                "rule": finding.rule.name,
                "severity": finding.severity,
                "message": finding.message,
                "help": finding.help,
                "image": finding.image,
                "location": to_builtins(finding.place),
            }
        },
    )


def began_line(*, time: str) -> str:
    """Return the line after which nothing is known: what stands follows."""
    return _line("began", time, {})


def whole_line(standing: Mapping[str, int], skipped: Iterable[Skipped], *, time: str) -> str:
    """Return the line that follows what stood at the beginning: from there on it is news."""
    left_out = [{"what": one.what, "reason": one.reason} for one in skipped]
    return _line("whole", time, {"standing": dict(standing), "skipped": left_out})


def _line(change: str, time: str, more: Mapping[str, object]) -> str:
    # ASCII: what a terminal would obey is escaped, and so is what UTF-8 cannot hold.
    return json.dumps({"version": VERSION, "time": time, "change": change, **more}) + "\n"
