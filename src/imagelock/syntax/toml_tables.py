"""Tables of a TOML document, read key by key: every mistake is noted at its place."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from imagelock.core.place import FilePlace, printable
from imagelock.errors import InputError
from imagelock.syntax.lines import raise_mistakes, refuse_damage
from imagelock.syntax.toml_keys import KeyPath, find_keys, span_of

if TYPE_CHECKING:
    from imagelock.core.place import Source, Span

__all__ = ["Key", "Reader", "expected", "read_document"]

# How tomllib ends its messages; what it counts, we count.
_WHERE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)\Z")
# bool before int and datetime before date: each is a kind of the other.
_KINDS: tuple[tuple[type, str], ...] = (
    (bool, "true or false"),
    (str, "text"),
    (int, "a number"),
    (float, "a number"),
    (list, "an array"),
    (dict, "a table"),
    (datetime, "a date with a time"),
    (date, "a date"),
    (time, "a time"),
)


class Key:
    """A key of a document, and what it is set to; the document itself is one without a name."""

    def __init__(self, document: _Document, path: KeyPath, value: object) -> None:
        self.value = value
        self._document = document
        self._path = path

    @property
    def place(self) -> FilePlace:
        """Where it stands."""
        return self._document.source.place(self._document.span(self._path).start)

    def rows(self) -> tuple[Key, ...]:
        """Return the tables of an array of tables.

        Raises:
            InputError: It is none.
        """
        if not isinstance(self.value, list):
            name = f"[[{self._path[-1]}]]"
            raise expected("an array of tables", self.value, f"Write {name}, in two brackets.")
        return tuple(self._inner(number, row) for number, row in enumerate(self.value))

    def read_table(self, readers: Mapping[str, Reader]) -> dict[str, Any]:
        """Read the keys of a table, each with its reader; mistakes in it are noted.

        Raises:
            InputError: It is no table.
        """
        if not isinstance(self.value, dict):
            raise expected("a table", self.value)
        keys = {name: self._inner(name, value) for name, value in self.value.items()}
        read: dict[str, Any] = {}
        for name, key in keys.items():
            if name in readers:
                key._note_or(readers[name], read)  # noqa: SLF001  (another key of this class)
            else:
                key._refuse_unknown(readers)  # noqa: SLF001
        return read

    def note(self, problem: str, hint: str = "") -> None:
        """Note a mistake at this key."""
        span = self._document.span(self._path)
        source = self._document.source
        excerpt = source.excerpt(span.start, span.end)
        self._document.mistakes.append(
            InputError(problem, place=source.place(span.start), excerpt=excerpt, hint=hint)
        )

    def _inner(self, name: str | int, value: object) -> Key:
        return Key(self._document, (*self._path, name), value)

    def _note_or(self, reader: Reader, read: dict[str, Any]) -> None:
        name = str(self._path[-1])
        try:
            read[name] = reader(self)
        except InputError as error:
            read[name] = None  # it was given, and the document is refused in the end
            self.note(f"{name}: {error.problem}", error.hint)

    def _refuse_unknown(self, readers: Mapping[str, Reader]) -> None:
        from difflib import get_close_matches

        name = str(self._path[-1])
        near = get_close_matches(name.replace("_", "-"), readers, n=1)
        hint = f"Did you mean '{near[0]}'? " if near else ""
        self.note(
            f"there is no key '{printable(name)}' here",
            f"{hint}The keys are {', '.join(readers)}.",
        )


Reader = Callable[[Key], object]


def read_document(source: Source, readers: Mapping[str, Reader]) -> dict[str, Any]:
    """Read a document, each key with its reader, which raises `InputError`.

    Raises:
        InputError: It is no TOML, or has one mistake.
        InputErrors: It has several.
    """
    refuse_damage(source)
    values = _parse(source)
    document = _Document(source)
    read = Key(document, (), values).read_table(readers)
    raise_mistakes(sorted(document.mistakes, key=_line_of))
    return read


def expected(what: str, value: object, hint: str = "") -> InputError:
    """Make the error about a value of another kind."""
    kind = next((name for type_, name in _KINDS if isinstance(value, type_)), "something else")
    return InputError(f"{what} was expected, and this is {kind}", hint=hint)


class _Document:
    """A text, the places of its keys, and the mistakes so far."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.mistakes: list[InputError] = []
        self._spans = find_keys(source.text)

    def span(self, path: KeyPath) -> Span:
        return span_of(path, self._spans)


def _parse(source: Source) -> dict[str, object]:
    try:
        return tomllib.loads(source.text)
    except RecursionError:
        raise InputError(
            "this is nested too deep for a configuration", place=FilePlace(source.name)
        ) from None
    except ValueError as error:  # TOMLDecodeError, and numbers with thousands of digits
        where = _WHERE.search(str(error))
        offset = _offset(source.text, where)
        reason = printable(_WHERE.sub("", str(error)))
        raise InputError(
            f"this is not TOML: {reason[:1].lower()}{reason[1:]}",
            place=source.place(offset),
            excerpt=source.excerpt(offset),
            hint='Text stands in quotes, such as policy = "locked".',
        ) from None


def _offset(text: str, where: re.Match[str] | None) -> int:
    if where is None:
        return 0
    if where[1] is None:
        return len(text.rstrip())
    lines = text.split("\n")[: int(where[1]) - 1]
    return min(len(text), sum(len(line) + 1 for line in lines) + int(where[2]) - 1)


def _line_of(mistake: InputError) -> tuple[int, int]:
    place = mistake.place
    return (place.line, place.column) if isinstance(place, FilePlace) else (0, 0)
