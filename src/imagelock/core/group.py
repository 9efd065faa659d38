"""Findings that say one thing of one workload: told once, however many pods it has."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct

from imagelock.core.finding import Finding
from imagelock.core.identity import filed_under
from imagelock.core.place import ClusterPlace, Place, printable

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

    from imagelock.core.rules import Severity

__all__ = ["LISTED", "SEVERITIES", "Group", "grouped", "how_many"]

# Groups that a report for a tool lists: GitHub keeps 5,000 results of a run, and
# GitLab gives up on JUnit files of some ten thousand testcases.
LISTED = 5_000
_NAMED = 10  # places of a group that are named before the rest is counted

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")


class Group(Struct, frozen=True):
    """What is told in one line: a finding, and every place that it holds for."""

    finding: Finding
    places: tuple[Place, ...]

    @property
    def place(self) -> Place:
        """Where it is mended: the place in the file, or in the workload of the pods."""
        place = self.finding.place
        return place.deployed if isinstance(place, ClusterPlace) else place

    @property
    def sentence(self) -> str:
        """What is wrong, and how far it reaches: on one line, and harmless."""
        extent = self.extent
        return f"{self.finding.sentence}, {extent}" if extent else self.finding.sentence

    @property
    def extent(self) -> str:
        """How far it reaches: ``in its template and 300 pods, e.g. api-7c9-abc``, or nothing."""
        told = self.place
        others = [place for place in self.places if isinstance(place, ClusterPlace)]
        if not isinstance(told, ClusterPlace) or _is_itself(others, told):
            return ""
        inner = [place for place in others if not _is_itself([place], told)]
        parts = ["its template"] if len(inner) < len(others) else []
        parts += [_some(kind, count) for kind, count in Counter(p.kind for p in inner).items()]
        example = printable(inner[0].name)
        if len(inner) == 1:
            return f"in {_listed([*parts[:-1], f'{inner[0].kind.lower()} {example}'])}"
        return f"in {_listed(parts)}, e.g. {example}"

    @property
    def named_places(self) -> list[str]:
        """The first of several places, and how many more there are."""
        if len(self.places) == 1:
            return []
        named = [str(place) for place in self.places[:_NAMED]]
        more = len(self.places) - len(named)
        return [*named, f"and {more:,} more"] if more else named


def grouped(findings: Iterable[Finding]) -> tuple[Group, ...]:
    """Return the groups in the order of reading.

    Errors come first, and what is about one file or workload stands together. Places
    in files are never grouped: each is a line that somebody has to change.
    """
    together: dict[Hashable, list[Finding]] = {}
    for number, finding in enumerate(findings):
        together.setdefault(_key(finding, number), []).append(finding)
    groups = [
        Group(members[0], tuple(member.place for member in members))
        for members in together.values()
    ]
    return tuple(_in_reading_order(groups))


def how_many(groups: Sequence[Group]) -> str:
    """Count the findings of groups by severity: ``3 errors, 1 note``."""
    counts = Counter[str]()
    for group in groups:
        counts[group.finding.severity] += len(group.places)
    return ", ".join(
        f"{counts[severity]:,} {severity}{'s' * (counts[severity] > 1)}"
        for severity in SEVERITIES
        if counts[severity]
    )


def _key(finding: Finding, number: int) -> Hashable:
    place = finding.place
    if not isinstance(place, ClusterPlace):
        return number
    return (
        finding.rule.name,
        finding.severity,
        finding.message,
        finding.image,
        finding.help,
        place.cluster,
        place.namespace,
        place.workload or (place.kind, place.name),
        place.container,
    )


def _in_reading_order(groups: list[Group]) -> list[Group]:
    first_seen: dict[str, int] = {}
    files = [filed_under(group.finding.place) for group in groups]
    for position, file in enumerate(files):
        first_seen.setdefault(file, position)

    def key(numbered: tuple[int, Group]) -> tuple[int, int, int, int]:
        number, group = numbered
        place = group.finding.place
        return (
            SEVERITIES.index(group.finding.severity),
            first_seen[files[number]],
            getattr(place, "line", 0),
            getattr(place, "column", 0),
        )

    return [group for _, group in sorted(enumerate(groups), key=key)]


def _is_itself(places: list[ClusterPlace], told: ClusterPlace) -> bool:
    return all((place.kind, place.name) == (told.kind, told.name) for place in places)


def _some(kind: str, count: int) -> str:
    noun = printable(kind).lower()
    return f"1 {noun}" if count == 1 else f"{count:,} {noun}s"


def _listed(parts: list[str]) -> str:
    *most, last = parts
    return f"{', '.join(most)} and {last}" if most else last
