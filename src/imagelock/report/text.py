"""A report for people: in a terminal, and in the log of a job.

    deploy/app.yaml:12:16: error: 'nginx:1.25' has no entry in images.lock [tag-not-in-lock]
    deploy/app.yaml:40:16: error: 'redis:7' has no entry in images.lock [tag-not-in-lock]

    what to do
      tag-not-in-lock (2): Add the image with its digest to 'external_images' ...

    exempt
      registry.k8s.io/kube-proxy in kube-system (3 images): brought by the installer

    not looked at
      image_references/.cache: its name begins with a dot

    of 'deploy', policy locked
    14 sites, 12 pinned now
    2 errors: 14 images looked at (exit status 1)

Errors come first. What one workload's pods share is one line, and what to do is
said once for a rule, however many findings there are:

    shop/Deployment/api container api: error: 'redis:7': … in 300 pods, e.g. api-7c9-x [unpinned]

What would be thousands of lines is cut, notes first, and says so. The last line,
which is what the end of a long log shows, is the result, and counts everything. Where
it does not say "clean", which is exit status 0, it says the status.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from imagelock.core.group import SEVERITIES, grouped, how_many
from imagelock.core.place import printable
from imagelock.report import counted, terms_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from imagelock.core.finding import ExemptionUse, Report, Skipped
    from imagelock.core.group import Group

__all__ = ["render"]

_EVERYTHING = "To see all of them: --verbose, --format json, or --report html=findings.html"
_COLOURS = {"error": "31", "warning": "33", "note": "36", "clean": "32", "place": "1", "dim": "2"}
_SHOWN = 500  # findings: nobody reads more, and a job's log has an end
_ADVICE = 50  # lines of each of the blocks below the findings
_LONGEST = 600  # characters of an image ID: registry, repository, tag and digest at their limits
_KEPT = 100  # characters of one that is longer
_NAMED = 10  # things left out for one reason that are named before the rest is counted


def render(report: Report, *, colour: bool = False, everything: bool = False) -> str:
    """Return the report as lines of text, in colours if *colour*, uncut if *everything*."""
    paint = _Paint(colour=colour)
    groups = grouped(report.findings)
    common = _common_help(groups)
    shown = groups if everything else groups[:_SHOWN]
    blocks = (
        [
            *(line for group in shown for line in _group(group, common, paint, cut=not everything)),
            *_not_shown(groups[len(shown) :]),
        ],
        *(
            block if everything else _cut(block)
            for block in (
                _what_to_do(common, paint),
                _exempt(report.exemptions, paint),
                _not_looked_at(report.coverage.skipped, paint),
            )
        ),
        [*_about(report), *_counts(report.summary), _result(report, groups, paint)],
    )
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


class _Paint:
    """Colours, or none."""

    def __init__(self, *, colour: bool) -> None:
        self._colour = colour

    def __call__(self, text: str, style: str) -> str:
        return f"\x1b[{_COLOURS[style]}m{text}\x1b[0m" if self._colour else text


def _common_help(groups: Sequence[Group]) -> Counter[tuple[str, str]]:
    """Count (rule, help) by findings: what a rule always says, or says in several lines."""
    lines, common = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for group in groups:
        if group.finding.help:
            said = group.finding.rule.name, group.finding.help
            lines[said] += 1
            common[said] += len(group.places)
    general = {(group.finding.rule.name, group.finding.rule.advice) for group in groups}
    for said in [said for said, count in lines.items() if count == 1 and said not in general]:
        del common[said]
    return common


def _group(
    group: Group, common: Counter[tuple[str, str]], paint: _Paint, *, cut: bool
) -> Iterator[str]:
    finding = group.finding
    place = paint(str(group.place), "place")
    severity = paint(f"{finding.severity}:", finding.severity)
    sentence = _shortened(group.sentence, printable(finding.image)) if cut else group.sentence
    yield f"{place}: {severity} {sentence} {paint(f'[{finding.rule.name}]', 'dim')}"
    if finding.help and (finding.rule.name, finding.help) not in common:
        yield f"    {printable(finding.help)}"


def _shortened(sentence: str, image: str) -> str:
    """Cut what is longer than any image ID can be: it would fill the terminal with noise."""
    if len(image) <= _LONGEST:
        return sentence
    return sentence.replace(image, f"{image[:_KEPT]}… ({len(image):,} characters)")


def _not_shown(groups: Sequence[Group]) -> Iterator[str]:
    if not groups:
        return
    rules, namespaces = Counter[str](), Counter[str]()
    for group in groups:
        rules[group.finding.rule.name] += len(group.places)
        namespaces[printable(getattr(group.place, "namespace", ""))] += len(group.places)
    told = ", ".join(f"{count:,} {rule}" for rule, count in rules.most_common())
    yield f"… and {_more_lines(len(groups))}: {how_many(groups)} ({told})"
    del namespaces[""]
    if len(namespaces) > 1:
        yield f"    {_most_of(namespaces)}"
    yield f"    {_EVERYTHING}"


def _most_of(namespaces: Counter[str]) -> str:
    """Say whose they are, where they belong to more than one."""
    most = ", ".join(f"{name} ({count:,})" for name, count in namespaces.most_common(_NAMED))
    which = "most in" if len(namespaces) > _NAMED else "in"
    return f"{which} {most}; {len(namespaces):,} namespaces in all"


def _cut(block: list[str]) -> list[str]:
    more = len(block) - 1 - _ADVICE
    if more <= 0:
        return block
    return [*block[: 1 + _ADVICE], f"  … and {_more_lines(more)}"]


def _more_lines(count: int) -> str:
    return f"{count:,} more line{'s' * (count > 1)}"


def _what_to_do(common: Counter[tuple[str, str]], paint: _Paint) -> list[str]:
    if not common:
        return []
    lines = [paint("what to do", "place")]
    for (rule, help_), count in common.items():
        times = f" ({count:,})" if count > 1 else ""
        lines.append(f"  {rule}{times}: {printable(help_)}")
    return lines


def _exempt(uses: Iterable[ExemptionUse], paint: _Paint) -> list[str]:
    lines = [
        f"  {exemption.repository} in {', '.join(exemption.namespaces)}"
        f" ({counted(use.images, 'images')}{terms_of(exemption)}): {exemption.reason}"
        for use in uses
        for exemption in (use.exemption,)
    ]
    return [paint("exempt", "place"), *map(printable, lines)] if lines else []


def _not_looked_at(skipped: Iterable[Skipped], paint: _Paint) -> list[str]:
    by_reason: dict[str, list[str]] = {}
    for one in skipped:
        by_reason.setdefault(printable(one.reason), []).append(printable(one.what))
    lines = [f"  {_some(names)}: {reason}" for reason, names in by_reason.items()]
    return [paint("not looked at", "place"), *lines] if lines else []


def _some(names: list[str]) -> str:
    named = ", ".join(names[:_NAMED])
    rest = len(names) - _NAMED
    return f"{named} and {rest:,} more" if rest > 0 else named


def _about(report: Report) -> list[str]:
    """Say what the report is of, and by what it judged: a log is read long after the call."""
    subject = f"of '{printable(report.subject)}'" if report.subject else ""
    policy = f"policy {printable(report.policy)}" if report.policy else ""
    told = ", ".join(filter(None, (subject, policy)))
    return [told] if told else []


def _counts(summary: dict[str, int]) -> list[str]:
    return [", ".join(counted(count, name) for name, count in summary.items())] if summary else []


def _result(report: Report, groups: Sequence[Group], paint: _Paint) -> str:
    seen = _seen(report)
    told = ", ".join(
        paint(counted(count, f"{severity}s"), severity)
        for severity in SEVERITIES
        if (count := report.count(severity))
    )
    if len(groups) < len(report.findings):
        told += f" on {counted(len(groups), 'lines')}"
    # An empty input is never clean: nobody can tell it from a wrong path.
    if report.exit_status or not report.coverage.looked_at or report.names_no_image:
        line = f"{told}: {seen}" if told else paint(seen, "warning")
        return f"{line} (exit status {report.exit_status})"
    clean = paint("clean", "clean")
    return f"{clean}, with {told}: {seen}" if told else f"{clean}: {seen}"


def _seen(report: Report) -> str:
    coverage = report.coverage
    if not coverage.looked_at:
        return f"nothing was looked at: there were no {printable(coverage.unit)}"
    seen = f"{counted(coverage.looked_at, coverage.unit)} looked at"
    return f"{seen}, and no image is named there" if report.names_no_image else seen
