"""Every face of a report, of real inputs, read as its readers read it: they agree."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from imagelock.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
RECORDED = SHARED / "recordings" / "kubernetes-1.36"
LISTS = ("pods-all", "nodes", "deployments", "daemonsets", "statefulsets", "jobs", "cronjobs")
VERIFY = ("verify", "--from", *(str(RECORDED / f"{name}.json") for name in LISTS))
LOCK = ("--lock", str(RECORDED / "images.lock"))
FACES = ("json", "junit", "codequality", "sarif", "markdown", "html", "text")

pytestmark = pytest.mark.skipif(not SHARED.exists(), reason="needs ../shared beside the project")

CALLS = {
    "preset": (*VERIFY, *LOCK, "--preset", "gke"),
    "no preset": (*VERIFY, *LOCK),
    "locked": (*VERIFY, *LOCK, "--preset", "gke", "--policy", "locked"),
    "strict": (*VERIFY, *LOCK, "--preset", "gke", "--strict"),
    "excluded": (*VERIFY, "--exclude", "data-plane", "--exclude", "kube-*"),
    "nothing selected": (*VERIFY, "--selector", "app=none"),
    "check": ("check", str(SHARED / "corpus")),
    "override": ("override", *LOCK, str(SHARED / "corpus"), "--output", "pinned"),
}


@pytest.fixture(params=CALLS.values(), ids=list(CALLS))
def told(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """Return every face of one call, and its exit status."""
    monkeypatch.chdir(tmp_path)
    reports = [f"--report={face}=report.{face}" for face in FACES]
    status = main([*request.param, *reports])
    faces = {face: Path(f"report.{face}").read_text("utf-8") for face in FACES}
    return {**faces, "status": str(status)}


def test_every_face_is_valid_and_they_tell_the_same(
    told: dict[str, str], real_file: Callable[[str, str], Path]
) -> None:
    report = json.loads(told["json"])
    validate(report, ROOT / "docs" / "report.schema.json")
    sarif = json.loads(told["sarif"])
    name = "@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json"
    validate(sarif, real_file("sarif-schema", name))

    status = {
        report["exit_status"],
        sarif["runs"][0]["invocations"][0]["exitCode"],
        int(searched(r"Exit status (\d)\.", told["markdown"])),
        int(searched(r"Exit status (\d)\.", told["html"])),
        int(property_of(told["junit"], "exit_status")),
        int(told["status"]),
    }

    assert len(status) == 1
    assert errors_of(told) == {report["summary"]["errors"]}


def test_what_a_code_quality_report_names_is_unique_and_stays(told: dict[str, str]) -> None:
    issues = json.loads(told["codequality"])

    assert len({issue["fingerprint"] for issue in issues}) == len(issues)
    assert {issue["severity"] for issue in issues} <= {"major", "minor", "info"}
    assert all(issue["location"]["lines"]["begin"] >= 1 for issue in issues)


def test_what_was_left_out_is_in_every_face_that_has_room_for_it(told: dict[str, str]) -> None:
    skipped = json.loads(told["json"])["coverage"]["skipped"]
    (run,) = json.loads(told["sarif"])["runs"]
    notifications = run["invocations"][0]["toolExecutionNotifications"]

    for one in skipped:
        assert one["reason"] in told["text"]
        assert any(one["reason"] in told["message"]["text"] for told in notifications)
        assert f"not looked at: {one['what']}" in names_of(told["junit"])
    assert ("not looked at" in told["markdown"]) == bool(skipped)
    assert ('id="not-looked-at"' in told["html"]) == bool(skipped)


def errors_of(told: dict[str, str]) -> set[int]:
    """Return how many errors the faces count: there is one answer."""
    last = told["text"].splitlines()[-1]
    head = told["markdown"].splitlines()[0]
    title = searched("<title>(.*?)</title>", told["html"])
    (run,) = json.loads(told["sarif"])["runs"]
    results = [result for result in run["results"] if result["level"] == "error"]
    return {
        *(
            int(searched(r"([\d,]+) errors?\b", text).replace(",", ""))
            for text in (last, head, title)
        ),
        sum(result["occurrenceCount"] for result in results),
        run["invocations"][0]["properties"]["errors"],
    }


def searched(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    return found[1] if found else "0"


def validate(document: Any, schema: Path) -> None:
    rules = json.loads(schema.read_text("utf-8"))
    validator = jsonschema.validators.validator_for(rules)
    validator(rules, format_checker=validator.FORMAT_CHECKER).validate(document)


def parsed(text: str) -> ET.Element:
    return ET.fromstring(text.encode())  # noqa: S314  (we wrote it)


def property_of(junit: str, name: str) -> str:
    return next(p.get("value", "") for p in parsed(junit).iter("property") if p.get("name") == name)


def names_of(junit: str) -> set[str]:
    return {case.get("name", "") for case in parsed(junit).iter("testcase")}
