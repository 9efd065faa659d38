"""What the commands that judge a cluster share: its scope, the terms, the proofs."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from imagelock.cli.arguments import read_lock
from imagelock.core.finding import Coverage, Report
from imagelock.core.presets import exemptions_of
from imagelock.core.proof import Proofs
from imagelock.decide.judge import Terms
from imagelock.decide.verify import Scope
from imagelock.outside.files import is_present
from imagelock.syntax.patterns import parse_namespace, parse_namespace_pattern
from imagelock.syntax.selectors import parse_selector

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from imagelock.cli.console import Console
    from imagelock.core.config import Config
    from imagelock.core.finding import Skipped
    from imagelock.syntax.selectors import Selector

__all__ = [
    "IMAGE_INDEXES",
    "add_app_of_apps",
    "add_image_indexes",
    "add_scope",
    "read_terms",
    "scope_of",
    "selector_of",
    "the_proofs",
]

IMAGE_INDEXES = "image_indexes"


def add_scope(parser: ArgumentParser) -> None:
    """Add which namespaces are meant, and which labels."""
    scope = parser.add_argument_group("scope")
    for option, read, what in (
        ("--namespace", parse_namespace, "only this namespace"),
        ("--exclude", parse_namespace_pattern, "not this one, or 'prefix-*'"),
    ):
        scope.add_argument(
            option,
            action="append",
            type=read,
            default=[],
            metavar="NAME",
            help=f"{what}; may be given again",
        )
    scope.add_argument(
        "-l",
        "--selector",
        metavar="LABELS",
        help="only pods and workloads with these labels, such as 'app=shop,tier in (web, api)'",
    )


def add_app_of_apps(parser: ArgumentParser, *, kinds: str) -> None:
    """Add which digests policy 'locked' accepts beside those of the lock."""
    parser.add_argument(
        "--app-of-apps",
        action="append",
        default=[],
        metavar="PATH",
        help="manifests whose digests policy 'locked' accepts beside those of the lock: "
        f"{kinds}; may be given again",
    )


def add_image_indexes(parser: ArgumentParser) -> None:
    """Add where the proofs are."""
    parser.add_argument(
        "--image-indexes",
        metavar="DIR",
        help="raw index documents, sha256-<hex>.json, that show which digests belong to one "
        "image (default: image_indexes, if it is there)",
    )


def scope_of(args: Namespace) -> Scope:
    """Return the namespaces and the labels that are meant."""
    return Scope(
        only=frozenset(args.namespace),
        without=frozenset(args.exclude),
        selector=args.selector or "",
    )


def selector_of(args: Namespace) -> Selector | None:
    """Return the labels that are meant, or nothing where all are.

    Raises:
        InputError: They are no label selector.
    """
    return None if args.selector is None else parse_selector(args.selector)


def read_terms(args: Namespace, config: Config, console: Console | None) -> tuple[Terms, Report]:
    """Read what images are judged by, as it is today, and say what could not be read of it.

    Args:
        args: The options of `add_lock` and `add_app_of_apps`.
        config: The settings.
        console: Shows how far it is, and lets several processes read; without it, one
            reads, in silence.

    Raises:
        InputError: The lock is wanted and not there, or is wrong; or there are no such
            manifests.
    """
    terms = _terms(args, config)
    if not args.app_of_apps:
        return terms, Report(command="verify", findings=(), coverage=Coverage(0, "files"))
    from imagelock.cli.hardcoded import hardcoded_in

    found = hardcoded_in(args.app_of_apps, terms.lock, config, console)
    return replace(terms, hardcoded=found.digests), found.report


def _terms(args: Namespace, config: Config) -> Terms:
    # Policy 'pinned' needs no lock, and uses it where it is there.
    wanted = config.policy == "locked" or args.lock is not None
    lock = read_lock(config) if wanted or is_present(Path(config.lock)) else None
    return Terms(
        policy=config.policy,
        lock=lock,
        exemptions=(*config.exemptions, *exemptions_of(config.presets)),
        today=date.today(),  # noqa: DTZ011  (an exemption ends with the day where it is judged)
    )


def the_proofs(named: str | None) -> tuple[Proofs, tuple[Skipped, ...]]:
    """Read the documents of the folder that is named, or of the usual one if it is there.

    Raises:
        InputError: The folder that is named is not there, or a document is wrong.
    """
    folder = Path(IMAGE_INDEXES if named is None else named)
    if named is None and not is_present(folder):
        return Proofs(), ()
    from imagelock.outside.proofs import read_proofs

    return read_proofs(folder)
