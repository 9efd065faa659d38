"""A report as JUnit XML, as GitLab and Jenkins read it.

A finding that is an error is a failed testcase. A warning, a note, what was not
looked at and what an exemption let pass are skipped ones: GitLab shows the reason of
these, and of passed ones nothing. Every site that is pinned is a passed one, and so is
the run as a whole, so that a clean report shows that something was looked at.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal

from msgspec import Struct
from msgspec.structs import replace

from imagelock.core.group import LISTED, grouped, how_many
from imagelock.core.identity import filed_under
from imagelock.core.place import FilePlace, printable
from imagelock.report import counted, terms_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from imagelock.core.finding import ExemptionUse, Report, ReportedSite, Skipped
    from imagelock.core.group import Group
    from imagelock.core.place import Place

__all__ = ["render"]

_ENTITIES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;", "\n": "&#10;"}
)


class _Case(Struct, frozen=True, kw_only=True):
    """One testcase; *text* is what a failure or a skipped one says."""

    classname: str
    name: str
    status: Literal["passed", "failure", "skipped"]
    file: str = ""
    line: int = 0
    rule: str = ""
    message: str = ""
    text: str = ""


def render(report: Report) -> str:
    """Return the document."""
    cases = list(_with_names_of_their_own(_cases(report)))
    counts = Counter(case.status for case in cases)
    totals = _attributes(
        name=f"imagelock {report.command}",
        tests=len(cases),
        failures=counts["failure"],
        errors=0,
        time="0.000",
    )
    # The published schemas know these of a suite, and not of the root.
    of_suite = _attributes(skipped=counts["skipped"], timestamp=report.made or None)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f"<testsuites{totals}>",
        f"  <testsuite{totals}{of_suite}>",
        *_properties(report),
        *(_drawn(case) for case in cases),
        "  </testsuite>",
        "</testsuites>",
    ]
    return "\n".join(lines) + "\n"


def _properties(report: Report) -> Iterator[str]:
    told = {"subject": report.subject, "policy": report.policy, "exit_status": report.exit_status}
    yield "    <properties>"
    for name, value in told.items():
        if value != "":
            yield f"      <property{_attributes(name=name, value=printable(str(value)))}/>"
    yield "    </properties>"


def _cases(report: Report) -> Iterator[_Case]:
    yield _run(report)
    groups = grouped(report.findings)
    for group in groups[:LISTED]:
        yield _finding(group)
    if groups[LISTED:]:
        yield _unlisted(groups[LISTED:], report.command)
    for skipped in report.coverage.skipped:
        yield _skipped(skipped, report.command)
    for use in report.exemptions:
        yield _exempt(use, report.command)
    passed = [site for site in report.sites or () if site.status != "finding"]
    for site in passed[:LISTED]:
        yield _site(site)
    if passed[LISTED:]:
        yield _more_sites(len(passed) - LISTED, report.command)


def _run(report: Report) -> _Case:
    unit = printable(report.coverage.unit)
    seen = report.coverage.looked_at
    return _Case(
        classname=f"imagelock {report.command}",
        name=f"{unit} were looked at",
        status="passed" if seen else "skipped",
        message="" if seen else f"nothing was looked at: there were no {unit}",
    )


def _finding(group: Group) -> _Case:
    finding = group.finding
    file, line = _file(group.place)
    # The line is not in the name: GitLab compares runs by it, and lines move.
    what = printable(finding.image) or finding.sentence
    sentence = group.sentence
    return _Case(
        classname=_class(group.place),
        name=f"{finding.rule.name}: {what}",
        status="failure" if finding.severity == "error" else "skipped",
        file=file,
        line=line,
        rule=finding.rule.name,
        message=sentence,
        text="\n".join(
            (
                f"{group.place}: {finding.severity}: {sentence}",
                *([printable(finding.help)] if finding.help else []),
                *group.named_places,
            )
        ),
    )


def _unlisted(rest: Sequence[Group], command: str) -> _Case:
    failed = any(group.finding.severity == "error" for group in rest)
    return _Case(
        classname=f"imagelock {command}",
        name="findings that are not listed here",
        status="failure" if failed else "skipped",
        message=f"{how_many(rest)} more: the report as JSON has them all",
    )


def _skipped(skipped: Skipped, command: str) -> _Case:
    return _Case(
        classname=f"imagelock {command}",
        name=f"not looked at: {printable(skipped.what)}",
        status="skipped",
        message=printable(skipped.reason),
    )


def _exempt(use: ExemptionUse, command: str) -> _Case:
    exemption = use.exemption
    namespaces = ", ".join(exemption.namespaces)
    images = counted(use.images, "images")
    return _Case(
        classname=f"imagelock {command}",
        name=printable(f"exempt: {exemption.repository} in {namespaces}"),
        status="skipped",
        message=printable(f"{images}{terms_of(exemption)}: {exemption.reason}"),
    )


def _site(site: ReportedSite) -> _Case:
    file, line = _file(site.place)
    return _Case(
        classname=_class(site.place),
        name=f"{site.status}: {printable(site.image)}",
        status="passed",
        file=file,
        line=line,
    )


def _more_sites(count: int, command: str) -> _Case:
    name = f"{count:,} more sites are pinned or exempt"
    return _Case(classname=f"imagelock {command}", name=name, status="passed")


def _class(place: Place) -> str:
    return printable(filed_under(place))


def _file(place: Place) -> tuple[str, int]:
    return (printable(place.file), place.line) if isinstance(place, FilePlace) else ("", 0)


def _with_names_of_their_own(cases: Iterable[_Case]) -> Iterator[_Case]:
    """Number what has the same name in the same class: GitLab would show the first only."""
    seen: Counter[tuple[str, str]] = Counter()
    for case in cases:
        key = case.classname, case.name
        seen[key] += 1
        number = seen[key]
        yield replace(case, name=f"{case.name} ({number})") if number > 1 else case


def _drawn(case: _Case) -> str:
    attributes = _attributes(
        classname=case.classname,
        name=case.name,
        file=case.file or None,
        line=case.line or None,
        time="0.000",
    )
    if case.status == "passed":
        return f"    <testcase{attributes}/>"
    inner = _attributes(message=case.message, type=case.rule or None)
    text = (case.text or case.message).translate(_ENTITIES)
    return (
        f"    <testcase{attributes}>\n"
        f"      <{case.status}{inner}>{text}</{case.status}>\n"
        "    </testcase>"
    )


def _attributes(**values: object) -> str:
    return "".join(
        f' {name}="{str(value).translate(_ENTITIES)}"'
        for name, value in values.items()
        if value is not None
    )
