"""Read through ``{{ … }}`` without moving a single offset.

Helm and Argo CD write Go templates into YAML, and the result is no YAML. Each
action is masked by as many characters as it has, and its line breaks stay:

    image: {{ .Values.image }}                        image: xxxxxxxxxxxxxxxxxxx
    labels: {{- include "labels" . | nindent 4 }}     labels:
    more: {{ if .Values.all }}all{{ end }}            more:                    all

One that prints becomes a word, so that the rest of its line parses; one that
steers, one that prints lines of its own and one that is alone on its line
become blanks.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["has_templates", "mask_templates"]

# An action up to its end, as Go's lexer reads it, a failure included: strings
# may hold braces, and no action begins inside another one. A line of YAML in it
# shows that it was never closed. A string may be escaped, where the template
# stands in a double-quoted scalar. Groups are atomic, `(?>(?:…)*)`, and never
# possessive: Python before 3.11.5 misreads `(?:…)*+` (python/cpython#106052).
_ACTION = re.compile(
    r"""
    \{\{ (?!\{)
    (?> (?: [^"`{}\\\n]++
      | \n (?! [ \t]*+ (?: \# | -[ ] | [^\s"`{}:]++:\s ) )
      | " (?> (?: [^"\\\n]++ | \\. )* ) "
      | ` [^`]*+ `
      | \\" (?> (?: [^"\\\n]++ | \\[^"\n] )* ) \\"
      | \{ (?!\{) | \} (?!\}) | ["`\\]
    )* )
    """,
    re.VERBOSE,
)
_COMMENT = re.compile(r"\{\{-?\s*+/\*")
_COMMENT_END = re.compile(r"\*/\s*+-?\}\}")
_STEERS = re.compile(
    r"\{\{-?\s*+(?:/\*|(?:if|else|end|range|with|define|block|break|continue)\b|\$\w*+\s*+:?=)"
)
_ELSE = re.compile(r"\{\{-?\s*+else\b")
# The other branch of a value, which no YAML can hold beside the first one.
_EMPTY_BRANCH = re.compile(r"[ \t]*+(?:\[\]|\{\})(?=[ \t\r]*+(?:\n|\Z|\{\{))")
# What prints lines of its own is no value of the line that it stands on.
_INDENTS = re.compile(r"\|\s*+n?indent\b")
_NOT_A_BREAK = re.compile(r"[^\r\n]")
_REST_OF_LINE = re.compile(r"[ \t\r]*+(?:#[^\n]*+)?(?:\n|\Z)")
_BLOCK_HEADER = re.compile(r"(?:^|[ \t])[|>][-+]?[ \t]*(?:#.*)?$")
_BLANK_LINES = re.compile(r"(?>(?:[ \t\r]*+\n)*)")
_BLANKS = " \t\r\n"
# How often the length of a text may be read in vain. What is left is taken as
# it is then: that is no template, but made to be slow.
_PATIENCE = 8


class _Line(Struct):
    """The actions that share a line, from where it begins to where it ends.

    *column* is where the text of the block scalar begins whose first lines are
    nothing but actions; ``None`` in any other place.
    """

    start: int
    end: int
    actions: list[tuple[int, int]]
    is_alone: bool
    column: int | None = None


def has_templates(text: str) -> bool:
    """Say whether any template action may stand in a text."""
    return "{{" in text


def mask_templates(text: str) -> str:
    """Return a text of the same length, with every template action masked."""
    lines = _lines(text)
    for run in _runs(text, lines):
        column = _block_column(text, run[0], run[-1])
        for line in run:
            line.column = column
    parts: list[str] = []
    kept = 0
    for line in lines:
        for (start, end), masked in zip(line.actions, _masks(text, line), strict=True):
            parts += (text[kept:start], masked)
            kept = end
    return "".join((*parts, text[kept:]))


def _lines(text: str) -> list[_Line]:
    lines: list[_Line] = []
    last_end = 0
    for start, end in _actions(text):
        before = text[last_end:start]
        line_break = before.rfind("\n")
        is_alone = not before[line_break + 1 :].strip(_BLANKS)
        if lines and line_break < 0:
            lines[-1].actions.append((start, end))
            lines[-1].is_alone &= is_alone
        else:
            lines.append(_Line(last_end + line_break + 1, end, [(start, end)], is_alone))
        last_end = end
    for line in lines:
        rest = _REST_OF_LINE.match(text, line.actions[-1][1])
        line.end = rest.end() if rest else line.actions[-1][1]
        line.is_alone &= rest is not None
    return lines


def _actions(text: str) -> Iterator[tuple[int, int]]:
    read_in_vain = 0
    position = text.find("{{")
    while position >= 0 and read_in_vain <= _PATIENCE * len(text):
        end = _end_of_action(text, position)
        if text.startswith("}}", end):
            end += 2
            empty = _EMPTY_BRANCH.match(text, end) if _ELSE.match(text, position) else None
            yield position, empty.end() if empty else end
            position = text.find("{{", end)
        else:
            read_in_vain += end - position
            position = text.find("{{", position + 1)


def _end_of_action(text: str, start: int) -> int:
    """Find where an action is closed, or where it shows that it is none."""
    comment = _COMMENT.match(text, start)
    if comment is None:
        action = _ACTION.match(text, start)
        return action.end() if action else start
    closing = text.find("*/", comment.end())
    if closing < 0:
        return len(text)
    end = _COMMENT_END.match(text, closing)
    return end.end() - 2 if end else closing


def _runs(text: str, lines: list[_Line]) -> Iterator[list[_Line]]:
    """Give the lines of nothing but actions that stand below each other."""
    run: list[_Line] = []
    for line in lines:
        if run and not (line.is_alone and not text[run[-1].end : line.start].strip(_BLANKS)):
            yield run
            run = []
        if line.is_alone:
            run.append(line)
    if run:
        yield run


def _block_column(text: str, first: _Line, last: _Line) -> int | None:
    header = _line_before(text, first.start)
    if not _BLOCK_HEADER.search(header):
        return None
    least = len(header) - len(header.lstrip(" "))
    next_line = _BLANK_LINES.match(text, last.end).end()  # type: ignore[union-attr]
    for start in (next_line, first.start):
        column = _leading_blanks(text, start)
        if column > least:
            return column
    return None


def _line_before(text: str, end: int) -> str:
    """Return the last line before a line that has text, without what is blank behind it."""
    while end > 0:
        start = text.rfind("\n", 0, end - 1) + 1
        line = text[start:end].rstrip(_BLANKS)
        if line:
            return line
        end = start
    return ""


def _leading_blanks(text: str, start: int) -> int:
    position = start
    while text.startswith(" ", position):
        position += 1
    return position - start


def _masks(text: str, line: _Line) -> Iterator[str]:
    has_branches = any(_begins_a_second_value(text, *action) for action in line.actions)
    for start, end in line.actions:
        action = text[start:end]
        if line.is_alone:
            blank = _blank(action)
            yield blank if line.column is None else _marked(blank, line.column, start - line.start)
        elif _INDENTS.search(action) or (
            _STEERS.match(action) and not has_branches and not _is_glued(text, start, end)
        ):
            yield _blank(action)
        else:
            yield _word(action)


def _begins_a_second_value(text: str, start: int, end: int) -> bool:
    """Say whether blanks would leave two values: `{{ if .a }}"b"{{ else }}"c"{{ end }}`."""
    return text.startswith(('"', "'", "[", "{"), end) and _ELSE.match(text, start) is not None


def _is_glued(text: str, start: int, end: int) -> bool:
    """Say whether a blank here would make a key of what stands before it."""
    return text[start - 1 : start] == ":" and text[end : end + 1].strip(_BLANKS) != ""


def _word(action: str) -> str:
    first, line_break, others = action.partition("\n")
    return _NOT_A_BREAK.sub("x", first) + line_break + _blank(others)


def _blank(action: str) -> str:
    return _NOT_A_BREAK.sub(" ", action)


def _marked(blank: str, column: int, indentation: int) -> str:
    """Write a mark at the column where the text of a block begins.

    Blanks alone would be taken for its indentation, and in any other place the
    mark is a comment.
    """
    lines = blank.split("\n")
    for number, line in enumerate(lines):
        at = max(column - (0 if number else indentation), 0)
        if at < len(line.rstrip("\r")):
            lines[number] = f"{line[:at]}#{line[at + 1 :]}"
    return "\n".join(lines)
