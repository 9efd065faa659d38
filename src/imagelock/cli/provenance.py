"""What a report tells besides findings: of what it is, and where the images come from."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TypeVar

from msgspec.structs import replace

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable

    from imagelock.core.config import Config
    from imagelock.core.finding import Report, Skipped
    from imagelock.core.lock import Lock
    from imagelock.core.origin import Provenance
    from imagelock.core.place import Source

__all__ = ["described", "list_beside", "tells_images", "with_choices"]

T = TypeVar("T")

_TELL_IMAGES = {"json", "html", "markdown"}
_JUDGED = {"check", "verify"}  # commands that have a policy
_LARGEST = 16 * 1024 * 1024  # bytes of a list, as in imagelock lock


def tells_images(args: Namespace) -> bool:
    """Say whether any report that was asked for tells of every image."""
    return not _TELL_IMAGES.isdisjoint({args.format, *(name for name, _ in args.report)})


def described(
    report: Report, args: Namespace, config: Config, lock: Lock | None, subject: str
) -> Report:
    """Return the report with what it is about and, where somebody asked, the images' origins.

    The lists are read if they are at hand. A list that is broken is no reason to
    keep what was found to ourselves: it is named among what was not looked at.
    """
    policy = config.policy if report.command in _JUDGED else ""
    report = replace(report, subject=subject, policy=policy)
    if not tells_images(args):
        return report
    from imagelock.core.origin import traced

    provenance, unread = _provenance(config, lock)
    coverage = report.coverage
    coverage = replace(coverage, skipped=(*coverage.skipped, *unread))
    return traced(replace(report, coverage=coverage), provenance)


def with_choices(lock: Lock, config: Config) -> Lock:
    """Return the lock with the line of ``external_images`` as the origin of what was chosen there.

    That is where a person mends it. What no line of it chose, this very digest
    included, keeps its line of the lock.
    """
    from imagelock.core.lock import Lock
    from imagelock.syntax.lists import parse_external

    chosen = _read(config.external_images, parse_external, []) or ()
    origins = {str(entry.reference.normalised): entry.origin for entry in reversed(chosen)}
    if not origins:
        return lock
    return Lock(
        (
            replace(entry, origin=origins.get(str(entry.reference.normalised), entry.origin))
            for entry in lock
        ),
        name=lock.name,
    )


def _provenance(config: Config, lock: Lock | None) -> tuple[Provenance, list[Skipped]]:
    from imagelock.core.allow_list import AllowList
    from imagelock.core.origin import Provenance
    from imagelock.syntax.lists import parse_allow_list, parse_external

    unread: list[Skipped] = []
    external = _read(config.external_images, parse_external, unread) or ()
    allowed = _read(
        config.self_built or list_beside(config.external_images), parse_allow_list, unread
    )
    provenance = Provenance(
        locked=frozenset(lock.repositories) if lock is not None else frozenset(),
        external=frozenset(entry.reference.repository for entry in external),
        allowed=allowed or AllowList(()),
        registries=_registries(config),
    )
    return provenance, unread


def _read(path: str | None, parse: Callable[[Source], T], unread: list[Skipped]) -> T | None:
    from imagelock.core.finding import Skipped
    from imagelock.errors import InputError, InputErrors
    from imagelock.outside.files import read_source

    if path is None or not os.path.exists(path):
        return None
    try:
        return parse(read_source(path, limit=_LARGEST))
    except (InputError, InputErrors) as error:
        first = error.errors[0] if isinstance(error, InputErrors) else error
        reason = f"it cannot say where images come from: {first.problem}"
        unread.append(Skipped(path, reason, expected=True))
        return None


def list_beside(external: str) -> str | None:
    """Return the only other file ``*-images`` beside ``external_images``, as `lock` does."""
    folder = os.path.dirname(external)
    names = os.listdir(folder or ".") if os.path.isdir(folder or ".") else []
    found = [
        os.path.join(folder, name)
        for name in names
        if name.endswith("-images")
        and not name.startswith(".")
        and name != os.path.basename(external)
    ]
    return found[0] if len(found) == 1 else None


def _registries(config: Config) -> tuple[str, ...]:
    if config.registries is not None:
        return config.registries
    registry = os.environ.get("CI_REGISTRY", "").rstrip("/").lower()
    return (registry,) if registry else ()
