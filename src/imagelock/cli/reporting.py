"""Tell a report: on the terminal, in the files that were asked for, as an exit status."""

from __future__ import annotations

import os
import time
from importlib import import_module
from itertools import islice
from typing import TYPE_CHECKING

from msgspec.structs import replace

from imagelock.core.place import FilePlace
from imagelock.outside.files import write_pieces
from imagelock.report import in_order

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator
    from pathlib import Path

    from imagelock.cli.console import Console
    from imagelock.core.finding import Report

__all__ = ["tell"]

# GitLab links a file only if its path starts at the root of the repository.
_PATHS_FROM_THE_ROOT = {"junit", "codequality", "sarif", "markdown"}

_PIECES = 200  # bits of a long report that are written together


def tell(
    report: Report,
    args: Namespace,
    console: Console,
    *,
    result_taken: bool = False,
    strict: bool = False,
    brief: bool = False,
) -> int:
    """Print a report, write the files of ``--report``, and return the exit status.

    The files come first: whoever closes standard output early still gets them.

    Args:
        report: What was found.
        args: A command's options, with those of `add_reports`.
        console: Where it is printed.
        result_taken: Standard output holds something else, such as manifests:
            the report goes to standard error.
        strict: The settings ask for ``--strict``; the option is honoured anyway.
        brief: The command says itself what it did, and which notes there are: as
            text the report is printed only where it holds more.

    Raises:
        InputError: A ``--report`` file cannot be written.
        DiskError: The disk is full or failed.
    """
    if strict or getattr(args, "strict", False):
        report = report.strict()
    made = report.made or time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    report = in_order(replace(report, made=made))
    for name, path in args.report:
        write_pieces(path, map(_encoded, _rendered(report, name)))
    if _is_worth_printing(report, args.format, quiet=console.quiet, brief=brief):
        _print(report, args.format, console, result_taken=result_taken)
    return report.exit_status


def _is_worth_printing(report: Report, name: str, *, quiet: bool, brief: bool) -> bool:
    """Quiet people read what is wrong; machines read a document in any case."""
    is_wrong = len(report.findings) > report.count("note")
    if brief and name == "text":
        return is_wrong or (bool(report.coverage.skipped) and not quiet)
    return is_wrong or not quiet or name != "text"


def _print(report: Report, name: str, console: Console, *, result_taken: bool) -> None:
    console.end_progress()
    cut = not console.verbose
    if result_taken:
        for piece in _rendered(report, name, colour=console.colour_messages, cut=cut):
            console.raw(piece)
    else:
        for piece in _rendered(report, name, colour=console.colour_results, cut=cut):
            console.result_bytes(_encoded(piece))


def _rendered(
    report: Report, name: str, *, colour: bool = False, cut: bool = False
) -> Iterator[str]:
    # A format is imported when it is asked for: start-up is part of the product.
    module = import_module(f"imagelock.report.{name}")
    if name == "text":
        yield module.render(report, colour=colour, everything=not cut)
    elif name == "json":
        yield from _in_large_pieces(module.pieces(report))
    else:
        if name in _PATHS_FROM_THE_ROOT:
            report = report.with_files_named(_names_from_the_root(report))
        yield module.render(report)


def _in_large_pieces(pieces: Iterator[str]) -> Iterator[str]:
    while batch := "".join(islice(pieces, _PIECES)):
        yield batch


def _names_from_the_root(report: Report) -> dict[str, str]:
    root = _root()
    places = [finding.place for finding in report.findings]
    places += [site.place for site in report.sites or ()]
    files = {place.file for place in places if isinstance(place, FilePlace)}
    return {file: _name_from(root, file) for file in files}


def _root() -> Path:
    """Return the folder of the repository that we work in, or the working folder."""
    from pathlib import Path

    here = Path.cwd()
    job = os.environ.get("CI_PROJECT_DIR")
    if job and here.is_relative_to(os.path.realpath(job)):
        return Path(os.path.realpath(job))
    return next((folder for folder in (here, *here.parents) if (folder / ".git").exists()), here)


def _name_from(root: Path, file: str) -> str:
    from pathlib import Path

    if file.startswith("<"):  # <stdin>
        return file
    path = Path(os.path.abspath(file))
    return str(path.relative_to(root)) if path.is_relative_to(root) else file


def _encoded(text: str) -> bytes:
    # Names of files that are not UTF-8 reach us as lone surrogates.
    return text.encode("utf-8", "backslashreplace")
