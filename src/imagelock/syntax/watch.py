"""A watch of the Kubernetes API: one line of it -> what happened, and the version to go on from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Raw, Struct, field
from msgspec.json import Decoder

from imagelock.core.cluster import Page
from imagelock.errors import InputError
from imagelock.syntax.kubernetes import parse_page

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Bookmark", "Changed", "Deleted", "ListedPage", "Refused", "WatchEvent"]
__all__ += ["parse_event", "parse_listed", "watch_parameters"]


class Changed(Struct, frozen=True):
    """An object was added or modified: a page of one object."""

    page: Page
    version: str


class Deleted(Struct, frozen=True):
    """An object is gone."""

    namespace: str
    name: str
    version: str


class Bookmark(Struct, frozen=True):
    """Nothing happened up to this version."""

    version: str


class Refused(Struct, frozen=True):
    """The server ends the watch: an HTTP status, and its account of it."""

    code: int
    message: str


WatchEvent = Changed | Deleted | Bookmark | Refused


class ListedPage(Struct, frozen=True):
    """A page of a list, and the version of the cluster that it shows."""

    page: Page
    version: str

    @property
    def continue_token(self) -> str:
        """The server's token for the next page; empty at the last one."""
        return self.page.continue_token


class _Metadata(Struct, rename="camel"):
    name: str = ""
    namespace: str = ""
    resource_version: str = ""


class _Head(Struct):
    """What stands in every object, and what in a Status."""

    metadata: _Metadata = field(default_factory=_Metadata)
    code: int = 0
    message: str = ""


class _Event(Struct):
    type: str
    object: Raw


_EVENT = Decoder(_Event)
_HEAD = Decoder(_Head)


def parse_event(line: bytes, *, name: str) -> WatchEvent:
    """Read one line of a watch; *name* is what is watched, for messages.

    Raises:
        InputError: It is no event, or one without the version to go on from.
        msgspec.DecodeError: It is no JSON, or not whole.
    """
    event = _EVENT.decode(line)
    head = _HEAD.decode(event.object)
    if event.type == "ERROR":
        return Refused(head.code, head.message)
    version = head.metadata.resource_version
    if not version:
        raise InputError("an event without a resource version", place=name)
    if event.type == "BOOKMARK":
        return Bookmark(version)
    if event.type == "DELETED":
        return Deleted(head.metadata.namespace, head.metadata.name, version)
    if event.type in {"ADDED", "MODIFIED"}:
        return Changed(parse_page(bytes(event.object), name=name), version)
    raise InputError(f"an event of the unknown type '{event.type}'", place=name)


def parse_listed(data: bytes | memoryview, *, name: str) -> ListedPage:
    """Read a page of a list, with its version.

    Raises:
        InputError: It is no list of what can be read, or one without a version.
    """
    page = parse_page(data, name=name)
    version = _HEAD.decode(data).metadata.resource_version
    if not version:
        raise InputError("a list without a resource version", place=name)
    return ListedPage(page, version)


def watch_parameters(version: str, *, seconds: int) -> Mapping[str, str]:
    """Return what asks for a watch from a version on, that the server ends after a time."""
    return {
        "watch": "1",
        "allowWatchBookmarks": "true",
        "resourceVersion": version,
        "timeoutSeconds": str(seconds),
    }
