"""What a call would write over although it is read: refused before any work is done."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from imagelock.cli.arguments import CONFIG_NAME
from imagelock.cli.provenance import list_beside
from imagelock.core.place import FilePlace
from imagelock.errors import InputError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from imagelock.core.config import Config

__all__ = ["refuse_to_write_over", "refuse_to_write_over_the_project"]

_HINT = "Name another file to write to."


def refuse_to_write_over(args: Namespace, config: Config) -> None:
    """Refuse a report that would take the place of a file that the command reads.

    Raises:
        InputError: It would, or two reports would be one file.
    """
    reports = [path for _, path in args.report]
    _refuse_the_same_twice(reports)
    for report in reports:
        refuse_to_write_over_the_project(report, args, config, config.lock)
        for path in _read(args):
            _refuse(report, path)


def refuse_to_write_over_the_project(
    target: str, args: Namespace, config: Config, *others: str | None
) -> None:
    """Refuse a target that is the settings, a list, one of *others*, or among what jobs published.

    Raises:
        InputError: It is.
    """
    settings = CONFIG_NAME if args.config is None else args.config
    self_built = config.self_built or list_beside(config.external_images)
    for file in (settings, config.external_images, self_built, *others):
        if file:
            _refuse(target, file)
    if os.path.dirname(os.path.realpath(target)) == os.path.realpath(config.references):
        raise InputError(
            f"what build jobs publish stands in {config.references}, and nothing else may",
            place=FilePlace(target),
            hint=_HINT,
        )


def _read(args: Namespace) -> Iterator[str]:
    """Yield the files and folders that a command was called with."""
    if hasattr(args, "path"):
        yield args.path
    for name in ("paths", "sources", "app_of_apps"):
        yield from getattr(args, name, None) or ()


def _refuse_the_same_twice(reports: list[str]) -> None:
    for index, report in enumerate(reports):
        is_a_device = os.path.exists(report) and not os.path.isfile(report)
        if not is_a_device and any(_is(report, other) for other in reports[:index]):
            raise InputError(
                "two reports would be written to this file",
                place=FilePlace(report),
                hint="Give each --report a file of its own.",
            )


def _refuse(target: str, read: str) -> None:
    # What is not there, or is a device, loses nothing.
    if os.path.isfile(target) and (_is(target, read) or _holds(read, target)):
        raise InputError(
            "this file is read, and would be written over", place=FilePlace(target), hint=_HINT
        )


def _is(one: str, other: str) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


def _holds(folder: str, file: str) -> bool:
    """Say whether a file is a manifest in a folder."""
    if not os.path.isdir(folder):
        return False
    from imagelock.outside.folders import is_manifest

    inside = os.path.realpath(file).startswith(os.path.realpath(folder) + os.sep)
    return inside and is_manifest(file)
