"""Lists of lines: comments, blanks, CRLF, BOM, and errors with their column.

    source ──► damage? ──► entries, each with its place ──► values, or every mistake

A damaged file (a merge conflict, control characters, another encoding) is told
as such, and not as a hundred entries that are none.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct

from imagelock.core.place import FilePlace, Source
from imagelock.errors import InputError, InputErrors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["Entry", "parse_entries", "raise_mistakes", "refuse_damage"]

MAX_ENTRY_LENGTH = 1_024  # characters: the longest image ID with a DNS name has fewer than 800
MAX_ENTRIES = 200_000  # in a list: as many image IDs as its largest size has room for
MAX_MISTAKES = 20  # told of one file; nobody reads more, and a hostile file has a million

_CONFLICT = re.compile(r"^(?:<{7}|\|{7}|={7}|>{7})(?=[ \r\n]|\Z)", re.MULTILINE)
# Of the control characters a tab and a carriage return at the end of a line are
# harmless. The last two ranges turn the direction of text: a reviewer would
# read another line than the program does.
_DAMAGE = re.compile(
    "(?P<char>[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\\u202a-\\u202e\\u2066-\\u2069]"
    "|\\r(?![\\r\\n]|\\Z))[^\\n]*"  # and the rest of the line: one mistake a line is enough
)
_STRANGE = re.compile(r"[^!-~]")
_WHITE = " \t\r"

T = TypeVar("T")


class Entry(Struct, frozen=True):
    """What one line of a list says, without its comment and the white space around it."""

    source: Source
    text: str
    start: int

    @property
    def place(self) -> FilePlace:
        """Where it begins."""
        return self.source.place(self.start)

    def mistake(
        self, problem: str, *, start: int = 0, end: int | None = None, hint: str = ""
    ) -> InputError:
        """Make the error about a piece of the entry; without *end* about the rest of it."""
        first = self.start + start
        last = self.start + (len(self.text) if end is None else end)
        return _mistake(self.source, first, last, problem, hint)


def parse_entries(source: Source, parse: Callable[[Entry], T]) -> tuple[T, ...]:
    """Read a list of lines: every entry with *parse*, which raises `InputError`.

    Raises:
        InputError: The file is damaged, or has one mistake.
        InputErrors: It has several.
    """
    refuse_damage(source)
    values = []
    mistakes = []
    for count, entry in enumerate(_entries(source), 1):
        if count > MAX_ENTRIES:
            raise _too_many(source)
        try:
            _refuse_what_is_no_entry(entry)
            values.append(parse(entry))
        except InputError as mistake:
            mistakes.append(mistake)
            if len(mistakes) > MAX_MISTAKES:
                break
    raise_mistakes(mistakes)
    return tuple(values)


def raise_mistakes(mistakes: Sequence[InputError]) -> None:
    """Raise the mistakes of one file together, if there are any."""
    if not mistakes:
        return
    told = list(mistakes[:MAX_MISTAKES])
    if len(mistakes) > MAX_MISTAKES:
        told.append(InputError("and more mistakes", place=getattr(told[0].place, "file", None)))
    if len(told) == 1:
        raise told[0]
    raise InputErrors(told)


def refuse_damage(source: Source) -> None:
    """Make sure that a file is the UTF-8 text that somebody wrote.

    Raises:
        InputError: It is in UTF-16 or UTF-32, a merge conflict was left in it,
            or it holds characters that no list and no configuration needs.
        InputErrors: It holds several such characters.
    """
    if source.encoding != "utf-8":
        raise InputError(
            f"UTF-8 was expected, and this file is in {source.encoding.upper()}",
            place=FilePlace(source.name),
            hint="Save it as UTF-8; grep, sort and reviewers cannot read it otherwise.",
        )
    _refuse_conflict(source)
    _refuse_control_characters(source)


def _refuse_conflict(source: Source) -> None:
    marker = _CONFLICT.search(source.text)
    if marker:
        raise _mistake(
            source,
            marker.start(),
            marker.end(),
            "a merge conflict was left in this file",
            "Keep what is right and remove the lines with <<<<<<<, |||||||, ======= and >>>>>>>; "
            "for images.lock run 'imagelock lock' after that of the lists.",
        )


def _refuse_control_characters(source: Source) -> None:
    nul = source.text.find("\0")
    if nul >= 0:
        raise InputError(
            "text was expected, and this is a binary file (it holds a NUL byte)",
            place=source.place(nul),
            hint="Check the path, or the program that wrote it.",
        )
    found = islice(_DAMAGE.finditer(source.text), MAX_MISTAKES + 1)
    raise_mistakes([_damage(source, match) for match in found])


def _damage(source: Source, match: re.Match[str]) -> InputError:
    start, name = match.start(), _name_of(match["char"])
    problem = f"text was expected, and here is a character that cannot be seen: {name}"
    return _mistake(source, start, start + 1, problem, "Remove it.")


def _too_many(source: Source) -> InputError:
    return InputError(
        f"a list has at most {MAX_ENTRIES:,} entries",
        place=FilePlace(source.name),
        hint="Check that this is the file you meant, or the job that wrote it.",
    )


def _entries(source: Source) -> Iterator[Entry]:
    start = 0
    for line in source.text.split("\n"):
        body = line[: _comment_in(line)]
        text = body.strip(_WHITE)
        if text:
            yield Entry(source, text, start + len(body) - len(body.lstrip(_WHITE)))
        start += len(line) + 1


def _comment_in(line: str) -> int:
    """Return where the comment begins: a '#' at the beginning or after white space."""
    found = line.find("#")
    while found > 0 and line[found - 1] not in _WHITE:
        found = line.find("#", found + 1)
    return len(line) if found < 0 else found


def _refuse_what_is_no_entry(entry: Entry) -> None:
    text = entry.text
    if len(text) > MAX_ENTRY_LENGTH:
        raise entry.mistake(
            f"an entry has at most {MAX_ENTRY_LENGTH:,} characters, and this one has {len(text):,}",
            hint="Check that this is the file you meant.",
        )
    strange = _STRANGE.search(text)
    if strange is None:
        return
    if strange[0] in _WHITE:
        raise _two_entries(entry, strange.start())
    raise entry.mistake(
        f"{_name_of(strange[0])} was not expected here",
        start=strange.start(),
        end=strange.end(),
        hint="It often comes from copying out of a web page; type the line again.",
    )


def _two_entries(entry: Entry, position: int) -> InputError:
    if position == 1 and entry.text[0] in "-*":
        return entry.mistake(
            f"one entry a line was expected, and nothing before it such as '{entry.text[0]} '",
            end=1,
            hint="This is a plain list and not YAML: begin the line with the name.",
        )
    second = len(entry.text) - len(entry.text[position:].lstrip(_WHITE))
    return entry.mistake(
        "one entry a line was expected, and something follows it",
        start=second,
        hint="Begin a new line; a comment begins with ' #'.",
    )


def _name_of(char: str) -> str:
    import unicodedata

    code = f"U+{ord(char):04X}"
    name = unicodedata.name(char, "control character")
    return f"{code} ({name.lower()})"


def _mistake(source: Source, start: int, end: int, problem: str, hint: str) -> InputError:
    return InputError(
        problem, place=source.place(start), hint=hint, excerpt=source.excerpt(start, end)
    )
