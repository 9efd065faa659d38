"""Whether a list came whole."""

from __future__ import annotations

import pytest

from imagelock.core.cluster import Page, Pod
from imagelock.decide.whole import Lists

FIRST, SECOND, LAST = (
    Page(
        kind="PodList",
        name=f"{left}.json",
        pods=(Pod(namespace="shop", name="a", containers=()),),
        continue_token="more" if left else "",
        remaining=left,
    )
    for left in (2, 1, 0)
)


def missing(*pages: Page) -> list[str]:
    lists = Lists()
    for page in pages:
        lists.take(page)
    return [finding.message for finding in lists.findings()]


@pytest.mark.parametrize(
    "pages", [(), (LAST,), (FIRST, SECOND, LAST), (LAST, FIRST, SECOND), (LAST, SECOND, FIRST)]
)
def test_all_pages_in_any_order_are_whole(pages: tuple[Page, ...]) -> None:
    assert missing(*pages) == []


@pytest.mark.parametrize(
    ("pages", "count"),
    [((FIRST,), 2), ((FIRST, SECOND), 1), ((FIRST, LAST), 1), ((SECOND,), 1)],
)
def test_a_page_that_is_missing_is_an_error_that_counts_what_is(
    pages: tuple[Page, ...], count: int
) -> None:
    (message,) = missing(*pages)

    assert f"{count} more were announced" in message


def test_another_kinds_last_page_does_not_end_a_list() -> None:
    assert missing(FIRST, SECOND, Page(kind="NodeList"))
