"""The files that a cluster is judged by, read again when they change."""

from __future__ import annotations

import os
from datetime import date
from typing import TYPE_CHECKING

from imagelock.cli.arguments import CONFIG_NAME, read_config
from imagelock.cli.judging import IMAGE_INDEXES, read_terms, the_proofs
from imagelock.decide.exempted import ended

if TYPE_CHECKING:
    from argparse import Namespace

    from imagelock.core.config import Config
    from imagelock.core.finding import Finding, Skipped
    from imagelock.core.proof import Proofs
    from imagelock.decide.judge import Terms

__all__ = ["Inputs"]

_Mark = tuple[object, ...]


class Inputs:
    """The settings, the lock and the proofs, as they are on the disk.

    A ConfigMap that is mounted changes by a link that is turned, other files in
    place: both show in what the system says about a file.

    Attributes:
        skipped: Files that were not read.
        findings: What of the app-of-apps could not be read, and exemptions that ended.

    Raises:
        InputError: One of them is wrong.
        DiskError: The disk failed.
    """

    def __init__(self, args: Namespace) -> None:
        self._args = args
        self.config: Config
        self.terms: Terms
        self.proofs: Proofs
        self.skipped: tuple[Skipped, ...]
        self.findings: tuple[Finding, ...]
        self._read()
        self._marks = self._look()
        # Once more: what changed after it was read, and before it was looked at, would be lost.
        self._read()

    @property
    def entries(self) -> int:
        """How many entries the lock has."""
        return len(self.terms.lock) if self.terms.lock is not None else 0

    def read_again(self) -> bool:
        """Read everything again if something changed; say whether it did.

        A day on which an exemption may end is a change, too.

        Raises:
            InputError: Something is wrong now. What was read before still counts,
                and nothing is read again before the next change.
            DiskError: The disk failed.
        """
        marks = self._look()
        if marks == self._marks:
            return False
        self._marks = marks
        self._read()
        return True

    def _read(self) -> None:
        config = read_config(self._args)
        terms, of_manifests = read_terms(self._args, config, None)
        proofs, skipped = the_proofs(self._args.image_indexes)
        self.config, self.terms, self.proofs = config, terms, proofs
        self.skipped = of_manifests.coverage.skipped + skipped
        self.findings = (*of_manifests.findings, *ended(terms.exemptions, terms.today))

    def _look(self) -> _Mark:
        folder = str(self._args.image_indexes or IMAGE_INDEXES)
        documents = [os.path.join(folder, name) for name in _names(folder)]
        manifests = [file for path in self._args.app_of_apps for file in _files_below(path)]
        files = (self._args.config or CONFIG_NAME, self.config.lock, folder, *documents, *manifests)
        ends = any(exemption.until is not None for exemption in self.terms.exemptions)
        today = date.today() if ends else None  # noqa: DTZ011  (as the terms themselves)
        return (today, *map(_mark, files))


def _names(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _files_below(path: str) -> list[str]:
    """Return a file, or every file and folder below a folder."""
    below = [
        os.path.join(folder, name)
        for folder, folders, files in os.walk(path)
        if "/.git/" not in f"{folder}/"
        for name in (*folders, *files)
    ]
    return [path, *sorted(below)]


def _mark(file: str) -> _Mark:
    try:
        status = os.stat(file)
    except OSError:
        return ()
    return (status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size)
