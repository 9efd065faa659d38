"""The page as text: whole, valid, and closed to strangers."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from imagelock.core.finding import Coverage, Finding, ImageUse, Report, Skipped
from imagelock.core.place import ClusterPlace, FilePlace, printable
from imagelock.report.html import render

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

EVERY_REPORT = pytest.mark.parametrize(
    "name", ["clean", "mixed", "told", "nothing", "hostile", "many", "crowd"]
)
RULES = {
    "extends": ["html-validate:recommended", "html-validate:a11y"],
    "root": True,
    # The tags of the parts are written by one hand; how they are spaced is no mistake.
    "rules": {"no-trailing-whitespace": "off"},
}


class Elements(HTMLParser):
    """The start tags of a page, and the text of each script."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] == "script" and not self.scripts[-1]:
            self.scripts[-1] = data


def data_of(page: str) -> dict[str, Any]:
    (text,) = re.findall(
        r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL
    )
    data: dict[str, Any] = json.loads(text)
    return data


@EVERY_REPORT
def test_every_page_is_valid(
    name: str,
    request: pytest.FixtureRequest,
    real_part: Callable[[str], str],
    tmp_path: Path,
) -> None:
    (tmp_path / "rules.json").write_text(json.dumps(RULES))
    (tmp_path / "page.html").write_text(render(request.getfixturevalue(name)), "utf-8")

    done = subprocess.run(
        [real_part("node"), real_part("html-validate"), "--config", "rules.json", "page.html"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr


@EVERY_REPORT
def test_every_page_may_load_nothing_and_runs_only_its_own_scripts(
    name: str, request: pytest.FixtureRequest
) -> None:
    page = Elements(render(request.getfixturevalue(name)))

    (policy,) = [
        attributes["content"] or ""
        for tag, attributes in page.tags
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    assert "unsafe" not in policy
    early, _, script = page.scripts
    assert rules["script-src"].split() == [hash_of(early), hash_of(script)]
    assert rules["style-src"].startswith("'sha256-")
    for tag, attributes in page.tags:
        assert not {"src", "srcset", "style", "action", "background"} & set(attributes), tag
        assert not [name for name in attributes if name.startswith("on")], tag
        assert re.match(r"#|data:,$", attributes.get("href") or "#"), attributes


def hash_of(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_no_text_of_strangers_is_markup(hostile: Report, told: Report) -> None:
    text = "</script><script>alert(1)</script><!--<img src=x onerror=alert(1)>'\"`"
    attacked = replace(
        hostile,
        command=text,
        subject=text,
        policy=text,
        made=text,
        coverage=Coverage(1, text, hostile.coverage.skipped),
        summary={text: 1},
        exemptions=told.exemptions,
    )
    page = render(attacked)

    assert {tag for tag, _ in Elements(page).tags} <= {
        tag for tag, _ in Elements(render(told)).tags
    }
    assert len(Elements(page).scripts) == 3
    assert "alert(1)</" not in page
    assert "\x1b" not in page
    assert "\u202e" not in page


def test_the_data_of_the_table_survives_whatever_it_holds(hostile: Report) -> None:
    data = data_of(render(hostile))

    image = data["columns"].index("image")
    assert data["rows"][0][image].startswith("evil\\x1b[2J<&>\"'\\x00")


@given(st.text())
def test_whatever_is_said_the_page_has_the_same_elements(text: str) -> None:
    def page_that_says(words: str) -> str:
        finding = Finding.of("unpinned", FilePlace(words, 1, 1, words), words, image=words)
        skipped = (Skipped(words, words),)
        coverage = Coverage(1, words, skipped)
        report = Report(command=words, findings=(finding,), coverage=coverage, subject=words)
        return render(replace(report, images=(ImageUse(words, 1),)))

    page = page_that_says(f"x{text}")
    told = [tag for tag, _ in Elements(page).tags if tag != "wbr"]
    assert told == [tag for tag, _ in Elements(page_that_says("x")).tags if tag != "wbr"]
    data = data_of(page)
    assert data["rows"][0][data["columns"].index("message")] == printable(f"x{text}")


def test_the_head_says_what_it_is_about(told: Report) -> None:
    page = render(told)

    title = "Failed: 3 errors, 1 warning, 1 note – imagelock verify of production"
    assert f"<title>{title}</title>" in page
    for words in (
        "imagelock verify of <strong>production</strong>",
        "3 errors, 1 warning, 1 note",
        '9 images looked at on <time datetime="2026-11-23T19:56:02Z">2026-11-23 at 19:56 UTC',
        "under policy <strong>locked</strong>",
        "The errors are in <strong>1 workload of 1 namespace and 1 file</strong>.",
        "Exit status 1.",
        "1 thing not looked at",
    ):
        assert words in page


@pytest.mark.parametrize(
    ("name", "words"),
    [("clean", "Clean"), ("nothing", "Nothing was looked at"), ("mixed", "Failed: 3 errors")],
)
def test_the_verdict_is_the_first_thing_said(
    name: str, words: str, request: pytest.FixtureRequest
) -> None:
    page = render(request.getfixturevalue(name))

    assert re.search(rf'<h1 class="verdict (clean|warning|error)">.*<span>{words}', page)


def test_files_without_an_image_and_notes_alone_are_called_what_they_are(mixed: Report) -> None:
    files = Report(command="check", findings=(), coverage=Coverage(3, "files"), sites=())
    noted = replace(mixed, findings=mixed.findings[-1:])

    assert "<span>No image is named there</span>" in render(files)
    assert "<span>Clean, with 1 note</span>" in render(noted)


def test_warnings_alone_passed_and_where_nothing_was_looked_at_that_is_the_verdict(
    clean: Report, nothing: Report
) -> None:
    warning = Finding.of("not-looked-at", FilePlace("pods.json"), "no pod was in what was read")

    passed = render(replace(clean, findings=(warning, warning)))
    empty = render(replace(nothing, findings=(warning,)))

    assert "<span>Passed, with 2 warnings</span>" in passed
    assert "Exit status 0." in passed
    assert "<span>Nothing was looked at</span>" in empty
    assert "The warning is in <strong>1 file</strong>." in empty


def test_one_is_singular_in_the_head() -> None:
    coverage = Coverage(1, "pods")
    summary = {"images asked for": 1}
    page = render(Report(command="verify", findings=(), coverage=coverage, summary=summary))

    assert "1 pod looked at" in page
    assert "<dt>image asked for</dt><dd>1</dd>" in page


@pytest.mark.parametrize(("count", "columns"), [(1, 1), (5, 5), (6, 6), (9, 5), (13, 5)])
def test_counts_stand_in_rows_that_are_as_even_as_they_can_be(
    count: int, columns: int, clean: Report
) -> None:
    summary = {f"things {number}": number for number in range(count)}

    assert f'<dl class="counts in-{columns}">' in render(replace(clean, summary=summary))


@pytest.mark.parametrize("length", [4_000, 100_000])
def test_a_name_that_is_too_long_is_cut_in_its_line_and_whole_in_what_is_folded(
    length: int,
) -> None:
    name = "x" * length
    place = ClusterPlace(namespace=name, kind="Pod", name=name, container=name)
    finding = Finding.of("not-a-reference", place, f"'{name}' is no image", image=name)
    report = Report(command="verify", findings=(finding,), coverage=Coverage(1, "pods"))

    page = render(replace(report, images=(ImageUse(name, 1),)))

    (row,) = re.findall(r'<tbody id="rows">\n<tr>(.*?)</tr>', page, re.DOTALL)
    line, _, folded = row.partition('<div class="body">')
    assert f"{'x' * 120}… ({length:,} characters)" in line
    assert len(line) < 3_000
    assert f'<p class="image">{name}</p>' in folded
    assert name not in page.partition('id="images"')[2].partition("<footer")[0]
    assert all(len(option) < 500 for option in re.findall(r"<option.*?>(.*?)</option>", page))


def test_places_are_a_column_only_where_a_line_has_several(many: Report, crowd: Report) -> None:
    assert '<section class="findings ones"' in render(many)
    assert '<section class="findings"' in render(crowd)


def test_every_rule_says_why_and_what_to_do(mixed: Report) -> None:
    page = render(mixed)

    assert page.count("<dt>How to mend it</dt>") == 4
    assert 'href="#rule=tag-not-in-lock"' in page
    assert "run <code>imagelock lock</code>" in page


def test_three_hundred_pods_are_one_row_that_names_some(crowd: Report) -> None:
    data = data_of(render(crowd))

    (row,) = data["rows"]
    told = dict(zip(data["columns"], row, strict=True))
    assert (told["workload"], told["count"]) == ("Deployment/api", 301)
    assert told["extent"].startswith("in its template and 300 pods: api-7c9-000, api-7c9-001")
    assert told["extent"].endswith("api-7c9-009 and 290 more")


def test_a_page_is_bounded_and_counts_what_it_leaves_out(flood: Report) -> None:
    findings = tuple(
        replace(finding, image=f"{finding.image}{turn}")
        for turn in range(4)
        for finding in flood.findings
    )
    page = render(replace(flood, findings=findings))

    assert len(data_of(page)["rows"]) == 20_000
    assert "and 4,004 warnings more: the report as JSON has them all" in page
    assert "and 17,900 more, which are shown with JavaScript" in page


def test_much_that_was_not_looked_at_is_listed_in_part(hostile: Report) -> None:
    coverage = replace(hostile.coverage, skipped=hostile.coverage.skipped * 1_500)

    assert "and 500 more: the report as JSON has them all" in render(
        replace(hostile, coverage=coverage)
    )
