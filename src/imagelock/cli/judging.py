"""What the commands that judge a cluster share: its scope, the terms, the proofs."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from imagelock.cli.arguments import read_lock
from imagelock.core.presets import exemptions_of
from imagelock.core.proof import Proofs
from imagelock.decide.judge import Terms
from imagelock.decide.verify import Scope
from imagelock.outside.files import is_present

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from imagelock.core.config import Config
    from imagelock.core.finding import Skipped

__all__ = [
    "IMAGE_INDEXES",
    "add_image_indexes",
    "add_scope",
    "read_terms",
    "scope_of",
    "the_proofs",
]

IMAGE_INDEXES = "image_indexes"


def add_scope(parser: ArgumentParser) -> None:
    """Add which namespaces are meant."""
    scope = parser.add_argument_group("scope")
    for option, what in (
        ("--namespace", "only this namespace"),
        ("--exclude", "not this one, or 'prefix-*'"),
    ):
        scope.add_argument(
            option, action="append", default=[], metavar="NAME", help=f"{what}; may be given again"
        )


def add_image_indexes(parser: ArgumentParser) -> None:
    """Add where the proofs are."""
    parser.add_argument(
        "--image-indexes",
        type=Path,
        metavar="DIR",
        help="raw index documents, sha256-<hex>.json, that show which digests belong to one "
        "image (default: image_indexes, if it is there)",
    )


def scope_of(args: Namespace) -> Scope:
    """Return the namespaces that are meant."""
    return Scope(only=frozenset(args.namespace), without=frozenset(args.exclude))


def read_terms(args: Namespace, config: Config) -> Terms:
    """Read what images are judged by, as it is today.

    Raises:
        InputError: The lock is wanted and not there, or is wrong.
    """
    # Policy 'pinned' needs no lock, and uses it where it is there.
    wanted = config.policy == "locked" or args.lock is not None
    lock = read_lock(config) if wanted or is_present(Path(config.lock)) else None
    return Terms(
        policy=config.policy,
        lock=lock,
        exemptions=(*config.exemptions, *exemptions_of(config.presets)),
        today=date.today(),  # noqa: DTZ011  (an exemption ends with the day where it is judged)
    )


def the_proofs(named: Path | None) -> tuple[Proofs, tuple[Skipped, ...]]:
    """Read the documents of the folder that is named, or of the usual one if it is there.

    Raises:
        InputError: The folder that is named is not there, or a document is wrong.
    """
    folder = named or Path(IMAGE_INDEXES)
    if named is None and not is_present(folder):
        return Proofs(), ()
    from imagelock.outside.proofs import read_proofs

    return read_proofs(folder)
