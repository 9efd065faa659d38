"""What an API server says when a permission is missing."""

from __future__ import annotations

import re

from msgspec import Struct

__all__ = ["Missing", "parse_missing"]

_FORBIDDEN = re.compile(
    r'(?:User "(?P<user>[^"]+)" )?'
    r'cannot (?P<verb>\S+) resource "(?P<resource>[^"]+)" in API group "(?P<group>[^"]*)"'
    r'(?: in the namespace "(?P<namespace>[^"]+)")?'
)


class Missing(Struct, frozen=True, kw_only=True):
    """A permission that somebody does not have; *namespace* is empty for the whole cluster.

    It prints itself as a part of a sentence.
    """

    verb: str
    resource: str
    group: str
    namespace: str = ""
    user: str = ""

    def __str__(self) -> str:
        """Say which one it is."""
        group = f'API group "{self.group}"' if self.group else "the core API group"
        where = f"namespace {self.namespace}" if self.namespace else "the whole cluster"
        return f"verb '{self.verb}' on '{self.resource}' in {group}, for {where}"


def parse_missing(message: str) -> Missing | None:
    """Read which permission is missing; nothing where the message does not say so."""
    match = _FORBIDDEN.search(message)
    if match is None:
        return None
    said = {name: text or "" for name, text in match.groupdict().items()}
    return Missing(**said)
