"""A browser for all tests of the page, and pages of reports in it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.simulators.browser import Browser, Page

from imagelock.core.finding import Coverage, Finding, Report
from imagelock.core.place import ClusterPlace, FilePlace
from imagelock.report.html import render

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(scope="session")
def browser(
    real_part: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Browser]:
    with Browser(real_part("chromium"), tmp_path_factory.mktemp("profile")) as running:
        yield running


@pytest.fixture
def long() -> Report:
    """A report of names that are about as long as a line shows, and much longer, with emoji."""
    names = [
        letters * times for letters in ("a/", "\U0001f600", "[::$.x") for times in (67, 400, 900)
    ]
    findings = [
        Finding.of(
            "not-a-reference",
            place,
            f"'{name}' is no image sha256:{'0' * 64}",
            image=name,
            help=name,
        )
        for name in names
        for place in (
            ClusterPlace(namespace=name, kind="Pod", name=name, container=name),
            FilePlace(name, 1, 1, f"$.a.b.{name}"),
        )
    ]
    return Report(command="verify", findings=tuple(findings), coverage=Coverage(1, "pods"))


class Opened:
    """Opens reports as pages; pictures go to the folder that IMAGELOCK_SCREENSHOTS names."""

    def __init__(self, browser: Browser, folder: Path) -> None:
        self._browser = browser
        self._folder = folder
        self._pages: list[Page] = []
        self.pictures = Path(os.environ.get("IMAGELOCK_SCREENSHOTS") or folder)

    def __call__(
        self,
        report: Report,
        address: str = "",
        *,
        width: int = 1280,
        dark: bool = False,
        script: bool = True,
    ) -> Page:
        file = self._folder / "report.html"
        file.write_text(render(report), "utf-8")
        page = self._browser.page(width=width, dark=dark)
        if not script:
            page.without_script()
        page.open(f"{file.as_uri()}{address}")
        self._pages.append(page)
        return page

    def close(self) -> None:
        for page in self._pages:
            page.close()


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Opened]:
    opener = Opened(browser, tmp_path)
    yield opener
    opener.close()
