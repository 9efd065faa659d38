"""Which references become entries, in which order, and what conflicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imagelock.core.finding import Finding, Report, Skipped
from imagelock.core.place import FilePlace, Source
from imagelock.core.reference import ImageReference
from imagelock.decide.lock import Built, Refused, build_lock
from imagelock.syntax.lists import Published, parse_allow_list, parse_external

if TYPE_CHECKING:
    from collections.abc import Mapping

A = "sha256:" + "a" * 64
B = "sha256:" + "b" * 64


def build(
    external: str = "",
    allowed: str = "",
    files: Mapping[str, list[str]] | None = None,
    registries: tuple[str, ...] = (),
) -> Built | Refused:
    published = [
        Published(ImageReference.parse(line), FilePlace(f"image_references/{name}", number, 1))
        for name, lines in (files or {}).items()
        for number, line in enumerate(lines, 1)
    ]
    return build_lock(
        parse_external(Source("external_images", external)),
        parse_allow_list(Source("acme-images", allowed)),
        published,
        registries=registries,
    )


def lines(made: Built | Refused) -> list[str]:
    assert isinstance(made, Built), [finding.sentence for finding in made.report.findings]
    return [entry.reference.normalised for entry in made.lock]


def errors(made: Built | Refused) -> list[Finding]:
    assert isinstance(made, Refused)
    return [finding for finding in made.report.findings if finding.severity == "error"]


def notes(report: Report) -> list[str]:
    return [finding.image for finding in report.findings if finding.rule.name == "not-built"]


def test_nothing_makes_an_empty_lock() -> None:
    assert lines(build()) == []


def test_external_images_come_first_in_their_own_order() -> None:
    made = build(
        f"z.example/z:1@{A}\na.example/a:1@{A}\n", "acme/app", {"a": [f"r.example/acme/app:1@{B}"]}
    )

    assert lines(made) == [
        f"z.example/z:1@{A}",
        f"a.example/a:1@{A}",
        f"r.example/acme/app:1@{B}",
    ]


def test_references_come_by_file_name_in_byte_order_then_by_line() -> None:
    made = build(
        "",
        "acme/app",
        {
            "b": [f"acme/app:4@{A}", f"acme/app:3@{A}"],
            "a": [f"acme/app:5@{A}"],
            "a-1": [f"acme/app:6@{A}"],
            "B": [f"acme/app:7@{A}"],
            "\udce9": [f"acme/app:8@{A}"],
            "é": [f"acme/app:9@{A}"],
        },
    )

    tags = [line.partition("@")[0].rpartition(":")[2] for line in lines(made)]
    assert tags == ["7", "5", "6", "4", "3", "9", "8"]


def test_identical_lines_are_written_once_whatever_their_spelling() -> None:
    made = build(
        f"nginx:1@{A}\ndocker.io/library/nginx:1@{A}\n", "nginx", {"a": [f"docker.io/nginx:1@{A}"]}
    )

    assert lines(made) == [f"docker.io/library/nginx:1@{A}"]
    assert made.report.summary == {"images": 1, "external": 1, "self-built": 0, "not built": 0}


def test_the_report_says_of_every_entry_who_built_it() -> None:
    made = build(f"redis:7@{A}\n", "acme/app", {"a": [f"r.example/acme/app:1@{B}"]})

    assert [(image.image, image.origin) for image in made.report.images] == [
        (f"docker.io/library/redis:7@{A}", "external"),
        (f"r.example/acme/app:1@{B}", "self-built"),
    ]


def test_an_entry_knows_the_line_that_brought_it_in() -> None:
    made = build("", "acme/app", {"job": [f"acme/app:1@{A}"]})

    assert isinstance(made, Built)
    assert str(made.lock.entries[0].origin) == "image_references/job:1:1"


def test_one_tag_with_two_digests_in_external_images_is_an_error_naming_both_lines() -> None:
    [finding] = errors(build(f"nginx:1@{A}\n# x\nnginx:1@{B}\n"))

    assert finding.rule.name == "conflicting-digests"
    assert str(finding.place) == "external_images:3:1"
    assert "external_images:1:1" in finding.message
    assert A in finding.message
    assert B in finding.message


def test_a_build_job_never_replaces_an_external_image() -> None:
    [finding] = errors(
        build(f"r.example/acme/app:1@{A}", "acme/app", {"job": [f"r.example/acme/app:1@{B}"]})
    )

    assert finding.rule.name == "conflicting-digests"
    assert str(finding.place) == "image_references/job:1:1"
    assert "external_images:1:1" in finding.message


def test_two_build_jobs_with_two_digests_for_one_tag_are_an_error() -> None:
    [finding] = errors(build("", "acme/app", {"b": [f"acme/app:1@{B}"], "a": [f"acme/app:1@{A}"]}))

    assert str(finding.place) == "image_references/b:1:1"
    assert "image_references/a:1:1" in finding.message


def test_two_digests_without_a_tag_are_no_conflict_and_the_external_one_stays_first() -> None:
    made = build(f"acme/app@{A}", "acme/app", {"job": [f"acme/app@{B}"]})

    assert lines(made) == [f"docker.io/acme/app@{A}", f"docker.io/acme/app@{B}"]


def test_a_repository_that_is_not_listed_is_never_an_entry() -> None:
    [finding] = errors(build("", "acme/app", {"job": [f"evil.example/x:1@{A}"]}))

    assert finding.rule.name == "not-allow-listed"
    assert str(finding.place) == "image_references/job:1:1"
    assert "acme-images" in finding.message
    assert "evil.example/x" in finding.message


def test_a_build_job_may_not_bring_in_an_external_image_even_with_its_digest() -> None:
    made = build(f"nginx:1@{A}", "acme/app", {"job": [f"nginx:1@{A}"]})

    assert [finding.rule.name for finding in errors(made)] == ["not-allow-listed"]


def test_a_bare_name_is_at_the_registries_of_the_settings_and_the_near_miss_is_told() -> None:
    files = {"job": [f"evil.example/acme/app:1@{A}"]}

    assert len(lines(build("", "acme/app", files))) == 1
    [finding] = errors(build("", "acme/app", files, registries=("r.example", "s.example")))
    assert "r.example and s.example only" in finding.message


def test_a_reference_without_a_digest_is_an_error_and_no_entry() -> None:
    [finding] = errors(build("", "acme/app", {"job": ["acme/app:1"]}))

    assert finding.rule.name == "no-digest"
    assert finding.image == "acme/app:1"


def test_every_error_is_told() -> None:
    made = build(
        f"a:1@{A}\na:1@{B}", "acme/app", {"job": ["acme/app:1", f"x:1@{A}", f"y:1@{A}", "z:1"]}
    )

    names = sorted(finding.rule.name for finding in errors(made))
    assert names == ["conflicting-digests", *["no-digest"] * 2, *["not-allow-listed"] * 3]


def test_a_listed_repository_that_no_job_published_is_a_note() -> None:
    made = build("", "acme/app\nr.example/acme/db\nacme/tx", {"job": [f"r.example/acme/app@{A}"]})

    assert isinstance(made, Built)
    assert notes(made.report) == ["r.example/acme/db", "acme/tx"]
    assert str(made.report.findings[0].place) == "acme-images:2:1"
    assert made.report.exit_status == 0


def test_what_was_not_read_is_in_the_report() -> None:
    skipped = (Skipped("image_references/link", "it is a link"),)

    made = build_lock((), parse_allow_list(Source("x", "")), (), skipped=skipped)

    assert made.report.coverage.skipped == skipped


def test_the_summary_counts_what_is_in_the_lock() -> None:
    made = build(
        f"a:1@{A}\na:1@{A}\nb:1@{A}", "acme/app\nacme/db", {"job": [f"acme/app:1@{A}"] * 2}
    )

    assert made.report.summary == {"images": 3, "external": 2, "self-built": 1, "not built": 1}
    assert made.report.coverage.looked_at == 5
