from __future__ import annotations

import pytest

from imagelock import api
from imagelock.core.lock import Lock, LockEntry
from imagelock.core.place import FilePlace
from imagelock.core.reference import Digest, ImageReference
from imagelock.find.site import Path, format_path

NUMBERS = Digest("sha256", "1234567890" * 6 + "1234")
LOCK = Lock((LockEntry(ImageReference.parse(f"nginx:1@{NUMBERS}"), FilePlace("lock", 1)),))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (None, "$"),
        (((None, "spec"), "image"), "$.spec.image"),
        (((None, "items"), 3), "$.items[3]"),
        (((None, "a.b"), "it's"), r"$['a.b']['it\'s']"),
        ((((None, "data"), "yaml:$"), "x"), "$.data >> yaml:$.x"),
    ],
)
def test_a_path_is_printed_as_people_write_it(path: Path, text: str) -> None:
    assert format_path(path) == text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("sha: ''", f"sha: '{NUMBERS.hex}'"),
        ("sha:", f'sha: "{NUMBERS.hex}"'),
        ("digest:", f"digest: {NUMBERS}"),
        ("digest: # c", f"digest: {NUMBERS} # c"),
        ('digest: ""', f'digest: "{NUMBERS}"'),
    ],
)
def test_a_digest_is_written_so_that_yaml_reads_a_text(before: str, after: str) -> None:
    text = "image:\n  repository: nginx\n  tag: 1\n  %s\n"

    assert api.override(text % before, LOCK).text == text % after


def test_hex_digits_in_a_text_in_a_text_get_the_other_quotes() -> None:
    text = 'values: "image:\\n  repository: nginx\\n  tag: 1\\n  sha:\\n"\n'

    assert f"sha: '{NUMBERS.hex}'" in api.override(text, LOCK).text


def test_a_place_without_room_for_quotes_is_told() -> None:
    inner = "image:\\n  repository: nginx\\n  tag: 1\\n  sha:\\n"
    text = f'x: \'{{"values": "{inner}"}}\'\n'
    result = api.override(text, LOCK)

    assert result.text == text
    assert "quotes inside quotes" in result.report.findings[0].message


def test_a_block_of_nothing_is_no_room_for_a_digest() -> None:
    text = "image:\n  repository: nginx\n  tag: 1\n  digest: |\n"

    assert api.override(text, LOCK).text == text


@pytest.mark.parametrize("before", ["? digest", "digest: &anchor", "digest: !!str"])
def test_a_key_without_a_place_for_its_value_is_told(before: str) -> None:
    text = f"image:\n  repository: nginx\n  {before}\n  tag: '1'\n"
    result = api.override(text, LOCK)

    assert result.text == text
    assert [finding.rule.name for finding in result.report.findings] == ["cannot-pin-here"]


def test_a_number_by_its_tag_does_not_become_a_text() -> None:
    text = "image: {repository: nginx, tag: !!int 1}\n"
    result = api.override(text, LOCK)

    assert result.text == text
    assert "YAML tag" in result.report.findings[0].message
