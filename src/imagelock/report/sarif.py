"""A report as SARIF 2.1.0.

Objects of a cluster are logical locations. They also get an artifact of the
form ``cluster/<namespace>/<kind>/<name>``, because GitLab and GitHub drop a
result that has no file.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from imagelock import __version__
from imagelock.core.group import LISTED, grouped, how_many
from imagelock.core.identity import filed_under, fingerprints
from imagelock.core.place import FilePlace, printable
from imagelock.report import counted, counts_of, terms_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imagelock.core.finding import ExemptionUse, Report, Skipped
    from imagelock.core.group import Group
    from imagelock.core.place import Place
    from imagelock.core.rules import Rule

__all__ = ["render"]

_LINK = re.compile(r"\[(?=[^\[\]]*\]\()")  # SARIF 2.1.0, 3.11.6: [text](target), also in plain text


def render(report: Report) -> str:
    """Return the document: one run, the rules that it found something for, its results."""
    groups = grouped(report.findings)
    listed, rest = groups[:LISTED], groups[LISTED:]
    rules = list({group.finding.rule.name: group.finding.rule for group in listed}.values())
    files = list(dict.fromkeys(_uri(group.place) for group in listed))
    driver = {
        "name": "imagelock",
        "semanticVersion": __version__,
        "rules": [_rule(rule) for rule in rules],
    }
    run = {
        "tool": {"driver": driver},
        "invocations": [_invocation(report, rest)],
        "artifacts": [{"location": {"uri": uri}} for uri in files],
        "columnKind": "unicodeCodePoints",
        "results": _results(listed, rules, files),
    }
    return json.dumps({"version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(rule: Rule) -> dict[str, object]:
    paragraphs = (rule.why, f"How to mend it: {rule.mend}", f"How to allow it: {rule.allow}")
    return {
        "id": rule.name,
        "shortDescription": {"text": _plain(rule.what)},
        "fullDescription": {"text": f"{_plain(rule.what)} {_plain(rule.why)}"},
        "help": {
            "text": "\n\n".join(_plain(paragraph) for paragraph in paragraphs),
            "markdown": "\n\n".join(paragraphs) + f"\n\nSee `docs/rules.md`, {rule.name}.",
        },
        "defaultConfiguration": {"level": rule.severity},
    }


def _invocation(report: Report, rest: Sequence[Group]) -> dict[str, object]:
    notifications = [_skipped(one) for one in report.coverage.skipped]
    notifications += [_exempt(use) for use in report.exemptions]
    if rest:
        notifications.append(_notification(f"{how_many(rest)} more are in the report as JSON"))
    return {
        "executionSuccessful": True,
        "exitCode": report.exit_status,
        **({"endTimeUtc": report.made} if report.made else {}),
        "toolExecutionNotifications": notifications,
        "properties": {
            "command": report.command,
            "subject": printable(report.subject),
            "policy": report.policy,
            "looked_at": report.coverage.looked_at,
            "unit": report.coverage.unit,
            **counts_of(report),
        },
    }


def _skipped(skipped: Skipped) -> dict[str, object]:
    what, reason = printable(skipped.what), printable(skipped.reason)
    return _notification(f"{what} was not looked at: {reason}")


def _exempt(use: ExemptionUse) -> dict[str, object]:
    exemption = use.exemption
    where = f"{exemption.repository} in {', '.join(exemption.namespaces)}"
    told = f"{where} is exempt ({counted(use.images, 'images')}{terms_of(exemption)})"
    return _notification(printable(f"{told}: {exemption.reason}"))


def _notification(text: str) -> dict[str, object]:
    return {"level": "note", "message": {"text": _without_links(text)}}


def _results(
    groups: Sequence[Group], rules: list[Rule], files: list[str]
) -> list[dict[str, object]]:
    rule_index = {rule.name: index for index, rule in enumerate(rules)}
    file_index = {uri: index for index, uri in enumerate(files)}
    names = fingerprints(group.finding for group in groups)
    return [
        {
            "ruleId": group.finding.rule.name,
            "ruleIndex": rule_index[group.finding.rule.name],
            "level": group.finding.severity,
            "message": {"text": _without_links(group.sentence)},
            "locations": [_location(group.place, file_index)],
            "occurrenceCount": len(group.places),
            "partialFingerprints": {"imagelock/v1": fingerprint},
            "properties": _properties(group),
        }
        for group, fingerprint in zip(groups, names, strict=True)
    ]


def _location(place: Place, file_index: dict[str, int]) -> dict[str, object]:
    uri = _uri(place)
    location: dict[str, object] = {
        "physicalLocation": {
            "artifactLocation": {"uri": uri, "index": file_index[uri]},
            "region": _region(place),
        }
    }
    logical = _logical(place)
    if logical:
        location["logicalLocations"] = [logical]
    return location


def _region(place: Place) -> dict[str, int]:
    # A whole file, and an object of a cluster, are told at their first line.
    line, column = (place.line, place.column) if isinstance(place, FilePlace) else (0, 0)
    return {"startLine": max(1, line), **({"startColumn": column} if column else {})}


def _logical(place: Place) -> dict[str, str]:
    if isinstance(place, FilePlace):
        return {"fullyQualifiedName": printable(place.path)} if place.path else {}
    return {
        "name": printable(place.name),
        "fullyQualifiedName": str(place),
        "kind": "object",
    }


def _properties(group: Group) -> dict[str, object]:
    finding = group.finding
    properties = {
        "image": printable(finding.image),
        "help": printable(finding.help),
        "places": group.named_places,
    }
    return {name: value for name, value in properties.items() if value}


def _uri(place: Place) -> str:
    return quote(printable(filed_under(place)))


def _without_links(text: str) -> str:
    """Escape what a viewer of SARIF would make a link of: names come from strangers."""
    return _LINK.sub(r"\\[", text)


def _plain(text: str) -> str:
    return text.replace("`", "'")
