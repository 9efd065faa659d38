"""Where something stands, and how it is drawn."""

from __future__ import annotations

import pytest

from imagelock.core.place import ClusterPlace, FilePlace, Source, printable


def at(text: str, needle: str) -> FilePlace:
    return Source("file", text).place(text.index(needle))


def test_lines_and_columns_count_from_one() -> None:
    assert at("image: x\n", "image") == FilePlace("file", 1, 1)
    assert at("a\nbc: x\n", "x") == FilePlace("file", 2, 5)


def test_a_line_that_ends_in_crlf_is_one_line() -> None:
    assert at("a\r\nb\r\nimage: x\r\n", "x") == FilePlace("file", 3, 8)


def test_the_last_line_needs_no_newline() -> None:
    assert at("a\nimage: x", "x") == FilePlace("file", 2, 8)


def test_the_end_of_a_text_has_a_place() -> None:
    assert Source("file", "").place(0) == FilePlace("file", 1, 1)
    assert Source("file", "ab").place(2) == FilePlace("file", 1, 3)
    assert Source("file", "ab\n").place(3) == FilePlace("file", 2, 1)


def test_columns_count_characters_not_bytes() -> None:
    assert at("ü: 🐳 x", "x") == FilePlace("file", 1, 6)


def test_a_place_carries_the_path_inside_the_document() -> None:
    assert Source("file", "image: x").place(7, "$.image") == FilePlace("file", 1, 8, "$.image")


def excerpt(text: str, needle: str) -> list[str]:
    start = text.index(needle)
    return Source("file", text).excerpt(start, start + len(needle)).split("\n")


def test_an_excerpt_underlines_the_piece_of_its_line() -> None:
    assert excerpt("first\n  image: nginx # no\nlast\n", "nginx") == [
        "      image: nginx # no",
        "             ~~~~^",
    ]


def test_one_character_is_underlined_by_the_arrow_alone() -> None:
    assert Source("file", "abc").excerpt(1).split("\n") == ["    abc", "     ^"]


@pytest.mark.parametrize("line_end", ["\r\n", "\n", ""])
def test_a_line_end_is_no_part_of_the_excerpt(line_end: str) -> None:
    assert excerpt(f"a\nimage: x{line_end}", "x") == ["    image: x", "           ^"]


def test_a_tab_takes_one_column_so_that_the_underline_fits() -> None:
    assert excerpt("\timage:\tx", "x") == ["     image: x", "            ^"]


def test_control_characters_are_drawn_as_dots_in_their_column() -> None:
    assert excerpt("a\x1b[2J\x00\u202eimage: x", "x") == [
        "    a·[2J··image: x",
        "                  ^",
    ]


def test_what_reaches_over_the_line_end_is_underlined_to_the_line_end() -> None:
    assert excerpt("key: one\ntwo\n", "one\ntwo") == ["    key: one", "         ~~^"]


def test_the_end_of_a_line_can_be_pointed_at() -> None:
    assert Source("file", "app:\nx").excerpt(4).split("\n") == ["    app:", "        ^"]
    assert Source("file", "app:").excerpt(4, 4).split("\n") == ["    app:", "        ^"]


@pytest.mark.parametrize("before", [0, 50, 95, 99, 100, 101, 500, 5_000])
@pytest.mark.parametrize("length", [1, 40, 100])
def test_a_long_line_is_shown_in_part_with_the_piece_in_it(before: int, length: int) -> None:
    needle = "N" * length

    line, underline = excerpt("-" * before + needle + "-" * 3_000, needle)

    assert len(line) == len("    ") + 100
    assert line[underline.index(underline.strip()) : len(underline)] == needle


def test_a_piece_that_is_longer_than_the_line_shown_is_cut() -> None:
    line, underline = excerpt("-" * 50 + "N" * 5_000, "N" * 5_000)

    assert line == "    " + "N" * 100
    assert underline == "    " + "~" * 99 + "^"


def test_file_places_print_as_terminals_and_editors_link_them() -> None:
    assert str(FilePlace("apps/web.yaml", 12, 7, "$.spec.image")) == "apps/web.yaml:12:7"
    assert str(FilePlace("apps/web.yaml", 12)) == "apps/web.yaml:12"
    assert str(FilePlace("apps/web.yaml")) == "apps/web.yaml"


def test_cluster_places_print_namespace_kind_name_and_container() -> None:
    pod = ClusterPlace(namespace="shop", kind="Pod", name="web-0", container="container app")

    assert str(pod) == "shop/Pod/web-0 container app"
    assert str(ClusterPlace(kind="Node", name="n1")) == "Node/n1"


def test_a_name_that_others_chose_cannot_rewrite_the_terminal() -> None:
    assert str(FilePlace("a\x1b[31m\nb", 1)) == "a\\x1b[31m\\nb:1"
    assert str(ClusterPlace(kind="Pod", name="a\x07\u202e")) == "Pod/a\\x07\\u202e"
    assert printable("plain ü 🐳") == "plain ü 🐳"


def test_a_source_names_itself_and_not_its_text() -> None:
    assert repr(Source("values.yaml", "secret" * 100)) == "Source('values.yaml', 600 characters)"
