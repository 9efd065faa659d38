"""The table of commands, and the one place where errors end."""

from __future__ import annotations

import gc
import sys

from imagelock import __version__

# As typing.TYPE_CHECKING, without its import: a tenth of the time of --version.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator
    from typing import Protocol

    from imagelock.cli.console import Console
    from imagelock.errors import ImagelockError

    class Command(Protocol):
        """What a module in `imagelock.cli` has, to be a command.

        Attributes:
            DESCRIPTION: What it does, as the head of its help.
            EXAMPLES: Lines that show it, as the foot of its help.
            UNDONE: What did not happen when it failed: "nothing was written".
        """

        DESCRIPTION: str
        EXAMPLES: str
        UNDONE: str

        def add_arguments(self, parser: ArgumentParser) -> None:
            """Declare the command's options."""

        def run(self, args: Namespace, console: Console) -> int:
            """Do it and return the exit status."""


__all__ = ["COMMANDS", "console_main", "main", "parser_of"]

_ALLOCATIONS_BETWEEN_LOOKS = 200_000
INTERRUPTED = 130
BROKEN_PIPE = 141
OUTSIDE_FAILED = 3
OUR_FAULT = 70  # EX_SOFTWARE; Python's own answer, 1, means "findings" here

COMMANDS = {
    "init": "Write the files that a new project needs.",
    "save": "Publish the image ID, with its digest, of what a build job pushed.",
    "lock": "Make images.lock from external_images and the references of build jobs.",
    "override": "Write manifests in which every image has its digest from images.lock.",
    "check": "Find every image in manifests that is not pinned. Changes nothing.",
    "why": "Trace an image from the list that chose it to every place that uses it.",
    "diff": "Say what changed from one images.lock to another.",
    "deploy": "Apply an app-of-apps and wait until Argo CD is in sync and healthy.",
    "verify": "Check every image that a cluster was asked to run.",
    "watch": "Check every image of a cluster all the time, and tell what changes.",
    "rbac": "Print the permissions that verify, watch and deploy need.",
    "demo": "Run the whole pipeline on a bundled example, step by step.",
    "completion": "Print a completion script for a shell.",
}

_HELP = """\
Usage: imagelock COMMAND [OPTIONS]

A tag moves; a digest does not. imagelock pins every container image of a
cluster to a digest that you chose, from the build job to the running pod.

Commands:
{commands}

Options:
  -h, --help     Show this help, or with a command all about that command.
  --version      Show the version.

Exit status: 0 all is well; 1 findings; 2 the call or an input file is wrong;
3 a registry, a cluster or the disk failed; 130 interrupted; 70 a bug of ours.

Try it: imagelock demo
"""


def console_main() -> None:
    """Run the command line of this process and exit."""
    # Nothing here makes garbage in cycles worth looking for: rare looks are a
    # tenth of the time of a short command, and a third of that of a long one.
    gc.set_threshold(_ALLOCATIONS_BETWEEN_LOOKS, 50, 100)
    if sys.stdin is None or sys.stdout is None or sys.stderr is None:
        from imagelock.cli.console import stand_in_for_closed_streams

        stand_in_for_closed_streams()
    try:
        status = main(sys.argv[1:])
    except KeyboardInterrupt:
        # While something was still being imported.
        sys.stderr.write("error: interrupted\nimagelock: nothing was done\n")
        status = INTERRUPTED
    sys.exit(status)


def main(arguments: list[str]) -> int:
    """Run one command line and return its exit status."""
    name, rest = (arguments[0], arguments[1:]) if arguments else ("--help", [])
    # These two are answered before anything else is imported.
    if name in {"-V", "--version"}:
        return _print(f"imagelock {__version__}\n")
    if name in {"-h", "--help", "help"}:
        if not rest:
            return _print(_help())
        name, rest = rest[0], ["--help"]
    return _run(name, rest)


def parser_of(name: str) -> ArgumentParser:
    """Return the parser of one command, for completion and for documentation."""
    return _parser(name, _command(name))


def _run(name: str, rest: list[str]) -> int:
    from imagelock.cli.console import Console
    from imagelock.errors import ImagelockError

    console = Console()
    undone = "nothing was done"
    try:
        command = _command(name)
        undone = command.UNDONE
        args = _parser(name, command).parse_intermixed_args(rest)
        _refuse_odd_paths(args)
        console.configure(quiet=args.quiet, verbose=args.verbose)
        status = command.run(args, console)
    except ImagelockError as error:
        for sentence in _sentences(error):
            console.error(sentence)
        console.last_line(name, error.undone or undone)
        return error.exit_status
    except KeyboardInterrupt as error:
        console.end_progress()
        console.error("interrupted")
        console.last_line(name, getattr(error, "undone", undone))
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output has seen enough.
        console.abandon_output()
        return BROKEN_PIPE
    except Exception as error:  # noqa: BLE001  (the last resort: say whose fault it is)
        console.our_fault(error)
        console.last_line(name, getattr(error, "undone", undone))
        return OUR_FAULT
    return status


def _command(name: str) -> Command:
    if name not in COMMANDS:
        from difflib import get_close_matches

        from imagelock.errors import InputError

        if name.startswith("-"):
            raise InputError(
                f"'{name}' stands where a command was expected",
                hint="Options come after the command. See: imagelock --help",
            )
        near = get_close_matches(name, COMMANDS, n=1, cutoff=0.5)
        hint = f"Did you mean '{near[0]}'? " if near else ""
        raise InputError(f"there is no command '{name}'", hint=f"{hint}See: imagelock --help")
    from importlib import import_module

    module: Command = import_module(f"imagelock.cli.{name}")
    return module


def _parser(name: str, command: Command) -> ArgumentParser:
    from imagelock.cli.arguments import Parser, add_everywhere

    parser = Parser(
        prog=f"imagelock {name}", description=command.DESCRIPTION, epilog=command.EXAMPLES
    )
    command.add_arguments(parser)
    add_everywhere(parser)
    return parser


def _refuse_odd_paths(args: Namespace) -> None:
    from imagelock.cli.arguments import refuse_odd_paths

    refuse_odd_paths(args)


def _sentences(error: ImagelockError) -> Iterator[str]:
    """Yield each mistake as it may be shown."""
    from imagelock.core.place import printable
    from imagelock.errors import InputErrors

    for one in error.errors if isinstance(error, InputErrors) else (error,):
        yield "\n".join(printable(line) for line in str(one).split("\n"))


def _help() -> str:
    width = max(map(len, COMMANDS))
    rows = (f"  {name:<{width}}  {sentence}" for name, sentence in COMMANDS.items())
    return _HELP.format(commands="\n".join(rows))


def _print(text: str) -> int:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        # Whoever read it has seen enough; or nobody can, and then that is told.
        sys.stdout = None  # otherwise Python tries it again at its end
        if isinstance(error, BrokenPipeError):
            return BROKEN_PIPE
        from imagelock.cli.console import why_not_written

        sys.stderr.write(f"error: cannot write to standard output: {why_not_written(error)}\n")
        sys.stderr.write("imagelock: nothing was shown\n")
        return OUTSIDE_FAILED
    return 0
