"""Which sites stay unpinned."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from imagelock.core.finding import Finding, Report
from imagelock.decide.judge import Allowed, Denied, Exempt, Terms, judge
from imagelock.decide.nearby import near_misses
from imagelock.decide.override import coverage_of, reported, unread_findings

if TYPE_CHECKING:
    from imagelock.core.finding import SiteStatus
    from imagelock.core.place import Source
    from imagelock.core.reference import ImageReference
    from imagelock.find.site import Site
    from imagelock.find.sites import FoundSites

__all__ = ["check_sites"]


def check_sites(source: Source, found: FoundSites, terms: Terms) -> Report:
    """Say which images of one file the policy does not allow."""
    verdicts = [_check(site, terms) for site in found.sites]
    statuses = [status for status, _ in verdicts]
    return Report(
        command="check",
        findings=(
            *(finding for _, finding in verdicts if finding),
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
    )


def _check(site: Site, terms: Terms) -> tuple[SiteStatus, Finding | None]:
    image = site.image
    if image is None:
        return "finding", _problem(site)
    ruling = judge(image, site.namespace, terms)
    match ruling:
        case Allowed():
            return "pinned-before", None
        case Exempt():
            return "exempt", None
        case Denied():
            if site.problem is not None:
                return "finding", _problem(site)
            return "finding", _denied(site, image, ruling, terms)
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
