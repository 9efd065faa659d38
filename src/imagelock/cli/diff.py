"""A unified diff, in colours where they are wanted."""

from __future__ import annotations

from difflib import unified_diff
from typing import TYPE_CHECKING

from imagelock.cli.console import styled
from imagelock.core.place import printable

if TYPE_CHECKING:
    from imagelock.cli.console import Console

__all__ = ["print_diff"]

_STYLES = {"---": "bold", "+++": "bold", "@@": "cyan", "-": "red", "+": "green"}


def print_diff(before: str, after: str, name: str, console: Console) -> None:
    """Print what changed in a file to standard output."""
    lines = unified_diff(
        before.splitlines(keepends=True),
        after.splitlines(keepends=True),
        f"a/{name}",
        f"b/{name}",
    )
    for line in lines:
        text = printable(line.rstrip("\r\n"))
        if console.colour_results:
            text = _coloured(text)
        end = "\n" if line.endswith("\n") else "\n\\ No newline at end of file\n"
        console.result(f"{text}{end}")


def _coloured(line: str) -> str:
    for start, style in _STYLES.items():
        if line.startswith(start):
            return styled(line, style)
    return line
