"""Lists of lines: what is an entry, and what a damaged file is told."""

from __future__ import annotations

import pytest

from imagelock.core.place import FilePlace, Source
from imagelock.errors import InputError, InputErrors
from imagelock.syntax.lines import Entry, parse_entries


def texts(text: str) -> list[str]:
    return list(parse_entries(Source("list", text), lambda entry: entry.text))


def refused(text: str, *, encoding: str = "utf-8") -> InputError:
    with pytest.raises(InputError) as caught:
        parse_entries(Source("list", text, encoding=encoding), lambda entry: entry.text)
    return caught.value


def test_every_line_is_an_entry() -> None:
    assert texts("a\nb\nc") == ["a", "b", "c"]


def test_the_last_line_needs_no_end() -> None:
    assert texts("a\nb\n") == texts("a\nb") == ["a", "b"]


@pytest.mark.parametrize("text", ["", "\n", "  \n\t\n", "# nothing", "#\n # still nothing\r\n"])
def test_blank_lines_and_comments_are_no_entries(text: str) -> None:
    assert texts(text) == []


def test_a_comment_begins_at_the_line_or_after_white_space() -> None:
    assert texts("a # why\nb\t#why\n#c\n\t# d") == ["a", "b"]


def test_a_number_sign_inside_an_entry_begins_no_comment() -> None:
    assert texts("a#b\na#b # c") == ["a#b", "a#b"]


def test_windows_line_ends_are_line_ends() -> None:
    assert texts("a\r\n\r\nb # c\r\nd\r\r\n") == ["a", "b", "d"]


def test_white_space_around_an_entry_is_not_part_of_it() -> None:
    assert texts("  a\t \n\tb") == ["a", "b"]


def test_an_entry_knows_where_it_stands() -> None:
    source = Source("list", "# one\r\n\r\n  two # three\r\nfour")

    places = parse_entries(source, lambda entry: entry.place)

    assert places == (FilePlace("list", 3, 3), FilePlace("list", 4, 1))


def test_a_mistake_points_at_the_piece_of_the_entry() -> None:
    def parse(entry: Entry) -> str:
        raise entry.mistake("no b was expected", start=1, end=2, hint="Remove it.")

    with pytest.raises(InputError) as caught:
        parse_entries(Source("list", "\n  abc # x"), parse)

    assert str(caught.value) == (
        "list:2:4: no b was expected\n      abc # x\n       ^\n  Remove it."
    )


def test_all_mistakes_of_a_file_are_told_in_one_run() -> None:
    def parse(entry: Entry) -> str:
        if entry.text == "bad":
            raise entry.mistake("bad")
        return entry.text

    with pytest.raises(InputErrors) as caught:
        parse_entries(Source("list", "bad\ngood\nbad"), parse)

    assert [str(error.place) for error in caught.value.errors] == ["list:1:1", "list:3:1"]


def test_of_a_million_mistakes_twenty_are_told() -> None:
    def parse(entry: Entry) -> str:
        raise entry.mistake("bad")

    for text in ("x\n" * 1_000_000, "x\x1b\n" * 1_000_000):
        with pytest.raises(InputErrors) as caught:
            parse_entries(Source("list", text), parse)

        assert len(caught.value.errors) == 21
        assert str(caught.value.errors[-1]) == "list: and more mistakes"


@pytest.mark.parametrize(
    "marker", ["<<<<<<< HEAD", "=======", ">>>>>>> topic", "||||||| 1a2b3c", "=======\r"]
)
def test_a_merge_conflict_is_called_one(marker: str) -> None:
    error = refused(f"a\n{marker}\nb c d\n")

    assert error.problem == "a merge conflict was left in this file"
    assert str(error.place) == "list:2:1"


@pytest.mark.parametrize("line", ["<<<<<<<<", "======", "# =======", "========"])
def test_what_only_looks_like_a_merge_conflict_is_none(line: str) -> None:
    assert texts(line) == ([] if line.startswith("#") else [line])


def test_a_merge_conflict_is_told_once_and_nothing_else_of_the_file() -> None:
    error = refused("<<<<<<< a\nx y\n=======\nz\n>>>>>>> b\n")

    assert str(error).count("merge conflict") == 1


def test_a_binary_file_is_called_one() -> None:
    assert "binary file" in refused("\x7fELF\x00\x00\x00").problem


@pytest.mark.parametrize(
    "char", ["\x1b", "\x07", "\x0b", "\x0c", "\x7f", "\x85", "\u202e", "\u2066"]
)
def test_characters_that_cannot_be_seen_are_refused_even_in_comments(char: str) -> None:
    error = refused(f"a\nb # c{char}d\n")

    assert "cannot be seen" in error.problem
    assert f"U+{ord(char):04X}" in error.problem
    assert str(error.place) == "list:2:6"
    assert char not in str(error)


def test_a_carriage_return_inside_a_line_is_refused() -> None:
    assert "U+000D" in refused("a\rb\n").problem


def test_a_million_carriage_returns_are_read_in_no_time() -> None:
    assert texts("\r" * 1_000_000 + "\n") == []


def test_a_million_escape_characters_are_one_mistake() -> None:
    assert "U+001B" in refused("\x1b" * 1_000_000).problem


def test_several_hidden_characters_are_told_line_by_line() -> None:
    with pytest.raises(InputErrors) as caught:
        texts("\x1b\x1b\n\x1b\n")

    assert [str(error.place) for error in caught.value.errors] == ["list:1:1", "list:2:1"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("a\u00a0b", "U+00A0 (no-break space)"),
        ("\ufeffa", "U+FEFF (zero width no-break space)"),
        ("a\u200bb", "U+200B (zero width space)"),
        ("ä", "U+00E4 (latin small letter a with diaeresis)"),
    ],
)
def test_a_character_outside_ascii_is_named(text: str, name: str) -> None:
    assert name in refused(text).problem


def test_comments_are_in_any_language() -> None:
    assert texts("a # für Anaïs 👩‍💻 日本") == ["a"]


def test_two_entries_in_a_line_are_refused_at_the_second() -> None:
    error = refused("aa   bb cc")

    assert "one entry a line" in error.problem
    assert str(error.place) == "list:1:6"


def test_a_list_in_yaml_is_recognised() -> None:
    assert "not YAML" in refused("- a").hint


def test_an_absurdly_long_line_is_refused_and_shown_in_part() -> None:
    error = refused("a" * 1_000_000)

    assert "1,000,000" in error.problem
    assert len(str(error)) < 1_000


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le"])
def test_another_encoding_is_named(encoding: str) -> None:
    error = refused("a", encoding=encoding)

    assert encoding.upper() in error.problem
    assert str(error.place) == "list"


def test_a_list_without_end_is_refused_before_it_fills_the_memory() -> None:
    with pytest.raises(InputError) as caught:
        parse_entries(Source("list", "a\n" * 200_001), lambda entry: entry.text)

    assert caught.value.problem == "a list has at most 200,000 entries"
