"""Kubernetes API objects (a live answer, or what kubectl saved) -> Page."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, NoReturn, TypeVar

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType, field
from msgspec.json import Decoder

from imagelock.core.cluster import Node, Page, Pod, Workload
from imagelock.core.place import FilePlace, Source, printable
from imagelock.errors import InputError
from imagelock.syntax.kinds import KINDS, Object, PodObject, read_object, read_pod

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["parse_page"]

_T = TypeVar("_T")

_HINT = "Save it again: kubectl get pods -A -o json > pods.json"
_BOM = b"\xef\xbb\xbf"
_A_POD_LIST = re.compile(rb'\s*\{\s*"kind"\s*:\s*"PodList"')
_BYTE = re.compile(r"\(byte (\d+)\)")
_BEFORE, _AFTER = 60, 40  # bytes of a broken line that are shown around the break


def parse_page(data: bytes, *, name: str) -> Page:
    """Read one answer: a list of one kind, a ``List`` of several, or a single object.

    Raises:
        InputError: It is none of these, or is broken: empty, cut off, no JSON,
            an error of the API server, objects that name no image.
    """
    data = data.removeprefix(_BOM)
    if not data.strip():
        raise InputError(
            "this is empty, and JSON of the Kubernetes API was expected",
            place=FilePlace(name),
            hint=_HINT,
        )
    try:
        return _page(data, name)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        _refuse(error, data, name)


class _ListMetadata(Struct):
    continue_token: str = field(name="continue", default="")
    remaining: int | None = field(name="remainingItemCount", default=None)


class _Header(Struct):
    kind: str = ""
    message: str = ""


class _PodList(Struct):
    kind: str
    items: list[PodObject] | UnsetType | None = UNSET
    metadata: _ListMetadata = field(default_factory=_ListMetadata)


class _List(Struct):
    items: list[Raw] | UnsetType | None = UNSET
    metadata: _ListMetadata = field(default_factory=_ListMetadata)


_HEADER = Decoder(_Header)
_POD_LIST = Decoder(_PodList)
_LIST = Decoder(_List)


def _page(data: bytes, name: str) -> Page:
    # Nearly every page of a large cluster is a PodList, and it needs one pass only.
    if _A_POD_LIST.match(data):
        answer = _POD_LIST.decode(data)
        if answer.kind == "PodList":
            pods = [read_pod(pod) for pod in _listed(answer.items, name)]
            return _page_of("PodList", pods, name, answer.metadata)
    header = _HEADER.decode(data)
    if header.kind == "Status":
        _refuse_status(header.message, name)
    if header.kind == "List":
        return _mixed(data, name)
    kind = header.kind.removesuffix("List")
    if kind not in KINDS:
        _refuse_kind(header.kind, name)
    if kind == header.kind:
        return _page_of(kind, [read_object(kind, data)], name, _ListMetadata())
    return _single_kind(kind, data, name)


def _single_kind(kind: str, data: bytes, name: str) -> Page:
    listing = _LIST.decode(data)
    objects = _read((kind, item) for item in _listed(listing.items, name))
    return _page_of(f"{kind}List", objects, name, listing.metadata)


def _mixed(data: bytes, name: str) -> Page:
    listing = _LIST.decode(data)
    items = [(_HEADER.decode(item).kind, item) for item in _listed(listing.items, name)]
    others = Counter(kind or "(none)" for kind, _ in items if kind not in KINDS)
    objects = _read((kind, item) for kind, item in items if kind in KINDS)
    page = _page_of("List", objects, name, listing.metadata)
    return msgspec.structs.replace(page, others=tuple(sorted(others.items())))


def _listed(items: list[_T] | UnsetType | None, name: str) -> list[_T]:
    if items is UNSET:
        raise InputError(
            "this list has no 'items'", place=FilePlace(name, path="$.items"), hint=_HINT
        )
    return items or []


def _read(items: Iterable[tuple[str, Raw]]) -> list[Object]:
    objects: list[Object] = []
    for kind, item in items:
        try:
            objects.append(read_object(kind, item))
        except msgspec.ValidationError as error:
            # The path in it starts at the object, so the object has to be named.
            place = f"of {kind} number {len(objects) + 1}"
            raise msgspec.ValidationError(f"{error} {place}") from error
    return objects


def _page_of(kind: str, objects: Sequence[Object], name: str, metadata: _ListMetadata) -> Page:
    return Page(
        kind=kind,
        name=name,
        pods=tuple(found for found in objects if isinstance(found, Pod)),
        workloads=tuple(found for found in objects if isinstance(found, Workload)),
        nodes=tuple(found for found in objects if isinstance(found, Node)),
        continue_token=metadata.continue_token,
        remaining=metadata.remaining or 0,
    )


def _refuse_status(message: str, name: str) -> NoReturn:
    raise InputError(
        f"this is an error that the API server answered: {printable(message) or 'it says no more'}",
        place=FilePlace(name),
        hint="Mend what it says and ask again.",
    )


def _refuse_kind(kind: str, name: str) -> NoReturn:
    what = f"this holds '{printable(kind)}'" if kind else "this has no 'kind'"
    raise InputError(
        f"{what}, and pods, workloads or nodes were expected",
        place=FilePlace(name, path="$.kind"),
        hint=_HINT,
    )


def _refuse(error: Exception, data: bytes, name: str) -> NoReturn:
    """Translate the library's error, with the place where it stands."""
    text = str(error)
    place, excerpt = FilePlace(name), ""
    byte = _BYTE.search(text)
    if isinstance(error, RecursionError):
        problem = "this JSON is nested more deeply than any Kubernetes object"
    elif isinstance(error, UnicodeDecodeError):
        problem = "this is not UTF-8 text, which JSON has to be"
    elif isinstance(error, msgspec.ValidationError):
        problem = f"this is no Kubernetes object: {text[0].lower()}{text[1:].replace('`', chr(39))}"
    elif byte:
        place, excerpt = _where(data, int(byte[1]), name)
        reason = text.removeprefix("JSON is malformed: ")[: -len(byte[0])].strip()
        problem = f"this is not JSON: {reason}"
    else:
        place = FilePlace(name, data.count(b"\n") + 1)
        problem = "this JSON ends in the middle: the answer was cut off"
    raise InputError(problem, place=place, excerpt=excerpt, hint=_HINT) from error


def _where(data: bytes, byte: int, name: str) -> tuple[FilePlace, str]:
    start = data.rfind(b"\n", 0, byte) + 1
    shown_from = max(start, byte - _BEFORE)
    before = data[shown_from:byte].decode(errors="replace")
    after = data[byte : byte + _AFTER].partition(b"\n")[0].decode(errors="replace")
    column = len(data[start:byte].decode(errors="replace")) + 1
    place = FilePlace(name, data.count(b"\n", 0, byte) + 1, column)
    return place, Source(name, before + after).excerpt(len(before))
