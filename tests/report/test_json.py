from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from imagelock.core.finding import Report
from imagelock.report.json import render

SCHEMA = json.loads((Path(__file__).parents[2] / "docs/report.schema.json").read_text("utf-8"))


def read(text: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(text)
    return document


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", ["clean", "mixed", "nothing", "hostile", "many", "crowd", "flood"])
def test_every_report_is_as_the_schema_says(name: str, request: pytest.FixtureRequest) -> None:
    report: Report = request.getfixturevalue(name)

    text = render(report)

    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(text))
    assert text.endswith("}\n")
    text.encode("utf-8")


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("version",), 2),
        (("findings", 0, "severity"), "fatal"),
        (("findings", 0, "location", "line"), -1),
        (("findings", 0, "location", "container"), "app"),
        (("summary", "sites"), "nine"),
        (("unknown",), 1),
        (("exit_status",), 2),
    ],
)
def test_the_schema_refuses_what_is_no_report(
    mixed: Report, where: tuple[str | int, ...], value: object
) -> None:
    document: Any = read(render(mixed))
    inner = document
    for key in where[:-1]:
        inner = inner[key]
    inner[where[-1]] = value

    assert not jsonschema.Draft202012Validator(SCHEMA).is_valid(document)


@pytest.mark.parametrize(("name", "status"), [("mixed", 1), ("clean", 0), ("nothing", 0)])
def test_a_report_says_how_the_command_ended(
    name: str, status: int, request: pytest.FixtureRequest
) -> None:
    assert read(render(request.getfixturevalue(name)))["exit_status"] == status


def test_a_finding_in_a_file_says_all_of_it(mixed: Report) -> None:
    assert read(render(mixed))["findings"][2] == {
        "rule": "tag-not-in-lock",
        "severity": "error",
        "message": "no entry for 'nginx:1.26'",
        "help": "The lock has 'nginx:1.25'.",
        "image": "nginx:1.26",
        "location": {"file": "deploy/app.yaml", "line": 3, "column": 8, "path": "$.a"},
    }


def test_a_finding_in_a_cluster_names_the_container(mixed: Report) -> None:
    assert read(render(mixed))["findings"][3]["location"] == {
        "cluster": "",
        "namespace": "shop",
        "kind": "Pod",
        "name": "web-0",
        "container": "container app",
        "workload": "",
    }


def test_the_counts_are_those_of_the_findings_and_of_the_command(mixed: Report) -> None:
    assert read(render(mixed))["summary"] == {
        "errors": 3,
        "warnings": 1,
        "notes": 1,
        "sites": 9,
        "pinned_now": 4,
    }


def test_sites_are_there_only_for_commands_that_have_them(mixed: Report, clean: Report) -> None:
    assert "sites" not in read(render(mixed))
    assert [site["status"] for site in read(render(clean))["sites"]] == ["pinned-before", "exempt"]


def test_every_use_of_an_exemption_is_counted(mixed: Report, clean: Report) -> None:
    assert "exemptions" not in read(render(clean))
    assert read(render(mixed))["exemptions"] == [
        {
            "repository": "gke.gcr.io",
            "namespaces": ["kube-system", "gmp-*"],
            "reason": "brought by GKE",
            "owner": "ops",
            "until": "2027-12-31",
            "preset": "gke",
            "images": 3,
        }
    ]


def test_what_a_terminal_would_obey_is_escaped_and_still_means_the_same(hostile: Report) -> None:
    text = render(hostile)

    assert text.replace("\n", "").isprintable()
    assert read(text)["findings"][0]["image"] == hostile.findings[0].image


def test_other_scripts_stay_readable(clean: Report) -> None:
    report = Report(command="prüfen", findings=(), coverage=clean.coverage)

    assert '"prüfen"' in render(report)
