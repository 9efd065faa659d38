"""Documents as plain data, typed as kubectl reads them.

kubectl reads YAML with go-yaml v2: YAML 1.1's words for booleans and its octal
numbers, but no numbers to the base of sixty and no dates.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from imagelock.document.nodes import Alias, Mapping, Node, Scalar, Text
from imagelock.document.yaml import BrokenYamlError, chunks, parse
from imagelock.errors import InputError

if TYPE_CHECKING:
    from imagelock.core.place import Source

__all__ = ["Json", "load_documents"]

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

_MAX_NODES = 1_000_000  # nodes of one document, aliases followed: far above any manifest
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"), True),
    **dict.fromkeys(("false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"), False),
    **dict.fromkeys(("y", "Y"), True),
    **dict.fromkeys(("n", "N"), False),
}
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_INTEGER = re.compile(r"[-+]?(?:0[xX][0-9a-fA-F_]+|0[oO]?[0-7_]+|0[bB][01_]+|[1-9][0-9_]*|0)")
_SPECIAL_FLOATS = {".inf": "inf", "+.inf": "inf", "-.inf": "-inf", ".nan": "nan"}
_STRING_TAGS = {"!", "tag:yaml.org,2002:str", "tag:yaml.org,2002:binary"}


def load_documents(source: Source) -> list[Json]:
    """Return the documents of a YAML or JSON text as plain data; empty ones are left out.

    Raises:
        InputError: It is no YAML, is nested too deeply, or its aliases make it
            grow beyond what a manifest may have.
    """
    text = Text(source.text, source)
    roots: list[Node] = []
    try:
        for chunk in chunks(source.text):
            roots += parse(text, chunk)
    except BrokenYamlError as error:
        raise InputError(
            f"this is not YAML: {error.problem}",
            place=source.place(error.offset),
            excerpt=source.excerpt(error.offset),
            hint="Mend the file at this place.",
        ) from None
    loaded = [_Loader(source).load(root) for root in roots]
    return [document for document in loaded if document is not None]


class _Loader:
    """Makes plain data of one document, with a bound on how large it may become."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._left = _MAX_NODES

    def load(self, node: Node) -> Json:
        self._left -= 1
        if self._left < 0:
            raise InputError(
                f"its aliases make this document larger than {_MAX_NODES:,} nodes",
                place=self._source.name,
                hint="Write the values out, or remove the aliases.",
            )
        match node:
            case Alias(target=target):
                return self.load(target)
            case Scalar():
                return _typed(node)
            case Mapping():
                return self._mapping(node)
            case _:
                return [self.load(item) for item in node.items]

    def _mapping(self, mapping: Mapping) -> dict[str, Json]:
        merged: dict[str, Json] = {}
        own: dict[str, Json] = {}
        for key, value in mapping.pairs:
            name = self._key(key)
            if name == "<<" and isinstance(key, Scalar) and key.style == "":
                merged = {**self._merged(value), **merged}
            else:
                own[name] = self.load(value)
        return {**merged, **own}

    def _merged(self, value: Node) -> dict[str, Json]:
        loaded = self.load(value)
        sources = loaded if isinstance(loaded, list) else [loaded]
        merged: dict[str, Json] = {}
        for one in reversed(sources):
            if isinstance(one, dict):
                merged.update(one)
        return merged

    def _key(self, key: Node) -> str:
        target = key.target if isinstance(key, Alias) else key
        if isinstance(target, Scalar):
            return target.value
        raise InputError(
            "a key of a mapping must be one text",
            place=self._source.place(target.start),
            excerpt=self._source.excerpt(target.start),
        )


def _typed(scalar: Scalar) -> Json:
    value = scalar.value
    if scalar.style or scalar.tag in _STRING_TAGS:
        return value
    if value in _WORDS:
        return _WORDS[value]
    if _INTEGER.fullmatch(value):
        return _integer(value)
    if _FLOAT.fullmatch(value):
        return float(value)
    if value.lower() in _SPECIAL_FLOATS:
        return float(_SPECIAL_FLOATS[value.lower()])
    return value


def _integer(value: str) -> int | str:
    digits = value.replace("_", "").lower()
    sign = -1 if digits.startswith("-") else 1
    digits = digits.lstrip("+-")
    base = {"0x": 16, "0o": 8, "0b": 2}.get(digits[:2])
    try:
        if base is not None:
            return sign * int(digits[2:], base)
        if digits.startswith("0") and len(digits) > 1:
            return sign * int(digits, 8)
        return sign * int(digits)
    except ValueError:
        return value
