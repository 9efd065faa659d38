"""external_images, <organisation>-images and the references of build jobs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from imagelock.core.allow_list import BareName, FullName
from imagelock.core.place import FilePlace, Source
from imagelock.core.reference import ImageReference, Repository
from imagelock.errors import InputError, InputErrors
from imagelock.syntax.lists import (
    parse_allow_list,
    parse_external,
    parse_references,
    parse_registry,
    render_references,
)

A = "sha256:" + "a" * 64
B = "sha512:" + "b" * 128


def refused_external(text: str) -> InputError:
    with pytest.raises(InputError) as caught:
        parse_external(Source("external_images", text))
    return caught.value


def refused_name(text: str) -> InputError:
    with pytest.raises(InputError) as caught:
        parse_allow_list(Source("acme-images", text))
    return caught.value


def test_an_external_image_has_a_digest() -> None:
    entries = parse_external(Source("external_images", f"nginx:1@{A}\nquay.io/a/b@{B} # why\n"))

    assert [entry.reference.normalised for entry in entries] == [
        f"docker.io/library/nginx:1@{A}",
        f"quay.io/a/b@{B}",
    ]
    assert entries[1].origin == FilePlace("external_images", 2, 1)


def test_an_external_image_without_a_digest_is_refused_at_its_end() -> None:
    error = refused_external("# pinned\nnginx:1.27  # soon\n")

    assert str(error) == (
        "external_images:2:11: this image ID has no digest: '@sha256:' and 64 hex digits were "
        "expected at its end\n"
        "    nginx:1.27  # soon\n"
        "              ^\n"
        "  Ask the registry for it, for example with: crane digest nginx:1.27"
    )


@pytest.mark.parametrize(
    ("line", "problem", "column"),
    [
        (f"Nginx@{A}", "a repository's name is in lower case", 1),
        (f"quay.io/Acme/x@{A}", "a repository's name is in lower case", 9),
        (f"nginx@{A[:-1]}", "a sha256 digest has 64 hex digits, and this one has 63", 14),
        (f"nginx@{A.upper()}", "a digest begins with 'sha256:' or 'sha512:'", 7),
        (f"nginx@sha256:{'A' * 64}", "the hex digits of a digest are 0-9 and a-f", 14),
        (f"nginx@md5:{'a' * 32}", "a digest begins with 'sha256:' or 'sha512:'", 7),
        (f"https://quay.io/a@{A}", "no scheme such as 'https://'", 1),
        (f"nginx@{A}#why", "0-9 and a-f", 78),
        ("a" * 64, "an image's own ID", 1),
    ],
)
def test_what_is_no_image_id_is_refused_where_it_goes_wrong(
    line: str, problem: str, column: int
) -> None:
    error = refused_external(line)

    assert problem in error.problem
    assert str(error.place) == f"external_images:1:{column}"


def test_an_image_id_in_quotes_is_told_to_leave_them_out() -> None:
    assert "leave the quotes out" in refused_external(f'"nginx@{A}"').hint


def test_the_same_line_twice_is_fine() -> None:
    assert len(parse_external(Source("external_images", f"nginx@{A}\n" * 2))) == 2


def test_every_mistake_of_external_images_is_told() -> None:
    with pytest.raises(InputErrors) as caught:
        parse_external(Source("external_images", f"nginx\nredis@{A}\nX@{A}\n"))

    assert len(caught.value.errors) == 2


def test_a_build_job_may_publish_an_image_id_without_a_digest_which_the_lock_then_refuses() -> None:
    published = parse_references(Source("image_references/a", f"r.example/x:1\nr.example/x@{A}\n"))

    assert [str(one.reference) for one in published] == ["r.example/x:1", f"r.example/x@{A}"]
    assert published[1].place == FilePlace("image_references/a", 2, 1)


def test_what_a_build_job_writes_cannot_write_to_the_terminal() -> None:
    with pytest.raises(InputError) as caught:
        parse_references(Source("image_references/\x1b[31m", "evil\x1b[2J\n"))

    assert "\x1b" not in str(caught.value)


def test_references_are_written_in_the_authors_spelling() -> None:
    image = ImageReference.parse(f"trustee/tx:1@{A}")

    assert render_references((image,)) == f"trustee/tx:1@{A}\n"


def test_a_name_with_a_registry_is_full_and_one_without_is_bare() -> None:
    names = parse_allow_list(
        Source("acme-images", "r.example:5000/a/b\na/b\nlocalhost/x\nindex.docker.io/x\n")
    ).names

    assert names[:2] == (
        FullName(Repository("r.example:5000", "a/b"), FilePlace("acme-images", 1, 1)),
        BareName("a/b", FilePlace("acme-images", 2, 1)),
    )
    assert [str(name) for name in names[2:]] == ["localhost/x", "docker.io/library/x"]


@pytest.mark.parametrize(
    ("line", "problem", "column"),
    [
        ("r.example/a:1.0", "no tag", 12),
        ("a:1.0", "no tag", 2),
        (f"r.example/a@{A}", "no digest", 12),
        (f"a/b:1@{A}", "no tag", 4),
        ("Acme", "in lower case", 1),
        ("r.example/a/", "one of them is missing", 13),
        ("a/*", "lower-case letters and digits", 3),
        ("https://r.example/a", "no scheme", 1),
    ],
)
def test_the_allow_list_holds_names_without_tag_and_digest(
    line: str, problem: str, column: int
) -> None:
    error = refused_name(line)

    assert problem in error.problem
    assert str(error.place) == f"acme-images:1:{column}"


@pytest.mark.parametrize(
    ("text", "registry"),
    [
        ("registry.gitlab.example", "registry.gitlab.example"),
        ("registry.gitlab.example:5050", "registry.gitlab.example:5050"),
        ("registry:5000", "registry:5000"),
        ("localhost", "localhost"),
        ("[::1]:5000", "[::1]:5000"),
        ("index.docker.io", "docker.io"),
        ("registry", None),
        ("", None),
        ("https://registry.gitlab.example", None),
        ("registry.gitlab.example/group", None),
        ("my_registry.example", None),
    ],
)
def test_a_registry_is_a_host_and_perhaps_a_port(text: str, registry: str | None) -> None:
    assert parse_registry(text) == registry


def test_the_examples_of_the_documentation_are_read() -> None:
    page = (Path(__file__).parents[2] / "docs" / "lists.md").read_text("utf-8")

    external, allowed, published = re.findall(r"```\n(.*?)```", page, re.DOTALL)

    assert len(parse_external(Source("lists.md", external))) == 2
    assert len(parse_allow_list(Source("lists.md", allowed))) == 2
    assert len(parse_references(Source("lists.md", published))) == 1
