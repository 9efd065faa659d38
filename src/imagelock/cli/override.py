"""imagelock override."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imagelock.cli.manifests import Spool, Stream
from imagelock.core.finding import Report
from imagelock.errors import InputError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from datetime import date

    from imagelock.cli.console import Console
    from imagelock.core.config import Config
    from imagelock.core.lock import Lock
    from imagelock.core.place import Source
    from imagelock.decide.override import Plan
    from imagelock.find.surroundings import Surroundings
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
        help="where to write: a file for a file, a folder for a folder (default: '-')",
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
    from datetime import date

    from imagelock.cli.arguments import read_config, read_lock
    from imagelock.cli.manifests import open_manifests
    from imagelock.cli.provenance import with_choices

    if args.output == "-":  # standard output, which is where it goes anyway
        args.output = None
    config = read_config(args)
    if args.report or args.output:
        _refuse_to_write_over(args, config)
    today = date.today()  # noqa: DTZ011  (an exemption ends with the day where it is judged)
    call = _Call(args, console, config, with_choices(read_lock(config), config), today)
    manifests = open_manifests(args.path, without=args.output)
    if isinstance(manifests, Stream):
        return _run_stream(manifests, call)
    return _run_tree(manifests, call)


def _refuse_to_write_over(args: Namespace, config: Config) -> None:
    # The output of a manifest may be that manifest: that is to change it in place.
    from imagelock.cli.overwriting import refuse_to_write_over, refuse_to_write_over_the_project

    refuse_to_write_over(args, config)
    if args.output:
        refuse_to_write_over_the_project(args.output, args, config, config.lock)


class _Call:
    """What one call of the command is made with."""

    def __init__(
        self, args: Namespace, console: Console, config: Config, lock: Lock, today: date
    ) -> None:
        self.args = args
        self.console = console
        self.config = config
        self._lock = lock
        self._today = today

    def plan(self, source: Source, surroundings: Surroundings | None = None) -> Plan:
        """Decide what to write into one text."""
        from imagelock import api

        return api.plan(
            source,
            self._lock,
            config=self.config,
            today=self._today,
            surroundings=surroundings,
            tell_sites=self.tells_sites,
        )

    @property
    def tells_sites(self) -> bool:
        """Whether any report that was asked for names every site."""
        from imagelock.cli.provenance import tells_images

        return tells_images(self.args)

    @property
    def writes_to_stdout(self) -> bool:
        """Whether standard output is for manifests."""
        return not (self.args.in_place or self.args.output)

    def is_refused(self, report: Report) -> bool:
        """Whether findings keep us from writing."""
        if self.config.strict or self.args.strict:
            report = report.strict()
        return report.exit_status != 0 and not (self.args.allow_findings or self.args.diff)

    def tell(self, report: Report) -> int:
        """Tell the report, and return the exit status."""
        from imagelock.cli.provenance import described
        from imagelock.cli.reporting import tell

        return tell(
            described(report, self.args, self.config, self._lock, self.args.path),
            self.args,
            self.console,
            result_taken=self.writes_to_stdout,
            strict=self.config.strict,
        )

    def refuse(self, report: Report) -> int:
        """Tell the report, and that nothing was written."""
        status = self.tell(report)
        self.console.last_line("override", f"{UNDONE} (--allow-findings writes all the same)")
        return status


def _run_stream(stream: Stream, call: _Call) -> int:
    from imagelock.cli.manifests import for_each_batch
    from imagelock.document.splice import apply_by_pieces
    from imagelock.outside.files import encode_pieces

    if call.args.in_place and call.args.path == "-":
        raise InputError("standard input cannot be changed in place")
    reports: list[Report] = []
    with Spool() as spool:
        for source, plan in for_each_batch(call.plan, stream, call.console, "overriding"):
            reports.append(plan.report)
            if call.args.diff:
                _print_diff(source, plan, call.console)
            else:
                for piece in encode_pieces(source, apply_by_pieces(source.text, plan.splices)):
                    spool.add(piece)
        report = Report.joined(reports).of_one_file()
        if call.is_refused(report):
            return call.refuse(report)
        if not call.args.diff:
            _write(spool, report, call)
    return call.tell(report)


def _write(spool: Spool, report: Report, call: _Call) -> None:
    from imagelock.outside.files import write_pieces

    if call.args.output:
        write_pieces(call.args.output, spool.pieces())
    elif not call.args.in_place:
        for piece in spool.pieces():
            call.console.result_bytes(piece)
    elif report.summary["pinned now"]:
        write_pieces(call.args.path, spool.pieces())


def _run_tree(tree: Tree, call: _Call) -> int:
    from pathlib import Path

    from imagelock.outside.folders import write_changes, write_copy

    args = call.args
    if not (args.in_place or args.output or args.diff):
        raise InputError(
            f"'{args.path}' is a folder, and its files cannot all go to standard output",
            hint="Name a folder with --output, or change the files with --in-place.",
        )
    changed, report = _override_tree(tree, call)
    if call.is_refused(report):
        return call.refuse(report)
    if args.diff:
        return call.tell(report)
    if args.in_place:
        write_changes(tree.root, changed)
    else:
        write_copy(tree, Path(args.output), changed, force=args.force)
    status = call.tell(report)
    where = args.path if args.in_place else args.output
    call.console.say(f"{where}: {len(changed)} of {len(tree.manifests)} manifests changed")
    return status


def _override_tree(tree: Tree, call: _Call) -> tuple[dict[str, bytes], Report]:
    from imagelock.cli.manifests import Unreadable, for_each_file, start_of
    from imagelock.document.splice import apply
    from imagelock.outside.files import encode

    changed: dict[str, bytes] = {}
    reports = [start_of("override", tree)]
    for name, done in for_each_file(call.plan, tree, call.console, "overriding"):
        if isinstance(done, Unreadable):
            reports.append(done.report("override"))
            continue
        source, plan = done
        reports.append(plan.report)
        if plan.splices:
            changed[name] = encode(source, apply(source.text, plan.splices))
            if call.args.diff:
                _print_diff(source, plan, call.console)
    return changed, Report.joined(reports)


def _print_diff(source: Source, plan: Plan, console: Console) -> None:
    from imagelock.cli.unified_diff import print_lines
    from imagelock.document.diff import render_diff

    print_lines(render_diff(source, plan.splices), console)
