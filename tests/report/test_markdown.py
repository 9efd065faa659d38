from __future__ import annotations

import re
import subprocess
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from imagelock.core.finding import Coverage, Finding, ImageUse, Report, Skipped
from imagelock.core.place import FilePlace
from imagelock.report.markdown import render

if TYPE_CHECKING:
    from collections.abc import Callable

ATTACKS = [
    "a|b|c",
    "`code` and `more",
    "``",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</details><h1>approved</h1>",
    "[approve](javascript:alert(1))",
    "![x](//evil.example/p.png)",
    "https://evil.example/x",
    "www.evil.example",
    "someone@evil.example",
    "@all please /merge",
    "/merge",
    "\n/close\n",
    "# heading",
    "*bold* _em_ ~~gone~~",
    "a \\| b \\` c",
    "&lt;b&gt; &#124;",
    ":smile: !1 #2 ~bug %v1 $3 &4",
    "$`a+b`$",
    "x' y `z",
    "--- ",
    "\u202egpj.exe",
    "\ud800",
]
OURS = {"h2", "p", "table", "thead", "tbody", "tr", "th", "td", "code", "details", "summary"} | {
    "ul",
    "li",
    "strong",
}


class Shown(HTMLParser):
    """What a browser would make of it: the tags, and the text outside and inside of code."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.prose = ""
        self.code: list[str] = []
        self.cells: list[int] = []
        self._in_code = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)
        self._in_code = tag == "code"
        if tag == "tr":
            self.cells.append(0)
        if tag in {"td", "th"}:
            self.cells[-1] += 1

    def handle_endtag(self, tag: str) -> None:
        if tag == "code":
            self._in_code = False

    def handle_data(self, data: str) -> None:
        if self._in_code:
            self.code.append(data)
        else:
            self.prose += data


@pytest.fixture
def shown(real_part: Callable[[str], str]) -> Callable[[Report], Shown]:
    """Return what GitHub's own parser makes of a report, with raw HTML let through."""
    program = real_part("cmark-gfm")
    command = [program, "--unsafe"]
    for extension in ("table", "autolink", "strikethrough", "tasklist"):
        command += ["-e", extension]

    def show(report: Report) -> Shown:
        text = render(report).encode("utf-8")
        done = subprocess.run(command, input=text, capture_output=True, check=True)
        page = Shown()
        page.feed(done.stdout.decode())
        return page

    return show


def attacked(text: str) -> Report:
    place = FilePlace(f"a/{text}.yaml", 1)
    findings = (
        Finding.of("unpinned", place, f"'{text}' has no digest", image=text, help=text),
        Finding.of("ambiguous", place, text, image=text),
        Finding.of("unused-exemption", place, text, image=text),
    )
    return Report(
        command="verify",
        findings=findings,
        coverage=Coverage(1, f"pods {text}", (Skipped(text, text),)),
        summary={f"images {text}": 1},
        images=(ImageUse(text, 1),),
        subject=text,
    )


@pytest.mark.parametrize("text", ATTACKS)
def test_nothing_that_others_wrote_is_markdown(text: str, shown: Callable[[Report], Shown]) -> None:
    page = shown(attacked(text))

    assert page.tags <= OURS
    assert not page.attributes - {"align"}
    assert set(page.cells) <= {3, 5}
    assert not re.search(r"[@<>\[\]|`~#$&*_/\\]|evil|:\w+:", page.prose)


@pytest.mark.parametrize("text", ATTACKS)
def test_no_line_begins_with_what_others_wrote(text: str) -> None:
    beginnings = ("## ", "1 `pods", "1 pod", "| ", "- ", "<details><summary>", "</details>")

    for line in render(attacked(text)).splitlines():
        assert not line or line.startswith(beginnings), line


@given(st.text())
def test_whatever_is_said_a_row_has_five_cells_and_outside_of_code_only_words(text: str) -> None:
    finding = Finding.of("unpinned", FilePlace(text or "a", 1), text, image=text)
    report = Report(command="check", findings=(finding,), coverage=Coverage(1, "images"))

    (row,) = [line for line in render(report).splitlines() if line.startswith("| ❌")]

    outside = re.sub(r"`[^`]*`", "", row)
    assert outside.count("|") == 6
    assert re.fullmatch(r"[❌A-Za-z0-9 |.,;:()'-]*", outside)


def test_an_image_is_shown_as_it_is(shown: Callable[[Report], Shown], mixed: Report) -> None:
    page = shown(mixed)

    assert {"nginx:1.26", "shop/Pod/web-0 container app", "deploy/app.yaml:3:8"} <= set(page.code)
    assert "asked for a tag" in page.prose


def test_a_note_is_a_summary_a_table_of_what_matters_and_folded_details(mixed: Report) -> None:
    report = replace(
        mixed,
        subject="production",
        made="2026-11-23T19:56:02Z",
        policy="pinned",
        images=(ImageUse("nginx:1", 3, "external"), ImageUse("busybox:1", 2)),
    )

    assert (
        render(report)
        == """\
## ❌ imagelock verify: 3 errors, 1 warning, 1 note

9 images of `production` looked at on 2026-11-23 19:56 UTC, policy `pinned`. 9 sites, 4 pinned \
now. Exit status 1. **1 thing not looked at, see below.**

| | where | image | what | rule |
| --- | --- | --- | --- | --- |
| ❌ error | `deploy/app.yaml:3:8` | `nginx:1.26` | no entry for `nginx:1.26` | `tag-not-in-lock` |
| ❌ error | `deploy/app.yaml:12:16` | `nginx:1.25` | no entry for `nginx:1.25` \
| `tag-not-in-lock` |
| ❌ error | `shop/Pod/web-0 container app` | `busybox:1` | asked for a tag \
| `not-pulled-by-digest` |
| ⚠️ warning | `deploy/app.yaml:12:16` | `redis` | two digests for `redis` | `ambiguous` |

<details><summary>What to do</summary>

- `tag-not-in-lock`: The lock has `nginx:1.25`.
- `tag-not-in-lock`: Add the image with its digest to `external_images`, or let its build job \
publish it with `imagelock save`, then run `imagelock lock`. Where the message names another tag \
that is in the lock, the manifest or the lock is out of date.
- `not-pulled-by-digest`: Pin the image where its manifest comes from, and deploy again.
- `ambiguous`: Write the tag in the manifest, or keep one entry of this repository.
- `unused-exemption`: Remove it.

</details>

<details><summary>Where 2 images in 5 places come from</summary>

| origin | images | places |
| --- | ---: | ---: |
| external | 1 | 3 |
| unknown | 1 | 2 |

</details>

<details><summary>Exempt: 3 images</summary>

- `gke.gcr.io` in `kube-system, gmp-*` (3 images, owned by ops, until `2027-12-31`): \
brought by GKE

</details>

<details><summary>Not looked at: 1 thing</summary>

- `notes.txt`: it is no YAML

</details>

<details><summary>Everything else: 1 note</summary>

- note: `imagelock.toml`: nothing used `gke` (`unused-exemption`)

</details>
"""
    )


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("clean", "## ✅ imagelock check: clean"),
        ("nothing", "## ⚠️ imagelock check: nothing was looked at"),
    ],
)
def test_a_report_without_findings_says_whether_it_is_clean(
    name: str, head: str, request: pytest.FixtureRequest
) -> None:
    assert render(request.getfixturevalue(name)).splitlines()[0] == head


def test_where_nothing_was_looked_at_that_is_the_verdict_and_not_the_warning(
    nothing: Report,
) -> None:
    warning = Finding.of("not-looked-at", FilePlace("pods.json"), "no pod was in what was read")

    text = render(replace(nothing, findings=(warning,)))

    assert text.startswith("## ⚠️ imagelock check: nothing was looked at\n")
    assert "Exit status 0." in text
    assert "| ⚠️ warning | `pods.json` |" in text


def test_what_is_left_out_on_purpose_is_told_in_the_head(clean: Report) -> None:
    skipped = (Skipped("namespace bank", "--exclude", expected=True),)

    text = render(replace(clean, coverage=replace(clean.coverage, skipped=skipped)))

    assert "1 thing not looked at, nothing of it unexpected, see below." in text


@pytest.mark.parametrize("rule", ["not-in-lock", "mirror-name"])
def test_a_digest_is_shown_as_far_as_people_compare_it(rule: str) -> None:
    digest = "sha256:" + "0123456789abcdef" * 4
    message = f"its node gives {digest}, which is another"
    place = FilePlace("a.yaml", 1)
    finding = Finding.of(rule, place, message, image=f"nginx:1@{digest}", help=f"It is {digest}.")
    report = Report(command="verify", findings=(finding,), coverage=Coverage(1, "pods"))

    told, _, to_do = render(report).partition("What to do")

    assert digest not in told + to_do.partition("Everything else")[2]
    assert "`nginx:1@sha256:0123456789ab…`" in render(report)
    assert "its node gives `sha256:0123456789ab…`, which is another" in render(report)
    assert f"It is `{digest}`." in to_do  # to copy


def test_one_is_singular() -> None:
    coverage = Coverage(1, "pods")
    report = Report(command="verify", findings=(), coverage=coverage, summary={"workloads": 1})

    assert "1 pod looked at. 1 workload. Exit status 0." in render(report)


def test_what_stands_in_parentheses_is_code_without_them(mixed: Report) -> None:
    finding = replace(mixed.findings[0], message="it has v2.13.1 (images.lock:3:1), and (a b.c)")

    text = render(replace(mixed, findings=(finding,)))

    assert "it has `v2.13.1` (`images.lock:3:1`), and (a `b.c`)" in text


def test_files_without_an_image_are_not_called_clean() -> None:
    report = Report(command="check", findings=(), coverage=Coverage(3, "files"), sites=())

    assert render(report).startswith("## ⚠️ imagelock check: no image is named there\n")


def test_three_hundred_pods_of_one_deployment_are_one_row(crowd: Report) -> None:
    assert "asked for a tag, in its template and 300 pods, e.g. `api-7c9-000`" in render(crowd)
    assert "- `not-pulled-by-digest` (301): Pin the image" in render(crowd)


def test_a_note_is_never_longer_than_gitlab_takes_and_counts_what_has_no_room() -> None:
    findings = tuple(
        Finding.of("unpinned", FilePlace("a.yaml", n), "no digest", image=f"{'ü' * 200}:{n}")
        for n in range(20_000)
    )
    report = Report(command="check", findings=findings, coverage=Coverage(20_000, "images"))

    text = render(report)

    assert 900_000 < len(text.encode()) <= 1_000_000
    last = re.search(r"- and ([\d,]+) errors more, which have no room here\n\n</details>\n$", text)
    assert last
    told = len(re.findall(r"^- error: |^\| ❌", text, re.MULTILINE))
    assert told + int(last[1].replace(",", "")) == 20_000
