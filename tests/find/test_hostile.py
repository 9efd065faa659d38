"""Texts made to take long: that these tests end is what they say."""

from __future__ import annotations

import pytest

from imagelock import api
from imagelock.core.lock import Lock, LockEntry
from imagelock.core.place import FilePlace
from imagelock.core.reference import Digest, ImageReference

DIGEST = Digest("sha256", "a" * 64)
LOCK = Lock((LockEntry(ImageReference.parse(f"nginx:1@{DIGEST}"), FilePlace("lock", 1)),))
MANY = 20_000


@pytest.mark.parametrize(
    "text",
    [
        "a: '" + "a:" * 500_000 + "'\n",
        "a: '" + "a/" * 500_000 + ":'\n",
        "a: '" + "a-" * 500_000 + "!'\n",
        "a: '" + "a.80:/" * 100_000 + "'\n",
        "a: '" + "A" * 1_000_000 + "'\n",
        "args: ['" + "=" * 500_000 + "']\n",
        "? " + "image" * 200_000 + "\n: x\n",
        "a: |\n" + "  [" + "a " * 200_000 + "\n  b = 1\n",
        "a: @\n" + " " * 500_000 + "image" + " " * 500_000 + "\n",
    ],
    ids=["colons", "slashes", "dashes", "ports", "letters", "equals", "key", "table", "broken"],
)
def test_a_long_text_of_nothing_ends(text: str) -> None:
    assert api.override(text, LOCK).text == text


@pytest.mark.parametrize(
    "text",
    [
        "a: |\n" + "  nginx:1\n" * MANY,
        "a: '" + "nginx:1," * MANY + "'\n",
        "containers:\n" + "- {image: nginx:1}\n" * MANY,
        "".join(f"k{i}: {{repository: nginx, tag: '1'}}\n" for i in range(MANY)),
        "".join(f"- {{image: &a{i} nginx:1}}\n- *a{i}\n" for i in range(MANY)),
        "a: |\n" + "  [[x]]\n  image = 'nginx:1'\n" * MANY,
    ],
    ids=["lines", "list", "containers", "keys", "anchors", "toml"],
)
def test_many_images_are_all_pinned(text: str) -> None:
    assert api.override(text, LOCK).text.count(str(DIGEST)) == MANY


def test_an_alias_bomb_is_walked_once() -> None:
    lines = ["a0: &a0 {image: nginx:1}"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 60)]
    text = "\n".join(lines) + "\n"

    assert api.override(text, LOCK).text.count(str(DIGEST)) == 1


def test_a_bomb_of_merge_keys_is_walked_once() -> None:
    lines = ["a0: &a0 {image: nginx:1}"]
    lines += [f"a{i}: &a{i} {{<<: [*a{i - 1}, *a{i - 1}]}}" for i in range(1, 500)]
    text = "\n".join(lines) + "\n"

    assert api.override(text, LOCK).text.count(str(DIGEST)) == 1


def test_a_tag_that_everything_shares_is_looked_up_once() -> None:
    text = "t: &t '1'\nx:\n" + "- {repository: nginx, tag: *t}\n" * MANY

    assert api.override(text, LOCK).text == text


def test_texts_in_texts_have_an_end() -> None:
    text = "image: nginx:1\n"
    for level in range(12):
        text = f"l{level}: |\n" + "".join(f"  {line}\n" for line in text.splitlines())

    assert api.override(text, LOCK).text.startswith("l11: |\n")


def test_parameters_of_ten_thousand_names_end() -> None:
    names = ", ".join(f"{{name: a{i}.image.tag, value: x}}" for i in range(10_000))
    deep = "{name: " + ".".join("a" * 5_000) + ", value: x}"
    text = f"source: {{helm: {{values: 'a: b', parameters: [{names}, {deep}]}}}}\n"

    assert api.override(text, LOCK).text == text


def test_nodes_of_one_document_are_not_taken_for_those_of_another() -> None:
    document = "---\na: {image: '{{ .x }}'}\nb: {image: nginx:1}\nc: |\n  image: nginx:1\n"

    assert api.override(document * 500, LOCK).text.count(str(DIGEST)) == 1_000
