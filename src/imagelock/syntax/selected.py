"""The objects of an answer that a label selector selects; an API server does this itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import Raw, Struct
from msgspec.json import Decoder, encode

from imagelock.core.resources import NODES

if TYPE_CHECKING:
    from imagelock.syntax.selectors import Selector

__all__ = ["select"]


class _Metadata(Struct):
    labels: dict[str, str] | None = None


class _Labelled(Struct):
    kind: str = ""
    metadata: _Metadata | None = None


class _List(Struct, rename="camel", omit_defaults=True):
    kind: str = ""
    api_version: str = ""
    metadata: Raw = Raw(b"{}")
    items: list[Raw] | None = None


_LABELLED = Decoder(_Labelled)
_LIST = Decoder(_List)
_NOTHING = b'{"kind":"List","items":[]}'


def select(data: bytes, selector: Selector) -> tuple[bytes, int]:
    """Return an answer without what is not selected, and how many objects that are.

    Nodes are not selected by labels: they hold the images of all.

    Raises:
        msgspec.DecodeError: It is no JSON, or its labels are none.
    """
    listing = _LIST.decode(data)
    if not listing.kind.endswith("List"):
        return (data, 0) if _is_selected(data, selector) else (_NOTHING, 1)
    if listing.items is None:
        return data, 0
    of_nodes = listing.kind == f"{NODES.kind}List"
    selected = [item for item in listing.items if of_nodes or _is_selected(item, selector)]
    left_out = len(listing.items) - len(selected)
    return encode(msgspec.structs.replace(listing, items=selected)), left_out


def _is_selected(item: bytes | Raw, selector: Selector) -> bool:
    labelled = _LABELLED.decode(item)
    labels = labelled.metadata.labels if labelled.metadata is not None else None
    return labelled.kind == NODES.kind or selector.matches(labels or {})
