from __future__ import annotations

from imagelock.core.place import Source
from imagelock.document.nodes import Mapping, Node, Scalar, Sequence, Text
from imagelock.find.toml import is_toml, parse_toml

RUNNER = """\
concurrent = 4  # jobs

[[runners]]
  name = "build \\"one\\""
  [runners.kubernetes]
    image = "ubuntu:20.04" # the default
    helper = 'gitlab/helper:v17'
    "quoted key" = 1
[[runners]]
  [runners.kubernetes]
    image = \"""
alpine:3\"""
# image = "commented:1"
"""


def plain(node: Node) -> object:
    if isinstance(node, Mapping):
        return {key.value: plain(value) for key, value in node.pairs if isinstance(key, Scalar)}
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return node.value if isinstance(node, Scalar) else None


def read(text: str) -> object:
    return plain(parse_toml(Text(text, Source("x", text))))


def test_tables_become_mappings_and_lists_of_them() -> None:
    assert read(RUNNER) == {
        "concurrent": "4",
        "runners": [
            {
                "name": 'build "one"',
                "kubernetes": {"image": "ubuntu:20.04", "helper": "gitlab/helper:v17"}
                | {"?": '"quoted key" = 1'},
            },
            {"kubernetes": {"image": '"""', "?": 'alpine:3"""'}},
        ],
    }


def test_every_text_knows_where_it_stands() -> None:
    text = 'a = 1\n[t]\nimage = "x\\u0041:1"\nother = bare # comment\n'
    table = parse_toml(Text(text, Source("x", text))).get("t")
    assert isinstance(table, Mapping)
    image, other = table.get("image"), table.get("other")

    assert isinstance(image, Scalar)
    assert isinstance(other, Scalar)
    assert (image.value, image.raw) == ("xA:1", '"x\\u0041:1"')
    assert (other.value, other.raw) == ("bare", "bare")


def test_what_has_no_tables_is_no_toml() -> None:
    assert is_toml(RUNNER)
    assert not is_toml("a = 1\n")
    assert not is_toml("[a]\n")
    assert not is_toml('{"a": ["b=c"]}')
    assert not is_toml("a:\n  - [b]\n")


def test_tables_in_tables_have_an_end() -> None:
    assert read("[" + ".".join("a" * 10_000) + "]\nx = 1\n")
