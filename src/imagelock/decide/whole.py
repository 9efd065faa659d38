"""Whether a list came whole: half a cluster must not look clean."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from imagelock.core.finding import Finding
from imagelock.core.place import FilePlace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagelock.core.cluster import Page

__all__ = ["Lists"]


class Lists:
    """What the pages said about the pages that follow them, by kind and in any order."""

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()
        self._announced: Counter[str] = Counter()
        self._unfinished: dict[str, str] = {}
        self._finished: set[str] = set()

    def take(self, page: Page) -> None:
        """Note how much a page held, and what it said of the rest."""
        count = page.object_count
        self._seen[page.kind] += count
        if page.continue_token:
            self._unfinished[page.kind] = page.name
            announced = max(self._announced[page.kind], count + page.remaining)
            self._announced[page.kind] = announced
        else:
            self._finished.add(page.kind)

    def findings(self) -> Iterator[Finding]:
        """Tell of every list whose rest never came."""
        for kind, name in self._unfinished.items():
            missing = self._announced[kind] - self._seen[kind]
            if missing > 0 or kind not in self._finished:
                yield Finding.of(
                    "not-read",
                    FilePlace(name),
                    f"this {kind} goes on, and the rest was not given"
                    + (f": {missing} more were announced" if missing > 0 else ""),
                    help="Give every page of the list, or save it whole with kubectl get.",
                )
