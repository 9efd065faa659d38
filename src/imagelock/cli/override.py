"""imagelock override."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imagelock.core.finding import Report
from imagelock.core.place import Source
from imagelock.errors import InputError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from imagelock.cli.console import Console
    from imagelock.core.config import Config
    from imagelock.core.lock import Lock
    from imagelock.outside.folders import Tree

__all__ = ["DESCRIPTION", "EXAMPLES", "UNDONE", "add_arguments", "run"]

DESCRIPTION = """\
Write manifests in which every image has its digest from images.lock.

Only digests are inserted; not one other byte changes. PATH is a file, a folder
or '-' for standard input. A folder's other files are copied as they are.
Where an image has neither a digest nor an entry in the lock, nothing is written."""
EXAMPLES = """\
examples:
  imagelock override app-of-apps --output app-of-apps-pinned
  imagelock override app-of-apps --in-place
  imagelock override app-of-apps --diff
  helm template . | imagelock override - > pinned.yaml"""
UNDONE = "nothing was written"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command's options."""
    from imagelock.cli.arguments import add_exemptions, add_lock, add_reports

    parser.add_argument("path", metavar="PATH", help="a file, a folder, or '-'")
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "-o",
        "--output",
        metavar="PATH",
        help="write there: a file for a file, a folder for a folder (default: standard output)",
    )
    where.add_argument(
        "-i", "--in-place", action="store_true", help="change the files where they lie"
    )
    where.add_argument(
        "--diff", action="store_true", help="print what would change, and write nothing"
    )
    parser.add_argument(
        "--allow-findings",
        action="store_true",
        help="write although findings are left; the exit status is still 1",
    )
    parser.add_argument(
        "--force", action="store_true", help="replace an output folder that is not empty"
    )
    add_lock(parser)
    add_exemptions(parser)
    add_reports(parser)


def run(args: Namespace, console: Console) -> int:
    """Read, pin, write, say."""
    from imagelock.cli.arguments import read_config, read_lock
    from imagelock.cli.manifests import read_path

    config = read_config(args)
    lock = read_lock(config)
    manifests = read_path(args.path, without=args.output)
    if isinstance(manifests, Source):
        return _run_text(manifests, lock, config, args, console)
    return _run_tree(manifests, lock, config, args, console)


def _run_text(source: Source, lock: Lock, config: Config, args: Namespace, console: Console) -> int:
    from datetime import date

    from imagelock import api
    from imagelock.outside.files import encode, write_bytes

    if args.in_place and args.path == "-":
        raise InputError("standard input cannot be changed in place")
    result = api.override(source, lock, config=config, today=date.today())  # noqa: DTZ011  (as people date them)
    written = encode(source, result.text)
    to_stdout = not (args.in_place or args.output)
    if _is_refused(result.report, args, config) and not args.diff:
        return _refuse(result.report, args, console, config)
    if args.diff:
        _print_diff(source, result.text, console)
    elif args.in_place:
        if result.text != source.text:
            write_bytes(args.path, written)
    elif args.output:
        write_bytes(args.output, written)
    else:
        console.result_bytes(written)
    return _tell(result.report, args, console, config, result_taken=to_stdout)


def _run_tree(tree: Tree, lock: Lock, config: Config, args: Namespace, console: Console) -> int:
    from pathlib import Path

    from imagelock.outside.folders import write_changes, write_copy

    if not (args.in_place or args.output or args.diff):
        raise InputError(
            f"'{args.path}' is a folder, and its files cannot all go to standard output",
            hint="Name a folder with --output, or change the files with --in-place.",
        )
    changed, report = _override_tree(tree, lock, config, console, diff=args.diff)
    if args.diff:
        return _tell(report, args, console, config, result_taken=True)
    if _is_refused(report, args, config):
        return _refuse(report, args, console, config)
    if args.in_place:
        write_changes(tree.root, changed)
    else:
        write_copy(tree, Path(args.output), changed, force=args.force)
    status = _tell(report, args, console, config)
    where = args.path if args.in_place else args.output
    console.say(f"{where}: {len(changed)} of {len(tree.manifests)} manifests changed")
    return status


def _override_tree(
    tree: Tree, lock: Lock, config: Config, console: Console, *, diff: bool
) -> tuple[dict[str, bytes], Report]:
    from datetime import date

    from imagelock import api
    from imagelock.cli.manifests import Unreadable, read_manifests, start_of
    from imagelock.outside.files import encode

    changed: dict[str, bytes] = {}
    reports = [start_of("override", tree)]
    with console.progress("overriding", len(tree.manifests)) as progress:
        for name, source in read_manifests(tree):
            progress.advance(note=name)
            if isinstance(source, Unreadable):
                reports.append(source.report("override"))
                continue
            result = api.override(source, lock, config=config, today=date.today())  # noqa: DTZ011  (as people date them)
            reports.append(result.report)
            if result.text != source.text:
                changed[name] = encode(source, result.text)
                if diff:
                    _print_diff(source, result.text, console)
    return changed, Report.joined(reports)


def _is_refused(report: Report, args: Namespace, config: Config) -> bool:
    strict = config.strict or args.strict
    return (report.strict() if strict else report).exit_status != 0 and not args.allow_findings


def _refuse(report: Report, args: Namespace, console: Console, config: Config) -> int:
    status = _tell(report, args, console, config, result_taken=not (args.in_place or args.output))
    console.last_line("override", f"{UNDONE} (--allow-findings writes all the same)")
    return status


def _tell(
    report: Report,
    args: Namespace,
    console: Console,
    config: Config,
    *,
    result_taken: bool = False,
) -> int:
    from imagelock.cli.reporting import tell

    return tell(report, args, console, result_taken=result_taken, strict=config.strict)


def _print_diff(source: Source, text: str, console: Console) -> None:
    from imagelock.cli.diff import print_diff

    print_diff(source.text, text, source.name, console)
