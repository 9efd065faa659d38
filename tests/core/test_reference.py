"""What an image reference is beyond its grammar: errors, equality, pinning, digests."""

from __future__ import annotations

import pytest

from imagelock.core.reference import Digest, ImageReference, Repository
from imagelock.errors import InputError

A = "sha256:" + "a1" * 32
B = "sha512:" + "b2" * 64


def test_nothing_is_no_image_id() -> None:
    with pytest.raises(InputError) as caught:
        ImageReference.parse("")

    assert str(caught.value) == (
        "'' is not an image ID: an image ID was expected, and nothing stands here"
    )


def test_an_error_underlines_what_it_is_about() -> None:
    with pytest.raises(InputError) as caught:
        ImageReference.parse("quay.io/acme/app@sha256:abc")

    assert str(caught.value).splitlines() == [
        (
            "column 25: 'quay.io/acme/app@sha256:abc' is not an image ID: "
            "a sha256 digest has 64 hex digits, and this one has 3"
        ),
        "    quay.io/acme/app@sha256:abc",
        "                            ~~^",
    ]


def test_what_an_error_shows_cannot_rewrite_the_terminal() -> None:
    with pytest.raises(InputError) as caught:
        ImageReference.parse("app\x1b[2Jgone")

    assert "\x1b" not in str(caught.value)
    assert "app\\x1b[2Jgone" in caught.value.problem


def test_a_text_of_a_megabyte_is_not_repeated_in_the_error() -> None:
    with pytest.raises(InputError) as caught:
        ImageReference.parse("A" * 1_000_000)

    assert len(str(caught.value)) < 1_000


# A grammar that tries its parts in several ways would need hours, or years, for these.
@pytest.mark.parametrize(
    "text",
    [
        "a-" * 50_000,
        "a." * 50_000,
        "a_" * 50_000,
        "a/" * 50_000,
        "a:" * 50_000,
        "a@" * 50_000,
        "a__" * 33_000 + "!",
        "-" * 100_000,
        "a" * 50_000 + "-" * 50_000,
        "aa.aa-" * 16_000 + "!",
        "[" + ":" * 100_000,
        "r:" + "0" * 100_000 + "/",
        "a1" * 50_000,
        "A" * 100_000,
        "h." * 50_000 + "/app",
    ],
    ids=lambda text: f"{text[:6]}...",
)
def test_a_hostile_text_is_refused_at_once(text: str) -> None:
    assert ImageReference.try_parse(text) is None
    with pytest.raises(InputError):
        ImageReference.parse(text)


def test_two_spellings_of_one_image_are_equal() -> None:
    spellings = ["nginx:1", "library/nginx:1", "docker.io/nginx:1", "index.docker.io/nginx:1"]

    references = {ImageReference.parse(text) for text in spellings}

    assert len(references) == 1
    assert ImageReference.parse("nginx:1") != ImageReference.parse("nginx")
    assert ImageReference.parse("nginx:1") != ImageReference.parse("r.example/library/nginx:1")
    assert ImageReference.parse("nginx:1") != "nginx:1"


def test_pinning_keeps_the_spelling_and_the_tag() -> None:
    digest = Digest.parse(A)

    assert str(ImageReference.parse("nginx:1.27").pinned_to(digest)) == f"nginx:1.27@{A}"
    assert str(ImageReference.parse(f"nginx@{B}").pinned_to(digest)) == f"nginx@{A}"
    assert ImageReference.parse("nginx").pinned_to(digest) == ImageReference.parse(f"nginx@{A}")
    assert not ImageReference.parse("nginx").is_pinned
    assert ImageReference.parse("nginx").pinned_to(digest).is_pinned


@pytest.mark.parametrize("text", [A, B])
def test_a_digest_is_read_and_printed_as_it_was(text: str) -> None:
    assert str(Digest.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a1" * 32,
        "sha256:" + "a1" * 31,
        "sha256:" + "a1" * 32 + "a",
        "sha256:" + "A1" * 32,
        "sha512:" + "a1" * 32,
        "sha256:" + "a1" * 64,
        A + "\n",
        " " + A,
        "sha256:" + "\uff11" * 64,
    ],
)
def test_anything_else_is_no_digest(text: str) -> None:
    with pytest.raises(InputError, match="is not a digest"):
        Digest.parse(text)


@pytest.mark.parametrize(
    ("text", "normalised"),
    [
        ("nginx", "docker.io/library/nginx"),
        ("index.docker.io/nginx", "docker.io/library/nginx"),
        ("registry:5000/a/b", "registry:5000/a/b"),
        ("docker.io/" + "a1" * 32, "docker.io/library/" + "a1" * 32),
    ],
)
def test_a_repository_is_normalised(text: str, normalised: str) -> None:
    assert str(Repository.parse(text)) == normalised


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "nothing stands here"),
        ("nginx:1.27", "has no tag"),
        (f"nginx@{A}", "has no digest"),
        (f"nginx:1@{A}", "has no tag"),
        ("nginx\n", "white space"),
        ("Nginx", "lower case"),
        ("nginx@sha256:abc", "64 hex digits"),
        ("nginx:", "tag was expected"),
        ("https://quay.io/nginx", "has no scheme"),
        ("my_host.example/app", "host name"),
        ("p" * 248, "at most 255"),
    ],
)
def test_a_repository_has_neither_tag_nor_digest(text: str, words: str) -> None:
    with pytest.raises(InputError, match="is not a repository's name") as caught:
        Repository.parse(text)

    assert words in caught.value.problem
