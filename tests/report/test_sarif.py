from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import jsonschema
import pytest
from msgspec.structs import replace

from imagelock.core.finding import Report, Skipped
from imagelock.report.json import render as json_of
from imagelock.report.sarif import render

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def run_of(report: Report) -> dict[str, Any]:
    document = json.loads(render(report))
    assert document["version"] == "2.1.0"
    run: dict[str, Any]
    (run,) = document["runs"]
    return run


@pytest.fixture
def schema(real_file: Callable[[str, str], Path]) -> Any:
    """Return the published schema, which an npm package carries."""
    name = "@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json"
    return json.loads(real_file("sarif-schema", name).read_text("utf-8"))


@pytest.mark.parametrize("name", ["clean", "mixed", "told", "nothing", "hostile", "many", "crowd"])
def test_every_report_is_as_the_published_schema_says(
    name: str, schema: Any, request: pytest.FixtureRequest
) -> None:
    validator = jsonschema.validators.validator_for(schema)(schema)

    validator.validate(json.loads(render(request.getfixturevalue(name))))


@pytest.mark.parametrize("name", ["mixed", "hostile", "many"])
def test_every_result_has_what_gitlab_and_github_need(
    name: str, request: pytest.FixtureRequest
) -> None:
    run = run_of(request.getfixturevalue(name))
    rules = run["tool"]["driver"]["rules"]

    for result in run["results"]:
        place = result["locations"][0]["physicalLocation"]
        artifact = place["artifactLocation"]
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert run["artifacts"][artifact["index"]]["location"]["uri"] == artifact["uri"]
        assert place["region"]["startLine"] >= 1
        assert result["level"] in {"error", "warning", "note"}
        assert result["partialFingerprints"]["imagelock/v1"]


def test_fingerprints_tell_results_apart(many: Report) -> None:
    results = run_of(many)["results"]

    assert len({result["partialFingerprints"]["imagelock/v1"] for result in results}) == 500


def test_a_rule_says_why_how_to_mend_and_how_to_allow_it(mixed: Report) -> None:
    rules = {rule["id"]: rule for rule in run_of(mixed)["tool"]["driver"]["rules"]}

    assert set(rules) == {finding.rule.name for finding in mixed.findings}
    help_ = rules["ambiguous"]["help"]
    assert "How to mend it: Write the tag" in help_["text"]
    assert "How to allow it: " in help_["text"]
    assert "`docs/rules.md`" in help_["markdown"]


def test_an_object_of_a_cluster_is_a_logical_location(mixed: Report) -> None:
    location = run_of(mixed)["results"][2]["locations"][0]

    assert location["logicalLocations"] == [
        {
            "name": "web-0",
            "fullyQualifiedName": "shop/Pod/web-0 container app",
            "kind": "object",
        }
    ]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == "cluster/shop/Pod/web-0"


def test_a_place_in_a_file_has_its_line_column_and_key_path(mixed: Report) -> None:
    location = run_of(mixed)["results"][0]["locations"][0]

    assert location["physicalLocation"]["region"] == {"startLine": 3, "startColumn": 8}
    assert location["logicalLocations"] == [{"fullyQualifiedName": "$.a"}]


def test_a_file_name_with_spaces_is_a_uri() -> None:
    from imagelock.core.finding import Coverage, Finding
    from imagelock.core.place import FilePlace

    finding = Finding.of("unpinned", FilePlace("my files/ä#1.yaml", 1), "no digest")
    report = Report(command="check", findings=(finding,), coverage=Coverage(1, "images"))

    (artifact,) = run_of(report)["artifacts"]

    assert "#" not in artifact["location"]["uri"]
    assert unquote(artifact["location"]["uri"]) == "my files/ä#1.yaml"


def test_a_name_that_looks_like_a_link_is_none(mixed: Report) -> None:
    name = "x[approve](//evil.example)[0]"
    escaped = "x\\[approve](//evil.example)[0]"
    finding = replace(mixed.findings[0], message="it is odd", image=name)
    skipped = (Skipped(name, "it is odd"),)
    report = replace(mixed, findings=(finding,), coverage=replace(mixed.coverage, skipped=skipped))

    run = run_of(report)

    assert run["results"][0]["message"]["text"] == f"'{escaped}': it is odd"
    told = run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]
    assert told == f"{escaped} was not looked at: it is odd"
    assert run["results"][0]["properties"]["image"] == name


def test_what_was_not_looked_at_and_what_is_exempt_is_told(mixed: Report) -> None:
    (invocation,) = run_of(mixed)["invocations"]

    told = [one["message"]["text"] for one in invocation["toolExecutionNotifications"]]
    exempt = "gke.gcr.io in kube-system, gmp-* is exempt (3 images, owned by ops, until 2027-12-31)"
    assert told == [
        "notes.txt was not looked at: it is no YAML",
        f"{exempt}: brought by GKE",
    ]
    assert invocation["properties"]["looked_at"] == 9


def test_the_counts_have_the_names_that_they_have_in_json(mixed: Report) -> None:
    (invocation,) = run_of(mixed)["invocations"]

    summary = json.loads(json_of(mixed))["summary"]
    assert summary["pinned_now"] == 4
    assert summary.items() <= invocation["properties"].items()
    assert not [name for name in invocation["properties"] if " " in name]


def test_a_run_says_when_it_was_what_it_was_of_and_how_it_ended(told: Report) -> None:
    (invocation,) = run_of(told)["invocations"]

    assert invocation["exitCode"] == 1
    assert invocation["endTimeUtc"] == "2026-11-23T19:56:02Z"
    assert invocation["properties"]["subject"] == "production"
    assert invocation["properties"]["policy"] == "locked"


def test_a_clean_run_ends_with_0_and_names_no_moment_that_nobody_told(clean: Report) -> None:
    (invocation,) = run_of(clean)["invocations"]

    assert invocation["exitCode"] == 0
    assert "endTimeUtc" not in invocation


def test_three_hundred_pods_of_one_deployment_are_one_result_that_occurred_so_often(
    crowd: Report,
) -> None:
    (result,) = run_of(crowd)["results"]

    (location,) = result["locations"]
    assert location["logicalLocations"][0]["fullyQualifiedName"] == (
        "shop/Deployment/api container api"
    )
    assert result["occurrenceCount"] == 301
    assert result["properties"]["places"][-1] == "and 291 more"


def test_a_fingerprint_stays_when_a_deployment_gets_new_pods(crowd: Report) -> None:
    fewer = replace(crowd, findings=crowd.findings[200:])

    assert [run_of(report)["results"][0]["partialFingerprints"] for report in (crowd, fewer)] == [
        run_of(crowd)["results"][0]["partialFingerprints"]
    ] * 2


def test_what_is_too_much_for_github_is_counted_and_the_errors_come_first(flood: Report) -> None:
    run = run_of(flood)

    assert len(run["results"]) == 5_000
    assert run["results"][0]["level"] == "error"
    told = run["invocations"][0]["toolExecutionNotifications"][-1]["message"]["text"]
    assert told == "1,001 warnings more are in the report as JSON"
