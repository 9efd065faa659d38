"""Read through ``{{ … }}`` without moving a single offset.

Helm and Argo CD write Go templates into YAML, others write Jinja's ``{% … %}``
and ``{# … #}``, and the result is no YAML. Each action is masked by as many
characters as it has, and its line breaks stay:

    image: {{ .Values.image }}                        image: xxxxxxxxxxxxxxxxxxx
    labels: {{- include "labels" . | nindent 4 }}     labels:
    more: {{ if .Values.all }}all{{ end }}            more:                    all
    {{ if .Values.all }}image: a{{ end }}             !                   image: a
    {{ if .Values.all }}- image: a{{ end }}           - !                   image: a

One that prints becomes a word, so that the rest of its line parses; one that
steers, one that prints lines of its own and one that is alone on its line
become blanks. Where a key stands behind one that steers, YAML's empty tag
takes the column in which the key will be, because a mapping is as far to the
right as what begins it, and a tag means nothing there.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
# What Jinja steers with; `${#array[@]}` of a shell is no comment.
_JINJA = re.compile(
    r"""
    \{% [-+]?+ \s*+ (?=[a-z]) (?> (?: [^%{\n]++ | %(?!\}) | \{(?!%)
      | \n (?! [ \t]*+ (?: \# | -[ ] | [^\s"`{}:]++:\s ) ) )* )
    | (?<!\$) \{\# (?> (?: [^\#\n]++ | \#(?!\}) )* )
    """,
    re.VERBOSE,
)
_JINJA_ENDS = ("%}", "#}")
_JINJA_COMMENT_END = re.compile(r"#\}(?=[ \t\r]*+(?:\n|\Z))")
_BRACES = re.compile(r"\{++")
_BEGINS = re.compile(r"\{[{%#]")
_COMMENT = re.compile(r"\{\{-?\s*+/\*")
_COMMENT_END = re.compile(r"\*/\s*+-?\}\}")
_STEERS = re.compile(
    r"\{(?:[%#]"
    r"|\{-?\s*+(?:/\*|(?:if|else|end|range|with|define|block|break|continue)\b|\$\w*+\s*+:?=))"
)
_ELSE = re.compile(r"\{\{-?\s*+else\b")
# The other branch of a value, which no YAML can hold beside the first one.
_EMPTY_BRANCH = re.compile(r"[ \t]*+(?:\[\]|\{\})(?=[ \t\r]*+(?:\n|\Z|\{\{))")
# What prints lines of its own is no value of the line that it stands on.
_INDENTS = re.compile(r"\|\s*+n?indent\b")
# What may begin behind actions that steer: items of lists, and a key.
_ITEMS = re.compile(r"[ ]*+(?>(?:-[ ]++)*)")
_DASHES = re.compile(r"(?>(?:-[ ]++)*)")
_KEY = re.compile(
    r"""
    (?: (?: "(?> (?: [^"\\\n]++ | \\. )* )" | '[^'\n]*+' ) [ \t]*+
      | (?: [^\s"'\#&*!|>%@`,?:\[\]{}-] | & | \{\{ | [?:-](?=\S) ) [^\n]*?
    ) : (?= [ \t\r\n] | \Z | \{[{%\#] )
    """,
    re.VERBOSE,
)
_TAKES_NO_TAG = ("!", "*", "|", ">", "#", "\n", "\r")
_FURTHEST = 100  # columns
_TAG = "! "
_MARK = "#"
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
    return "{{" in text or "{%" in text or "{#" in text


def mask_templates(text: str) -> str:
    """Return a text of the same length, with every template action masked."""
    if "\r" in text and "\n" not in text:
        # Lines that end as they did on old computers are read as any others.
        return mask_templates(text.replace("\r", "\n")).replace("\n", "\r")
    lines = _lines(text)
    for run in _runs(text, lines):
        column = _block_column(text, run[0], run[-1])
        for line in run:
            line.column = column
    parts: list[str] = []
    kept = 0
    for line in lines:
        for start, end, masked in _masks(text, line):
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
    begins = _beginnings(text)
    position = begins(0)
    while position >= 0 and read_in_vain <= _PATIENCE * len(text):
        is_go = text.startswith("{{", position)
        end = _end_of_action(text, position) if is_go else _end_of_jinja(text, position)
        if text.startswith("}}" if is_go else "}", end):
            end += 2 if is_go else 1
            empty = _EMPTY_BRANCH.match(text, end) if _ELSE.match(text, position) else None
            yield position, empty.end() if empty else end
            position = begins(end)
        else:
            read_in_vain += end - position
            # Of a run of braces, the last two may begin an action.
            braces = _BRACES.match(text, position)
            position = begins(max(position + 1, braces.end() - 2) if braces else position + 1)


def _beginnings(text: str) -> Callable[[int], int]:
    """Return what finds the next place where an action may begin, or -1."""
    if "{%" not in text and "{#" not in text:
        return partial(text.find, "{{")  # many times as fast

    def begins(start: int) -> int:
        found = _BEGINS.search(text, start)
        return found.start() if found else -1

    return begins


def _end_of_jinja(text: str, start: int) -> int:
    """Find the last brace of a statement or a comment, or where it shows that it is none."""
    found = _JINJA.match(text, start)
    if found is None:
        return start
    end = found.end()
    if text.startswith(_JINJA_ENDS, end):
        return end + 1
    # A comment of several lines has them for itself.
    if not text.startswith("{#", start) or not text.startswith("\n", end):
        return end
    if not _is_first_on_its_line(text, start):
        return end
    end = text.find("#}", end)
    if end < 0:
        return len(text)
    return end + 1 if _JINJA_COMMENT_END.match(text, end) else end


def _is_first_on_its_line(text: str, position: int) -> bool:
    before = text[max(position - _FURTHEST, 0) : position]
    return not before[before.rfind("\n") + 1 :].strip(" \t")


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


def _masks(text: str, line: _Line) -> Iterator[tuple[int, int, str]]:
    if line.is_alone:
        for start, end in line.actions:
            blank = _blank(text[start:end])
            if line.column is not None:
                blank = _marked(blank, line.column, start - line.start)
            yield start, end, blank
        return
    has_branches = any(_begins_a_second_value(text, *action) for action in line.actions)
    lead = None if has_branches else _lead(text, line)
    if lead is not None:
        yield lead
    for start, end in line.actions:
        if lead is not None and start < lead[1]:
            continue
        action = text[start:end]
        steers = _STEERS.match(action) and not has_branches and not _is_glued(text, start, end)
        yield start, end, _blank(action) if steers or _INDENTS.search(action) else _word(action)


def _lead(text: str, line: _Line) -> tuple[int, int, str] | None:
    """Mask what steers before a key, an item or a line of text, with what begins its column."""
    count, column = _steering(text, line)
    if not count:
        return None
    start, end = line.actions[0][0], line.actions[count - 1][1]
    content = end + _leading_blanks(text, end)
    behind = _DASHES.match(text, content).end()  # type: ignore[union-attr]
    has_key = _KEY.match(text, behind) is not None
    if has_key or behind > content:
        beginning = text[content:behind] + _tag_before(text, behind)
        end = behind
    elif _BLOCK_HEADER.search(_line_before(text, line.start)):
        beginning = _MARK
    else:
        return None
    before, line_break, last = text[start:end].rpartition("\n")
    at = column if line_break else column - (start - line.start)
    blank, stop = _blank(last), at + len(beginning)
    if blank[at:stop] != " " * len(beginning):
        return None  # there is no room for it
    return start, end, _blank(before) + line_break + blank[:at] + beginning + blank[stop:]


def _steering(text: str, line: _Line) -> tuple[int, int]:
    """Return how many actions that steer begin a line, and the column of what follows them."""
    items = _ITEMS.match(text, line.start).end()  # type: ignore[union-attr]
    position, column = items, items - line.start
    count = 0
    for start, end in line.actions:
        if text[position:start].strip(" ") or not _STEERS.match(text, start):
            break
        count += 1
        column += start - position
        position = end
    is_trimmed = count > 0 and text.startswith("-", position - 3)
    return count, column + (0 if is_trimmed else _leading_blanks(text, position))


def _tag_before(text: str, position: int) -> str:
    return "" if text.startswith(_TAKES_NO_TAG, position) else _TAG


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
