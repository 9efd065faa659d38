from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from imagelock import api
from imagelock.core.config import Config
from imagelock.core.exemption import Exemption
from imagelock.core.lock import Lock, LockEntry
from imagelock.core.place import FilePlace, Source
from imagelock.core.reference import Digest, ImageReference

if TYPE_CHECKING:
    from imagelock.core.finding import Report

FIRST, SECOND = Digest("sha256", "a" * 64), Digest("sha512", "b" * 128)
TODAY = date(2030, 1, 1)


def locked(*images: tuple[str, Digest]) -> Lock:
    return Lock(
        LockEntry(ImageReference.parse(image).pinned_to(digest), FilePlace("external_images", line))
        for line, (image, digest) in enumerate(images, 1)
    )


LOCK = locked(("nginx:1.27", FIRST), ("quay.io/example/app:2", SECOND))


def statuses(report: Report) -> list[str]:
    assert report.sites is not None
    return [site.status for site in report.sites]


def rules(report: Report) -> list[str]:
    return [finding.rule.name for finding in report.findings]


def exempt(namespaces: str = "*", until: date | None = None) -> Config:
    exemption = Exemption(
        repository="docker.io/library/redis",
        namespaces=(namespaces,),
        reason="a cache",
        until=until,
    )
    return Config(exemptions=(exemption,))


def test_a_site_is_pinned_to_the_digest_of_its_tag() -> None:
    result = api.override("image: nginx:1.27\n", LOCK)

    assert result.text == f"image: nginx:1.27@{FIRST}\n"
    assert statuses(result.report) == ["pinned-now"]
    assert result.report.exit_status == 0


def test_a_digest_of_the_longer_kind_is_written_as_well() -> None:
    assert str(SECOND) in api.override("image: quay.io/example/app:2\n", LOCK).text


def test_what_has_a_digest_stays_as_it_is_whatever_the_lock_says() -> None:
    text = f"image: nginx:1.27@{SECOND}\n"
    result = api.override(text, LOCK)

    assert result.text == text
    assert statuses(result.report) == ["pinned-before"]


def test_a_tag_that_the_lock_does_not_know_is_a_finding() -> None:
    result = api.override("image: nginx:1.28\n", LOCK)

    assert result.text == "image: nginx:1.28\n"
    assert rules(result.report) == ["tag-not-in-lock"]
    assert "it has 1.27 (external_images:1)" in result.report.findings[0].message


def test_without_a_tag_the_first_entry_counts_and_a_choice_is_told() -> None:
    lock = locked(("nginx:1.27", FIRST), ("nginx:1.28", SECOND))
    result = api.override("image: nginx\n", lock)

    assert result.text == f"image: nginx@{FIRST}\n"
    assert rules(result.report) == ["ambiguous"]
    assert result.report.exit_status == 0


def test_an_exempt_image_is_left_and_is_no_finding() -> None:
    result = api.override("image: redis:7\n", LOCK, config=exempt(), today=TODAY)

    assert statuses(result.report) == ["exempt"]
    assert not result.report.findings


def test_an_exemption_that_has_ended_is_told() -> None:
    config = exempt(until=date(2029, 12, 31))
    result = api.override("image: redis:7\n", LOCK, config=config, today=TODAY)

    assert rules(result.report) == ["tag-not-in-lock"]
    assert "its exemption ended on 2029-12-31" in result.report.findings[0].message


def test_an_exempt_image_whose_tag_is_elsewhere_is_no_finding() -> None:
    text = "image: {repository: redis, tag: ''}\n"
    result = api.override(text, LOCK, config=exempt(), today=TODAY)

    assert statuses(result.report) == ["exempt"]


def test_an_exemption_holds_in_its_namespace_only() -> None:
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {namespace: %s}\nspec: {image: redis:7}\n"
    here = api.override(pod % "cache", LOCK, config=exempt("cache"), today=TODAY)
    there = api.override(pod % "web", LOCK, config=exempt("cache"), today=TODAY)

    assert statuses(here.report) == ["exempt"]
    assert statuses(there.report) == ["finding"]


def test_an_image_that_two_digests_would_share_is_not_pinned() -> None:
    lock = locked(("nginx:1", FIRST), ("redis:1", SECOND))
    text = "a: {repository: nginx, tag: &t '1'}\nb: {repository: redis, tag: *t}\n"
    result = api.override(text, lock)

    assert result.text == text
    assert rules(result.report) == ["cannot-pin-here", "cannot-pin-here"]


def test_a_tag_that_a_pinned_image_shares_is_not_changed() -> None:
    text = (
        "a: {repository: nginx, tag: &t '1.27'}\n"
        f"b: {{repository: redis, tag: *t, digest: '{FIRST}'}}\n"
    )

    assert api.override(text, LOCK).text == text


def test_one_text_may_hold_several_images() -> None:
    result = api.override("x: nginx:1.27,quay.io/example/app:2\n", LOCK)

    assert result.text == f"x: nginx:1.27@{FIRST},quay.io/example/app:2@{SECOND}\n"


def test_a_folded_text_that_cannot_be_followed_is_not_changed() -> None:
    text = 'image: "nginx:\\\n  1.27"\n'
    result = api.override(text, LOCK)

    assert result.text in {text, text.replace('1.27"', f'1.27@{FIRST}"')}
    assert len(result.report.sites or ()) == 1


@pytest.mark.parametrize("text", ["a: [", "image: nginx:1.27\n\tx: y\n", "{{ x"])
def test_a_part_that_cannot_be_parsed_is_named(text: str) -> None:
    result = api.override(Source("broken.yaml", text), LOCK)

    assert "not-read" in rules(result.report)
    assert str(result.report.findings[-1].place).startswith("broken.yaml:")


def test_the_documents_around_a_broken_one_are_overridden() -> None:
    text = "image: nginx:1.27\n---\na: [\n---\nimage: nginx:1.27\n"
    result = api.override(text, LOCK)

    assert result.text == text.replace("1.27", f"1.27@{FIRST}")
    assert rules(result.report) == ["not-read"]


def test_places_that_are_named_by_templates_are_counted() -> None:
    result = api.override('a: {image: "{{ .x }}"}\nb: {image: "{{ .y }}"}\n', LOCK)

    (skipped,) = result.report.coverage.skipped
    assert skipped.reason == "2 images are named by a template"


def test_a_forbidden_place_is_left_and_told() -> None:
    text = "spec: {image: nginx:1.27}\n"
    result = api.override(text, LOCK, config=Config(forbid_keys=("spec.image",)))

    assert result.text == text
    assert "forbid" in result.report.coverage.skipped[0].reason


def test_check_tells_a_forbidden_place_too() -> None:
    source = Source("pod.yaml", "spec: {image: nginx:1.27}\n")
    report = api.check(source, LOCK, config=Config(forbid_keys=("spec.image",)))

    assert report.findings == ()
    assert "forbid" in report.coverage.skipped[0].reason


def test_a_place_that_the_configuration_names_is_pinned() -> None:
    text = "spec: {runner: nginx}\n"
    result = api.override(text, LOCK, config=Config(find_keys=("spec.runner",)))

    assert result.text == f"spec: {{runner: nginx@{FIRST}}}\n"


def test_the_summary_counts_every_site_once() -> None:
    text = f"a: {{image: nginx:1.27}}\nb: {{image: x@{FIRST}}}\nc: {{image: y:1}}\n"

    assert api.override(text, LOCK).report.summary == {
        "sites": 3,
        "pinned now": 1,
        "pinned before": 1,
        "exempt": 0,
        "left with findings": 1,
    }
