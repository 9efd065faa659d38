"""A report as SARIF 2.1.0.

Objects of a cluster are logical locations. They also get an artifact of the
form ``cluster/<namespace>/<kind>/<name>``, because GitLab and GitHub drop a
result that has no file.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import quote

from imagelock import __version__
from imagelock.core.identity import filed_under, fingerprints
from imagelock.core.place import FilePlace, printable

if TYPE_CHECKING:
    from imagelock.core.finding import Finding, Report, Skipped
    from imagelock.core.place import Place
    from imagelock.core.rules import Rule

__all__ = ["render"]


def render(report: Report) -> str:
    """Return the document: one run, the rules that it found something for, its results."""
    rules = list({finding.rule.name: finding.rule for finding in report.findings}.values())
    files = list(dict.fromkeys(_uri(finding.place) for finding in report.findings))
    driver = {
        "name": "imagelock",
        "semanticVersion": __version__,
        "rules": [_rule(rule) for rule in rules],
    }
    run = {
        "tool": {"driver": driver},
        "invocations": [_invocation(report)],
        "artifacts": [{"location": {"uri": uri}} for uri in files],
        "columnKind": "unicodeCodePoints",
        "results": _results(report, rules, files),
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


def _invocation(report: Report) -> dict[str, object]:
    return {
        "executionSuccessful": True,
        "toolExecutionNotifications": [_skipped(one) for one in report.coverage.skipped],
        "properties": {
            "command": report.command,
            "lookedAt": report.coverage.looked_at,
            "unit": report.coverage.unit,
            **report.summary,
        },
    }


def _skipped(skipped: Skipped) -> dict[str, object]:
    text = f"{printable(skipped.what)} was not looked at: {printable(skipped.reason)}"
    return {"level": "note", "message": {"text": text}}


def _results(report: Report, rules: list[Rule], files: list[str]) -> list[dict[str, object]]:
    rule_index = {rule.name: index for index, rule in enumerate(rules)}
    file_index = {uri: index for index, uri in enumerate(files)}
    return [
        {
            "ruleId": finding.rule.name,
            "ruleIndex": rule_index[finding.rule.name],
            "level": finding.severity,
            "message": {"text": finding.sentence},
            "locations": [_location(finding.place, file_index)],
            "partialFingerprints": {"imagelock/v1": fingerprint},
            "properties": _properties(finding),
        }
        for finding, fingerprint in zip(report.findings, fingerprints(report.findings), strict=True)
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


def _properties(finding: Finding) -> dict[str, str]:
    properties = {"image": printable(finding.image), "help": printable(finding.help)}
    return {name: value for name, value in properties.items() if value}


def _uri(place: Place) -> str:
    return quote(printable(filed_under(place)))


def _plain(text: str) -> str:
    return text.replace("`", "'")
