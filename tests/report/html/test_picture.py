from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from imagelock.core.finding import Coverage, ImageUse, Report
from imagelock.report.html.picture import draw_origins, rows_of_images

if TYPE_CHECKING:
    from imagelock.core.finding import Origin


def draw(*images: ImageUse) -> str:
    coverage = Coverage(1, "pods")
    return draw_origins(Report(command="verify", findings=(), coverage=coverage, images=images))


def widths(picture: str) -> dict[str, float]:
    found = re.findall(r'x="[\d.]+%" width="([\d.]+)%".*?#texture-([a-z-]+)\)', picture)
    return {name: float(width) for width, name in found}


def test_a_bar_shows_how_many_images_come_from_where() -> None:
    picture = draw(
        *(ImageUse(f"a:{n}", 2, "external") for n in range(3)), ImageUse("b", 9, "self-built")
    )

    shown = widths(picture)
    assert shown["external"] == pytest.approx(3 * shown["self-built"], abs=0.1)
    assert 'aria-label="Of 4 images: external 3, self-built 1"' in picture
    assert '3 images <span class="quiet">in 6 places</span>' in picture


def test_a_part_that_is_there_can_be_seen_and_the_bar_is_never_too_long() -> None:
    images = [ImageUse(f"a:{n}", 1, "external") for n in range(100_000)]
    origins: tuple[Origin, ...] = ("self-built", "locked", "exempt", "unknown")
    picture = draw(*images, *(ImageUse("b", 1, origin) for origin in origins))

    shown = widths(picture)
    assert min(shown.values()) > 0.9
    assert sum(shown.values()) <= 100


def test_an_origin_links_to_the_first_of_its_images_and_the_unknown_come_first() -> None:
    images = (ImageUse("a", 9, "external"), ImageUse("b", 5), ImageUse("c", 1))
    report = Report(command="check", findings=(), coverage=Coverage(1, "files"), images=images)

    rows = rows_of_images(report)

    assert [(row[1], row[2]) for row in rows] == [
        ("unknown", "5"),
        ("unknown", "1"),
        ("external", "9"),
    ]
    assert [re.findall('id="(.*?)"', row[0]) for row in rows] == [
        ["images-unknown"],
        [],
        ["images-external"],
    ]
    assert '<a href="#images-unknown">Unknown</a>' in draw_origins(report)


def test_an_origin_whose_images_have_no_room_in_the_list_is_no_link() -> None:
    unknown = [ImageUse(f"a:{n}", 1) for n in range(1_000)]
    picture = draw(*unknown, ImageUse("b", 1, "external"))

    assert "<span>External</span>" in picture
    assert '<a href="#images-unknown">' in picture


def test_every_origin_has_a_texture_of_its_own() -> None:
    textures = re.findall(r"<pattern.*?</pattern>", draw(ImageUse("a", 1)))

    drawn = {re.sub(r'(id|class)="[^"]*-[^"]*"', "", texture) for texture in textures}
    assert len(drawn) == len(textures) == 5


def test_without_images_there_is_no_picture() -> None:
    assert draw() == ""
