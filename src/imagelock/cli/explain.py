"""Tell of every place which rule found it, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from imagelock.core.place import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagelock.cli.console import Console
    from imagelock.core.finding import Finding, Report, ReportedSite

__all__ = ["FOUND_BY", "explain", "explained"]

FOUND_BY = {
    "position": "it stands where a pod spec names an image",
    "key": "its key, its flag or its variable names an image",
    "split": "registry, repository, tag and digest stand in keys of their own",
    "argo": "an Argo CD source hands it to Helm or Kustomize",
    "kustomize": "it is an entry of a Kustomization's images",
    "lock": "it names an image of the lock",
    "config": "[find] include in imagelock.toml says so",
    "line": "its line says 'image:', in a document that is not YAML",
    "patch": "a JSON patch writes it where an image stands",
    "argument": "an argument or a variable whose name speaks of an image has it as its value",
}
_STANDS = {
    "pinned-now": "pinned now",
    "pinned-before": "pinned: it has a digest that the policy accepts",
    "exempt": "exempt: an exemption covers it",
    "finding": "not pinned",
}


def explain(report: Report, console: Console) -> None:
    """Print every site of a report to standard output."""
    for site, finding in _with_findings(report):
        console.result("".join(f"{line}\n" for line in _lines(site, finding)))


def explained(report: Report) -> Report:
    """Return a report whose sites say why, for a format that machines read."""
    sites = tuple(
        replace(site, why=f"{_found_by(site)}; {_stands(site, finding)}")
        for site, finding in _with_findings(report)
    )
    return replace(report, sites=sites)


def _with_findings(report: Report) -> Iterator[tuple[ReportedSite, Finding | None]]:
    why = {(finding.place, finding.image): finding for finding in report.findings}
    for site in report.sites or ():
        yield site, why.get((site.place, site.image))


def _lines(site: ReportedSite, finding: Finding | None) -> tuple[str, ...]:
    path = getattr(site.place, "path", "")
    return (
        f"{site.place}: {printable(site.image)}",
        f"    at {printable(path)}",
        f"    found by '{site.rule}': {_found_by(site)}",
        f"    {_stands(site, finding)}",
    )


def _found_by(site: ReportedSite) -> str:
    return FOUND_BY.get(site.rule, site.rule)


def _stands(site: ReportedSite, finding: Finding | None) -> str:
    if finding is None:
        return _STANDS[site.status]
    return f"{finding.rule.name}: {finding.sentence}"
