"""Which sites stay unpinned."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from msgspec import Struct

from imagelock.core.exemption import Exemption
from imagelock.core.finding import Finding, Report, SiteStatus
from imagelock.decide.exempted import uses_of
from imagelock.decide.judge import Allowed, Denied, Exempt, Terms, judge
from imagelock.decide.nearby import near_misses
from imagelock.decide.override import coverage_of, reported, unread_findings

if TYPE_CHECKING:
    from imagelock.core.place import Source
    from imagelock.core.reference import ImageReference
    from imagelock.find.site import Site
    from imagelock.find.sites import FoundSites

__all__ = ["check_sites"]


class _Verdict(Struct, frozen=True):
    """What there is to say about one site."""

    status: SiteStatus
    finding: Finding | None = None
    exemption: Exemption | None = None


def check_sites(source: Source, found: FoundSites, terms: Terms) -> Report:
    """Say which images of one file the policy does not allow."""
    verdicts = [_check(site, terms) for site in found.sites]
    statuses = [verdict.status for verdict in verdicts]
    return Report(
        command="check",
        findings=(
            *(verdict.finding for verdict in verdicts if verdict.finding),
            *unread_findings(source, found),
        ),
        coverage=coverage_of(source, found),
        summary={
            "sites": len(statuses),
            "pinned": statuses.count("pinned-before"),
            "exempt": statuses.count("exempt"),
            "with findings": statuses.count("finding"),
        },
        sites=tuple(
            reported(site, status) for site, status in zip(found.sites, statuses, strict=True)
        ),
        exemptions=uses_of(verdict.exemption for verdict in verdicts),
    )


def _check(site: Site, terms: Terms) -> _Verdict:
    image = site.image
    if image is None:
        return _Verdict("finding", _problem(site))
    ruling = judge(image, site.namespace, terms)
    match ruling:
        case Allowed():
            return _Verdict("pinned-before")
        case Exempt(exemption=exemption):
            return _Verdict("exempt", exemption=exemption)
        case Denied():
            if site.problem is not None:
                return _Verdict("finding", _problem(site))
            return _Verdict("finding", _denied(site, image, ruling, terms))
        case never:
            assert_never(never)


def _problem(site: Site) -> Finding:
    assert site.problem is not None  # noqa: S101  (a site without an image has a problem)
    return Finding.of(site.problem.rule, site.place, site.problem.message, image=site.text)


def _denied(site: Site, image: ImageReference, ruling: Denied, terms: Terms) -> Finding:
    if ruling.rule == "unpinned":
        message = f"'{site.text}' has no digest"
    else:
        message = f"the digest of '{site.text}' is not in the lock"
        if terms.lock is not None:
            message += near_misses(image, terms.lock)
    if ruling.expired is not None:
        message += f"; its exemption ended on {ruling.expired.until}"
    return Finding.of(ruling.rule, site.place, message, image=site.text)
