"""Long lists of objects, read a piece at a time.

``kubectl get --output yaml`` (or ``json``) writes a whole cluster as one
document, and its nodes would take twenty times the memory of its text. The items
are read some at a time instead, each piece as a list of its own:

    apiVersion: v1       kind: List       kind: List       what is read before
    items:               items:           items:           each piece
    - kind: Pod          - kind: Pod      - kind: Pod
      ...                  ...              ...
    - kind: Pod                           kind: List
      ...
    kind: List
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from imagelock.document.compose import BREAKS
from imagelock.document.yaml import Chunk

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["pieces"]

_ENOUGH = 250_000  # characters of a piece, and the rest of its last item
_HEAD = 2_000  # characters at most before the items, and of the kind behind them
_NEXT_KEY = re.compile(r"\n[^\s#-]")  # at the margin


# An anchor or a tag: where it stands, a piece may not be read without the others.
_PROPERTY = re.compile(rf"(?:\A|[-:?,\[{{{BREAKS}\ufeff])[ \t]*(?:!|&[A-Za-z0-9_-])")


class _Form(Struct, frozen=True):
    """How a list is written, and what is written around a piece of it.

    *begins* ends where the items do, at the group ``items``; what *item* is made of is its
    group ``same``, and how each one begins.
    """

    begins: re.Pattern[str]
    item: str
    kind: re.Pattern[str]
    api_version: re.Pattern[str]
    lead: str
    trail: str


_BLOCK = _Form(
    begins=re.compile(
        r"(?:---[ \t]*\n)?(?:#[^\n]*\n)*(?:(?:apiVersion|kind): \S+\n)*items:\n"
        r"(?P<items>)(?P<same> *)- "
    ),
    item="\n{same}- ",
    kind=re.compile(r"^kind: (\w*List)$", re.MULTILINE),
    api_version=re.compile(r"^apiVersion: (\S+)$", re.MULTILINE),
    lead="apiVersion: {api_version}\nkind: {kind}\nitems:\n",
    trail="",
)
_FLOW = _Form(
    begins=re.compile(
        r'\{\n(?: +"(?:apiVersion|kind)": "[^"\n]+",\n)* +"items": \[\n(?P<items>)(?P<same> +)\{\n'
    ),
    item="\n{same}{{\n",
    kind=re.compile(r'^ +"kind": "(\w*List)",?$', re.MULTILINE),
    api_version=re.compile(r'^ +"apiVersion": "([^"\n]+)",$', re.MULTILINE),
    lead='{{"apiVersion": "{api_version}", "kind": "{kind}", "items": [\n',
    trail="]}",
)
# As `kubectl get --raw` writes it, and whatever has no reader: all on one line.
_ONE_LINE = _Form(
    begins=re.compile(
        r'\{(?:"(?:apiVersion|kind)":"[^"\n]+",|"metadata":\{[^{}\n]*\},)*"items":\['
        r'(?P<items>)(?=\{(?P<same>"\w+"):)'
    ),
    item=",{{{same}:",
    kind=re.compile(r'"kind":"(\w*List)"'),
    api_version=re.compile(r'"apiVersion":"([^"\n]+)"'),
    lead='{{"apiVersion": "{api_version}", "kind": "{kind}", "items": [',
    trail="]}",
)

_LINE_END = re.compile(
    r'\](?:,(?:"(?:apiVersion|kind)":"[^"\n]+"|"metadata":\{[^{}\n]*\}))*\}\s*\Z'
)


def pieces(content: str, chunk: Chunk) -> Iterator[Chunk]:
    """Cut a document that is a long list of objects; yield nothing for any other.

    An anchor may be repeated in any item, so a list with anchors is not cut. What
    is inside an item may look like the beginning of one: a piece is broken then,
    and the document has to be read at once.
    """
    form = _form_of(content, chunk.start)
    begins = form.begins.match(content, chunk.start, min(chunk.start + _HEAD, chunk.end))
    if begins is None:
        return
    items_end = _end_of_items(form, begins, content, chunk.end)
    tail = content[items_end : min(items_end + _HEAD, chunk.end)]
    kind = form.kind.search(f"{begins[0]}\n{tail}")
    if kind is None or _has_properties(content, chunk.start, chunk.end):
        return
    api_version = form.api_version.search(begins[0])
    lead = form.lead.format(api_version=api_version[1] if api_version else "v1", kind=kind[1])
    item = form.item.format(same=begins["same"])
    position = begins.start("items")
    while (cut := content.find(item, position + _ENOUGH, items_end) + 1) > 0:
        yield Chunk(position, cut, lead, form.trail)
        position = cut
    if position > begins.start("items"):
        yield Chunk(position, chunk.end, lead, "")


def _form_of(content: str, start: int) -> _Form:
    if not content.startswith("{", start):
        return _BLOCK
    return _FLOW if content.startswith("{\n", start) else _ONE_LINE


def _end_of_items(form: _Form, begins: re.Match[str], content: str, end: int) -> int:
    """Find what follows the items: it is read with the last piece."""
    if form is _FLOW:
        shorter = begins["same"][: len(begins["same"]) // 2]
        found = content.find(f"\n{shorter}]", begins.end(), end)
        return found + 1 if found >= 0 else end
    if form is _ONE_LINE:
        ends = _LINE_END.search(content, max(end - _HEAD, begins.end()), end)
        return ends.start() if ends else end
    following = _NEXT_KEY.search(content, begins.end(), end)
    return following.start() + 1 if following else end


def _has_properties(content: str, start: int, end: int) -> bool:
    """Say whether a node may have an anchor or a tag; ``False`` is certain."""
    may_have = content.find("!", start, end) >= 0 or content.find("&", start, end) >= 0
    return may_have and _PROPERTY.search(content, start, end) is not None
