"""imagelock check."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imagelock.core.finding import Report

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable

    from imagelock.cli.console import Console
    from imagelock.core.config import Config
    from imagelock.core.lock import Lock
    from imagelock.core.place import Source
    from imagelock.find.surroundings import Surroundings
    from imagelock.outside.folders import Tree

__all__ = ["DESCRIPTION", "EXAMPLES", "UNDONE", "add_arguments", "run"]

DESCRIPTION = """\
Find every image in manifests that is not pinned. Changes nothing.

PATH is a file, a folder or '-' for standard input. Under policy 'pinned' every
image needs a digest; under 'locked' one that images.lock has for it."""
EXAMPLES = """\
examples:
  imagelock check app-of-apps
  imagelock check --policy locked rendered.yaml
  helm template . | imagelock check - --report junit=report.xml"""
UNDONE = "nothing was checked"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command's options."""
    from imagelock.cli.arguments import add_lock, add_policy, add_reports

    parser.add_argument("paths", nargs="+", metavar="PATH", help="a file, a folder, or '-'")
    parser.add_argument(
        "--explain",
        action="store_true",
        help="tell of every place which rule found it, and why it is or is not pinned",
    )
    add_lock(parser)
    add_policy(parser)
    add_reports(parser)


def run(args: Namespace, console: Console) -> int:
    """Read, look, say."""
    from imagelock.cli.arguments import read_config
    from imagelock.cli.provenance import described
    from imagelock.cli.reporting import tell

    config = read_config(args)
    if args.report:
        from imagelock.cli.overwriting import refuse_to_write_over

        refuse_to_write_over(args, config)
    lock = _lock(config, args)
    report = Report.joined([_check(path, lock, config, console) for path in args.paths])
    report = described(report, args, config, lock, ", ".join(args.paths))
    is_told = args.explain and args.format == "text"
    if args.explain:
        from imagelock.cli.explain import explain, explained

        report = explained(report)
        if is_told:
            explain(report, console)
    return tell(report, args, console, result_taken=is_told, strict=config.strict)


def _lock(config: Config, args: Namespace) -> Lock:
    """Return the lock; policy ``pinned`` does without one, unless it was named."""
    import os

    from imagelock.cli.arguments import read_lock
    from imagelock.cli.provenance import with_choices
    from imagelock.core.lock import Lock

    if config.policy == "locked" or args.lock is not None or os.path.exists(config.lock):
        return with_choices(read_lock(config), config)
    return Lock((), name=config.lock)


def _check(path: str, lock: Lock, config: Config, console: Console) -> Report:
    from datetime import date

    from imagelock import api
    from imagelock.cli.manifests import Stream, for_each_batch, open_manifests

    today = date.today()  # noqa: DTZ011  (an exemption ends with the day where it is judged)

    def look(source: Source, surroundings: Surroundings | None = None) -> Report:
        return api.check(source, lock, config=config, today=today, surroundings=surroundings)

    manifests = open_manifests(path)
    if isinstance(manifests, Stream):
        done = for_each_batch(look, manifests, console, "checking")
        return Report.joined([report for _, report in done]).of_one_file()
    return _check_tree(manifests, look, console)


def _check_tree(
    tree: Tree, look: Callable[[Source, Surroundings], Report], console: Console
) -> Report:
    from imagelock.cli.manifests import Unreadable, for_each_file, start_of

    reports = [start_of("check", tree)]
    for _, done in for_each_file(look, tree, console, "checking"):
        reports.append(done.report("check") if isinstance(done, Unreadable) else done[1])
    return Report.joined(reports)
