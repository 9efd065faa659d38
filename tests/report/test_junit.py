from __future__ import annotations

from xml.etree import ElementTree as ET

import junitparser
import pytest

from imagelock.core.finding import Coverage, Finding, Report
from imagelock.core.place import FilePlace
from imagelock.report.junit import render


def suite(report: Report) -> ET.Element:
    root = ET.fromstring(render(report).encode())  # noqa: S314  (we wrote it)
    assert root.tag == "testsuites"
    (only,) = root
    return only


def cases(report: Report, inner: str = "") -> list[ET.Element]:
    every = suite(report).iterfind("testcase")
    return [case for case in every if not inner or case.find(inner) is not None]


@pytest.mark.parametrize("name", ["clean", "mixed", "nothing", "hostile", "many", "crowd", "flood"])
def test_the_totals_are_those_of_the_testcases(name: str, request: pytest.FixtureRequest) -> None:
    report: Report = request.getfixturevalue(name)

    found = suite(report)

    assert found.get("tests") == str(len(cases(report)))
    assert found.get("failures") == str(len(cases(report, "failure")))
    assert found.get("skipped") == str(len(cases(report, "skipped")))


@pytest.mark.parametrize("name", ["clean", "mixed", "nothing", "hostile", "many", "crowd"])
def test_a_parser_of_others_reads_what_was_told(name: str, request: pytest.FixtureRequest) -> None:
    report: Report = request.getfixturevalue(name)

    (read,) = junitparser.JUnitXml.fromstring(render(report).encode())

    told = [(case.classname, case.name, bool(case.is_failure)) for case in read]
    assert told == [
        (case.get("classname"), case.get("name"), case.find("failure") is not None)
        for case in cases(report)
    ]
    assert (read.tests, read.errors) == (len(told), 0)


@pytest.mark.parametrize("name", ["clean", "mixed", "nothing", "hostile", "many"])
def test_every_error_that_stands_alone_is_a_failure(
    name: str, request: pytest.FixtureRequest
) -> None:
    report: Report = request.getfixturevalue(name)

    assert len(cases(report, "failure")) == report.count("error")


@pytest.mark.parametrize("name", ["mixed", "hostile", "many"])
def test_no_two_testcases_share_a_name(name: str, request: pytest.FixtureRequest) -> None:
    found = cases(request.getfixturevalue(name))

    assert len({(case.get("classname"), case.get("name")) for case in found}) == len(found)


def test_a_suite_says_when_it_was_what_it_was_of_and_by_which_policy(told: Report) -> None:
    found = suite(told)

    assert found.get("timestamp") == "2026-11-23T19:56:02Z"
    properties = {one.get("name"): one.get("value") for one in found.iter("property")}
    assert properties == {"subject": "production", "policy": "locked", "exit_status": "1"}
    assert found[0].tag == "properties"  # the published schema wants them first


def test_what_nobody_told_is_no_property_and_no_timestamp(clean: Report) -> None:
    found = suite(clean)

    assert [one.get("name") for one in found.iter("property")] == ["exit_status"]
    assert found.get("timestamp") is None


def test_the_root_has_only_the_totals_that_the_published_schema_knows(mixed: Report) -> None:
    root = ET.fromstring(render(mixed).encode())  # noqa: S314  (we wrote it)

    assert set(root.attrib) == {"name", "tests", "failures", "errors", "time"}


def test_a_clean_report_shows_that_something_ran(clean: Report) -> None:
    assert [case.get("name") for case in cases(clean)] == [
        "images in 6 files were looked at",
        "pinned-before: nginx:1.25@sha256:aa",
        "exempt: pause:3",
    ]
    assert not cases(clean, "failure")
    assert not cases(clean, "skipped")


def test_a_report_on_nothing_has_no_passed_testcase(nothing: Report) -> None:
    (case,) = cases(nothing, "skipped")

    assert len(cases(nothing)) == 1
    assert case.findtext("skipped") == "nothing was looked at: there were no images"


def test_an_error_is_a_failure_with_its_place_and_what_to_do(mixed: Report) -> None:
    case = cases(mixed, "failure")[0]
    failure = case.find("failure")

    assert case.attrib == {
        "classname": "deploy/app.yaml",
        "name": "tag-not-in-lock: nginx:1.26",
        "file": "deploy/app.yaml",
        "line": "3",
        "time": "0.000",
    }
    assert failure is not None
    assert failure.attrib == {"message": "no entry for 'nginx:1.26'", "type": "tag-not-in-lock"}
    assert failure.text == (
        "deploy/app.yaml:3:8: error: no entry for 'nginx:1.26'\nThe lock has 'nginx:1.25'."
    )


def test_warnings_notes_and_what_was_left_out_are_skipped_with_their_reason(mixed: Report) -> None:
    assert [case.get("name") for case in cases(mixed, "skipped")] == [
        "ambiguous: redis",
        "unused-exemption: nothing used 'gke'",
        "not looked at: notes.txt",
        "exempt: gke.gcr.io in kube-system, gmp-*",
    ]
    assert cases(mixed, "skipped")[-1].findtext("skipped") == (
        "3 images, owned by ops, until 2027-12-31: brought by GKE"
    )
    assert all(case.findtext("skipped") for case in cases(mixed, "skipped"))


def test_an_object_of_a_cluster_names_no_file(mixed: Report) -> None:
    case = cases(mixed, "failure")[2]

    assert case.get("classname") == "cluster/shop/Pod/web-0"
    assert case.get("file") is None


def test_a_testcase_keeps_its_name_when_its_line_moves() -> None:
    def name_at(line: int) -> str | None:
        finding = Finding.of("unpinned", FilePlace("a.yaml", line), "no digest", image="nginx:1")
        report = Report(command="check", findings=(finding,), coverage=Coverage(1, "images"))
        return cases(report, "failure")[0].get("name")

    assert name_at(3) == name_at(30)


def test_three_hundred_pods_of_one_deployment_are_one_testcase(crowd: Report) -> None:
    (case,) = cases(crowd, "failure")

    assert case.get("classname") == "cluster/shop/Deployment/api"
    text = case.findtext("failure") or ""
    assert "in its template and 300 pods, e.g. api-7c9-000" in text
    assert text.endswith("shop/Pod/api-7c9-009 container api\nand 291 more")


def test_what_is_too_much_for_gitlab_is_counted_in_one_testcase(flood: Report) -> None:
    found = cases(flood)

    assert len(found) == 1 + 5_000 + 1
    assert len(cases(flood, "failure")) == 1
    assert found[-1].findtext("skipped") == "1,001 warnings more: the report as JSON has them all"
