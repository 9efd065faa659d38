"""Read through ``{{ … }}`` without moving a single offset.

Helm and Argo CD write Go templates into YAML, and the result is no YAML. Each
action is masked by as many characters as it has: one that makes a line of its
own by a comment, one that steers (``if``, ``range``, ``end`` …) by spaces, and
one that prints by a word, so that the rest of the line parses.
"""

from __future__ import annotations

import re
from itertools import pairwise

__all__ = ["has_templates", "mask_templates"]

# Quoted strings and comments in an action may hold braces.
_ACTION = re.compile(
    r"\{\{-?\s*/\*.*?\*/\s*-?\}\}"
    r"|\{\{(?:\"(?:[^\"\\\n]|\\.)*\"|`[^`]*`|(?!\}\}).)*\}\}",
    re.DOTALL,
)
_STEERS = re.compile(
    r"\{\{-?\s*(?:/\*|(?:if|else|end|range|with|define|block|break|continue)\b|\$\w*\s*:?=)"
)
# What prints lines of its own is no value of the line that it stands on.
_INDENTS = re.compile(r"\|\s*n?indent\b")
_NOT_A_BREAK = re.compile(r"[^\r\n]")
_NOT_BLANK = re.compile(r"\S")
_PRINTED = "x"


def has_templates(text: str) -> bool:
    """Say whether any template action may stand in a text."""
    return "{{" in text


def mask_templates(text: str) -> str:
    """Return a text of the same length, with every template action masked."""
    if not has_templates(text):
        return text
    parts: list[str] = []
    kept = 0
    actions = list(_ACTION.finditer(text))
    alone = _alone_on_their_lines(text, actions)
    for action, is_alone in zip(actions, alone, strict=True):
        parts += (text[kept : action.start()], _mask(action[0], alone=is_alone))
        kept = action.end()
    return "".join((*parts, text[kept:]))


def _mask(action: str, *, alone: bool) -> str:
    if alone:
        # A comment on each of its lines: YAML would take bare spaces too, but
        # not inside a block where a template stands at the margin.
        return "\n".join("#" + _blank(line[1:]) if line else "" for line in action.split("\n"))
    return (
        _blank(action)
        if _STEERS.match(action) or _INDENTS.search(action)
        else _NOT_BLANK.sub(_PRINTED, action)
    )


def _blank(text: str) -> str:
    return _NOT_A_BREAK.sub(" ", text)


def _alone_on_their_lines(text: str, actions: list[re.Match[str]]) -> list[bool]:
    """Say of each action whether only actions and white space share its lines."""
    alone: list[bool] = []
    group: list[re.Match[str]] = []
    for action in actions:
        if group and "\n" in text[group[-1].end() : action.start()]:
            alone += _group_alone(text, group)
            group = []
        group.append(action)
    if group:
        alone += _group_alone(text, group)
    return alone


def _group_alone(text: str, group: list[re.Match[str]]) -> list[bool]:
    line_start = text.rfind("\n", 0, group[0].start()) + 1
    line_end = text.find("\n", group[-1].end())
    line_end = len(text) if line_end < 0 else line_end
    between = text[line_start : group[0].start()] + text[group[-1].end() : line_end]
    for before, after in pairwise(group):
        between += text[before.end() : after.start()]
    return [not between.strip()] * len(group)
