"""A report as one page of HTML: a verdict, a table to filter, a picture of origins.

The page is complete in itself. It may not load anything, and no script runs but
the two that are in it, named by their hashes; texts of strangers are text
wherever they stand. Without JavaScript the table is there, and not filtered.
"""

from __future__ import annotations

from html import escape
from pkgutil import get_data
from string import Template
from typing import TYPE_CHECKING

from imagelock import __version__
from imagelock.core.group import grouped
from imagelock.core.place import printable
from imagelock.report.html.picture import draw_origins
from imagelock.report.html.rows import data_of, findings_of
from imagelock.report.html.sections import folds_of, header_of, headline, to_do_of
from imagelock.report.html.spread import draw_spread

if TYPE_CHECKING:
    from imagelock.core.finding import Report

__all__ = ["render"]

_LONGEST_TITLE = 70  # characters: a tab shows no more
_SKIP = '<a class="skip" href="#findings">Skip to the findings</a>'
_EARLY = 'document.documentElement.className = "js"'


def render(report: Report) -> str:
    """Return the page."""
    groups = grouped(report.findings)
    style, script = _part("page.css"), _part("page.js")
    subject = f" of {report.subject}" if report.subject else ""
    title = printable(f"{headline(report, groups)} – imagelock {report.command}{subject}")
    return Template(_part("page.html")).substitute(
        policy=_policy(style, _EARLY, script),
        title=escape(title[:_LONGEST_TITLE]),
        style=style,
        early=_EARLY,
        skip=_SKIP if groups else "",
        header=header_of(report, groups),
        to_do=to_do_of(groups),
        origins=draw_origins(report),
        spread=draw_spread(groups),
        findings=findings_of(groups),
        folds=folds_of(report),
        footer=f"imagelock {__version__}. This page is complete in itself and loads nothing.",
        data=data_of(groups),
        script=script,
    )


def _part(name: str) -> str:
    data = get_data(__name__, name)
    assert data is not None  # noqa: S101  (it is a file of this package)
    return data.decode()


def _policy(style: str, *scripts: str) -> str:
    """Return the content security policy: nothing from anywhere, and only what is in the page."""
    return "; ".join(
        (
            "default-src 'none'",
            "base-uri 'none'",
            "form-action 'none'",
            "img-src data:",  # the empty icon that keeps a browser from asking for one
            f"style-src {_hash(style)}",
            f"script-src {' '.join(map(_hash, scripts))}",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


def _hash(text: str) -> str:
    # Only this format asks, and OpenSSL takes its time to come.
    from base64 import b64encode
    from hashlib import sha256

    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
