"""The page as somebody uses it: in a real browser."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from imagelock.core.finding import Finding, Skipped
from imagelock.core.place import ClusterPlace, FilePlace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.report.html.conftest import Opened
    from tests.simulators.browser import Page

    from imagelock.core.finding import Report

ROWS = "[...document.querySelectorAll('#rows tr')]"
IMAGES = f"{ROWS}.map((row) => row.querySelector('.image-cell').textContent)"
LOOKS = pytest.mark.parametrize(
    ("width", "dark"), [(1280, False), (1280, True), (360, False), (360, True)]
)


def images(page: Page) -> list[str]:
    shown: list[str] = page.run(IMAGES)
    return shown


def shown(page: Page) -> str:
    told: str = page.run("document.getElementById('shown').textContent")
    return told


def focused(page: Page) -> str:
    """Name what has the focus: a field by its name, a row by its number."""
    what: str = page.run(
        "(() => { const at = document.activeElement; const row = at.closest('#rows tr');"
        f" return row ? 'row ' + {ROWS}.indexOf(row) : at.name || at.id || at.tagName; }})()"
    )
    return what


@LOOKS
@pytest.mark.parametrize("name", ["clean", "told", "nothing", "hostile", "ten_thousand"])
def test_a_page_opens_without_a_request_and_without_a_complaint(
    name: str, width: int, *, dark: bool, opened: Opened, request: pytest.FixtureRequest
) -> None:
    page = opened(request.getfixturevalue(name), width=width, dark=dark)

    assert [url.rpartition("/")[2] for url in page.requests] == ["report.html"]
    assert page.complaints == []
    look = "dark" if dark else "light"
    assert page.screenshot(opened.pictures / f"{name}-{width}-{look}.png").startswith(b"\x89PNG")
    assert page.run("document.documentElement.scrollWidth") <= width


@LOOKS
@pytest.mark.parametrize("name", ["clean", "told", "crowd"])
def test_everybody_can_read_and_use_a_page(
    name: str,
    width: int,
    *,
    dark: bool,
    opened: Opened,
    real_file: Callable[[str, str], Path],
    request: pytest.FixtureRequest,
) -> None:
    axe = real_file("axe-core", "axe-core/axe.min.js").read_text("utf-8")
    page = opened(request.getfixturevalue(name), width=width, dark=dark)
    page.run("document.querySelectorAll('details').forEach((one) => { one.open = true })")
    page.run(axe + "; 0")

    found: list[dict[str, Any]] = page.run("axe.run().then((found) => found.violations)")

    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []


def test_light_and_dark_look_different(told: Report, opened: Opened) -> None:
    ground = "getComputedStyle(document.documentElement).backgroundColor"

    assert opened(told).run(ground) == "rgb(255, 255, 255)"
    assert opened(told, dark=True).run(ground) == "rgb(20, 23, 28)"


def test_typing_filters_and_the_address_keeps_it(told: Report, opened: Opened) -> None:
    page = opened(told)
    page.press("/", *"nginx")

    assert images(page) == ["nginx:1.26", "nginx:1.25"]
    assert shown(page) == "lines 1 to 2 of 2, chosen from 5"
    assert page.run("location.hash") == "#q=nginx"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("#severity=warning", ["redis"]),
        ("#rule=not-pulled-by-digest", ["busybox:1"]),
        ("#namespace=shop", ["busybox:1"]),
        ("#workload=pod/WEB", ["busybox:1"]),
        ("#image=nginx", ["nginx:1.26", "nginx:1.25"]),
        ("#q=redis+ambiguous", ["redis"]),
        ("#q=nginx&severity=warning", []),
        ("#rule=a-rule-of-another-version", []),
        ("#image=%3Cscript%3E", []),
        ("#sort=evil&page=-3&what=ever&image=busybox", ["busybox:1"]),
        ("#not-looked-at", ["nginx:1.26", "nginx:1.25", "busybox:1", "redis", ""]),
    ],
)
def test_an_address_says_what_is_shown(
    address: str, expected: list[str], told: Report, opened: Opened
) -> None:
    page = opened(told, address)

    assert images(page) == expected
    assert page.complaints == []
    assert page.run("document.getElementById('nothing').hidden") == bool(expected)


def test_a_link_in_a_line_shows_all_that_is_the_same(told: Report, opened: Opened) -> None:
    page = opened(told)
    page.click("#rows tr:nth-child(3) summary")
    page.click("#rows tr:nth-child(3) a[href^='#namespace']")

    assert images(page) == ["busybox:1"]
    assert page.run("document.querySelector('[name=namespace]').value") == "shop"


@pytest.mark.parametrize(("link", "lines"), [("#workload", 1), ("#image", 2)])
def test_all_of_the_same_are_those_and_not_what_begins_alike(
    link: str, lines: int, told: Report, opened: Opened
) -> None:
    places = ("a.yaml", "data.yaml", "b.yaml")
    images_there = ("nginx:1", "nginx:1", "nginx:1.25")
    findings = tuple(
        Finding.of("unpinned", FilePlace(file, 1), "it has no digest", image=image)
        for file, image in zip(places, images_there, strict=True)
    )
    page = opened(replace(told, findings=findings))
    page.click("#rows tr:nth-child(1) summary")
    page.click(f"#rows tr:nth-child(1) a[href^='{link}']")
    assert len(images(page)) == lines

    page = opened(replace(told, findings=findings), "#image=nginx:1")
    assert len(images(page)) == 3
    page = opened(replace(told, findings=findings))
    page.click(".spread li:nth-child(1) a")
    assert page.run(f"{ROWS}.map((row) => row.querySelector('.where-cell').textContent)") == [
        "a.yaml:1"
    ]


def test_a_choice_filters_and_show_all_takes_it_back(told: Report, opened: Opened) -> None:
    page = opened(told)
    page.run(
        "(() => { const field = document.querySelector('[name=severity]'); field.value = 'note';"
        " field.dispatchEvent(new Event('input', { bubbles: true })) })()"
    )
    assert images(page) == [""]

    page.click("#clear")

    assert len(images(page)) == 5
    assert page.run("location.hash") == ""
    assert page.run("document.querySelector('[name=severity]').value") == ""


def test_a_head_sorts_up_then_down_then_as_it_was(told: Report, opened: Opened) -> None:
    page = opened(told)
    as_it_was = images(page)
    orders = []
    for _ in range(3):
        page.click("th[data-sort=image] button")
        direction = page.run(
            "document.querySelector('th[data-sort=image]').getAttribute('aria-sort')"
        )
        orders.append((direction, images(page)))

    assert orders == [
        ("ascending", sorted(as_it_was)),
        ("descending", sorted(as_it_was, reverse=True)),
        (None, as_it_was),
    ]


@pytest.mark.parametrize("head", ["severity", "where", "image", "what", "rule", "places"])
def test_every_head_sorts(head: str, ten_thousand: Report, opened: Opened) -> None:
    page = opened(ten_thousand, f"#sort=-{head}")
    cell = f"'.{head}-cell'" if head != "what" else "'.what-cell summary'"
    cells = page.run(f"{ROWS}.map((row) => row.querySelector({cell}).textContent)")

    assert len(cells) == 100
    assert page.complaints == []
    if head not in {"severity", "places"}:
        assert all(one >= other for one, other in itertools.pairwise(cells))


def test_the_keyboard_does_everything(told: Report, opened: Opened) -> None:
    page = opened(told)

    page.press("/")
    assert focused(page) == "q"
    page.press("ArrowDown")
    assert focused(page) == "row 0"
    page.press("ArrowDown", "ArrowDown")
    assert focused(page) == "row 2"
    page.press("Enter")
    assert page.run(f"{ROWS}[2].querySelector('details').open") is True
    page.press("Escape")
    assert page.run(f"{ROWS}[2].querySelector('details').open") is False
    page.press("End")
    assert focused(page) == "row 4"
    page.press("Home", "ArrowUp")
    assert focused(page) == "q"


def test_escape_takes_back_one_thing_at_a_time(told: Report, opened: Opened) -> None:
    page = opened(told, "#severity=error")
    page.press("/", *"nginx")
    assert len(images(page)) == 2

    page.press("Escape")
    assert len(images(page)) == 3
    page.press("Escape")
    assert focused(page) == "BODY"
    page.press("Escape")
    assert len(images(page)) == 5


def test_what_has_the_focus_can_be_seen(told: Report, opened: Opened) -> None:
    page = opened(told)
    for _ in range(12):
        page.press("Tab")
        outline = page.run("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid", focused(page)


def test_the_tab_key_passes_the_rows_in_one_step(ten_thousand: Report, opened: Opened) -> None:
    page = opened(ten_thousand)

    assert page.run("document.querySelectorAll('#rows summary[tabindex=\"0\"]').length") == 1
    assert page.run("document.querySelectorAll('#rows summary[tabindex=\"-1\"]').length") == 99


def test_ten_thousand_lines_are_turned_page_by_page(ten_thousand: Report, opened: Opened) -> None:
    page = opened(ten_thousand)
    assert shown(page) == "lines 1 to 100 of 10,000"
    assert page.run("document.getElementById('previous').disabled") is True

    page.click("#next")
    assert shown(page) == "lines 101 to 200 of 10,000"
    page.press("/", "ArrowDown", "PageDown")
    assert (shown(page), focused(page)) == ("lines 201 to 300 of 10,000", "row 0")
    assert page.run("location.hash") == "#page=3"

    page.press("/", *"app-09999")
    assert (shown(page), len(images(page))) == ("lines 1 to 1 of 1, chosen from 10,000", 1)


def test_the_last_page_can_be_linked_and_a_page_behind_it_is_the_last(
    ten_thousand: Report, opened: Opened
) -> None:
    page = opened(ten_thousand, "#page=1000000")

    assert shown(page) == "lines 9,901 to 10,000 of 10,000"
    assert page.run("document.getElementById('next').disabled") is True


def test_nothing_moves_while_the_page_opens(ten_thousand: Report, opened: Opened) -> None:
    page = opened(ten_thousand)

    moved = page.run(
        "new Promise((done) => { const shifts = []; new PerformanceObserver((list) =>"
        " shifts.push(...list.getEntries().map((entry) => entry.value)))"
        ".observe({ type: 'layout-shift', buffered: true });"
        " setTimeout(() => done(shifts), 200) })"
    )
    assert sum(moved) < 0.01


def test_without_javascript_every_line_is_there_and_nothing_that_would_not_work(
    many: Report, opened: Opened
) -> None:
    page = opened(many, script=False)

    document = page.call("DOM.getDocument", depth=-1)["root"]
    page.screenshot(opened.pictures / "without-javascript.png")
    assert len(all_of(page, document, "tbody tr .severity")) == 500
    for selector in ("#controls", "#next", "kbd"):
        node = all_of(page, document, selector)[0]
        with pytest.raises(AssertionError, match="box model"):
            page.call("DOM.getBoxModel", nodeId=node)


def all_of(page: Page, document: dict[str, Any], selector: str) -> list[int]:
    found = page.call("DOM.querySelectorAll", nodeId=document["nodeId"], selector=selector)
    nodes: list[int] = found["nodeIds"]
    return nodes


@pytest.mark.parametrize("name", ["told", "hostile", "crowd", "many", "long"])
def test_the_script_draws_the_lines_that_were_there_before_it(
    name: str, opened: Opened, request: pytest.FixtureRequest
) -> None:
    report = request.getfixturevalue(name)
    page = opened(report)
    drawn = page.run(
        "(() => { const copy = document.getElementById('rows').cloneNode(true);"
        " copy.querySelectorAll('.body > .quiet').forEach((links) => links.remove());"
        " copy.querySelectorAll('summary').forEach((one) => one.removeAttribute('tabindex'));"
        " return copy.innerHTML })()"
    )
    still = opened(report, script=False)
    root = still.call("DOM.getDocument", depth=0)["root"]
    (rows,) = all_of(still, root, "#rows")
    before = still.call("DOM.getOuterHTML", nodeId=rows)["outerHTML"]

    assert drawn.replace("\n", "") == before[before.index(">") + 1 : -len("</tbody>")].replace(
        "\n", ""
    )


def test_texts_of_strangers_are_shown_and_do_nothing(hostile: Report, opened: Opened) -> None:
    attack = "<img src=x onerror='window.hacked=1'><script>window.hacked=1</script>"
    place = FilePlace(f"{attack}.yaml", 1, 1, attack)
    finding = Finding.of("unpinned", place, attack, image=attack, help=attack)
    report = replace(hostile, subject=attack, findings=(finding, *hostile.findings))
    page = opened(report, "#q=hacked")
    page.click("#rows summary")

    assert images(page) == [attack]
    assert page.run("document.querySelectorAll('main img, main script').length") == 0
    assert page.run("window.hacked") is None
    assert page.complaints == []


@pytest.mark.parametrize("width", [1280, 375])
def test_a_name_of_four_thousand_letters_takes_no_more_room_than_a_few_lines(
    width: int, told: Report, opened: Opened
) -> None:
    name = "long" * 1_000 + "\U0001f600"
    place = ClusterPlace(namespace=name, kind="Pod", name=name, container=name)
    finding = Finding.of("not-a-reference", place, f"'{name}' is no image", image=name)
    page = opened(replace(told, findings=(finding, *told.findings), subject=name), width=width)

    assert page.run("document.documentElement.scrollWidth") <= width
    assert page.run(f"Math.max(...{ROWS}.map((row) => row.offsetHeight))") < 700
    assert page.run("document.querySelector('header').offsetHeight") < 900
    page.click("#rows summary")
    assert page.run("document.querySelector('#rows p.image').textContent") == name
    assert page.run("document.documentElement.scrollWidth") <= width


def test_a_link_to_what_is_folded_unfolds_it(told: Report, opened: Opened) -> None:
    skipped = tuple(Skipped(f".{number}", "its name", expected=True) for number in range(9))
    report = replace(told, coverage=replace(told.coverage, skipped=skipped))
    is_open = "document.getElementById('not-looked-at').open"

    page = opened(report)
    assert page.run(is_open) is False
    page.click(".unseen a")
    assert page.run(is_open) is True

    assert opened(report, "#not-looked-at").run(is_open) is True
    assert opened(replace(report, findings=()), "#not-looked-at").run(is_open) is True


def test_an_origin_shows_its_images(told: Report, opened: Opened) -> None:
    page = opened(told)
    page.click(".origins a[href='#images-exempt']")

    assert page.run("document.getElementById('images').open") is True
    row = "document.getElementById('images-exempt').closest('tr')"
    assert page.run(f"{row}.textContent") == "gke.gcr.io/pause:3exempt3"
    assert page.run(
        f"(at => at.top >= 0 && at.bottom <= innerHeight)({row}.getBoundingClientRect())"
    )


def test_the_name_beside_a_bar_filters_the_table(ten_thousand: Report, opened: Opened) -> None:
    page = opened(ten_thousand)
    page.click(".spread li:nth-child(2) a")

    assert page.run("location.hash") == "#namespace=team-3"
    assert shown(page) == "lines 1 to 100 of 1,000, chosen from 10,000"
    assert page.run("document.querySelector('[name=namespace]').value") == "team-3"


def test_after_a_link_that_filters_the_keyboard_goes_on_at_the_findings(
    ten_thousand: Report, opened: Opened
) -> None:
    page = opened(ten_thousand)
    page.run("document.querySelector('.spread li:nth-child(2) a').focus()")
    page.press("Enter")
    page.settle()

    assert focused(page) == "findings-title"
    page.press("Tab")
    assert focused(page) == "q"


def test_a_script_that_got_in_would_not_run(told: Report, opened: Opened) -> None:
    page = opened(told)

    refused = page.run(
        "(() => { try { document.body.innerHTML = '<p>'; return 'done' }"
        " catch (error) { return error.name } })()"
    )
    assert refused == "TypeError"
    page.run(
        "(() => { const image = document.createElement('img');"
        " image.setAttribute('src', 'file:///secret.png'); document.body.append(image) })()"
    )
    assert len(page.requests) == 1 or any("Content Security Policy" in c for c in page.complaints)


def test_printing_shows_every_line_that_the_filter_shows(
    ten_thousand: Report, opened: Opened
) -> None:
    page = opened(ten_thousand, "#namespace=team-3")

    page.run("dispatchEvent(new Event('beforeprint'))")
    assert len(images(page)) == 1_000
    assert shown(page) == "lines 1 to 1,000 of 1,000, chosen from 10,000 by namespace “team-3”"
    page.run("dispatchEvent(new Event('afterprint'))")
    assert len(images(page)) == 100
    assert shown(page) == "lines 1 to 100 of 1,000, chosen from 10,000"


def test_what_was_left_out_and_what_is_exempt_is_printed_also_where_it_is_folded(
    told: Report, opened: Opened
) -> None:
    skipped = tuple(Skipped(f".{number}", "its name", expected=True) for number in range(9))
    page = opened(replace(told, coverage=replace(told.coverage, skipped=skipped)))
    are_open = "['not-looked-at', 'exempt'].map((name) => document.getElementById(name).open)"
    assert page.run(are_open) == [False, False]

    page.run("dispatchEvent(new Event('beforeprint'))")
    assert page.run(are_open) == [True, True]
    page.run("dispatchEvent(new Event('afterprint'))")
    assert page.run(are_open) == [False, False]
