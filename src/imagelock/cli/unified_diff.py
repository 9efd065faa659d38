"""A unified diff, in colours where they are wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imagelock.cli.console import styled
from imagelock.core.place import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from imagelock.cli.console import Console

__all__ = ["print_diff", "print_lines"]

_STYLES = {"---": "bold", "+++": "bold", "@@": "cyan", "-": "red", "+": "green"}


def print_diff(before: str, after: str, name: str, console: Console) -> None:
    """Print what changed in a short file to standard output."""
    from difflib import unified_diff

    compared = unified_diff(
        before.splitlines(keepends=True),
        after.splitlines(keepends=True),
        f"a/{name}",
        f"b/{name}",
    )
    ended = (
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file"
        for line in compared
    )
    print_lines((part for line in ended for part in line.rstrip("\n").split("\n")), console)


def print_lines(lines: Iterable[str], console: Console) -> None:
    """Print the lines of a unified diff to standard output."""
    for line in lines:
        text = printable(line.rstrip("\r"))
        if console.colour_results:
            text = _coloured(text)
        console.result(f"{text}\n")


def _coloured(line: str) -> str:
    for start, style in _STYLES.items():
        if line.startswith(start):
            return styled(line, style)
    return line
