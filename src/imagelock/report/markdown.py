"""A report as Markdown, for a note on a merge request.

    ## ❌ imagelock verify: 3 errors, 1 warning
    39 pods of `production` looked at …
    | severity | where | image | what | rule |        what matters, in a table
    ▸ What to do  ▸ Where images come from  ▸ Not looked at  ▸ Everything else   folded

Names of images come from strangers, and this page may be read by people who can
approve. So nothing that others wrote is ever Markdown: a word that is not plain
stands in a code span, where neither GitLab nor GitHub sees a link, a mention, an
emoji or HTML, and no line begins with what others wrote, so that none is a command.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from imagelock.core.group import grouped, how_many
from imagelock.core.origin import ORIGINS
from imagelock.core.place import printable
from imagelock.report import counted, named_for, terms_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from imagelock.core.finding import Report
    from imagelock.core.group import Group

__all__ = ["render"]

_LIMIT = 1_000_000  # bytes: the characters that GitLab takes in a note
_ROWS = 50  # findings in the table, before the others are folded
_NAMED = 100  # lines of any other list
_LONGEST = 300  # characters of one text
_SYMBOLS = {"error": "❌", "warning": "⚠️", "note": "ℹ️", "clean": "✅"}
_ORIGINS = {
    "external": "external",
    "self-built": "self-built",
    "locked": "in the lock, in no list at hand",
    "exempt": "exempt",
    "unknown": "unknown",
}
# Letters, and digits as people write counts: nothing else is certain to mean nothing.
_PLAIN = re.compile(r"\(?(?:[A-Za-z]+(?:[-'][A-Za-z]+)*|\d[\d,]*)[.,;:)]{0,2}|e\.g\.")
_DIGEST = re.compile(r"(sha(?:256|512):[0-9a-f]{12})[0-9a-f]{20,}")
_QUOTED = re.compile(r"(\(?)(?:'([^']+)'|`([^`]+)`|\"([^\"]+)\")([.,;:)]*)(?!\S)|(\S+)")


def render(report: Report) -> str:
    """Return the note, which is never longer than GitLab takes."""
    groups = grouped(report.findings)
    mattering = [group for group in groups if group.finding.severity != "note"][:_ROWS]
    others = groups[len(mattering) :]
    blocks = [
        f"## {_verdict(report, groups)}",
        _seen(report),
        _table(mattering),
        *_folds(report, groups),
    ]
    text = "\n\n".join(block for block in blocks if block)
    return text + _rest(others, _LIMIT - len(text.encode())) + "\n"


def _verdict(report: Report, groups: Sequence[Group]) -> str:
    name = f"imagelock {report.command}"
    worst = groups[0].finding.severity if groups else "clean"
    if worst != "error" and not report.coverage.looked_at:
        return f"{_SYMBOLS['warning']} {name}: nothing was looked at"
    if groups and worst != "note":
        return f"{_SYMBOLS[worst]} {name}: {how_many(groups)}"
    if report.names_no_image:
        return f"{_SYMBOLS['warning']} {name}: no image is named there"
    return f"{_SYMBOLS['clean']} {name}: clean"


def _seen(report: Report) -> str:
    coverage = report.coverage
    of = f" of {_code(report.subject)}" if report.subject else ""
    by = f", policy {_code(report.policy)}" if report.policy else ""
    at = f" on {report.made[:16].replace('T', ' ')} UTC" if report.made else ""
    sentences = [f"{_counted(coverage.looked_at, coverage.unit)}{of} looked at{at}{by}."]
    counts = ", ".join(_counted(count, name) for name, count in report.summary.items())
    if counts:
        sentences.append(f"{counts}.")
    sentences.append(f"Exit status {report.exit_status}.")
    if coverage.left_out:
        sentences.append(f"**{_times(len(coverage.left_out), 'thing')} not looked at, see below.**")
    elif coverage.skipped:
        told = _times(len(coverage.skipped), "thing")
        sentences.append(f"{told} not looked at, nothing of it unexpected, see below.")
    return " ".join(sentences)


def _counted(count: int, things: str) -> str:
    return f"{count:,} {_prose(named_for(count, things))}"


def _table(groups: Sequence[Group]) -> str:
    if not groups:
        return ""
    head = ["| | where | image | what | rule |", "| --- | --- | --- | --- | --- |"]
    return "\n".join([*head, *map(_row, groups)])


def _row(group: Group) -> str:
    finding = group.finding
    extent = f", {_prose(group.extent)}" if group.extent else ""
    cells = (
        f"{_SYMBOLS[finding.severity]} {finding.severity}",
        _code(str(group.place)),
        _code(_short(finding.image)),
        _prose(_short(finding.message)) + extent,
        _code(finding.rule.name),
    )
    return f"| {' | '.join(cells)} |"


def _folds(report: Report, groups: Sequence[Group]) -> Iterator[str]:
    yield _fold("What to do", _what_to_do(groups))
    uses = sum(use.uses for use in report.images)
    images = f"Where {_times(len(report.images), 'image')} in {_times(uses, 'place')} come from"
    yield _fold(images, _origins(report))
    exempt = sum(use.images for use in report.exemptions)
    yield _fold(f"Exempt: {_times(exempt, 'image')}", _exempt(report))
    skipped = report.coverage.skipped
    yield _fold(
        f"Not looked at: {_times(len(skipped), 'thing')}",
        [f"- {_code(one.what)}: {_prose(one.reason)}" for one in skipped],
    )


def _fold(title: str, lines: Sequence[str]) -> str:
    if not lines:
        return ""
    told = list(lines[:_NAMED])
    if len(lines) > _NAMED:
        told.append(f"- and {len(lines) - _NAMED:,} more")
    return "\n".join([f"<details><summary>{title}</summary>", "", *told, "", "</details>"])


def _what_to_do(groups: Iterable[Group]) -> list[str]:
    said = Counter[tuple[str, str]]()
    for group in groups:
        said[group.finding.rule.name, group.finding.help] += len(group.places)
    return [
        f"- {_code(rule)}{f' ({count:,})' if count > 1 else ''}: {_prose(help_)}"
        for (rule, help_), count in said.items()
        if help_
    ]


def _origins(report: Report) -> list[str]:
    if not report.images:
        return []
    images, uses = Counter[str](), Counter[str]()
    for use in report.images:
        images[use.origin] += 1
        uses[use.origin] += use.uses
    rows = [
        f"| {_ORIGINS[origin]} | {images[origin]:,} | {uses[origin]:,} |"
        for origin in ORIGINS
        if images[origin]
    ]
    return ["| origin | images | places |", "| --- | ---: | ---: |", *rows]


def _exempt(report: Report) -> list[str]:
    return [
        f"- {_code(use.exemption.repository)} in {_code(', '.join(use.exemption.namespaces))}"
        f" ({_prose(counted(use.images, 'images') + terms_of(use.exemption))}):"
        f" {_prose(use.exemption.reason)}"
        for use in report.exemptions
    ]


def _rest(groups: Sequence[Group], room: int) -> str:
    """List the other findings while there is room, and count those that are left."""
    if not groups:
        return ""
    lines = [f"\n\n<details><summary>Everything else: {how_many(groups)}</summary>\n"]
    last = "\n</details>"
    room -= len(lines[0].encode()) + len(last) + 200  # for the line that counts
    for number, group in enumerate(groups):
        line = _item(group)
        room -= len(line.encode()) + 1
        if room < 0:
            lines.append(f"- and {how_many(groups[number:])} more, which have no room here")
            break
        lines.append(line)
    return "\n".join([*lines, last])


def _item(group: Group) -> str:
    finding = group.finding
    extent = f", {_prose(group.extent)}" if group.extent else ""
    sentence = _prose(_short(finding.sentence))
    return (
        f"- {finding.severity}: {_code(str(group.place))}: {sentence}{extent}"
        f" ({_code(finding.rule.name)})"
    )


def _short(text: str) -> str:
    """Return a text with as much of each digest as people compare: code in a table never wraps."""
    return _DIGEST.sub(r"\1…", text)


def _prose(text: str) -> str:
    """Return words as they are, and all that is no plain word as code."""
    return _QUOTED.sub(_word, _cut(printable(text)))


def _word(found: re.Match[str]) -> str:
    before, *quoted, after, word = found.groups(default="")
    if not word:
        return f"{before}{_code(''.join(quoted))}{after}"
    return word if _PLAIN.fullmatch(word) else _code_without_its_ends(word)


def _code_without_its_ends(word: str) -> str:
    """Return a word as code, and what a sentence has around it as it is."""
    opening = "(" if word.startswith("(") else ""
    bare = word[len(opening) :].rstrip(".,;:)")
    if not bare or ("(" in bare) != (")" in bare):  # not one of ours: who knows what it means
        return _code(word)
    return f"{opening}{_code(bare)}{word[len(opening) + len(bare) :]}"


def _code(text: str) -> str:
    """Return a code span; what could end it, or the cell of a table, is spelled out."""
    harmless = _cut(printable(text)).replace("`", "\\x60").replace("|", "\\x7c")
    return f"`{harmless}`" if harmless.strip() else ""


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _times(count: int, thing: str) -> str:
    return f"{count:,} {thing}{'s' * (count != 1)}"
