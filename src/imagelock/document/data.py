"""Documents as plain data, typed as kubectl reads them.

kubectl reads JSON as JSON, and YAML with go-yaml v2: YAML 1.1's words for
booleans and its octal numbers, but no numbers to the base of sixty; dates stay
text, and keys become text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

import msgspec

from imagelock.document.nodes import Alias, Mapping, Node, Scalar, Sequence, Text
from imagelock.document.yaml import MAX_DEPTH, BrokenYamlError, chunks, parse
from imagelock.errors import InputError

if TYPE_CHECKING:
    from imagelock.core.place import Source

__all__ = ["Json", "load_documents"]

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

_MAX_NODES = 1_000_000  # nodes of one document, aliases followed: far above any manifest
_WORDS: dict[str, bool | float | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"), True),
    **dict.fromkeys(("false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"), False),
    **dict.fromkeys(("y", "Y"), True),
    **dict.fromkeys(("n", "N"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
}
_NUMBER_START = frozenset("+-.0123456789")
_INTEGER = re.compile(
    r"[-+]?(?:0[xX](?P<hex>[0-9a-fA-F]+)|0[bB](?P<binary>[01]+)|0[oO]?(?P<octal>[0-7]+)"
    r"|(?P<decimal>0|[1-9][0-9]*))"
)
_BITS = 64
_BASES = {"hex": 16, "binary": 2, "octal": 8, "decimal": 10}
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_TAG = "tag:yaml.org,2002:"
# Tags that ask for what the text says; any other one makes a text of it.
_TYPED_TAGS = frozenset(_TAG + name for name in ("bool", "int", "float", "null"))


_NAMES = {bool: "bool", int: "int", float: "float", type(None): "null", str: "str"}
_INFINITE = (float("inf"), float("-inf"))


def load_documents(source: Source) -> list[Json]:
    """Return the documents of a YAML or JSON text as plain data; empty ones are left out.

    Raises:
        InputError: It is no YAML, is nested too deeply, or its aliases make it
            grow beyond what a manifest may have.
    """
    if source.text.lstrip()[:1] in {"{", "["}:
        try:
            return [cast("Json", msgspec.json.decode(source.text))]
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
            pass  # YAML in the style of JSON, or broken: what reads YAML knows the place
    return _load_yaml(source)


def _load_yaml(source: Source) -> list[Json]:
    text = Text(source.text, source)
    roots: list[Node] = []
    try:
        for chunk in chunks(source.text):
            roots += parse(text, chunk)
    except BrokenYamlError as error:
        raise _wrong(
            source, error.offset, f"this is not YAML: {error.problem}", "Mend the file here."
        ) from None
    loaded = [_Loader(source).load(root, 0) for root in roots]
    return [document for document in loaded if document is not None]


def _wrong(source: Source, offset: int, problem: str, hint: str) -> InputError:
    return InputError(
        problem, place=source.place(offset), excerpt=source.excerpt(offset), hint=hint
    )


class _Loader:
    """Makes plain data of one document, with a bound on how large it may become."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._left = _MAX_NODES

    def load(self, node: Node, depth: int) -> Json:
        self._left -= 1
        if self._left < 0 or depth > MAX_DEPTH:
            raise _wrong(
                self._source,
                node.start,
                f"its aliases make this document larger than {_MAX_NODES:,} nodes"
                f" or deeper than {MAX_DEPTH} levels",
                "Write the values out, or remove the aliases.",
            )
        match node:
            case Alias(target=target):
                return self.load(target, depth + 1)
            case Scalar():
                return self._typed(node)
            case Mapping():
                return self._mapping(node, depth + 1)
            case Sequence(items=items):
                return [self.load(item, depth + 1) for item in items]

    def _mapping(self, mapping: Mapping, depth: int) -> dict[str, Json]:
        loaded: dict[str, Json] = {}
        for key, value in mapping.pairs:
            if _is_merge(key):
                # What go-yaml v2 merges takes the place of a key before it.
                loaded.update(self._merged(value, depth))
            else:
                loaded[self._key(key)] = self.load(value, depth)
        return loaded

    def _merged(self, value: Node, depth: int) -> dict[str, Json]:
        loaded = self.load(value, depth)
        merged: dict[str, Json] = {}
        for one in reversed(loaded if isinstance(loaded, list) else [loaded]):
            if not isinstance(one, dict):
                raise self._cannot("only a mapping, or a list of mappings, can be merged", value)
            merged.update(one)
        return merged

    def _key(self, key: Node) -> str:
        target = key.target if isinstance(key, Alias) else key
        value = self._typed(target) if isinstance(target, Scalar) else None
        if value is None:
            raise self._cannot("a key of a mapping must be one text", target)
        if isinstance(value, bool):
            return "true" if value else "false"
        return f"{value:.8g}" if isinstance(value, float) else str(value)

    def _typed(self, scalar: Scalar) -> bool | float | str | None:
        if scalar.tag is not None and scalar.tag in _TYPED_TAGS:
            return self._typed_as(scalar.tag.removeprefix(_TAG), scalar)
        return scalar.value if scalar.style or scalar.tag else _read(scalar.value)

    def _typed_as(self, name: str, scalar: Scalar) -> bool | float | str | None:
        value = _read(scalar.value)
        found = _NAMES[type(value)]
        if found == name:
            return value
        if (found, name) == ("int", "float"):
            return float(cast("int", value))
        raise self._cannot(f"this is no {name}", scalar)

    def _cannot(self, problem: str, node: Node) -> InputError:
        return _wrong(self._source, node.start, problem, "kubectl would not read it either.")


def _is_merge(key: Node) -> bool:
    return (
        isinstance(key, Scalar)
        and key.value == "<<"
        and ((key.style == "" and key.tag is None) or key.tag == f"{_TAG}merge")
    )


def _read(value: str) -> bool | float | str | None:
    if value in _WORDS:
        return _WORDS[value]
    if value[0] not in _NUMBER_START:
        return value
    # go-yaml takes underscores out of what does not begin with a point.
    digits = value if value[0] == "." else value.replace("_", "")
    integer = _INTEGER.fullmatch(digits)
    number: float | None = None
    if integer:
        number = _integer(integer, is_negative=digits[0] == "-")
    if number is None and _FLOAT.fullmatch(digits):
        number = float(digits)
    return value if number is None or number in _INFINITE else number


def _integer(match: re.Match[str], *, is_negative: bool) -> int | None:
    """Return an integer if Go can hold it."""
    kind = match.lastgroup or ""
    if len(match[kind]) > _BITS:
        return None
    number = int(match[kind], _BASES[kind])
    if is_negative:
        return -number if number <= 2 ** (_BITS - 1) else None
    return number if number < 2**_BITS else None
