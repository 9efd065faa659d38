"""Print a completion script for a shell."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from imagelock.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from imagelock.cli.console import Console

__all__ = ["DESCRIPTION", "EXAMPLES", "UNDONE", "add_arguments", "run"]

DESCRIPTION = """\
Print a script that lets a shell complete commands, options and file names.

It needs the extra imagelock[completion].
"""
EXAMPLES = """\
examples:
  source <(imagelock completion bash)      in ~/.bashrc, for every new shell
  imagelock completion zsh > "${fpath[1]}/_imagelock"
  imagelock completion fish > ~/.config/fish/completions/imagelock.fish
"""
UNDONE = "no script was printed"

_SHELLS = ("bash", "zsh", "fish")
_FILES = {"FILE", "PATH", "DIR", "FOLDER", "IN", "OUT"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the shell."""
    parser.add_argument("shell", choices=_SHELLS, help="the shell that will read the script")


def run(args: argparse.Namespace, console: Console) -> int:
    """Print the script."""
    console.result(render(args.shell))
    return 0


def render(shell: str) -> str:
    """Return the script for a shell.

    Raises:
        InputError: The extra that writes it is not installed.
    """
    try:
        import shtab
    except ModuleNotFoundError:
        raise InputError(
            "completion needs shtab, which is not installed",
            hint="Install it with: python -m pip install 'imagelock[completion]'",
        ) from None
    script: str = shtab.complete(_whole_parser(), shell=shell)
    return script if script.endswith("\n") else f"{script}\n"


def _whole_parser() -> argparse.ArgumentParser:
    """Build one parser of all commands: each runs with its own, so only this needs it."""
    from imagelock.cli.main import COMMANDS, parser_of

    whole = argparse.ArgumentParser(prog="imagelock", description="", allow_abbrev=False)
    whole.add_argument("--version", action="store_true", help="show the version")
    commands = whole.add_subparsers(dest="command")
    for name, sentence in COMMANDS.items():
        one = parser_of(name)
        # Its help is that of the command's own parser, so -h is not added again.
        commands.add_parser(name, help=sentence, parents=[one], add_help=False)
    _complete_files(commands.choices.values())
    return whole


def _complete_files(parsers: Iterable[argparse.ArgumentParser]) -> None:
    import shtab

    for parser in parsers:
        for action in parser._actions:  # noqa: SLF001  (argparse has no public way to list them)
            names = {action.metavar} if isinstance(action.metavar, str) else set()
            names |= {action.dest.upper()} if not action.option_strings else set()
            if {name.removesuffix("|-") for name in names} & _FILES:
                action.complete = shtab.FILE  # type: ignore[attr-defined]
