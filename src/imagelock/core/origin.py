"""Provenance: which list an image stands in, so that a report can say where it comes from."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from imagelock.core.allow_list import AllowList
from imagelock.core.finding import ImageUse, Origin
from imagelock.core.reference import ImageReference, Repository

if TYPE_CHECKING:
    from collections.abc import Iterable

    from imagelock.core.finding import Report, ReportedSite

__all__ = ["ORIGINS", "Provenance", "images_of", "traced"]

ORIGINS: tuple[Origin, ...] = ("external", "self-built", "locked", "exempt", "unknown")


class Provenance(Struct, frozen=True, kw_only=True):
    """The lists that are at hand; what is missing explains nothing.

    *registries* are where the bare names of *allowed* are, as in `AllowList.allows`.
    """

    locked: frozenset[Repository] = frozenset()
    external: frozenset[Repository] = frozenset()
    allowed: AllowList = AllowList(())
    registries: tuple[str, ...] = ()

    def origin(self, image: str) -> Origin:
        """Say which list names the repository of an image.

        It is the repository that says who builds an image. Whether this very
        digest may run is another question, and the findings answer it.
        """
        reference = ImageReference.try_parse(image)
        if reference is None:
            return "unknown"
        if reference.repository in self.external:
            return "external"
        if self.allowed.allows(reference.repository, self.registries):
            return "self-built"
        return "locked" if reference.repository in self.locked else "unknown"


def traced(report: Report, provenance: Provenance) -> Report:
    """Return the report with the origin of each of its images, most used first."""
    images = report.images or images_of(report.sites or ())
    uses: Counter[tuple[str, Origin]] = Counter()
    for use in images:
        known = use.origin != "unknown"
        uses[use.image, use.origin if known else provenance.origin(use.image)] += use.uses
    return replace(
        report,
        images=tuple(ImageUse(image, n, origin) for (image, origin), n in uses.most_common()),
    )


def images_of(sites: Iterable[ReportedSite]) -> tuple[ImageUse, ...]:
    """Count the images of manifests."""
    uses = Counter((site.image, site.status == "exempt") for site in sites)
    return tuple(
        ImageUse(image, count, "exempt" if exempt else "unknown")
        for (image, exempt), count in uses.items()
    )
