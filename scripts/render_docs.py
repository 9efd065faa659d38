# ruff: noqa: INP001, T201, SLF001  (a script that says what it did; argparse shows its parts to no one)
"""Render the pages of docs/ that come from the code: `make docs`.

core/rules.py                  ->  rules.md
the parsers of the commands    ->  cli.md
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from imagelock.cli.main import COMMANDS, parser_of
from imagelock.core.rules import RULES, Rule

DOCS = Path(__file__).resolve().parent.parent / "docs"

RULES_HEAD = """\
# Rules

Everything that `imagelock` can find wrong has a name that never changes. In each report a finding
shows its rule, and here stands why it matters, how to mend it and how to allow it.

An **error** makes the exit status 1. A **warning** does so with `--strict`. A **note** never does.

This page is rendered from `src/imagelock/core/rules.py` by `make docs`.

| rule | severity | says |
| --- | --- | --- |
"""

CLI_HEAD = """\
# Commands

`imagelock COMMAND --help` says the same in a terminal. Results go to standard output, messages to
standard error; the [exit status](exit-status.md) says how it ended. `NO_COLOR` is honoured.

This page is rendered from the commands by `make docs`.

| command | does |
| --- | --- |
"""


def rules() -> str:
    """Return rules.md."""
    rows = (
        f"| [{one.name}](#{one.name}) | {one.severity} | {_cell(one.what)} |\n" for one in _sorted()
    )
    return RULES_HEAD + "".join(rows) + "".join(_rule(one) for one in _sorted())


def _sorted() -> list[Rule]:
    return sorted(RULES.values(), key=lambda one: one.name)


def _rule(rule: Rule) -> str:
    return (
        f"\n## {rule.name}\n\n"
        f"{rule.what} ({rule.severity})\n\n"
        f"**Why it matters.** {rule.why}\n\n"
        f"**How to mend it.** {rule.mend}\n\n"
        f"**How to allow it.** {rule.allow}\n"
    )


def cli() -> str:
    """Return cli.md."""
    rows = (
        f"| [`imagelock {name}`](#imagelock-{name}) | {_cell(sentence)} |\n"
        for name, sentence in COMMANDS.items()
    )
    return CLI_HEAD + "".join(rows) + "".join(map(_command, COMMANDS))


def _command(name: str) -> str:
    parser = parser_of(name)
    head = f"\n## imagelock {name}\n\n{_prose(parser.description or '')}\n"
    groups = "".join(_group(parser, group) for group in parser._action_groups)
    return f"{head}{groups}{_examples(parser.epilog or '')}"


def _group(parser: argparse.ArgumentParser, group: argparse._ArgumentGroup) -> str:
    rows = "".join(
        f"| `{_cell(_spelling(action))}` | {_cell(_help(parser, action))} |\n"
        for action in group._group_actions
        if action.help is not argparse.SUPPRESS and not isinstance(action, argparse._HelpAction)
    )
    title = {"positional arguments": "arguments"}.get(group.title or "", group.title)
    return f"\n| {title} | |\n| --- | --- |\n{rows}" if rows else ""


def _spelling(action: argparse.Action) -> str:
    value = _value(action)
    if not action.option_strings:
        return value
    return ", ".join(action.option_strings) + (f" {value}" if action.nargs != 0 else "")


def _value(action: argparse.Action) -> str:
    name = action.metavar or ("|".join(action.choices) if action.choices else action.dest.upper())
    name = name[0] if isinstance(name, tuple) else name
    if action.nargs in ("+", "*"):
        return f"{name}..."
    return f"[{name}]" if action.nargs == "?" else name


def _help(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    return parser._get_formatter()._expand_help(action) if action.help else ""


def _prose(text: str) -> str:
    """Return a description as Markdown: what is drawn with indents stays as it is drawn."""
    paragraphs = re.split(r"\n\s*\n", text.strip("\n"))
    return "\n\n".join(
        f"```text\n{paragraph}\n```" if re.search(r"^\s", paragraph, re.MULTILINE) else paragraph
        for paragraph in paragraphs
    )


def _examples(text: str) -> str:
    return f"\n```text\n{text.strip()}\n```\n" if text.strip() else ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")


PAGES = {"rules.md": rules, "cli.md": cli}


def main() -> int:
    """Write the pages that have changed."""
    for name, render in PAGES.items():
        page, text = DOCS / name, render()
        if not page.exists() or page.read_text("utf-8") != text:
            page.write_text(text, "utf-8")
            print(f"rendered docs/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
