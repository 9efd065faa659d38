"""imagelock diff: what changed from one lock to another."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from imagelock.cli.console import Console
    from imagelock.core.lock import Lock

__all__ = ["DESCRIPTION", "EXAMPLES", "UNDONE", "add_arguments", "run"]

DESCRIPTION = """\
Say what changed from one images.lock to another, by image: what moved (the same
tag is another program), what was updated, added or removed."""
EXAMPLES = """\
examples:
  imagelock diff old.lock images.lock
  git show main:images.lock | imagelock diff - images.lock --format markdown

Exit status 0, also where they differ; with --exit-code 1 where they do."""
UNDONE = "nothing was compared"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("old", metavar="OLD", help="the lock before, or '-'")
    parser.add_argument("new", metavar="NEW", help="the lock after, or '-'")
    parser.add_argument(
        "--format",
        choices=("text", "json", "markdown"),
        default="text",
        help="how it is printed (default: text)",
    )
    parser.add_argument(
        "--exit-code", action="store_true", help="exit with 1 where anything changed"
    )


def run(args: Namespace, console: Console) -> int:
    """Read both, compare, say."""
    from imagelock.core.lock_changes import compare_locks
    from imagelock.report import lock_changes

    changes = compare_locks(_read(args.old), _read(args.new))
    render = {
        "text": lock_changes.render_text,
        "json": lock_changes.render_json,
        "markdown": lock_changes.render_markdown,
    }[args.format]
    console.result(render(changes))
    return int(args.exit_code and bool(changes.changes))


def _read(path: str) -> Lock:
    from imagelock.outside.files import read_source, read_stdin
    from imagelock.syntax.lockfile import parse_lock

    return parse_lock(read_stdin() if path == "-" else read_source(path))
