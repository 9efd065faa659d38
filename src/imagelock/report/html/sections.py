"""The parts of the page around the table: verdict, counts, what to do, what is folded."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from imagelock.core.group import how_many
from imagelock.core.place import ClusterPlace, FilePlace
from imagelock.report import counted, named_for, terms_of
from imagelock.report.html.markup import icon, many, prose, short, text
from imagelock.report.html.picture import LISTED, rows_of_images

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from imagelock.core.finding import Report
    from imagelock.core.group import Group
    from imagelock.core.place import Place
    from imagelock.core.rules import Rule

__all__ = ["folds_of", "header_of", "headline", "to_do_of"]

_IN_A_ROW = 6  # counts; more are shown in rows that are as even as they can be
_NUMBER = ' class="number"'


def headline(report: Report, groups: Sequence[Group]) -> str:
    """Return the verdict in a few words."""
    told = how_many(groups)
    if report.exit_status:
        return f"Failed: {told}"
    if not report.coverage.looked_at:
        return "Nothing was looked at"
    if report.names_no_image:
        return "No image is named there"
    if groups and _worst(groups) == "warning":
        return f"Passed, with {told}"
    return f"Clean, with {told}" if told else "Clean"


def header_of(report: Report, groups: Sequence[Group]) -> str:
    """Return the verdict, what it is about, and the counts."""
    words = headline(report, groups)
    sign = "clean" if words.startswith("Clean") else "error" if report.exit_status else "warning"
    of = f" of <strong>{text(short(report.subject))}</strong>" if report.subject else ""
    return f"""\
<p class="of">imagelock {text(report.command)}{of}</p>
<h1 class="verdict {sign}">{icon(sign)}<span>{words}</span></h1>
<p class="seen">{_reach(groups)}{_seen(report)}</p>
{_unseen(report)}
{_counts(report)}"""


def _worst(groups: Sequence[Group]) -> str:
    return groups[0].finding.severity if groups else "clean"


def _reach(groups: Sequence[Group]) -> str:
    """Say how far the worst of it reaches, as who has to decide asks."""
    worst = _worst(groups)
    if worst not in {"error", "warning"}:
        return ""
    found = [group for group in groups if group.finding.severity == worst]
    is_one = len(found) == len(found[0].places) == 1
    are = f"The {worst} is" if is_one else f"The {worst}s are"
    return f"{are} in <strong>{_listed(_objects([group.place for group in found]))}</strong>. "


def _objects(places: Sequence[Place]) -> list[str]:
    at = [place for place in places if isinstance(place, ClusterPlace)]
    nodes = {place.name for place in at if place.kind == "Node"}
    workloads = {(p.namespace, p.kind, p.name) for p in at if p.kind != "Node"}
    namespaces = {namespace for namespace, _, _ in workloads} - {""}
    of = f" of {many(len(namespaces), 'namespace')}" if namespaces else ""
    files = {place.file for place in places if isinstance(place, FilePlace)}
    counts = ((len(workloads), "workload", of), (len(nodes), "node", ""), (len(files), "file", ""))
    return [f"{many(count, thing)}{more}" for count, thing, more in counts if count]


def _listed(parts: Sequence[str]) -> str:
    *most, last = parts
    return f"{', '.join(most)} and {last}" if most else last


def _seen(report: Report) -> str:
    coverage = report.coverage
    told = f"{text(counted(coverage.looked_at, coverage.unit))} looked at"
    if report.made:
        moment = f"{report.made[:10]} at {report.made[11:16]} UTC"
        told += f' on <time datetime="{text(report.made)}">{text(moment)}</time>'
    if report.policy:
        told += f", under policy <strong>{text(report.policy)}</strong>"
    return f"{told}. Exit status {report.exit_status}."


def _unseen(report: Report) -> str:
    skipped, left_out = report.coverage.skipped, report.coverage.left_out
    if not skipped:
        return ""
    sign = f'<span class="warning">{icon("warning")}</span>' if left_out else ""
    told = many(len(skipped), "thing")
    more = ", nothing of it unexpected" if not left_out else ""
    link = f'<a href="#not-looked-at">{told} not looked at</a>{more}.'
    return f'<p class="unseen">{sign}<span>{link}</span></p>'


def _counts(report: Report) -> str:
    if not report.summary:
        return ""
    cells = "".join(
        f"<div><dt>{text(named_for(count, name))}</dt><dd>{count:,}</dd></div>"
        for name, count in report.summary.items()
    )
    rows = -(-len(report.summary) // _IN_A_ROW)
    columns = -(-len(report.summary) // rows)
    return f'<dl class="counts in-{columns}">{cells}</dl>'


def to_do_of(groups: Sequence[Group]) -> str:
    """Return the rules that found something, with what each is about."""
    rules = {group.finding.rule.name: group for group in reversed(groups)}
    findings = Counter[str]()
    for group in groups:
        findings[group.finding.rule.name] += len(group.places)
    if not rules:
        return ""
    order = dict.fromkeys(group.finding.rule.name for group in groups)
    items = "\n".join(_rule(rules[name], findings[name]) for name in order)
    return f"""\
<section aria-labelledby="to-do">
<h2 id="to-do">What to do</h2>
<ul class="rules">
{items}
</ul>
</section>"""


def _rule(group: Group, count: int) -> str:
    rule: Rule = group.finding.rule
    severity = group.finding.severity
    link = text(f"#{urlencode({'rule': rule.name})}")
    return f"""\
<li><details><summary><span class="{severity}">{icon(severity)}</span><span class="name">\
{rule.name}</span><span class="count">{many(count, severity)}</span>
<span class="what">{prose(rule.what)}</span></summary>
<div class="body"><dl><dt>Why it matters</dt><dd>{prose(rule.why)}</dd>
<dt>How to mend it</dt><dd>{prose(rule.mend)}</dd>
<dt>How to allow it</dt><dd>{prose(rule.allow)}</dd></dl>
<p><a href="{link}">Show only these findings</a></p></div></details></li>"""


def folds_of(report: Report) -> str:
    """Return what was not looked at, what is exempt, and all images."""
    return "\n".join(filter(None, (_not_looked_at(report), _exempt(report), _images(report))))


def _not_looked_at(report: Report) -> str:
    skipped = report.coverage.skipped
    rows = [(text(short(one.what)), text(one.reason)) for one in skipped]
    is_open = bool(report.coverage.left_out) or len(skipped) <= 5  # noqa: PLR2004  (a glance)
    return _fold("not-looked-at", "Not looked at", ("what", "why"), rows, is_open=is_open)


def _exempt(report: Report) -> str:
    rows = []
    for use in report.exemptions:
        exemption = use.exemption
        rows.append(
            (
                f'<span class="image">{text(exemption.repository)}</span>',
                text(", ".join(exemption.namespaces)),
                text(exemption.reason) + text(terms_of(exemption)),
                f"{use.images:,}",
            )
        )
    return _fold("exempt", "Exempt", ("repository", "namespaces", "reason", "images"), rows)


def _images(report: Report) -> str:
    return _fold("images", "Images", ("image", "origin", "places"), rows_of_images(report))


def _fold(
    name: str,
    title: str,
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    is_open: bool = False,
) -> str:
    if not rows:
        return ""
    columns = "".join(f'<col class="c-{_width(head)}">' for head in heads)
    more = len(rows) - LISTED
    rest = f'<p class="more">and {more:,} more: the report as JSON has them all</p>'
    return f"""\
<details class="fold" id="{name}"{" open" * is_open}>
<summary><h2>{title}</h2> <span class="quiet">{len(rows):,}</span></summary>
<table><colgroup>{columns}</colgroup>
<thead><tr>{_cells("th", heads, heads)}</tr></thead>
<tbody>
{"".join(f"<tr>{_cells('td', row, heads)}</tr>{chr(10)}" for row in rows[:LISTED])}</tbody>
</table>{rest if more > 0 else ""}
</details>"""


def _width(head: str) -> str:
    if head in {"images", "places"}:
        return "number"
    return head if head == "origin" else "third" if head in {"what", "namespaces"} else "auto"


def _cells(tag: str, cells: Iterable[str], heads: Sequence[str]) -> str:
    scope = ' scope="col"' if tag == "th" else ""
    return "".join(
        f"<{tag}{scope}{_NUMBER if _width(head) == 'number' else ''}>{cell}</{tag}>"
        for cell, head in zip(cells, heads, strict=True)
    )
