"""Which references become entries, in which order, and what conflicts.

external ─────────────────────────────► first, in their order ┐
published ──► has a digest? ──► allowed? ──► by file, by line ┴──► one digest a tag? ──► lock
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from imagelock.core.finding import Coverage, Finding, ImageUse, Report
from imagelock.core.lock import Lock, LockEntry, conflicts_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from imagelock.core.allow_list import AllowedName, AllowList
    from imagelock.core.finding import Skipped
    from imagelock.core.reference import Repository
    from imagelock.syntax.lists import Published

__all__ = ["Built", "Refused", "build_lock"]


class Built(Struct, frozen=True):
    """The lock that the lists make; *report* holds notes and warnings at most."""

    lock: Lock
    report: Report


class Refused(Struct, frozen=True):
    """There is no lock to write: *report* holds the errors."""

    report: Report


def build_lock(
    external: Sequence[LockEntry],
    allowed: AllowList,
    published: Iterable[Published],
    *,
    registries: Sequence[str] = (),
    skipped: tuple[Skipped, ...] = (),
) -> Built | Refused:
    """Make the lock: external images in their order, then references by file and line.

    What a build job published becomes an entry only if it has a digest and its
    repository is on the allow-list, and it never replaces an external image: one
    tag with two digests is an error, whoever named them.

    Args:
        external: ``external_images``.
        allowed: ``<organisation>-images``.
        published: What build jobs published, in any order of their files.
        registries: Where the bare names of *allowed* are; none stands for everywhere.
        skipped: What was not read in ``image_references``.
    """
    references = sorted(published, key=_file_name)
    refused = [*_without_digest(references), *_not_allowed(references, allowed, registries)]
    self_built = _entries(references, allowed, registries)
    entries = _once((*external, *self_built))
    not_built = _not_built(references, allowed, registries)
    findings = (
        *refused,
        *_conflicts(entries),
        *(_note_not_built(name) for name in not_built),
    )
    report = Report(
        command="lock",
        findings=findings,
        coverage=Coverage(len(external) + len(references), "image IDs", skipped),
        summary=_summary(entries, external, not_built),
        images=_images(entries, external),
    )
    return Refused(report) if report.exit_status else Built(Lock(entries), report)


def _file_name(published: Published) -> bytes:
    # Plain byte order, the same on every machine and in every locale.
    return published.place.file.encode("utf-8", "surrogateescape")


def _without_digest(references: Iterable[Published]) -> Iterator[Finding]:
    for published in references:
        if not published.reference.is_pinned:
            yield Finding.of(
                "no-digest",
                published.place,
                "a build job published this image ID without a digest",
                image=str(published.reference),
            )


def _not_allowed(
    references: Iterable[Published], allowed: AllowList, registries: Sequence[str]
) -> Iterator[Finding]:
    where = f" of {allowed.name}" if allowed.name else ""
    for published in references:
        repository = published.reference.repository
        if not allowed.allows(repository, registries):
            yield Finding.of(
                "not-allow-listed",
                published.place,
                f"no line{where} allows {repository}{_elsewhere(repository, allowed, registries)}",
                image=str(published.reference),
            )


def _elsewhere(repository: Repository, allowed: AllowList, registries: Sequence[str]) -> str:
    """Name the near miss: a bare name that means other registries."""
    if not registries or not allowed.allows(repository):
        return ""
    return f": a bare name stands for {' and '.join(registries)} only"


def _entries(
    references: Iterable[Published], allowed: AllowList, registries: Sequence[str]
) -> Iterator[LockEntry]:
    for published in references:
        reference = published.reference
        if reference.is_pinned and allowed.allows(reference.repository, registries):
            yield LockEntry(reference, published.place)


def _once(entries: Iterable[LockEntry]) -> tuple[LockEntry, ...]:
    first_of: dict[object, LockEntry] = {}
    for entry in entries:
        first_of.setdefault(entry.reference, entry)
    return tuple(first_of.values())


def _conflicts(entries: Iterable[LockEntry]) -> Iterator[Finding]:
    for first, entry in conflicts_in(entries):
        reference = entry.reference
        yield Finding.of(
            "conflicting-digests",
            entry.origin,
            f"{reference.repository}:{reference.tag} has {entry.digest} here "
            f"and {first.digest} in {first.origin}",
            image=str(reference),
        )


def _not_built(
    references: Iterable[Published], allowed: AllowList, registries: Sequence[str]
) -> tuple[AllowedName, ...]:
    built = {
        name
        for published in references
        for name in allowed.names_of(published.reference.repository, registries)
    }
    return tuple(dict.fromkeys(name for name in allowed if name not in built))


def _note_not_built(name: AllowedName) -> Finding:
    return Finding.of(
        "not-built",
        name.place,
        f"no file of the references names {name}: it was not built in this pipeline",
        image=str(name),
    )


def _images(entries: Sequence[LockEntry], external: Sequence[LockEntry]) -> tuple[ImageUse, ...]:
    own = {entry.reference for entry in external}
    return tuple(
        ImageUse(
            entry.reference.normalised, 1, "external" if entry.reference in own else "self-built"
        )
        for entry in entries
    )


def _summary(
    entries: Sequence[LockEntry], external: Sequence[LockEntry], not_built: Sequence[AllowedName]
) -> dict[str, int]:
    own = len({entry.reference for entry in external})
    return {
        "images": len(entries),
        "external": own,
        "self-built": len(entries) - own,
        "not built": len(not_built),
    }
