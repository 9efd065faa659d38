"""Paths, selectors and patches of a simulated API server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from imagelock.syntax.selectors import parse_selector

if TYPE_CHECKING:
    from collections.abc import Iterator


class Address(Struct, frozen=True):
    """What a path names: a list, or an object of it."""

    plural: str
    namespace: str
    name: str


class Change(Struct, frozen=True):
    version: int
    what: str
    plural: str
    item: dict[str, Any]
    before: dict[str, Any] | None = None


def concerns(change: Change, address: Address) -> bool:
    if change.what == "BOOKMARK":
        return True
    return change.plural == address.plural and address.namespace in {"", key_of(change.item)[0]}


def is_selected(item: dict[str, Any], params: dict[str, str]) -> bool:
    selector = params.get("labelSelector")
    labels = item["metadata"].get("labels", {})
    return not selector or parse_selector(selector).matches(labels)


def selected(changes: Iterator[Change], params: dict[str, str]) -> Iterator[Change]:
    """Show changes as a watch with a selector does: what leaves the selection is deleted."""
    for change in changes:
        if change.what == "BOOKMARK":
            yield change
            continue
        is_in = is_selected(change.item, params)
        was_in = change.before is not None and is_selected(change.before, params)
        if is_in:
            yield change if was_in or change.what != "MODIFIED" else replace(change, what="ADDED")
        elif was_in:
            yield replace(change, what="DELETED")


def address_of(path: str) -> Address:
    parts = path.strip("/").split("/")[2:] if path.startswith("/api/") else path.split("/")[4:]
    namespace = ""
    if parts[:1] == ["namespaces"] and len(parts) > 2:
        namespace, parts = parts[1], parts[2:]
    plural, name = (*parts, "", "")[:2]
    return Address(plural, namespace, name)


def merge(held: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """Apply a JSON merge patch (RFC 7386)."""
    merged = dict(held)
    for key, value in change.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict):
            merged[key] = merge(merged.get(key) or {}, value)
        else:
            merged[key] = value
    return merged


def key_of(item: dict[str, Any]) -> tuple[str, str]:
    return item["metadata"].get("namespace", ""), item["metadata"]["name"]
