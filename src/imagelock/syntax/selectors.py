"""Label selectors, as kubectl's ``--selector`` takes them.

selector    = requirement *( "," requirement )
requirement = key / "!" key / key operator value / key set "(" values ")"
operator    = "=" / "==" / "!=" / ">" / "<"
set         = "in" / "notin"
values      = [ value *( "," value ) ]
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, assert_never

from msgspec import Struct

from imagelock.core.place import Source
from imagelock.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Selector", "parse_selector"]

_Operator = Literal["in", "notin", "exists", "!", ">", "<"]

_NAME = r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
_DOMAIN = r"[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?"
_KEY = rf"(?P<key>(?:{_DOMAIN}/)?{_NAME})(?![-\w./])"
_VALUE = rf"(?:{_NAME})?"
_NO = re.compile(rf"\s*!\s*{_KEY}\s*")
_SET = re.compile(
    rf"\s*{_KEY}\s+(?P<operator>in|notin)\s*"
    rf"\((?P<values>\s*{_VALUE}\s*(?:,\s*{_VALUE}\s*)*)\)\s*"
)
_EXACT = re.compile(rf"\s*{_KEY}\s*(?P<operator>==|!=|=)\s*(?P<values>{_VALUE})(?![-\w./])\s*")
_ORDER = re.compile(rf"\s*{_KEY}\s*(?P<operator>[<>])\s*(?P<values>-?\d{{1,18}})(?!\w)\s*")
_EXISTS = re.compile(rf"\s*{_KEY}\s*")
_NUMBER = re.compile(r"-?\d{1,18}")
_FORMS = (_NO, _SET, _EXACT, _ORDER, _EXISTS)
_OPERATORS: dict[str, _Operator] = {
    "=": "in",
    "==": "in",
    "in": "in",
    "!=": "notin",
    "notin": "notin",
    "<": "<",
    ">": ">",
}


class _Requirement(Struct, frozen=True):
    key: str
    operator: _Operator
    values: frozenset[str]

    def holds(self, labels: Mapping[str, str]) -> bool:
        value = labels.get(self.key)
        match self.operator:
            case "in":
                return value in self.values
            case "notin":
                return value not in self.values
            case "exists":
                return value is not None
            case "!":
                return value is None
            case "<" | ">":
                return self._orders(value or "")
            case never:
                assert_never(never)

    def _orders(self, value: str) -> bool:
        if not _NUMBER.fullmatch(value):
            return False
        (bound,) = self.values
        return int(value) < int(bound) if self.operator == "<" else int(value) > int(bound)


class Selector(Struct, frozen=True):
    """What a label selector asks for; *text* is how it was written."""

    text: str
    requirements: tuple[_Requirement, ...]

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Say whether an object with these labels is selected."""
        return all(requirement.holds(labels) for requirement in self.requirements)


def parse_selector(text: str) -> Selector:
    """Read a label selector.

    Raises:
        InputError: It is none, or selects everything by saying nothing.
    """
    requirements = []
    at = 0
    while True:
        requirement, at = _requirement(text, at)
        requirements.append(requirement)
        if at == len(text):
            return Selector(text, tuple(requirements))
        at += 1  # the comma


def _requirement(text: str, at: int) -> tuple[_Requirement, int]:
    for form in _FORMS:
        found = form.match(text, at)
        if found and (found.end() == len(text) or text[found.end()] == ","):
            parts = found.groupdict()
            operator: _Operator = "!" if form is _NO else "exists"
            operator = _OPERATORS.get(parts.get("operator", ""), operator)
            values = (value.strip() for value in (parts.get("values") or "").split(","))
            return _Requirement(parts["key"], operator, frozenset(values)), found.end()
    raise InputError(
        "this is no label selector",
        place=f"--selector, column {at + 1}",
        excerpt=Source("", text).excerpt(at, len(text)) if text else "",
        hint="Such as app=shop, 'tier in (web, api)', '!canary'; several with commas.",
    )
