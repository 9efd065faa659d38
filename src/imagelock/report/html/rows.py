"""The table of findings: its rows as markup and as data, and the fields that filter it.

A browser with JavaScript draws the rows from the data, a hundred at a time. The
first hundred are markup too, and the next ones are kept for browsers without.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from imagelock.core.group import SEVERITIES, how_many
from imagelock.core.place import ClusterPlace, printable
from imagelock.report.html.markup import breakable, icon, short, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from imagelock.core.group import Group

__all__ = ["data_of", "findings_of"]

_PAGE = 100  # rows, as in page.js
_LISTED = 20_000  # rows that a browser still filters between two key presses
_WITHOUT_SCRIPT = 2_000  # rows that the page shows in a browser without JavaScript
_NAMED = 10  # pods of a line, before the rest is counted
_OFFERED = 500  # values that a field offers
_LONGEST_OFFERED = 600  # characters of one: no image ID is longer

_COLUMNS = (
    ("severity", "severity"),
    ("where", "where"),
    ("image", "image"),
    ("what", "what"),
    ("rule", "rule"),
    ("places", "places"),
)

_SEARCH = (
    '<label class="search">Search<input type="search" id="search" name="q" autocomplete="off"'
    ' spellcheck="false" placeholder="any text"></label>'
)


class _Row:
    """What is told of a group, as text that may be shown."""

    def __init__(self, group: Group) -> None:
        finding, place = group.finding, group.place
        self.severity = finding.severity
        self.rule = finding.rule.name
        self.image = printable(finding.image)
        self.message = printable(finding.message)
        self.extent = _extent(group)
        self.help = printable(finding.help)
        self.count = len(group.places)
        if isinstance(place, ClusterPlace):
            self.namespace = printable(place.namespace)
            self.workload = printable(f"{place.kind}/{place.name}")
            self.where = self.workload
            self.inside = " · ".join(filter(None, (self.namespace, printable(place.container))))
        else:
            self.namespace = ""
            self.workload = printable(place.file)
            self.where = str(place)
            self.inside = printable(place.path)


_FIELDS = (
    "severity",
    "namespace",
    "workload",
    "where",
    "inside",
    "image",
    "rule",
    "message",
    "extent",
    "help",
    "count",
)


def _extent(group: Group) -> str:
    """Say how far it reaches, with the first names."""
    how_far, has_example, _ = group.extent.partition(", e.g. ")
    if not has_example:
        return how_far
    places = [place for place in group.places if isinstance(place, ClusterPlace)]
    names = [printable(place.name) for place in places if place.kind == "Pod"][:_NAMED]
    more = sum(place.kind == "Pod" for place in places) - len(names)
    return f"{how_far}: {', '.join(names)}{f' and {more:,} more' if more else ''}"


def data_of(groups: Sequence[Group]) -> str:
    """Return the rows as JSON that may stand in a script element."""
    helps: dict[str, int] = {}
    rows = []
    for row in map(_Row, groups[:_LISTED]):
        values = [getattr(row, name) for name in _FIELDS]
        values[_FIELDS.index("help")] = helps.setdefault(row.help, len(helps))
        rows.append(values)
    data = {"columns": _FIELDS, "help": list(helps), "rows": rows}
    document = json.dumps(data, separators=(",", ":"))
    # A text that says "</script>" or "<!--" must not end, or begin, anything.
    return document.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def findings_of(groups: Sequence[Group]) -> str:
    """Return the section with the fields and the table."""
    if not groups:
        return ""
    rows = [_Row(group) for group in groups[:_LISTED]]
    ones = " ones" if all(row.count == 1 for row in rows) else ""
    return f"""\
<section class="findings{ones}" id="findings" aria-labelledby="findings-title">
<div class="findings-head"><h2 id="findings-title" tabindex="-1">Findings</h2>
<p class="quiet" id="shown" role="status">{_shown(rows)}</p></div>
{_controls(rows)}
{_table(rows[:_PAGE], ' id="rows"')}
<p class="nothing" id="nothing" hidden>No finding is like this. <kbd>Esc</kbd> shows all again.</p>
<div class="pager"><span class="quiet" id="page"></span>
<button type="button" id="previous" disabled>Previous</button>
<button type="button" id="next" disabled>Next</button></div>
{_without_script(rows[_PAGE:])}{_unlisted(groups[_LISTED:])}
<p class="keys"><kbd>/</kbd> search, <kbd>↑</kbd> <kbd>↓</kbd> from line to line, \
<kbd>Enter</kbd> more about a line, <kbd>PgUp</kbd> <kbd>PgDn</kbd> turn the page, \
<kbd>Esc</kbd> back. The address keeps the filter.</p>
</section>"""


def _shown(rows: Sequence[_Row]) -> str:
    return f"lines 1 to {min(len(rows), _PAGE):,} of {len(rows):,}"


def _controls(rows: Sequence[_Row]) -> str:
    in_a_cluster = any(row.namespace for row in rows)
    where = "Workload" if in_a_cluster else "File"
    fields = [
        _SEARCH,
        _choice("Severity", "severity", _severities(rows)),
        _choice("Rule", "rule", _by_count(row.rule for row in rows)),
        _choice("Namespace", "namespace", sorted({row.namespace for row in rows} - {""}))
        if in_a_cluster
        else "",
        _entry(where, "workload", (row.workload for row in rows)),
        _entry("Image", "image", (row.image for row in rows)),
        '<button type="button" id="clear" disabled>Show all</button>',
    ]
    inner = "\n".join(filter(None, fields))
    return f'<div class="controls" id="controls" role="search">\n{inner}\n</div>'


def _severities(rows: Sequence[_Row]) -> list[str]:
    present = {row.severity for row in rows}
    return [severity for severity in SEVERITIES if severity in present]


def _by_count(values: Iterable[str]) -> list[str]:
    return [value for value, _ in Counter(filter(None, values)).most_common(_OFFERED)]


def _choice(label: str, name: str, values: Iterable[str]) -> str:
    options = "".join(map(_option, values))
    return (
        f'<label>{label}<select name="{name}" autocomplete="off">'
        f'<option value="">all</option>{options}</select></label>'
    )


def _option(value: str) -> str:
    # A browser makes a list as wide as its widest option.
    of_it = f' value="{text(value)}"' if short(value) != value else ""
    return f"<option{of_it}>{text(short(value))}</option>"


def _entry(label: str, name: str, values: Iterable[str]) -> str:
    options = "".join(
        f'<option value="{text(value)}"></option>'
        for value in sorted(_by_count(values))
        if len(value) <= _LONGEST_OFFERED
    )
    return (
        f'<label>{label}<input type="text" name="{name}" list="list-{name}" autocomplete="off"'
        f' spellcheck="false" placeholder="any"></label>'
        f'<datalist id="list-{name}">{options}</datalist>'
    )


def _table(rows: Iterable[_Row], attributes: str = "") -> str:
    columns = "".join(f'<col class="c-{name}">' for name, _ in _COLUMNS)
    heads = "".join(_head(name, title, is_sorted=bool(attributes)) for name, title in _COLUMNS)
    return f"""\
<table><caption class="skip">Findings, one a line</caption><colgroup>{columns}</colgroup>
<thead><tr>{heads}</tr></thead>
<tbody{attributes}>
{"".join(map(_drawn, rows))}</tbody>
</table>"""


def _head(name: str, title: str, *, is_sorted: bool) -> str:
    number = ' class="number"' if name == "places" else ""
    if not is_sorted:
        return f'<th scope="col"{number}>{title}</th>'
    button = f'<button type="button" class="sort">{title}</button>'
    return f'<th scope="col"{number} data-sort="{name}">{button}</th>'


def _drawn(row: _Row) -> str:
    """Return the markup that page.js makes of the same row."""
    inside = f'<span class="inside">{breakable(short(row.inside))}</span>' if row.inside else ""
    one = ' data-one=""' if row.count == 1 else ""
    return (
        f'<tr><td class="severity-cell"><span class="severity {row.severity}">'
        f"{icon(row.severity)}{row.severity}</span></td>"
        f'<td class="where-cell">{breakable(short(row.where))}{inside}</td>'
        f'<td class="image image-cell">{breakable(short(row.image))}</td>'
        f'<td class="what-cell">{_more(row)}</td>'
        f'<td class="rule-cell">{row.rule}</td>'
        f'<td class="number places-cell"{one}>{row.count:,}</td></tr>\n'
    )


def _more(row: _Row) -> str:
    image = f'<p class="image">{text(row.image)}</p>' if short(row.image) != row.image else ""
    cut = [told for told in (row.where, row.inside, row.message) if short(told) != told]
    told = [*cut, row.extent, row.help]
    paragraphs = "".join(f"<p>{text(one)}</p>" for one in told if one)
    return (
        f"<details><summary><span>{text(short(row.message))}</span></summary>"
        f'<div class="body">{image}{paragraphs}</div></details>'
    )


def _without_script(rows: Sequence[_Row]) -> str:
    if not rows:
        return ""
    more = len(rows) - _WITHOUT_SCRIPT
    rest = f'<p class="more">and {more:,} more, which are shown with JavaScript</p>'
    listed = _table(rows[:_WITHOUT_SCRIPT])
    return f"<noscript>{listed}{rest if more > 0 else ''}</noscript>"


def _unlisted(groups: Sequence[Group]) -> str:
    if not groups:
        return ""
    return f'<p class="more">and {how_many(groups)} more: the report as JSON has them all</p>'
