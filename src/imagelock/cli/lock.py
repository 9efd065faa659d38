"""imagelock lock: make images.lock from the lists and the references of build jobs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from imagelock.cli.arguments import add_lists, add_lock, add_reports, add_strict, read_config
from imagelock.cli.lists import (
    STDIN,
    find_self_built,
    list_references,
    read_allow_list,
    read_external,
    read_published,
    registries_of,
)
from imagelock.cli.overwriting import refuse_to_write_over, refuse_to_write_over_the_project
from imagelock.cli.reporting import tell
from imagelock.core.allow_list import AllowList
from imagelock.core.finding import Coverage, Finding, Report
from imagelock.core.place import FilePlace, printable
from imagelock.decide.lock import Built, build_lock
from imagelock.errors import InputError
from imagelock.outside.files import is_present, read_bytes, write_if_changed
from imagelock.syntax.lockfile import render_lock

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from imagelock.cli.console import Console
    from imagelock.core.config import Config
    from imagelock.decide.lock import Refused

__all__ = ["DESCRIPTION", "EXAMPLES", "UNDONE", "add_arguments", "run"]

DESCRIPTION = """\
Make images.lock: the external images, then what this pipeline's build jobs have
published, each with its digest. No network is used."""
EXAMPLES = """\
examples:
  imagelock lock
  imagelock lock --check
  imagelock lock --external-images lists/external_images --lock lists/images.lock

Exit status 1: a build job published what it may not, or one tag has two digests,
or (--check) images.lock is not what would be written now. See docs/lock.md."""
UNDONE = "images.lock was not written"

_NAMED = 10  # repositories that were not built and are named before the rest is counted


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "--check",
        action="store_true",
        help="write nothing; print the difference and exit with 1 if the lock is out of date",
    )
    add_lock(parser)
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="write to another file than the lock; '-' is standard output",
    )
    add_lists(parser)
    add_reports(parser)
    add_strict(parser)


def run(args: Namespace, console: Console) -> int:
    """Make the lock, then write it, or compare it with the one that is there."""
    if args.check and args.output:
        raise InputError("--check writes nothing, so it takes no --output")
    config = read_config(args)
    args.strict |= config.strict
    refuse_to_write_over(args, config)
    target = args.output or config.lock
    made = _make(args, config, target, console)
    if isinstance(made, Built):
        return (_check if args.check else _write)(made, target, args, console)
    tell(made.report, args, console)
    console.last_line("lock", UNDONE)
    return made.report.exit_status


def _make(args: Namespace, config: Config, target: str, console: Console) -> Built | Refused:
    external = read_external(config.external_images, console)
    self_built = config.self_built or find_self_built(config.external_images)
    if target != STDIN:
        refuse_to_write_over_the_project(target, args, config)
    allowed = read_allow_list(self_built, console)
    folder = list_references(config.references, console)
    published = read_published(folder, console)
    if published and allowed is None:
        raise InputError(
            "build jobs have published images, and no list says which they may: there is no "
            "file *-images",
            place=FilePlace(os.path.dirname(config.external_images) or "."),
            hint="Make <organisation>-images with the repositories that this pipeline builds, "
            "or name the list with --self-built FILE.",
        )
    return build_lock(
        external,
        allowed or AllowList(()),
        published,
        registries=registries_of(config),
        skipped=folder.skipped,
    )


def _write(built: Built, target: str, args: Namespace, console: Console) -> int:
    to_stdout = target == STDIN
    status = tell(built.report, args, console, brief=True, result_taken=to_stdout)
    if status:
        console.last_line("lock", UNDONE)
        return status
    data = render_lock(built.lock).encode()
    if to_stdout:
        console.result_bytes(data)
        console.say(f"the lock: {_told(built)}")
    else:
        done = "written" if write_if_changed(target, data) else "unchanged"
        console.say(f"{printable(target)}: {done}: {_told(built)}")
    return 0


def _told(built: Built) -> str:
    counts = built.report.summary
    if not counts["images"]:
        return "it is empty, because no list names an image"
    names = [finding.image for finding in built.report.findings if finding.rule.name == "not-built"]
    told = (
        f"{counts['images']} image{'s' * (counts['images'] > 1)}, {counts['external']} external, "
        f"{counts['self-built']} self-built"
    )
    if names:
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        told += f"; {len(names)} not built in this pipeline: {', '.join(names[:_NAMED])}{more}"
    return told


def _check(built: Built, path: str, args: Namespace, console: Console) -> int:
    old = read_bytes(path) if is_present(path) else None
    new = render_lock(built.lock).encode()
    report = built.report
    if old != new:
        report += _out_of_date(path, is_there=old is not None)
    as_text = args.format == "text"
    status = tell(report, args, console, brief=True, result_taken=as_text)
    if old == new:
        console.say(f"{printable(path)}: up to date: {_told(built)}")
    elif as_text:
        from imagelock.cli.unified_diff import print_diff

        before, after = ((data or b"").decode("utf-8", "backslashreplace") for data in (old, new))
        print_diff(before, after, path, console)
    return status


def _out_of_date(path: str, *, is_there: bool) -> Report:
    message = "this is not what the lists make now" if is_there else "there is no such file"
    finding = Finding.of("out-of-date", FilePlace(path), message)
    return Report(command="lock", findings=(finding,), coverage=Coverage(0, "image IDs"))
