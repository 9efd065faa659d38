"""Templates of others, and line breaks of others."""

from __future__ import annotations

import pytest

from imagelock import api
from imagelock.core.lock import Lock, LockEntry
from imagelock.core.place import FilePlace
from imagelock.core.reference import Digest, ImageReference

DIGEST = Digest("sha256", "a" * 64)
LOCK = Lock((LockEntry(ImageReference.parse(f"nginx:1@{DIGEST}"), FilePlace("lock", 1)),))


@pytest.mark.parametrize(
    "text",
    [
        "{% if x %}\nimage: nginx:1\n{% endif %}\n",
        "a:\n  {% if x %}image: nginx:1{% endif %}\n",
        "{# a: b: c #}\nimage: nginx:1\n",
    ],
)
def test_jinja_is_masked_where_no_other_template_stands(text: str) -> None:
    found = api.find(text)

    assert [(site.text, site.found_by) for site in found.sites] == [("nginx:1", "key")]
    assert not found.unread


def test_one_broken_document_between_lone_carriage_returns_leaves_the_others_alone() -> None:
    found = api.find("image: nginx:1\r---\rx: [\r---\ra: {image: nginx:2}\r")

    assert [(site.text, site.found_by) for site in found.sites] == [
        ("nginx:1", "key"),
        ("nginx:2", "key"),
    ]
    assert len(found.unread) == 1


def test_the_default_of_a_variable_in_a_container_is_pinned() -> None:
    result = api.override("containers: [{image: '${IMAGE:-nginx:1}'}]\n", LOCK)

    assert str(DIGEST) in result.text
    assert not result.report.findings


def test_behind_docker_the_address_is_told_that_has_a_digest() -> None:
    text = "args: ['docker://nginx:1']\n"
    result = api.override(text, LOCK)

    assert result.text == text
    assert f"write 'docker://nginx@{DIGEST}'" in result.report.findings[0].message


def test_an_address_with_a_digest_of_the_lock_is_pinned() -> None:
    found = api.override(f"args: ['docker://docker.io/library/nginx@{DIGEST}']\n", LOCK).report

    assert not found.findings
    assert found.summary["pinned before"] == 1
