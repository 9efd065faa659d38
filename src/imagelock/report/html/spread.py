"""Whose the findings are: a bar for each namespace, or file, that has the most of them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode

from imagelock.core.group import SEVERITIES, how_many
from imagelock.core.place import ClusterPlace, printable
from imagelock.report.html.markup import breakable, many, short, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from imagelock.core.group import Group
    from imagelock.core.rules import Severity

__all__ = ["draw_spread"]

_SHOWN = 8  # bars: the table has the others
_NARROWEST = 0.4  # percent of the bar: a part that is there can be seen
_NO_NAMESPACE = "outside of namespaces"  # nodes, and files beside a cluster


class _Part(NamedTuple):
    """The findings of one namespace or file."""

    name: str
    groups: Sequence[Group]

    def count(self, severity: Severity) -> int:
        """Count its findings of one severity."""
        found = (group for group in self.groups if group.finding.severity == severity)
        return sum(len(group.places) for group in found)

    @property
    def total(self) -> int:
        """How many findings it has."""
        return sum(len(group.places) for group in self.groups)

    @property
    def weight(self) -> tuple[int, ...]:
        """What it is sorted by, from the most errors down."""
        return tuple(-self.count(severity) for severity in SEVERITIES)


def draw_spread(groups: Sequence[Group]) -> str:
    """Return the section, or nothing where all findings are in one place."""
    in_cluster = any(isinstance(group.place, ClusterPlace) for group in groups)
    thing = "namespace" if in_cluster else "file"
    parts = _parts(groups, in_cluster=in_cluster)
    if len(parts) < 2:  # noqa: PLR2004  (one bar compares nothing)
        return ""
    most = max(part.total for part in parts)
    rows = "\n".join(_row(part, most, in_cluster=in_cluster) for part in parts[:_SHOWN])
    return f"""\
<section aria-labelledby="spread">
<h2 id="spread">Findings by {thing}</h2>
<ul class="spread of-{thing}s">
{rows}
</ul>{_rest(parts[_SHOWN:], thing)}
</section>"""


def _parts(groups: Sequence[Group], *, in_cluster: bool) -> list[_Part]:
    by_name: defaultdict[str, list[Group]] = defaultdict(list)
    for group in groups:
        place = group.place
        if isinstance(place, ClusterPlace):
            by_name[printable(place.namespace)].append(group)
        else:
            by_name["" if in_cluster else printable(place.file)].append(group)
    parts = [_Part(name, found) for name, found in by_name.items()]
    return sorted(parts, key=lambda part: (part.weight, part.name))


def _row(part: _Part, most: int, *, in_cluster: bool) -> str:
    told = how_many(part.groups)
    # In quotes, for "a.yaml" is a part of "data.yaml", too.
    wanted = {"namespace": part.name} if in_cluster else {"workload": f'"{part.name}"'}
    link = text(f"#{urlencode(wanted)}")
    shown = breakable(short(part.name))
    name = f'<a href="{link}">{shown}</a>' if part.name else f"<span>{_NO_NAMESPACE}</span>"
    bar = f'<svg class="share" aria-hidden="true">{"".join(_bars(part, most))}</svg>'
    return f'<li>{name}{bar}<span class="number">{told}</span></li>'


def _bars(part: _Part, most: int) -> Iterator[str]:
    left = 0.0
    for severity in SEVERITIES:
        if count := part.count(severity):
            width = max(_NARROWEST, 100 * count / most)
            place = f'x="{left:.2f}%" width="{width:.2f}%" height="100%"'
            yield f'<rect class="fill-{severity}" {place}/>'
            left += width


def _rest(parts: Sequence[_Part], thing: str) -> str:
    if not parts:
        return ""
    groups = [group for part in parts for group in part.groups]
    groups.sort(key=lambda group: SEVERITIES.index(group.finding.severity))
    return f'<p class="quiet rest">and {many(len(parts), thing)} more: {how_many(groups)}</p>'
