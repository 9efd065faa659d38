"""What buildx, kaniko, buildah and docker leave behind."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from imagelock.core.place import Source
from imagelock.errors import InputError
from imagelock.syntax.builders import (
    Left,
    parse_digest_file,
    parse_inspect,
    parse_metadata,
    parse_names_file,
)

if TYPE_CHECKING:
    from collections.abc import Callable

A = "sha256:" + "a" * 64
B = "sha256:" + "b" * 64
CONFIG = "sha256:" + "c" * 64

BUILDX = {
    "buildx.build.provenance": {"buildType": "moby.buildkit.v1"},
    "buildx.build.ref": "builder/builder0/abc",
    "containerimage.config.digest": CONFIG,
    "containerimage.descriptor": {
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "digest": A,
        "size": 1609,
    },
    "containerimage.digest": A,
    "image.name": "quay.io/acme/app:1,quay.io/acme/app:latest",
}


def read(parse: Callable[[Source], Left], document: Any) -> Left:
    text = document if isinstance(document, str) else json.dumps(document)
    return parse(Source("left", text))


def refused(parse: Callable[[Source], Left], document: Any) -> InputError:
    with pytest.raises(InputError) as caught:
        read(parse, document)
    return caught.value


def names(left: Left) -> list[str]:
    return [str(reference) for reference in left.references]


def without(document: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key not in keys}


@pytest.mark.parametrize("text", [A, f"{A}\n", f"{A}\r\n", f"\n  {A}  \n"])
def test_a_digest_file_holds_a_digest(text: str) -> None:
    left = read(parse_digest_file, text)

    assert [str(digest) for digest in left.digests] == [A]
    assert left.references == ()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "this file is empty"),
        (A[:-1], "is not a digest"),
        (f"quay.io/acme/app@{A}", "is not a digest"),
        ("a" * 64, "is not a digest"),
    ],
)
def test_a_digest_file_holds_nothing_else(text: str, problem: str) -> None:
    error = refused(parse_digest_file, text)

    assert problem in error.problem
    assert str(error.place).startswith("left")


def test_kaniko_names_what_it_pushed_a_line_each() -> None:
    left = read(parse_names_file, f"quay.io/acme/app@{A}\nquay.io/acme/app:1@{A}\n")

    assert names(left) == [f"quay.io/acme/app@{A}", f"quay.io/acme/app:1@{A}"]
    assert left.digests == ()


@pytest.mark.parametrize(
    ("text", "problem"), [("", "this file is empty"), ("quay.io/a:1", "no digest"), (A, "image ID")]
)
def test_a_file_of_names_without_digests_is_refused(text: str, problem: str) -> None:
    assert problem in refused(parse_names_file, text).problem


def test_buildx_names_every_tag_that_it_pushed() -> None:
    assert names(read(parse_metadata, BUILDX)) == [
        f"quay.io/acme/app:1@{A}",
        f"quay.io/acme/app:latest@{A}",
    ]


def test_buildx_without_names_leaves_a_digest() -> None:
    left = read(parse_metadata, without(BUILDX, "image.name"))

    assert left.references == ()
    assert [str(digest) for digest in left.digests] == [A]


def test_the_descriptor_is_enough() -> None:
    left = read(parse_metadata, without(BUILDX, "containerimage.digest"))

    assert names(left)[0] == f"quay.io/acme/app:1@{A}"


def test_the_digest_of_the_configuration_is_never_taken() -> None:
    document = without(BUILDX, "containerimage.digest", "containerimage.descriptor")

    error = refused(parse_metadata, document)

    assert error.problem == "there is no 'containerimage.digest' in it"
    assert "pushed" in error.hint


def test_a_digest_and_a_descriptor_that_differ_are_refused() -> None:
    document = BUILDX | {"containerimage.descriptor": {"digest": B}}

    assert "different digests" in refused(parse_metadata, document).problem


def test_bake_names_the_images_of_every_target() -> None:
    document = {
        "buildx.build.warnings": [{"vertex": "sha256:1"}],
        "app": BUILDX,
        "docs": {"buildx.build.ref": "builder/builder0/def"},
        "db": {"containerimage.digest": B, "image.name": "quay.io/acme/db:1"},
    }

    assert names(read(parse_metadata, document)) == [
        f"quay.io/acme/app:1@{A}",
        f"quay.io/acme/app:latest@{A}",
        f"quay.io/acme/db:1@{B}",
    ]


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ("", "this file is empty"),
        ("{", "this is no JSON"),
        ("[" * 100_000, "not the JSON that was expected"),
        ([], "Expected 'object', got 'array'"),
        ({"containerimage.digest": 1}, "Expected 'str', got 'int'"),
        ({"containerimage.digest": A[:-1]}, "is not a digest"),
        ({"containerimage.digest": A, "image.name": "Acme/App X"}, "not an image ID"),
        ({}, "there is no 'containerimage.digest' in it"),
    ],
)
def test_what_is_no_metadata_is_refused(document: Any, problem: str) -> None:
    assert problem in refused(parse_metadata, document).problem


IMAGE = {
    "Id": CONFIG,
    "RepoTags": ["quay.io/acme/app:1", "quay.io/acme/app:2", "ghcr.io/acme/app:1"],
    "RepoDigests": [f"quay.io/acme/app@{A}", f"ghcr.io/acme/app@{B}"],
}


def test_docker_knows_a_digest_for_each_repository() -> None:
    assert names(read(parse_inspect, [IMAGE])) == [
        f"quay.io/acme/app:1@{A}",
        f"quay.io/acme/app:2@{A}",
        f"ghcr.io/acme/app:1@{B}",
    ]


def test_one_image_without_the_array_is_read_too() -> None:
    assert names(read(parse_inspect, IMAGE)) == names(read(parse_inspect, [IMAGE]))


def test_an_image_that_has_lost_its_tags_has_its_digest() -> None:
    document = [{"RepoTags": None, "RepoDigests": [f"quay.io/acme/app@{A}"]}]

    assert names(read(parse_inspect, document)) == [f"quay.io/acme/app@{A}"]


def test_what_docker_calls_none_is_nothing() -> None:
    document = [
        {
            "RepoTags": ["<none>:<none>"],
            "RepoDigests": ["<none>@<none>", f"quay.io/acme/app@{A}"],
        }
    ]

    assert names(read(parse_inspect, document)) == [f"quay.io/acme/app@{A}"]


@pytest.mark.parametrize(
    "document", [[], [{}], [{"Id": CONFIG, "RepoTags": ["app:1"], "RepoDigests": []}]]
)
def test_an_image_that_was_not_pushed_is_refused(document: Any) -> None:
    error = refused(parse_inspect, document)

    assert "it was not pushed" in error.problem
    assert "docker push" in error.hint


def test_what_a_stranger_wrote_cannot_write_to_the_terminal() -> None:
    error = refused(parse_metadata, {"containerimage.digest": "\x1b[31m"})

    assert "\x1b" not in str(error)


def test_broken_json_is_refused_at_its_place() -> None:
    with pytest.raises(InputError) as caught:
        parse_metadata(Source("metadata.json", '{"image.name":\n  oops}'))

    assert str(caught.value) == (
        "metadata.json:2:3: this is no JSON: expecting value\n"
        "      oops}\n"
        "      ^\n"
        "  Check that the option fits the file: see imagelock save --help."
    )
