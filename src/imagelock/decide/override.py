"""Which digest belongs at each site."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from msgspec import Struct

from imagelock.core.exemption import Exemption
from imagelock.core.finding import Coverage, Finding, Report, ReportedSite, SiteStatus, Skipped
from imagelock.core.lock import Ambiguous, Found, Missing
from imagelock.decide.exempted import uses_of
from imagelock.decide.judge import Denied, Exempt, Terms, judge
from imagelock.decide.nearby import near_misses
from imagelock.document.splice import Splice
from imagelock.find.site import Append, FillKey, Unwritable

if TYPE_CHECKING:
    from imagelock.core.lock import LockEntry
    from imagelock.core.place import Source
    from imagelock.core.reference import ImageReference
    from imagelock.document.nodes import Scalar
    from imagelock.find.site import Site
    from imagelock.find.sites import FoundSites

__all__ = ["Plan", "coverage_of", "plan_override", "reported", "unread_findings"]


class Plan(Struct, frozen=True):
    """The changes to one file, and what there is to say about it."""

    splices: tuple[Splice, ...]
    report: Report


class _Outcome(Struct, frozen=True):
    """What becomes of one site."""

    status: SiteStatus
    splice: Splice | None = None
    finding: Finding | None = None
    exemption: Exemption | None = None


def plan_override(
    source: Source, found: FoundSites, terms: Terms, *, tell_sites: bool = True
) -> Plan:
    """Decide for every site of one file which digest belongs there.

    Without *tell_sites* the report counts the sites and does not name them,
    which takes half the time where there are many.
    """
    assert terms.lock is not None  # noqa: S101  (there is nothing to write without one)
    outcomes = _without_conflicts(found.sites, [_decide(site, terms) for site in found.sites])
    findings = [outcome.finding for outcome in outcomes if outcome.finding]
    report = Report(
        command="override",
        findings=(*findings, *unread_findings(source, found)),
        coverage=coverage_of(source, found),
        summary=_summary(outcomes),
        sites=_told(found.sites, outcomes) if tell_sites else None,
        exemptions=uses_of(outcome.exemption for outcome in outcomes),
    )
    # One place that several paths lead to is changed once.
    splices = dict.fromkeys(outcome.splice for outcome in outcomes if outcome.splice)
    return Plan(tuple(splices), report)


def _told(sites: tuple[Site, ...], outcomes: list[_Outcome]) -> tuple[ReportedSite, ...]:
    return tuple(
        reported(site, outcome.status) for site, outcome in zip(sites, outcomes, strict=True)
    )


def reported(site: Site, status: SiteStatus) -> ReportedSite:
    """Return a site as it is told."""
    return ReportedSite(site.found_by, status, site.text, site.place)


def unread_findings(source: Source, found: FoundSites) -> list[Finding]:
    """Return a finding for every part of a file that could not be parsed."""
    return [
        Finding.of(
            "not-read",
            source.place(part.offset),
            f"this is not YAML: {part.problem}; from the beginning of this document on, "
            "only lines of the form 'image: <image ID>' were looked at",
        )
        for part in found.unread
    ]


def _decide(site: Site, terms: Terms) -> _Outcome:
    image = site.image
    if site.problem is not None:
        return _with_problem(site, terms)
    assert image is not None  # noqa: S101  (a site without an image has a problem)
    assert terms.lock is not None  # noqa: S101
    if image.is_pinned:
        return _Outcome("pinned-before")
    match terms.lock.match(image):
        case Found(digest=digest):
            return _pin(site, site.pinned_to(digest))
        case Ambiguous(digest=digest, entry=entry, others=others):
            return _pin(site, site.pinned_to(digest), _ambiguous(site, (entry, *others)))
        case Missing():
            return _missing(site, image, terms)
        case never:
            assert_never(never)


def _with_problem(site: Site, terms: Terms) -> _Outcome:
    problem = site.problem
    assert problem is not None  # noqa: S101
    if site.image is not None:
        ruling = judge(site.image, site.namespace, terms)
        if isinstance(ruling, Exempt):
            return _Outcome("exempt", exemption=ruling.exemption)
    finding = Finding.of(problem.rule, site.place, problem.message, image=site.text)
    return _Outcome("finding", finding=finding)


def _pin(site: Site, change: Splice | Unwritable, finding: Finding | None = None) -> _Outcome:
    if isinstance(change, Unwritable):
        return _Outcome(
            "finding",
            finding=Finding.of(
                "cannot-pin-here",
                site.place,
                f"'{site.text}' cannot be pinned here: {change.reason}",
                image=site.text,
            ),
        )
    return _Outcome("pinned-now", change, finding)


def _ambiguous(site: Site, entries: tuple[LockEntry, ...]) -> Finding:
    choices = ", ".join(f"{entry.reference.normalised} ({entry.origin})" for entry in entries)
    return Finding.of(
        "ambiguous",
        site.place,
        f"'{site.text}' has no tag, and its repository has {len(entries)} digests in the lock: "
        f"the first was taken of {choices}",
        image=site.text,
    )


def _missing(site: Site, image: ImageReference, terms: Terms) -> _Outcome:
    ruling = judge(image, site.namespace, terms)
    if isinstance(ruling, Exempt):
        return _Outcome("exempt", exemption=ruling.exemption)
    expired = ruling.expired if isinstance(ruling, Denied) else None
    assert terms.lock is not None  # noqa: S101
    message = f"'{site.text}' is not in {terms.lock.name}{near_misses(image, terms.lock)}"
    if expired is not None:
        message += f"; its exemption ended on {expired.until}"
    return _Outcome(
        "finding",
        finding=Finding.of("tag-not-in-lock", site.place, message, image=site.text),
    )


def _without_conflicts(sites: tuple[Site, ...], outcomes: list[_Outcome]) -> list[_Outcome]:
    """Refuse to write into a text that several images share, unless all want the same.

    An anchored tag may belong to two repositories, whose digests differ, or to
    one that stays as it is: what is written there would be wrong for one of them.
    """
    wishes: dict[Scalar | None, set[Splice | None]] = {}
    for site, outcome in zip(sites, outcomes, strict=True):
        for scalar in site.parts:
            is_written = scalar is _written(site)
            wishes.setdefault(scalar, set()).add(outcome.splice if is_written else None)
    reason = Unwritable("another image shares this text, and would get this digest too")
    return [
        _pin(site, reason)
        if outcome.splice and len(wishes.get(_written(site), ())) > 1
        else outcome
        for site, outcome in zip(sites, outcomes, strict=True)
    ]


def _written(site: Site) -> Scalar | None:
    return site.pin.scalar if isinstance(site.pin, Append | FillKey) else None


def _summary(outcomes: list[_Outcome]) -> dict[str, int]:
    statuses = [outcome.status for outcome in outcomes]
    return {
        "sites": len(statuses),
        "pinned now": statuses.count("pinned-now"),
        "pinned before": statuses.count("pinned-before"),
        "exempt": statuses.count("exempt"),
        "left with findings": statuses.count("finding"),
    }


def coverage_of(source: Source, found: FoundSites) -> Coverage:
    """Return that one file was looked at, and what in it was not."""
    skipped = []
    if found.templated:
        what = _many(found.templated, "image is named", "images are named")
        skipped.append(Skipped(source.name, f"{what} by a template"))
    if found.forbidden:
        what = _many(found.forbidden, "place is forbidden", "places are forbidden")
        skipped.append(Skipped(source.name, f"{what} by [find] forbid"))
    return Coverage(1, "files", tuple(skipped))


def _many(count: int, one: str, more: str) -> str:
    return f"1 {one}" if count == 1 else f"{count:,} {more}"
