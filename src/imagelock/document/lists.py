"""Long lists of objects, read a piece at a time.

``kubectl get --output yaml`` writes a whole cluster as one document, and its
nodes would take twenty times the memory of its text. The items are read some
at a time instead, each piece as a list of its own:

    apiVersion: v1       kind: List       kind: List       before what
    items:               items:           items:           is written
    - kind: Pod          - kind: Pod      - kind: Pod
      ...                  ...              ...
    - kind: Pod                           kind: List
      ...
    kind: List
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from imagelock.document.libyaml import has_properties
from imagelock.document.yaml import Chunk

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["pieces"]

_ENOUGH = 250_000  # characters of a piece, and the rest of its last item
_HEAD = 2_000  # characters at most before the items
_BEGINS = re.compile(r"(?:---[ \t]*\n)?(?:#[^\n]*\n)*(?:(?:apiVersion|kind): \S+\n)*items:\n( *)- ")
_KIND = re.compile(r"^kind: (\w*List)$", re.MULTILINE)
_API_VERSION = re.compile(r"^apiVersion: (\S+)$", re.MULTILINE)
_NEXT_KEY = re.compile(r"\n[^\s#-]")


def pieces(content: str, chunk: Chunk) -> Iterator[Chunk]:
    """Cut a document that is a long list of objects; yield nothing for any other.

    An anchor may be repeated in any item, so a list with anchors is not cut. A
    line of a quoted text may look like the beginning of an item: a piece is
    broken then, and the document has to be read at once.
    """
    start, end = chunk.start, chunk.end
    begins = _BEGINS.match(content, start, min(start + _HEAD, end))
    if begins is None:
        return
    item = f"\n{begins[1]}- "
    items_end = _end_of_items(content, begins.end(), end)
    tail = content[items_end : min(items_end + _HEAD, end)]
    kind = _KIND.search(f"{begins[0]}\n{tail}")
    if kind is None or has_properties(content, start, end):
        return
    api_version = _API_VERSION.search(content, start, begins.end())
    lead = f"apiVersion: {api_version[1] if api_version else 'v1'}\nkind: {kind[1]}\nitems:\n"
    position, first = begins.start(1), 0
    while (cut := content.find(item, position + _ENOUGH, items_end) + 1) > 0:
        yield Chunk(position, cut, lead, first)
        first += content.count(item, position - 1, cut - 1)
        position = cut
    if first:
        yield Chunk(position, end, lead, first)


def _end_of_items(content: str, position: int, end: int) -> int:
    """Find the key of the root that follows the items."""
    found = _NEXT_KEY.search(content, position, end)
    return found.start() + 1 if found else end
