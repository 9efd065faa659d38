from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from imagelock.core.finding import Coverage, Finding, Report
from imagelock.core.place import FilePlace
from imagelock.report.codequality import render

# What GitLab asks of an issue, in our words.
ISSUES = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": "^[^/.]"},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
}


def read(report: Report) -> list[dict[str, Any]]:
    issues: list[dict[str, Any]] = json.loads(render(report))
    return issues


@pytest.mark.parametrize("name", ["clean", "mixed", "nothing", "hostile", "many", "crowd", "flood"])
def test_every_report_is_what_gitlab_reads(name: str, request: pytest.FixtureRequest) -> None:
    jsonschema.validate(read(request.getfixturevalue(name)), ISSUES)


def test_a_clean_report_has_no_issue(clean: Report) -> None:
    assert render(clean) == "[]\n"


def test_an_object_of_a_cluster_has_a_path_of_its_own(mixed: Report) -> None:
    issue = read(mixed)[2]

    assert issue["location"] == {"path": "cluster/shop/Pod/web-0", "lines": {"begin": 1}}
    assert issue["description"] == "shop/Pod/web-0 container app: 'busybox:1': asked for a tag"


def test_every_finding_has_a_fingerprint_of_its_own(many: Report) -> None:
    assert len({issue["fingerprint"] for issue in read(many)}) == 500


def test_a_fingerprint_stays_when_the_line_moves() -> None:
    def issue_at(line: int) -> dict[str, Any]:
        place = FilePlace("a.yaml", line, 3, "$.image")
        finding = Finding.of("unpinned", place, f"at line {line}", image="nginx:1")
        return read(Report(command="check", findings=(finding,), coverage=Coverage(1, "images")))[0]

    assert issue_at(3)["fingerprint"] == issue_at(30)["fingerprint"]
    assert issue_at(3)["location"] != issue_at(30)["location"]


def test_three_hundred_pods_of_one_deployment_are_one_issue(crowd: Report) -> None:
    (issue,) = read(crowd)

    assert issue["location"]["path"] == "cluster/shop/Deployment/api"
    assert issue["description"].endswith("in its template and 300 pods, e.g. api-7c9-000")


def test_what_is_too_much_for_gitlab_is_counted_in_one_issue_at_the_end(flood: Report) -> None:
    issues = read(flood)

    jsonschema.validate(issues, ISSUES)
    assert len(issues) == 5_001
    assert issues[0]["severity"] == "major"
    assert issues[-1]["description"] == "1,001 warnings more: the report as JSON has them all"
