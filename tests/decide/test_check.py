from __future__ import annotations

from datetime import date

import pytest

from imagelock import api
from imagelock.core.config import Config
from imagelock.core.exemption import Exemption
from imagelock.core.lock import Lock, LockEntry
from imagelock.core.place import FilePlace
from imagelock.core.reference import Digest, ImageReference

FIRST, SECOND = Digest("sha256", "a" * 64), Digest("sha256", "b" * 64)
LOCK = Lock((LockEntry(ImageReference.parse(f"nginx:1.27@{FIRST}"), FilePlace("lock", 1)),))
LOCKED = Config(policy="locked")


def rules(text: str, config: Config) -> list[str]:
    return [finding.rule.name for finding in api.check(text, LOCK, config=config).findings]


@pytest.mark.parametrize("config", [Config(), LOCKED], ids=["pinned", "locked"])
def test_an_image_without_a_digest_is_a_finding(config: Config) -> None:
    assert rules("image: nginx:1.27\n", config) == ["unpinned"]


def test_any_digest_is_accepted_under_the_policy_pinned() -> None:
    assert rules(f"image: redis:7@{SECOND}\n", Config()) == []


def test_only_digests_of_the_lock_are_accepted_under_the_policy_locked() -> None:
    assert rules(f"image: nginx:1.27@{FIRST}\n", LOCKED) == []
    assert rules(f"image: nginx:1.27@{SECOND}\n", LOCKED) == ["not-in-lock"]
    assert rules(f"image: redis:7@{FIRST}\n", LOCKED) == ["not-in-lock"]


def test_what_only_the_lock_knows_is_judged_as_well() -> None:
    assert rules(f"data: {{x: docker.io/library/nginx@{SECOND}}}\n", LOCKED) == ["not-in-lock"]


def test_an_image_whose_tag_is_elsewhere_is_told_as_that() -> None:
    assert rules("image: {repository: nginx, tag: ''}\n", Config()) == ["tag-elsewhere"]


def test_a_placeholder_is_a_warning() -> None:
    report = api.check("containers: [{image: IMAGE_URL}]\n", LOCK)

    assert [finding.rule.name for finding in report.findings] == ["not-a-reference"]
    assert report.exit_status == 0


def test_an_exemption_that_has_ended_is_told() -> None:
    exemption = Exemption(
        repository="docker.io/library/redis",
        namespaces=("*",),
        reason="a cache",
        until=date(2029, 12, 31),
    )
    config = Config(exemptions=(exemption,))
    before = api.check("image: redis:7\n", LOCK, config=config, today=date(2029, 1, 1))
    after = api.check("image: redis:7\n", LOCK, config=config, today=date(2030, 1, 1))

    assert not before.findings
    assert "its exemption ended on 2029-12-31" in after.findings[0].message


def test_every_site_is_reported_with_its_status() -> None:
    text = f"a: {{image: nginx:1.27@{FIRST}}}\nb: {{image: nginx:1.27}}\n"
    report = api.check(text, LOCK)

    assert report.sites is not None
    assert [(site.rule, site.status) for site in report.sites] == [
        ("key", "pinned-before"),
        ("key", "finding"),
    ]
    assert report.summary == {"sites": 2, "pinned": 1, "exempt": 0, "with findings": 1}


def test_a_part_that_cannot_be_parsed_is_a_finding() -> None:
    assert rules("a: [\n", Config()) == ["not-read"]
