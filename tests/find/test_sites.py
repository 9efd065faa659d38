"""Every form of an image, and every decoy, as a file: a document and the sites that it has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from msgspec import Struct

from imagelock.core.lock import Lock, LockEntry
from imagelock.core.place import FilePlace, Source
from imagelock.core.reference import Digest, ImageReference
from imagelock.find.site import Site, format_path
from imagelock.find.sites import FoundSites, Knowledge, find_sites

CASES = Path(__file__).resolve().parents[1] / "cases" / "find"
DIGEST = Digest("sha256", "a" * 64)

Told = tuple[str, ...]


class Case(Struct, frozen=True, kw_only=True):
    """A document, and what there is in it."""

    text: str
    lock: Lock
    sites: list[Told]
    templated: int
    unread: int


def read(path: Path) -> Case:
    text, _, expected = path.read_text(encoding="utf-8").rpartition("\n---\n")
    known: dict[str, Any] = yaml.safe_load(expected)
    return Case(
        text=text + "\n",
        lock=locked(known.get("lock", [])),
        sites=[tuple(map(str, row)) for row in known["sites"]],
        templated=known.get("templated", 0),
        unread=known.get("unread", 0),
    )


def locked(images: list[str]) -> Lock:
    return Lock(
        LockEntry(ImageReference.parse(image).pinned_to(DIGEST), FilePlace("external_images"))
        for image in images
    )


def told(site: Site) -> Told:
    row = (site.found_by, format_path(site.path), site.text)
    if site.problem is not None:
        return (*row, site.problem.rule)
    assert site.image is not None
    return (*row, "pinned") if site.image.is_pinned else row


def find(case: Case, text: str) -> FoundSites:
    return find_sites(Source("case.yaml", text), Knowledge(case.lock))


@pytest.fixture(params=sorted(CASES.glob("*.yaml")), ids=lambda path: path.stem)
def case(request: pytest.FixtureRequest) -> Case:
    return read(request.param)


def test_a_document_has_the_sites_that_stand_below_it(case: Case) -> None:
    found = find(case, case.text)

    assert sorted(map(told, found.sites)) == sorted(case.sites)
    assert found.templated == case.templated
    assert len(found.unread) == case.unread


def test_every_site_tells_where_its_text_stands(case: Case) -> None:
    for site in find(case, case.text).sites:
        if site.image is not None and not site.parts and site.anchor.style not in {'"', ">"}:
            assert case.text.startswith(site.text, site.start)


@pytest.mark.parametrize(
    "variant",
    [
        pytest.param(lambda text: text.replace("\n", "\r\n"), id="CRLF"),
        pytest.param(lambda text: text.rstrip("\n"), id="no final newline"),
        pytest.param(lambda text: f"# a\tcomment\n{text}# and\tanother\n", id="tabs in comments"),
        pytest.param(lambda text: f"---\n{text}\n...\n", id="marked"),
    ],
)
def test_how_lines_end_changes_nothing(case: Case, variant: Any) -> None:
    found = find(case, variant(case.text))

    assert sorted(map(told, found.sites)) == sorted(case.sites)


def test_sites_come_in_the_order_of_the_file(case: Case) -> None:
    starts = [site.start for site in find(case, case.text).sites]

    assert starts == sorted(starts)
