from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec.structs import replace

from imagelock.core.finding import Coverage, Finding, Report, Skipped
from imagelock.core.place import ClusterPlace, FilePlace
from imagelock.report.text import render

if TYPE_CHECKING:
    import pytest


def test_a_report_reads_from_the_errors_to_the_result(mixed: Report) -> None:
    assert (
        render(mixed)
        == """\
deploy/app.yaml:3:8: error: no entry for 'nginx:1.26' [tag-not-in-lock]
    The lock has 'nginx:1.25'.
deploy/app.yaml:12:16: error: no entry for 'nginx:1.25' [tag-not-in-lock]
shop/Pod/web-0 container app: error: 'busybox:1': asked for a tag [not-pulled-by-digest]
deploy/app.yaml:12:16: warning: two digests for 'redis' [ambiguous]
imagelock.toml: note: nothing used 'gke' [unused-exemption]

what to do
  tag-not-in-lock: Add the image with its digest to 'external_images', or let its build job \
publish it with 'imagelock save', then run 'imagelock lock'. Where the message names another \
tag that is in the lock, the manifest or the lock is out of date.
  not-pulled-by-digest: Pin the image where its manifest comes from, and deploy again.
  ambiguous: Write the tag in the manifest, or keep one entry of this repository.
  unused-exemption: Remove it.

exempt
  gke.gcr.io in kube-system, gmp-* (3 images, owned by ops, until 2027-12-31): brought by \
GKE

not looked at
  notes.txt: it is no YAML

9 sites, 4 pinned now
3 errors, 1 warning, 1 note: 9 images looked at (exit status 1)
"""
    )


def test_the_end_says_what_was_looked_at_by_which_policy_and_how_it_ended(told: Report) -> None:
    assert render(told).splitlines()[-3:] == [
        "of 'production', policy locked",
        "9 sites, 4 pinned now",
        "3 errors, 1 warning, 1 note: 9 images looked at (exit status 1)",
    ]


def test_warnings_where_nothing_was_looked_at_end_with_0_and_it_is_said(nothing: Report) -> None:
    warning = Finding.of("not-looked-at", FilePlace("pods.json"), "no pod was in what was read")

    assert render(replace(nothing, findings=(warning,))).splitlines()[-1] == (
        "1 warning: nothing was looked at: there were no images (exit status 0)"
    )


def test_every_count_of_thousands_is_written_alike() -> None:
    findings = tuple(
        Finding.of("unpinned", FilePlace("a.yaml", line), "no digest") for line in range(1_200)
    )
    skipped = tuple(Skipped(f"file-{number}", "it is a link") for number in range(1_500))
    text = render(
        Report(command="check", findings=findings, coverage=Coverage(2_000, "files", skipped))
    )

    assert "  unpinned (1,200): " in text
    assert "file-9 and 1,490 more: it is a link" in text


def test_a_clean_report_says_what_was_looked_at(clean: Report) -> None:
    assert render(clean) == "14 sites\nclean: 14 images in 6 files looked at\n"


def test_nothing_looked_at_is_never_clean(nothing: Report) -> None:
    assert render(nothing) == "nothing was looked at: there were no images (exit status 0)\n"


def test_files_without_an_image_are_not_called_clean() -> None:
    report = Report(command="check", findings=(), coverage=Coverage(3, "files"), sites=())

    assert render(report) == "3 files looked at, and no image is named there (exit status 0)\n"


def test_notes_alone_are_clean_and_told(clean: Report) -> None:
    note = Finding.of("unused-exemption", FilePlace("imagelock.toml"), "nothing used 'gke'")
    report = Report(command="check", findings=(note,), coverage=clean.coverage)

    assert render(report).splitlines()[-1] == ("clean, with 1 note: 14 images in 6 files looked at")


def test_what_to_do_is_said_once_for_five_hundred_findings(many: Report) -> None:
    lines = render(many).splitlines()

    assert len(lines) == 500 + 5
    assert sum("imagelock override" in line for line in lines) == 1
    assert lines[-1] == "500 errors: 500 images looked at (exit status 1)"


def test_what_is_about_one_file_stands_together_in_its_order(many: Report) -> None:
    places = [line.split(":")[:2] for line in render(many).splitlines()[:500]]

    files = [file for file, _ in places]
    assert len({(a, b) for a, b in pairwise(files) if a != b}) == 49
    for name in set(files):
        numbers = [int(line) for file, line in places if file == name]
        assert numbers == sorted(numbers)


def test_one_image_is_singular() -> None:
    report = Report(command="verify", findings=(), coverage=Coverage(1, "images of 1 pod"))

    assert render(report) == "clean: 1 image of 1 pod looked at\n"


def test_a_help_that_several_findings_share_is_said_once() -> None:
    findings = tuple(
        Finding.of("unpinned", FilePlace("a.yaml", line), "no digest", help="Ask the team.")
        for line in (1, 2)
    )
    report = Report(command="check", findings=findings, coverage=Coverage(2, "images"))

    assert render(report).count("Ask the team.") == 1
    assert "  unpinned (2): Ask the team." in render(report)


def test_much_that_was_left_out_for_one_reason_is_counted() -> None:
    skipped = tuple(Skipped(f"file-{number}", "it is a link") for number in range(25))
    report = Report(command="lock", findings=(), coverage=Coverage(1, "lists", skipped))

    assert "file-9 and 15 more: it is a link" in render(report)
    assert "file-10" not in render(report)


def test_nothing_that_others_wrote_reaches_the_terminal_raw(hostile: Report) -> None:
    text = render(hostile)

    assert text.replace("\n", "").isprintable()
    assert len(text.splitlines()) == len(text.split("\n")) - 1


def test_colours_are_there_when_they_are_asked_for(
    mixed: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")

    assert "\x1b[31merror:\x1b[0m" in render(mixed, colour=True)
    assert "\x1b[" not in render(mixed)


def test_three_hundred_pods_of_one_deployment_are_one_line(crowd: Report) -> None:
    assert (
        render(crowd)
        == """\
shop/Deployment/api container api: error: 'redis:7': asked for a tag, in its template and 300 \
pods, e.g. api-7c9-000 [not-pulled-by-digest]

what to do
  not-pulled-by-digest (301): Pin the image where its manifest comes from, and deploy again.

301 errors on 1 line: 301 pods and workloads looked at (exit status 1)
"""
    )


def many(count: int) -> Report:
    findings = [
        Finding.of(
            "not-pulled-by-digest" if number % 4 else "cannot-compare",
            ClusterPlace(namespace="shop", kind="Deployment", name=f"d{number}"),
            "asked for without a digest",
            image=f"nginx:{number}",
            help=f"Do this: {number // 8}.",
        )
        for number in range(count)
    ]
    return Report(command="verify", findings=tuple(findings), coverage=Coverage(count, "workloads"))


def test_very_many_workloads_are_cut_and_counted_and_the_way_to_all_of_them_is_named() -> None:
    lines = render(many(10_000)).splitlines()

    assert len(lines) < 600
    assert (
        "… and 9,500 more lines: 7,000 errors, 2,500 warnings (7,000 not-pulled-by-digest, "
        in (lines[500])
    )
    assert "--format json" in lines[501]
    assert lines[-1] == "7,500 errors, 2,500 warnings: 10,000 workloads looked at (exit status 1)"
    assert sum(line.startswith("shop/Deployment/") for line in lines) == 500


def test_what_is_cut_is_counted_by_rule_and_namespace_as_findings_and_not_as_lines(
    crowd: Report, ten_thousand: Report
) -> None:
    first, second = ten_thousand.findings[:5_000], ten_thousand.findings[5_000:]
    report = replace(ten_thousand, findings=(*first, *crowd.findings, *second))

    lines = render(report).splitlines()[500:503]

    assert lines[0] == (
        "… and 9,501 more lines: 4,801 errors, 5,000 warnings "
        "(5,000 cannot-compare, 4,801 not-pulled-by-digest)"
    )
    assert lines[1].startswith("    most in team-0 (1,000), team-2 (1,000), ")
    assert lines[1].endswith("; 11 namespaces in all")


def test_one_line_that_is_cut_is_singular() -> None:
    lines = render(many(501)).splitlines()

    assert lines[500].startswith("… and 1 more line: 1 warning (1 cannot-compare)")
    assert "namespaces in all" not in lines[501]


def test_a_name_that_is_too_long_for_any_image_is_cut_and_an_image_is_not() -> None:
    longest = f"{'r' * 127}/{'a' * 127}:{'t' * 128}@sha512:{'0' * 128}"
    findings = tuple(
        Finding.of("not-a-reference", FilePlace("a.yaml", 1), "it is no image ID", image=image)
        for image in ("x" * 4_000, longest)
    )
    report = Report(command="check", findings=findings, coverage=Coverage(1, "files"))

    first, second = render(report).splitlines()[:2]

    assert f"'{'x' * 100}… (4,000 characters)': it is no image ID" in first
    assert longest in second
    assert "x" * 4_000 in render(report, everything=True)


def test_whoever_wants_all_of_it_gets_all_of_it() -> None:
    text = render(many(10_000), everything=True)

    assert text.count("shop/Deployment/") == 10_000
    assert "more lines" not in text


def test_five_hundred_lines_are_not_cut() -> None:
    assert "more lines: " not in render(many(500))
