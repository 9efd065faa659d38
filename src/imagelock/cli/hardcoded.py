"""The digests that somebody wrote into an app-of-apps by hand."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from imagelock import api
from imagelock.cli.manifests import (
    Stream,
    Unreadable,
    for_each_batch,
    for_each_file,
    open_manifests,
    start_of,
)
from imagelock.core.finding import Coverage, Report, Skipped
from imagelock.core.lock import Lock
from imagelock.core.reference import Digest, Repository
from imagelock.decide.override import unread_findings
from imagelock.errors import InputError
from imagelock.outside.files import read_source

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from imagelock.cli.console import Console
    from imagelock.core.config import Config
    from imagelock.core.place import Source
    from imagelock.find.surroundings import Surroundings
    from imagelock.outside.folders import Tree

__all__ = ["Hardcoded", "hardcoded_in"]

_LABEL = "reading the app-of-apps"


class Hardcoded(Struct, frozen=True):
    """Digests by the repository that they were written for, and what was not read."""

    digests: frozenset[tuple[Repository, Digest]]
    report: Report


def hardcoded_in(
    paths: Sequence[str], lock: Lock | None, config: Config, console: Console | None
) -> Hardcoded:
    """Find every image with a digest in files and folders of manifests.

    What is no YAML, or cannot be read, is a finding. Without a *console* one process
    does it, since forking is no good idea where threads run.

    Raises:
        InputError: There is no such file or folder.
    """
    work = partial(_in_source, lock=lock or Lock(()), config=config)
    found = [
        one
        for path in paths
        for one in (_alone(path, work) if console is None else _in_path(path, work, console))
    ]
    return Hardcoded(
        frozenset(pair for one in found for pair in one.digests),
        Report.joined([one.report for one in found]),
    )


def _in_path(path: str, work: partial[Hardcoded], console: Console) -> Iterator[Hardcoded]:
    manifests = open_manifests(path)
    if isinstance(manifests, Stream):
        for _, found in for_each_batch(work, manifests, console, _LABEL):
            yield found
        return
    yield _start(path, manifests)
    for _, done in for_each_file(work, manifests, console, _LABEL):
        if isinstance(done, Unreadable):
            yield Hardcoded(frozenset(), done.report("verify"))
        else:
            yield done[1]


def _start(path: str, tree: Tree) -> Hardcoded:
    report = start_of("verify", tree)
    if not tree.manifests:
        nothing = Coverage(0, "files", (Skipped(path, "no manifest is in this folder"),))
        report = replace(report, coverage=report.coverage + nothing)
    return Hardcoded(frozenset(), report)


def _alone(path: str, work: partial[Hardcoded]) -> Iterator[Hardcoded]:
    manifests = open_manifests(path)
    if isinstance(manifests, Stream):
        yield from map(work, manifests.batches())
        return
    yield _start(path, manifests)
    for name in manifests.manifests:
        shown = str(manifests.root / name)
        try:
            yield work(read_source(manifests.root / name, name=shown))
        except InputError as error:
            yield Hardcoded(frozenset(), Unreadable(shown, error).report("verify"))


def _in_source(
    source: Source, _: Surroundings | None = None, *, lock: Lock, config: Config
) -> Hardcoded:
    found = api.find(source, lock, config=config)
    images = (site.image for site in found.sites)
    report = Report(
        command="verify",
        findings=tuple(unread_findings(source, found)),
        coverage=Coverage(0, "files"),
    )
    digests = frozenset(
        (image.repository, image.digest)
        for image in images
        if image is not None and image.digest is not None
    )
    return Hardcoded(digests, report)
