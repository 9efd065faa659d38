"""May this image run here?"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from imagelock.core.exemption import Exemption
from imagelock.core.lock import Lock, LockEntry
from imagelock.core.place import FilePlace
from imagelock.core.reference import ImageReference
from imagelock.decide.judge import Allowed, Denied, Exempt, Judgement, Terms, judge

if TYPE_CHECKING:
    from imagelock.core.config import Policy

A = "sha256:" + "a" * 64
B = "sha256:" + "b" * 64
TODAY = date(2027, 1, 1)
LOCK = Lock([LockEntry(ImageReference.parse(f"quay.io/acme/app:1@{A}"), FilePlace("images.lock"))])
PAUSE = Exemption(repository="gke.gcr.io", namespaces=("kube-system",), reason="the provider's")


def ask(
    image: str,
    *exemptions: Exemption,
    namespace: str | None = "kube-system",
    policy: Policy = "pinned",
    lock: Lock | None = LOCK,
) -> Judgement:
    terms = Terms(policy=policy, lock=lock, exemptions=exemptions, today=TODAY)
    return judge(ImageReference.parse(image), namespace, terms)


@pytest.mark.parametrize("lock", [LOCK, None])
def test_policy_pinned_accepts_every_digest_and_needs_no_lock(lock: Lock | None) -> None:
    assert ask(f"quay.io/acme/app:1@{A}", lock=lock) == Allowed()
    assert ask(f"quay.io/acme/app:1@{B}", lock=lock) == Allowed()
    assert ask(f"r.example/unknown@{B}", lock=lock) == Allowed()


def test_policy_locked_accepts_a_digest_that_the_lock_has_for_this_repository() -> None:
    assert ask(f"quay.io/acme/app:1@{A}", policy="locked") == Allowed()
    assert ask(f"quay.io/acme/app@{A}", policy="locked") == Allowed()


@pytest.mark.parametrize("image", [f"quay.io/acme/app:1@{B}", f"quay.io/acme/other:1@{A}"])
def test_policy_locked_denies_any_other_digest(image: str) -> None:
    assert ask(image, policy="locked") == Denied("not-in-lock")


def test_policy_locked_without_a_lock_denies_every_digest() -> None:
    assert ask(f"quay.io/acme/app:1@{A}", policy="locked", lock=None) == Denied("not-in-lock")


@pytest.mark.parametrize("policy", ["pinned", "locked"])
def test_a_tag_alone_is_denied_even_if_the_lock_knows_it(policy: Policy) -> None:
    assert ask("quay.io/acme/app:1", policy=policy) == Denied("unpinned")
    assert ask("quay.io/acme/app", policy=policy) == Denied("unpinned")


def test_policy_locked_accepts_a_digest_that_was_hardcoded_for_its_repository() -> None:
    other = ImageReference.parse(f"quay.io/acme/other@{B}")
    assert other.digest is not None
    hardcoded = frozenset({(other.repository, other.digest)})
    terms = Terms(policy="locked", lock=LOCK, exemptions=(), today=TODAY, hardcoded=hardcoded)

    assert judge(ImageReference.parse(f"quay.io/acme/other:2@{B}"), None, terms) == Allowed()
    assert judge(ImageReference.parse(f"quay.io/acme/app:1@{A}"), None, terms) == Allowed()
    for image in (f"quay.io/acme/app:1@{B}", f"quay.io/acme/other@{A}"):
        assert judge(ImageReference.parse(image), None, terms) == Denied("not-in-lock")


def test_an_exemption_lets_an_unpinned_image_run_in_its_namespace() -> None:
    assert ask("gke.gcr.io/pause:3", PAUSE) == Exempt(PAUSE)
    assert ask("gke.gcr.io/pause:3", PAUSE, namespace="default") == Denied("unpinned")
    assert ask("gke.gcr.io/pause:3", PAUSE, namespace=None) == Denied("unpinned")
    assert ask("gke.gcr.io.evil.example/pause:3", PAUSE) == Denied("unpinned")


def test_an_exemption_is_not_used_up_by_an_image_that_needs_none() -> None:
    assert ask(f"gke.gcr.io/pause:3@{A}", PAUSE) == Allowed()


def test_an_exemption_lets_a_digest_run_that_the_lock_does_not_have() -> None:
    assert ask(f"gke.gcr.io/pause:3@{B}", PAUSE, policy="locked") == Exempt(PAUSE)


def test_an_expired_exemption_is_told_with_the_denial() -> None:
    expired = Exemption(
        repository="gke.gcr.io", namespaces=("*",), reason="for now", until=date(2026, 12, 31)
    )

    assert ask("gke.gcr.io/pause:3", expired) == Denied("unpinned", expired)


def test_a_second_exemption_that_holds_makes_up_for_an_expired_one() -> None:
    expired = Exemption(
        repository="gke.gcr.io", namespaces=("*",), reason="for now", until=date(2026, 12, 31)
    )

    assert ask("gke.gcr.io/pause:3", expired, PAUSE) == Exempt(PAUSE)


def test_an_exemption_holds_on_its_last_day() -> None:
    last_day = Exemption(repository="gke.gcr.io", namespaces=("*",), reason="for now", until=TODAY)

    assert ask("gke.gcr.io/pause:3", last_day) == Exempt(last_day)
