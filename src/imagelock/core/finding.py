"""Finding, Coverage, Report: the answer of every job."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal, assert_never

from msgspec import Struct, field
from msgspec.structs import replace

from imagelock.core.exemption import Exemption
from imagelock.core.place import ClusterPlace, FilePlace, Place, printable
from imagelock.core.rules import Rule, Severity, rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = [
    "Coverage",
    "ExemptionUse",
    "Finding",
    "ImageUse",
    "Origin",
    "Report",
    "ReportedSite",
    "SiteStatus",
    "Skipped",
]

SiteStatus = Literal["pinned-now", "pinned-before", "finding", "exempt"]
# "locked": images.lock has its repository, and no list at hand says who built it.
Origin = Literal["external", "self-built", "locked", "exempt", "unknown"]


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
        """Make a finding of the rule *name*: its severity, and its help unless one is given."""
        row = rule(name)
        return cls(
            rule=row,
            place=place,
            message=message,
            image=image,
            help=help or row.advice,
            severity=row.severity,
        )

    @property
    def sentence(self) -> str:
        """The message as it may be shown: on one line, harmless, with its image."""
        message, image = printable(self.message), printable(self.image)
        return message if image in message else f"'{image}': {message}"

    def strict(self) -> Finding:
        """Return it as an error where it was a warning."""
        return replace(self, severity="error") if self.severity == "warning" else self


class Skipped(Struct, frozen=True):
    """Something that was not looked at, and why.

    *expected* is what the rules themselves leave out, such as a file whose name
    begins with a dot: it is told, and ``--strict`` has nothing against it.
    """

    what: str
    reason: str
    expected: bool = False

    def as_finding(self) -> Finding:
        """Return it as ``--strict`` sees it."""
        place = FilePlace(self.what)
        return Finding.of("not-looked-at", place, f"was not looked at: {self.reason}").strict()


class Coverage(Struct, frozen=True):
    """What was looked at and what was not: a report without it cannot be built."""

    looked_at: int
    unit: str
    skipped: tuple[Skipped, ...] = ()

    @property
    def left_out(self) -> tuple[Skipped, ...]:
        """What the rules did not leave out by themselves."""
        return tuple(skipped for skipped in self.skipped if not skipped.expected)

    @classmethod
    def joined(cls, coverages: Sequence[Coverage]) -> Coverage:
        """Return one coverage of several that count the same unit."""
        return cls(
            sum(coverage.looked_at for coverage in coverages),
            coverages[0].unit,
            tuple(skipped for coverage in coverages for skipped in coverage.skipped),
        )

    def __add__(self, other: Coverage) -> Coverage:
        return Coverage.joined((self, other))


class ReportedSite(Struct, frozen=True):
    """One site as it is told: which rule found it, and what became of it.

    *why* says both in words, where somebody asked for them.
    """

    rule: str
    status: SiteStatus
    image: str
    place: Place
    why: str = ""


class ExemptionUse(Struct, frozen=True):
    """An exemption, and how many images it let pass."""

    exemption: Exemption
    images: int


class ImageUse(Struct, frozen=True):
    """An image as it was asked for, how often, and where it comes from."""

    image: str
    uses: int
    origin: Origin = "unknown"


class Report(Struct, frozen=True, kw_only=True):
    """Findings, what they are about, and what was looked at.

    *summary* holds counts by name, in the order in which they are printed.
    *images* are those that were looked at, where the command counts them.
    *subject* names the cluster or the files, *policy* what images were judged by,
    *made* the moment as ``YYYY-MM-DDThh:mm:ssZ``; each is empty where nobody said.
    """

    command: str
    findings: tuple[Finding, ...]
    coverage: Coverage
    summary: dict[str, int] = field(default_factory=dict)
    sites: tuple[ReportedSite, ...] | None = None
    exemptions: tuple[ExemptionUse, ...] = ()
    images: tuple[ImageUse, ...] = ()
    subject: str = ""
    policy: str = ""
    made: str = ""

    @property
    def exit_status(self) -> int:
        """1 where a finding is an error, 0 otherwise."""
        return int(any(finding.severity == "error" for finding in self.findings))

    @property
    def names_no_image(self) -> bool:
        """Whether sites were looked for, and there are none."""
        return self.sites == () if "sites" not in self.summary else self.summary["sites"] == 0

    def count(self, severity: Severity) -> int:
        """Count the findings of one severity."""
        return sum(finding.severity == severity for finding in self.findings)

    def strict(self) -> Report:
        """Return the report with every warning, and all that was not looked at, as an error."""
        left_out = self.coverage.left_out
        told = tuple(skipped for skipped in self.coverage.skipped if skipped.expected)
        return replace(
            self,
            findings=tuple(finding.strict() for finding in self.findings)
            + tuple(skipped.as_finding() for skipped in left_out),
            coverage=replace(self.coverage, skipped=told),
        )

    def of_one_file(self) -> Report:
        """Return the report of several parts of one file as that of the file."""
        return replace(self, coverage=replace(self.coverage, looked_at=1))

    def with_files_named(self, names: Mapping[str, str]) -> Report:
        """Return the report with its files under other names; *names* are old to new."""
        sites = self.sites
        if sites is not None:
            sites = tuple(replace(site, place=_named(site.place, names)) for site in sites)
        findings = tuple(
            replace(finding, place=_named(finding.place, names)) for finding in self.findings
        )
        return replace(self, findings=findings, sites=sites)

    @classmethod
    def joined(cls, reports: Sequence[Report]) -> Report:
        """Return one report of several of the same command, of which there is at least one."""
        first = reports[0]
        summary: dict[str, int] = {}
        for report in reports:
            for name, count in report.summary.items():
                summary[name] = summary.get(name, 0) + count
        has_sites = any(report.sites is not None for report in reports)
        return replace(
            first,
            findings=tuple(finding for report in reports for finding in report.findings),
            coverage=Coverage.joined([report.coverage for report in reports]),
            summary=summary,
            sites=tuple(site for report in reports for site in report.sites or ())
            if has_sites
            else None,
            exemptions=_added(use for report in reports for use in report.exemptions),
            images=tuple(use for report in reports for use in report.images),
        )

    def __add__(self, other: Report) -> Report:
        return Report.joined((self, other))


def _added(uses: Iterable[ExemptionUse]) -> tuple[ExemptionUse, ...]:
    """Return each exemption once, most used first."""
    images: Counter[Exemption] = Counter()
    for use in uses:
        images[use.exemption] += use.images
    return tuple(ExemptionUse(*use) for use in images.most_common())


def _named(place: Place, names: Mapping[str, str]) -> Place:
    match place:
        case FilePlace():
            return replace(place, file=names.get(place.file, place.file))
        case ClusterPlace():
            return place
        case never:
            assert_never(never)
