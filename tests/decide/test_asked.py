"""What a cluster was asked to run, image by image."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from imagelock.core.exemption import Exemption
from imagelock.core.finding import ImageUse
from imagelock.core.lock import Lock, LockEntry
from imagelock.core.place import ClusterPlace, FilePlace
from imagelock.core.reference import ImageReference
from imagelock.decide.asked import AskedImages, Judgements
from imagelock.decide.judge import Terms

if TYPE_CHECKING:
    from imagelock.core.config import Policy
    from imagelock.core.finding import Finding

A, B = "sha256:" + "a" * 64, "sha256:" + "b" * 64
LOCK = Lock([LockEntry(ImageReference.parse(f"redis:7@{A}"), FilePlace("images.lock"))])
PLACE = ClusterPlace(namespace="shop", kind="Pod", name="a", container="container c")


def ask(image: str, policy: Policy = "pinned", lock: Lock | None = LOCK) -> list[Finding]:
    asked = AskedImages(
        Judgements(Terms(policy=policy, lock=lock, exemptions=(), today=date(2027, 1, 1)))
    )
    asked.take(image, PLACE)
    return asked.findings


def test_what_the_lock_has_for_an_image_is_told() -> None:
    (finding,) = ask("redis:7")

    assert A in finding.help
    assert "images.lock" in finding.help


@pytest.mark.parametrize("image", ["redis:8", "quay.io/acme/app:1"])
def test_what_the_lock_does_not_have_is_not_guessed(image: str) -> None:
    (finding,) = ask(image)

    assert finding.help == finding.rule.mend


def test_nobody_is_told_of_placeholders_where_a_node_tries_to_run_what_is_no_image() -> None:
    (finding,) = ask("Redis:7")

    assert finding.rule.name == "not-a-reference"
    assert "Write an image ID" in finding.help


def test_what_to_do_about_a_debugging_container_is_not_looked_for_in_a_manifest() -> None:
    asked = AskedImages(
        Judgements(Terms(policy="pinned", lock=None, exemptions=(), today=date(2027, 1, 1)))
    )
    asked.take("busybox", replace(PLACE, container="ephemeral container debugger"))

    assert "kubectl debug" in asked.findings[0].help


def test_a_digest_that_is_not_in_the_lock_is_a_finding_of_policy_locked_only() -> None:
    assert ask(f"redis:7@{B}") == []
    (finding,) = ask(f"redis:7@{B}", "locked")
    assert finding.rule.name == "not-in-lock"
    assert "images.lock" in finding.message


def test_a_place_and_the_authors_spelling_are_kept() -> None:
    (finding,) = ask("index.docker.io/redis")

    assert (finding.place, finding.image) == (PLACE, "index.docker.io/redis")


def test_every_image_is_counted_and_one_that_is_exempt_is_told_apart() -> None:
    exemption = Exemption(
        repository="docker.io/library/redis", namespaces=("shop",), reason="it leaves in March"
    )
    terms = Terms(policy="pinned", lock=None, exemptions=(exemption,), today=date(2027, 1, 1))
    asked = AskedImages(Judgements(terms))

    for image, namespace in (("redis:7", "shop"), ("redis:7", "shop"), ("redis:7", "base")):
        asked.take(image, ClusterPlace(namespace=namespace, kind="Pod", name="a"))

    assert asked.images == (ImageUse("redis:7", 2, "exempt"), ImageUse("redis:7", 1))
