"""Finding, Coverage, Report: the answer of every job."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

from imagelock.core.place import Place
from imagelock.core.rules import Rule, Severity, rule

__all__ = ["Coverage", "Finding", "Report", "ReportedSite", "SiteStatus", "Skipped"]

SiteStatus = Literal["pinned-now", "pinned-before", "finding", "exempt"]


class Finding(Struct, frozen=True, kw_only=True):
    """One thing wrong: a rule, a place, the image, and what to do about it."""

    rule: Rule
    place: Place
    message: str
    image: str = ""
    help: str = ""
    severity: Severity = "error"

    @classmethod
    def of(
        cls,
        name: str,
        place: Place,
        message: str,
        *,
        image: str = "",
        help: str = "",  # noqa: A002
    ) -> Finding:
        """Make a finding of the rule *name*, with its severity, and its help unless one is given."""
        row = rule(name)
        return cls(
            rule=row,
            place=place,
            message=message,
            image=image,
            help=help or row.mend,
            severity=row.severity,
        )

    def strict(self) -> Finding:
        """Return it as an error where it was a warning."""
        if self.severity != "warning":
            return self
        return Finding(
            rule=self.rule,
            place=self.place,
            message=self.message,
            image=self.image,
            help=self.help,
            severity="error",
        )


class Skipped(Struct, frozen=True):
    """Something that was not looked at, and why."""

    what: str
    reason: str


class Coverage(Struct, frozen=True):
    """What was looked at and what was not: a report without it cannot be built."""

    looked_at: int
    unit: str
    skipped: tuple[Skipped, ...] = ()

    def __add__(self, other: Coverage) -> Coverage:
        return Coverage(self.looked_at + other.looked_at, self.unit, self.skipped + other.skipped)


class ReportedSite(Struct, frozen=True):
    """One site as it is told: which rule found it, and what became of it."""

    rule: str
    status: SiteStatus
    image: str
    place: Place


class Report(Struct, frozen=True, kw_only=True):
    """Findings, what they are about, and what was looked at.

    *summary* holds counts by name, in the order in which they are printed.
    """

    command: str
    findings: tuple[Finding, ...]
    coverage: Coverage
    summary: dict[str, int] = field(default_factory=dict)
    sites: tuple[ReportedSite, ...] | None = None

    @property
    def exit_status(self) -> int:
        """1 where a finding is an error, 0 otherwise."""
        return int(any(finding.severity == "error" for finding in self.findings))

    def strict(self) -> Report:
        """Return the report with every warning as an error."""
        return Report(
            command=self.command,
            findings=tuple(finding.strict() for finding in self.findings),
            coverage=self.coverage,
            summary=self.summary,
            sites=self.sites,
        )

    def __add__(self, other: Report) -> Report:
        summary = dict(self.summary)
        for name, count in other.summary.items():
            summary[name] = summary.get(name, 0) + count
        sites = None
        if self.sites is not None or other.sites is not None:
            sites = (self.sites or ()) + (other.sites or ())
        return Report(
            command=self.command,
            findings=self.findings + other.findings,
            coverage=self.coverage + other.coverage,
            summary=summary,
            sites=sites,
        )
