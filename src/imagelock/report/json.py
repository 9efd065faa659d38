"""A report as one JSON document, described by docs/report.schema.json."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, assert_never

import msgspec

from imagelock.core.place import ClusterPlace, FilePlace
from imagelock.report import counts_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from imagelock.core.finding import (
        Coverage,
        ExemptionUse,
        Finding,
        ImageUse,
        Report,
        ReportedSite,
    )
    from imagelock.core.place import Place

__all__ = ["pieces", "render"]

VERSION = 1  # of the document: it grows when a reader of the old one could go wrong


def render(report: Report) -> str:
    """Return the document, its keys in an order that does not change."""
    return "".join(pieces(report))


def pieces(report: Report) -> Iterator[str]:
    """Yield the document bit by bit: a hundred thousand findings need no memory twice."""
    head = {
        "version": VERSION,
        "command": report.command,
        "made": report.made,
        "subject": report.subject,
        "policy": report.policy,
        "exit_status": report.exit_status,
        "summary": counts_of(report),
        "coverage": _coverage(report.coverage),
    }
    yield _text(head).removesuffix("\n}")
    yield from _listed("findings", map(_finding, report.findings))
    if report.sites is not None:
        yield from _listed("sites", map(_site, report.sites))
    if report.exemptions:
        yield from _listed("exemptions", map(_exemption, report.exemptions))
    if report.images:
        yield from _listed("images", map(_image, report.images))
    yield "\n}\n"


def _listed(key: str, items: Iterable[dict[str, object]]) -> Iterator[str]:
    yield f',\n  "{key}": ['
    between, end = "\n    ", ""
    for item in items:
        yield between + _text(item).replace("\n", "\n    ")
        between, end = ",\n    ", "\n  "
    yield f"{end}]"


def _text(value: dict[str, object]) -> str:
    try:
        # Ten times as fast as json.dumps, which has no quick way to indent.
        text = msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
    except UnicodeEncodeError:  # of a file's name that is not UTF-8
        text = json.dumps(value, ensure_ascii=False, indent=2)
    return _printable(text)


def _coverage(coverage: Coverage) -> dict[str, object]:
    return {
        "looked_at": coverage.looked_at,
        "unit": coverage.unit,
        "skipped": [{"what": one.what, "reason": one.reason} for one in coverage.skipped],
    }


def _finding(finding: Finding) -> dict[str, object]:
    return {
        "rule": finding.rule.name,
        "severity": finding.severity,
        "message": finding.message,
        "help": finding.help,
        "image": finding.image,
        "location": _location(finding.place),
    }


def _site(site: ReportedSite) -> dict[str, object]:
    return {
        "rule": site.rule,
        "status": site.status,
        "image": site.image,
        "location": _location(site.place),
        **({"why": site.why} if site.why else {}),
    }


def _exemption(use: ExemptionUse) -> dict[str, object]:
    exemption = use.exemption
    return {
        "repository": exemption.repository,
        "namespaces": list(exemption.namespaces),
        "reason": exemption.reason,
        "owner": exemption.owner,
        "until": exemption.until.isoformat() if exemption.until is not None else None,
        "preset": exemption.preset,
        "images": use.images,
    }


def _image(use: ImageUse) -> dict[str, object]:
    return {"image": use.image, "origin": use.origin, "uses": use.uses}


def _location(place: Place) -> dict[str, object]:
    match place:
        case FilePlace():
            return {
                "file": place.file,
                "line": place.line,
                "column": place.column,
                "path": place.path,
            }
        case ClusterPlace():
            return {
                "cluster": place.cluster,
                "namespace": place.namespace,
                "kind": place.kind,
                "name": place.name,
                "container": place.container,
                "workload": place.workload,
            }
        case never:
            assert_never(never)


def _printable(document: str) -> str:
    """Escape what a terminal would obey and what UTF-8 cannot hold; readers see no difference."""
    if document.replace("\n", "").isprintable():
        return document
    return "".join(
        char if char == "\n" or char.isprintable() else json.dumps(char)[1:-1] for char in document
    )
