from __future__ import annotations

import pytest

from imagelock.core.finding import Coverage, Finding, Report, ReportedSite, Skipped
from imagelock.core.place import ClusterPlace, FilePlace
from imagelock.core.rules import RULES

PLACE = FilePlace("a.yaml", 1, 2)


def report_of(*rules: str, skipped: tuple[Skipped, ...] = ()) -> Report:
    return Report(
        command="check",
        findings=tuple(Finding.of(name, PLACE, "wrong") for name in rules),
        coverage=Coverage(1, "images", skipped),
    )


def test_a_finding_has_the_severity_and_the_help_of_its_rule() -> None:
    finding = Finding.of("ambiguous", PLACE, "two digests")

    assert finding.severity == "warning"
    assert finding.help == RULES["ambiguous"].advice


def test_a_finding_can_have_help_of_its_own() -> None:
    assert Finding.of("ambiguous", PLACE, "two digests", help="Ask.").help == "Ask."


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        ("'nginx:1' has no digest", "'nginx:1' has no digest"),
        ("no digest", "'nginx:1': no digest"),
        ("no\ndigest\x1b[2J", "'nginx:1': no\\ndigest\\x1b[2J"),
    ],
)
def test_a_sentence_names_the_image_once_and_is_harmless(message: str, sentence: str) -> None:
    assert Finding.of("unpinned", PLACE, message, image="nginx:1").sentence == sentence


@pytest.mark.parametrize(
    ("rules", "status", "strict"),
    [
        ((), 0, 0),
        (("unpinned",), 1, 1),
        (("ambiguous",), 0, 1),
        (("unused-exemption",), 0, 0),
        (("unused-exemption", "ambiguous", "unpinned"), 1, 1),
    ],
)
def test_the_exit_status_tells_of_errors(rules: tuple[str, ...], status: int, strict: int) -> None:
    report = report_of(*rules)

    assert report.exit_status == status
    assert report.strict().exit_status == strict


def test_strict_tells_of_what_was_left_out_unless_the_rules_leave_it_out() -> None:
    expected = Skipped(".hidden", "its name begins with a dot", expected=True)
    report = report_of(skipped=(expected, Skipped("nodes", "no permission"))).strict()

    (finding,) = report.findings
    assert (finding.rule.name, finding.severity) == ("not-looked-at", "error")
    assert str(finding.place) == "nodes"
    assert report.coverage.skipped == (expected,)


def test_strict_twice_is_strict_once() -> None:
    report = report_of("ambiguous", skipped=(Skipped("nodes", "no permission"),)).strict()

    assert report.strict() == report


def test_reports_add_up() -> None:
    site = ReportedSite("key", "pinned-now", "nginx:1", PLACE)
    one = Report(
        command="check",
        findings=(Finding.of("unpinned", PLACE, "wrong"),),
        coverage=Coverage(2, "images"),
        summary={"sites": 2},
        sites=(site,),
    )
    other = Report(
        command="check", findings=(), coverage=Coverage(3, "images"), summary={"sites": 3, "new": 1}
    )

    both = one + other

    assert both.summary == {"sites": 5, "new": 1}
    assert both.coverage.looked_at == 5
    assert both.sites == (site,)
    assert both.count("error") == 1


def test_files_can_be_told_under_other_names() -> None:
    pod = ClusterPlace(kind="Pod", name="a.yaml")
    report = Report(
        command="check",
        findings=(Finding.of("unpinned", PLACE, "wrong"), Finding.of("unpinned", pod, "wrong")),
        coverage=Coverage(2, "images"),
        sites=(ReportedSite("key", "finding", "nginx:1", PLACE),),
    )

    renamed = report.with_files_named({"a.yaml": "b.yaml"})

    assert [str(finding.place) for finding in renamed.findings] == ["b.yaml:1:2", "Pod/a.yaml"]
    assert [str(site.place) for site in renamed.sites or ()] == ["b.yaml:1:2"]
