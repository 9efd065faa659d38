"""Where images come from, as a bar with textures: it is read without colours."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from imagelock.core.origin import ORIGINS
from imagelock.report.html.markup import many, short, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagelock.core.finding import ImageUse, Origin, Report

__all__ = ["LISTED", "draw_origins", "rows_of_images"]

LISTED = 1_000  # rows of a folded table

_NARROWEST = 1.0  # percent of the bar: a part that is there can be seen
_GAP = 0.35  # percent of the bar between two parts

_MEANINGS = {
    "external": ("External", "built by others, named in external_images"),
    "self-built": ("Self-built", "built here, on the allow-list"),
    "locked": ("In the lock", "and in no list that was at hand"),
    "exempt": ("Exempt", "let pass by an exemption"),
    "unknown": ("Unknown", "no list and no exemption names them"),
}
# Each texture stays the same in print and to whoever sees no colours.
_TEXTURES = {
    "external": "",
    "self-built": '<path class="mark" d="M-2 10L10 -2M-2 2L2 -2M6 10L10 6"/>',
    "locked": '<path class="mark" d="M0 2h8M0 6h8"/>',
    "exempt": '<path class="dots" d="M2 2h0M6 6h0"/>',
    "unknown": '<path class="mark" d="M-1 -1L9 9M9 -1L-1 9"/>',
}


def draw_origins(report: Report) -> str:
    """Return the section, or nothing where the command counts no images."""
    if not report.images:
        return ""
    images = Counter(use.origin for use in report.images)
    uses = Counter[str]()
    for use in report.images:
        uses[use.origin] += use.uses
    present = [origin for origin in ORIGINS if images[origin]]
    listed = {use.origin for use in _in_order(report)[:LISTED]}
    rows = "\n".join(
        _row(origin, images[origin], uses[origin], is_listed=origin in listed) for origin in present
    )
    return f"""\
<section aria-labelledby="origins">
<h2 id="origins">Where {many(images.total(), "image")} come from</h2>
{_bar(present, images)}
<ul class="origins">
{rows}
</ul>
</section>"""


def _bar(present: list[Origin], images: Counter[Origin]) -> str:
    told = ", ".join(f"{_MEANINGS[origin][0].lower()} {images[origin]:,}" for origin in present)
    parts = "".join(_parts(present, images))
    patterns = "".join(map(_pattern, ORIGINS))
    return (
        f'<svg class="bar" role="img" aria-label="Of {many(images.total(), "image")}: {told}">'
        f"<defs>{patterns}</defs>{parts}</svg>"
    )


def _parts(present: list[Origin], images: Counter[Origin]) -> Iterator[str]:
    shares = [max(_NARROWEST, 100 * images[origin] / images.total()) for origin in present]
    scale = (100 - _GAP * (len(shares) - 1)) / sum(shares)
    left = 0.0
    for origin, share in zip(present, shares, strict=True):
        width = share * scale
        place = f'x="{left:.2f}%" width="{width:.2f}%" height="100%"'
        yield f'<rect {place} fill="url(#texture-{origin})"/>'
        left += width + _GAP


def _pattern(origin: Origin) -> str:
    return (
        f'<pattern id="texture-{origin}" width="8" height="8" patternUnits="userSpaceOnUse">'
        f'<rect class="fill-{origin}" width="8" height="8"/>{_TEXTURES[origin]}</pattern>'
    )


def rows_of_images(report: Report) -> list[tuple[str, str, str]]:
    """Return a row for every image, the unknown ones first, with a place to link to."""
    seen: set[Origin] = set()
    rows: list[tuple[str, str, str]] = []
    for use in _in_order(report):
        at = "" if use.origin in seen else f' id="images-{use.origin}"'
        seen.add(use.origin)
        image = f'<span class="image"{at}>{text(short(use.image))}</span>'
        rows.append((image, use.origin, f"{use.uses:,}"))
    return rows


def _in_order(report: Report) -> list[ImageUse]:
    # What nobody answers for is what somebody looks for.
    return sorted(report.images, key=lambda use: -ORIGINS.index(use.origin))


def _row(origin: Origin, images: int, uses: int, *, is_listed: bool) -> str:
    name, meaning = _MEANINGS[origin]
    told = f'<a href="#images-{origin}">{name}</a>' if is_listed else f"<span>{name}</span>"
    return (
        '<li><svg class="swatch" aria-hidden="true">'
        f'<rect width="100%" height="100%" fill="url(#texture-{origin})"/></svg>'
        f'{told}<span class="number">{many(images, "image")}'
        f' <span class="quiet">in {many(uses, "place")}</span></span>'
        f'<span class="meaning">{meaning}</span></li>'
    )
