"""Findings, and the report that they make."""

from __future__ import annotations

import pytest

from imagelock.core.finding import Coverage, Finding, Report, ReportedSite, Skipped
from imagelock.core.place import FilePlace
from imagelock.core.rules import rule

HERE = FilePlace("web.yaml", 3, 8)
ERROR = Finding.of("unpinned", HERE, "nginx:1 has no digest", image="nginx:1")
WARNING = Finding.of("ambiguous", HERE, "two digests")
NOTE = Finding.of("not-built", HERE, "not built")


def report(*findings: Finding, looked_at: int = 1, skipped: Skipped | None = None) -> Report:
    return Report(
        command="check",
        findings=findings,
        coverage=Coverage(looked_at, "images", (skipped,) if skipped else ()),
        summary={"images": looked_at},
    )


def test_a_finding_has_the_severity_and_the_help_of_its_rule() -> None:
    assert ERROR.severity == "error"
    assert WARNING.severity == "warning"
    assert NOTE.severity == "note"
    assert ERROR.help == rule("unpinned").mend


def test_a_finding_may_know_better_what_to_do() -> None:
    assert Finding.of("unpinned", HERE, "no digest", help="Ask Bo.").help == "Ask Bo."


def test_a_finding_of_no_rule_is_a_bug() -> None:
    with pytest.raises(KeyError):
        Finding.of("no-such-rule", HERE, "")


def test_only_errors_fail() -> None:
    assert report().exit_status == 0
    assert report(WARNING, NOTE).exit_status == 0
    assert report(NOTE, ERROR).exit_status == 1


def test_strict_makes_warnings_errors_and_leaves_notes() -> None:
    strict = report(ERROR, WARNING, NOTE).strict()

    assert [finding.severity for finding in strict.findings] == ["error", "error", "note"]
    assert strict.findings[1].message == WARNING.message
    assert strict.findings[1].place == WARNING.place
    assert report(WARNING).strict().exit_status == 1
    assert report(NOTE).strict().exit_status == 0


def test_strict_fails_for_what_was_not_looked_at() -> None:
    unread = report(skipped=Skipped("secret.yaml", "no permission"))

    (finding,) = unread.strict().findings

    assert unread.exit_status == 0
    assert unread.strict().exit_status == 1
    assert finding.rule.name == "not-looked-at"
    assert "no permission" in finding.message


def test_strict_has_nothing_against_what_the_rules_leave_out() -> None:
    hidden = report(skipped=Skipped(".hidden", "its name begins with a dot", expected=True))

    assert hidden.strict().exit_status == 0
    assert hidden.strict().coverage.skipped == hidden.coverage.skipped


def test_two_reports_add_up() -> None:
    skipped = Skipped("socket", "no file")
    both = report(ERROR, looked_at=2, skipped=skipped) + report(NOTE, looked_at=3, skipped=skipped)

    assert both.findings == (ERROR, NOTE)
    assert both.coverage.looked_at == 5
    assert len(both.coverage.skipped) == 2
    assert both.summary == {"images": 5}
    assert both.sites is None


def test_sites_are_kept_when_reports_add_up() -> None:
    site = ReportedSite("position", "pinned-now", "nginx:1", HERE)
    with_sites = Report(command="check", findings=(), coverage=Coverage(1, "images"), sites=(site,))

    assert (with_sites + report()).sites == (site,)
    assert (report() + with_sites).sites == (site,)
    assert (with_sites + with_sites).sites == (site, site)
