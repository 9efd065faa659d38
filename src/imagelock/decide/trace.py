"""Where an image comes from and where it goes: list or job, lock, every site."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from imagelock.core.place import FilePlace, Place

if TYPE_CHECKING:
    from collections.abc import Iterable

    from imagelock.core.finding import ReportedSite
    from imagelock.core.lock import LockEntry
    from imagelock.core.reference import ImageReference

__all__ = ["Step", "Trace", "is_about", "trace_image"]


_STANDS = {
    "pinned-now": "pinned now",
    "pinned-before": "pinned",
    "exempt": "exempt",
    "finding": "not pinned",
}


class Step(Struct, frozen=True):
    """One place on an image's way, and what stands there."""

    text: str
    place: Place
    note: str = ""


class Trace(Struct, frozen=True):
    """The way of an image; each part is empty where it was not met."""

    chosen: tuple[Step, ...]
    locked: tuple[Step, ...]
    used: tuple[Step, ...]

    @property
    def is_empty(self) -> bool:
        """Whether the image was met nowhere."""
        return not (self.chosen or self.locked or self.used)


def trace_image(
    image: ImageReference,
    *,
    chosen: Iterable[tuple[ImageReference, FilePlace, str]],
    locked: Iterable[LockEntry],
    sites: Iterable[tuple[ImageReference | None, ReportedSite]],
) -> Trace:
    """Follow an image from what brought it in to every place that uses it.

    *image* may leave its tag or digest out, and then stands for all of them.

    Args:
        image: What is asked for.
        chosen: Image IDs of lists and build jobs: where, and by whom.
        locked: The lock.
        sites: What manifests name, as far as it could be read.
    """
    return Trace(
        chosen=tuple(
            Step(reference.text, place, note)
            for reference, place, note in chosen
            if is_about(image, reference)
        ),
        locked=tuple(
            Step(entry.reference.text, entry.origin)
            for entry in locked
            if is_about(image, entry.reference)
        ),
        used=tuple(
            Step(site.image, site.place, f"found by {site.rule}, {_STANDS[site.status]}")
            for reference, site in sites
            if reference is not None and is_about(image, reference)
        ),
    )


def is_about(asked: ImageReference, met: ImageReference) -> bool:
    """Say whether *met* is an image that *asked* stands for.

    A place that leaves its tag out may be any of them, so it is one.
    """
    if asked.repository != met.repository:
        return False
    if asked.digest is not None and met.digest is not None:
        return asked.digest == met.digest
    return asked.tag is None or met.tag is None or asked.tag == met.tag
