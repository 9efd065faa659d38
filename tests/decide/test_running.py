"""What a node says it runs, compared with what was asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagelock.core.proof import Child, Index, Manifest, Proofs
from imagelock.core.reference import Digest, ImageReference
from imagelock.decide.running import CannotCompare, Right, Verdict, Wrong, compare

PINNED, CHILD, OTHER, ARM, CONFIG = (Digest("sha256", letter * 64) for letter in "abcde")
ASKED = f"redis:7@{PINNED}"
INDEX = Proofs({PINNED: Index((Child(CHILD, "amd64"), Child(ARM, "arm64")))})
WITH_CONFIG = Proofs(
    {PINNED: Index((Child(CHILD, "amd64"), Child(ARM, "arm64"))), CHILD: Manifest(CONFIG)}
)


def verdict(
    image_id: str, *, asked: str = ASKED, proofs: Proofs | None = None, architecture: str = ""
) -> Verdict:
    return compare(
        ImageReference.parse(asked), image_id, proofs=proofs or Proofs(), architecture=architecture
    )


@pytest.mark.parametrize(
    "image_id",
    [
        f"docker.io/library/redis@{PINNED}",
        f"redis@{PINNED}",
        f"index.docker.io/library/redis@{PINNED}",
        f"docker-pullable://redis@{PINNED}",
        f"docker.io/library/redis:7@{PINNED}",
        f"{PINNED}",
        f"docker://{PINNED}",
        PINNED.hex,
    ],
)
def test_the_pinned_digest_is_right_in_every_shape(image_id: str) -> None:
    assert verdict(image_id) == Right()


def test_the_pinned_digest_is_right_under_another_name_which_is_told() -> None:
    assert verdict(f"mirror.example/redis@{PINNED}") == Right("mirror.example/redis")


@pytest.mark.parametrize(
    ("image_id", "reason"),
    [
        ("", "does not say which image"),
        ("docker://", "holds no digest"),
        ("redis:7", "holds no digest"),
        ("\x1b[2J", "holds no digest"),
        ("sha256:short", "holds no digest"),
        (f"x y@{PINNED}", "holds no digest"),
        (f"{CONFIG}", "may be the configuration"),
        (CONFIG.hex, "may be the configuration"),
        (f"docker://{CONFIG}", "may be the configuration"),
        (f"redis@{CHILD}", "may be the manifest of its platform"),
        (f"docker-pullable://redis@{CHILD}", "may be the manifest of its platform"),
        (f"redis@sha512:{'a' * 128}", "another algorithm"),
        (f"evil.example/redis@sha512:{'a' * 128}", "another algorithm"),
    ],
)
def test_without_proof_another_digest_cannot_be_compared(image_id: str, reason: str) -> None:
    found = verdict(image_id)

    assert isinstance(found, CannotCompare)
    assert reason in found.reason


@pytest.mark.parametrize(
    "image_id",
    [
        f"redis@sha256:{'A' * 64}",
        f"redis@SHA256:{'a' * 64}",
        f"docker-pullable://redis@sha256:{'A' * 64}",
        "A" * 64,
        f"sha256:{'A' * 64}",
        f"redis@{PINNED} ",
        f" redis@{PINNED}",
        f"redis@{PINNED}\n",
        f"{PINNED.hex}\t",
    ],
)
@pytest.mark.parametrize("proofs", [None, INDEX, WITH_CONFIG])
def test_a_digest_in_capitals_or_with_space_around_it_is_no_proof_and_told_as_what_it_is(
    image_id: str, proofs: Proofs | None
) -> None:
    found = verdict(image_id, asked=f"redis:7@sha256:{'a' * 64}", proofs=proofs)

    assert isinstance(found, CannotCompare)
    assert "not how a digest is written: in lower-case hex digits" in found.reason


@pytest.mark.parametrize("repository", ["evil.example/redis", "docker.io/evil/redis", "redis2"])
def test_another_digest_of_another_repository_is_wrong(repository: str) -> None:
    assert isinstance(verdict(f"{repository}@{OTHER}"), Wrong)


@pytest.mark.parametrize("architecture", ["", "amd64"])
def test_a_child_of_the_pinned_index_is_right(architecture: str) -> None:
    found = verdict(f"redis@{CHILD}", proofs=INDEX, architecture=architecture)

    assert found == Right()


def test_a_child_under_another_name_is_right_too() -> None:
    assert verdict(f"mirror.example/redis@{CHILD}", proofs=INDEX) == Right()


def test_a_child_for_another_architecture_cannot_be_compared() -> None:
    found = verdict(f"redis@{CHILD}", proofs=INDEX, architecture="arm64")

    assert isinstance(found, CannotCompare)
    assert "amd64" in found.reason


def test_a_digest_that_the_pinned_index_does_not_hold_is_wrong() -> None:
    assert isinstance(verdict(f"redis@{OTHER}", proofs=INDEX), Wrong)


def test_an_index_that_holds_the_pinned_manifest_is_right() -> None:
    found = verdict(f"redis@{PINNED}", asked=f"redis@{CHILD}", proofs=INDEX, architecture="amd64")

    assert found == Right()


def test_another_index_with_the_same_manifest_is_right() -> None:
    both = Proofs(
        {
            PINNED: Index((Child(CHILD, "amd64"), Child(ARM, "arm64"))),
            OTHER: Index((Child(CHILD, "amd64"),)),
        }
    )

    assert verdict(f"redis@{OTHER}", proofs=both, architecture="amd64") == Right()
    assert isinstance(verdict(f"redis@{OTHER}", proofs=both, architecture="arm64"), CannotCompare)


def test_another_index_that_leads_this_node_elsewhere_is_wrong() -> None:
    both = Proofs(
        {
            PINNED: Index((Child(CHILD, "amd64"), Child(ARM, "arm64"))),
            OTHER: Index((Child(CHILD, "amd64"), Child(CONFIG, "arm64"))),
        }
    )

    assert verdict(f"redis@{OTHER}", proofs=both, architecture="amd64") == Right()
    assert isinstance(verdict(f"redis@{OTHER}", proofs=both, architecture="arm64"), Wrong)


@pytest.mark.parametrize("asked", [PINNED, CHILD])
def test_another_index_that_only_shares_a_part_proves_nothing_of_an_unknown_node(
    asked: Digest,
) -> None:
    both = Proofs(
        {
            PINNED: Index((Child(CHILD, "amd64"), Child(ARM, "arm64"))),
            OTHER: Index((Child(CHILD, "amd64"), Child(CONFIG, "arm64"))),
        }
    )

    found = verdict(f"redis@{OTHER}", asked=f"redis@{asked}", proofs=both)

    assert isinstance(found, CannotCompare)
    assert "for some platforms leads to another manifest" in found.reason


def test_another_index_that_shares_one_of_two_variants_proves_nothing() -> None:
    v6, v7, other_v7 = (Digest("sha256", letter * 64) for letter in "123")
    both = Proofs(
        {
            PINNED: Index((Child(v6, "arm"), Child(v7, "arm"), Child(CHILD, "amd64"))),
            OTHER: Index((Child(v6, "arm"), Child(other_v7, "arm"), Child(CHILD, "amd64"))),
        }
    )

    found = verdict(f"redis@{OTHER}", proofs=both, architecture="arm")

    assert isinstance(found, CannotCompare)
    assert "for some kinds of arm leads to another manifest" in found.reason
    assert verdict(f"redis@{OTHER}", proofs=both, architecture="amd64") == Right()
    assert verdict(f"redis@{v7}", proofs=both, architecture="arm") == Right()


@pytest.mark.parametrize("image_id", [f"{CHILD}", f"docker://{CHILD}", CHILD.hex])
@pytest.mark.parametrize("proofs", [INDEX, WITH_CONFIG])
def test_a_child_of_the_pinned_index_is_right_without_a_name_too(
    image_id: str, proofs: Proofs
) -> None:
    assert verdict(image_id, proofs=proofs, architecture="amd64") == Right()
    assert isinstance(verdict(image_id, proofs=proofs, architecture="arm64"), CannotCompare)


def test_a_child_of_no_known_architecture_cannot_be_compared_on_a_node_of_a_known_one() -> None:
    silent = Proofs({PINNED: Index((Child(CHILD, ""),))})

    assert isinstance(verdict(f"redis@{CHILD}", proofs=silent, architecture="amd64"), CannotCompare)


def test_a_manifest_of_an_index_in_the_pinned_index_is_right() -> None:
    outer = {PINNED: Index((Child(OTHER, "", is_index=True),))}
    inner = {OTHER: Index((Child(CHILD, "amd64"), Child(ARM, "arm64")))}
    nested = Proofs({**outer, **inner})

    for reported in (CHILD, OTHER):
        assert verdict(f"redis@{reported}", proofs=nested, architecture="amd64") == Right()
    assert isinstance(verdict(f"redis@{ARM}", proofs=nested, architecture="amd64"), CannotCompare)
    assert isinstance(verdict(f"redis@{CONFIG}", proofs=nested, architecture="amd64"), Wrong)
    found = verdict(f"redis@{CHILD}", proofs=Proofs(outer), architecture="amd64")
    assert isinstance(found, CannotCompare)
    assert "whose document is missing" in found.reason


def test_a_document_of_another_image_proves_nothing() -> None:
    elsewhere = Proofs({OTHER: Index((Child(CHILD, "amd64"),))})

    assert isinstance(verdict(f"redis@{CHILD}", proofs=elsewhere), CannotCompare)


def test_the_pinned_manifest_alone_does_not_show_that_another_digest_is_wrong() -> None:
    manifest = Proofs({PINNED: Manifest(CONFIG)})

    assert isinstance(verdict(f"redis@{OTHER}", proofs=manifest), CannotCompare)


@pytest.mark.parametrize("architecture", ["", "amd64"])
def test_the_configuration_of_a_pinned_manifest_is_right(architecture: str) -> None:
    assert verdict(f"{CONFIG}", proofs=WITH_CONFIG, architecture=architecture) == Right()


def test_another_configuration_is_wrong_once_all_that_could_be_it_are_known() -> None:
    assert isinstance(verdict(f"{OTHER}", proofs=WITH_CONFIG, architecture="amd64"), Wrong)
    assert isinstance(verdict(f"{OTHER}", proofs=WITH_CONFIG), CannotCompare)
    assert isinstance(verdict(f"{OTHER}", proofs=WITH_CONFIG, architecture="arm64"), CannotCompare)


@given(st.text(max_size=100) | st.from_regex(r"[a-z-]*(://)?[a-z./]*@?sha256:[0-9a-f]{64}"))
def test_no_image_id_is_taken_for_right_but_for_its_digest(image_id: str) -> None:
    found = verdict(image_id)

    assert isinstance(found, Right) == (PINNED.hex in image_id and image_id.endswith(PINNED.hex))
