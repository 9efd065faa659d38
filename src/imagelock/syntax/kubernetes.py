"""Kubernetes API objects (a live answer, or what kubectl saved) -> Page."""

from __future__ import annotations

import re
from collections import Counter
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType, field
from msgspec.json import Decoder
from msgspec.structs import replace

from imagelock.core.cluster import Node, Page, Pod, Workload
from imagelock.core.place import FilePlace, Source, printable
from imagelock.core.resources import kind_of
from imagelock.errors import InputError
from imagelock.syntax.kinds import KINDS, Object, read_object
from imagelock.syntax.pod_lists import read_pod_list
from imagelock.syntax.pods import (
    IsPlain,
    PodMounts,
    PodObject,
    mount_images,
    read_pod,
    read_pods,
)
from imagelock.syntax.selected import select

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from imagelock.syntax.selectors import Selector

__all__ = ["parse_answer", "parse_page"]

_T = TypeVar("_T")

_HINT = "Save it again: kubectl get pods -A -o json > pods.json"
_UNPACK = "Unpack it: gunzip -c FILE | imagelock verify --from -"
_GZIP = b"\x1f\x8b"
_YAML = re.compile(rb"(?:---\s+)?(?:apiVersion|kind|items|metadata):\s")
_BOM = b"\xef\xbb\xbf"
_KIND_FIRST = re.compile(rb'\s*\{\s*"kind"\s*:\s*"(\w+List)"\s*,\s*"apiVersion"\s*:\s*"([\w./-]+)"')
_NOT_BLANK = re.compile(rb"\S")
_BYTE = re.compile(r"\(byte (\d+)\)")
_BEFORE, _AFTER = 60, 40  # bytes of a broken line that are shown around the break


def parse_page(
    data: bytes | memoryview,
    *,
    name: str,
    selector: Selector | None = None,
    is_plain: IsPlain | None = None,
) -> Page:
    """Read one answer: a list of one kind, a ``List`` of several, or a single object.

    Args:
        data: JSON of the Kubernetes API; nothing of it is held on to.
        name: What messages call it.
        selector: Which objects of a list are meant; without one, all of them.
        is_plain: Says of what is asked for in a namespace whether its pods are only to
            be counted; without it, none are.

    Raises:
        InputError: It is none of these, or is broken: empty, cut off, no JSON,
            an error of the API server, objects that name no image.
    """
    if data[: len(_BOM)] == _BOM:
        data = data[len(_BOM) :]
    if _NOT_BLANK.search(data) is None:
        raise InputError(
            "this is empty, and JSON of the Kubernetes API was expected",
            place=FilePlace(name),
            hint=_HINT,
        )
    try:
        if selector is None:
            return _page(_Answer(data, name, is_plain))
        data, left_out = select(bytes(data), selector)
        return replace(_page(_Answer(data, name, is_plain)), unselected=left_out)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        _refuse(error, bytes(data), name)


def parse_answer(data: bytes | memoryview, *, name: str, is_plain: IsPlain | None = None) -> Page:
    """Read one answer of an API server as `parse_page` does, and a list of pods faster.

    Of what is not needed of pods, only quotes and brackets are looked at: whoever takes an
    answer from a server knows that it came whole.

    Raises:
        InputError: It is no such answer, or is broken.
    """
    guess = _KIND_FIRST.match(data)
    if is_plain is not None and guess and guess[1] == b"PodList":
        with suppress(msgspec.DecodeError, UnicodeDecodeError):  # which is told below
            page = _page_of_projected(data, name, is_plain)
            if page is not None:
                return page
    return parse_page(data, name=name, is_plain=is_plain)


def _page_of_projected(data: bytes | memoryview, name: str, is_plain: IsPlain) -> Page | None:
    listed = read_pod_list(data, is_plain)
    if listed is None:
        return None
    header = _ITEMS.decode(listed.head)
    if header.kind != "PodList":  # the key came twice
        return None
    page = _empty_page(header.kind, name, header.metadata)
    return replace(page, pods=listed.pods, alike=listed.alike)


class _Answer(Struct, frozen=True):
    """What is read, what messages call it, and which pods of it are only counted."""

    data: bytes | memoryview
    name: str
    is_plain: IsPlain | None


class _ListMetadata(Struct, rename="camel"):
    continue_token: str = field(name="continue", default="")
    remaining_item_count: int | None = None
    resource_version: str = ""


class _Header(Struct, rename="camel"):
    kind: str = ""
    api_version: str = ""
    message: str = ""

    @property
    def listed(self) -> str:
        """The kind of which it is a list, or nothing."""
        kind = self.kind.removesuffix("List")
        return kind_of(self.api_version, kind) if kind != self.kind else ""


class _ListOf(Struct, Generic[_T], rename="camel"):
    kind: str = ""
    api_version: str = ""
    items: list[_T] | UnsetType | None = UNSET
    metadata: _ListMetadata = field(default_factory=_ListMetadata)


class _Item(PodObject, rename="camel"):
    """An object of a list of several kinds, decoded as the pod that it mostly is."""

    kind: str = ""
    api_version: str = ""


_HEADER = Decoder(_Header)
_ITEMS = Decoder(_ListOf[Raw])
_PODS = Decoder(_ListOf[_Item])
_MOUNTS = Decoder(_ListOf[PodMounts])


@cache
def _list_of(kind: str) -> Decoder[Any]:
    # Any stands for the type that is known here and not to the type checker.
    listing: Any = _ListOf
    return Decoder(listing[KINDS[kind].type])


def _page(answer: _Answer) -> Page:
    # A server writes the kind first; then one look at a large page is enough.
    guess = _KIND_FIRST.match(answer.data)
    if guess:
        header = _Header(kind=guess[1].decode(), api_version=guess[2].decode())
        if header.listed in KINDS:
            return _single_kind(header, answer)
    header = _HEADER.decode(answer.data)
    if header.kind == "Status":
        _refuse_status(header.message, answer.name)
    if header.listed in KINDS:
        return _single_kind(header, answer)
    if header.kind == "List":
        return _mixed(answer)
    kind = kind_of(header.api_version, header.kind)
    if kind not in KINDS:
        _refuse_kind(kind, answer.name)
    return _page_of(kind, [read_object(kind, bytes(answer.data))], answer.name, _ListMetadata())


def _single_kind(header: _Header, answer: _Answer) -> Page:
    listing: _ListOf[Any] = _list_of(header.listed).decode(answer.data)
    if listing.kind != header.kind:  # a key came twice
        _refuse_kind(listing.kind, answer.name)
    items = _listed(listing.items, answer.name)
    if header.listed == "Pod":
        return _page_of_pods(header.kind, items, answer, listing.metadata)
    read = KINDS[header.listed].read
    return _page_of(header.kind, [read(item) for item in items], answer.name, listing.metadata)


def _page_of_pods(
    kind: str, pods: Sequence[PodObject], answer: _Answer, metadata: _ListMetadata
) -> Page:
    page = _empty_page(kind, answer.name, metadata)
    if mount_images(pod.spec for pod in pods):
        # Only such a page is worth a second look: at the volumes that were mounted.
        mounts = _MOUNTS.decode(answer.data).items or ()
        both = zip(pods, mounts, strict=True)
        return replace(page, pods=tuple(read_pod(pod, told) for pod, told in both))
    if answer.is_plain is None:
        return replace(page, pods=tuple(map(read_pod, pods)))
    odd, alike = read_pods(pods, answer.is_plain)
    return replace(page, pods=odd, alike=alike)


def _mixed(answer: _Answer) -> Page:
    # What kubectl saves is mostly a List of pods, and each of them says so.
    with suppress(msgspec.ValidationError):
        listing = _PODS.decode(answer.data)
        pods = _listed(listing.items, answer.name)
        if all(kind_of(pod.api_version, pod.kind) == "Pod" for pod in pods):
            return _page_of_pods("List", pods, answer, listing.metadata)
    return _several_kinds(answer)


def _several_kinds(answer: _Answer) -> Page:
    listing = _ITEMS.decode(answer.data)
    headers = [(_HEADER.decode(item), item) for item in _listed(listing.items, answer.name)]
    items = [(kind_of(header.api_version, header.kind), item) for header, item in headers]
    others = Counter(kind or "(none)" for kind, _ in items if kind not in KINDS)
    objects = _read((kind, item) for kind, item in items if kind in KINDS)
    page = _page_of("List", objects, answer.name, listing.metadata)
    return replace(page, others=tuple(sorted(others.items())))


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
    return replace(
        _empty_page(kind, name, metadata),
        pods=tuple(found for found in objects if isinstance(found, Pod)),
        workloads=tuple(found for found in objects if isinstance(found, Workload)),
        nodes=tuple(found for found in objects if isinstance(found, Node)),
    )


def _empty_page(kind: str, name: str, metadata: _ListMetadata) -> Page:
    return Page(
        kind=kind,
        name=name,
        continue_token=metadata.continue_token,
        remaining=metadata.remaining_item_count or 0,
        version=metadata.resource_version,
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
        problem = _other_format(data) or f"this is not JSON: {reason}"
    else:
        place = FilePlace(name, data.count(b"\n") + 1)
        problem = "this JSON ends in the middle: the answer was cut off"
    hint = _UNPACK if data.startswith(_GZIP) else _HINT
    excerpt = "" if data.startswith(_GZIP) else excerpt
    raise InputError(problem, place=place, excerpt=excerpt, hint=hint) from error


def _other_format(data: bytes) -> str:
    """Say what somebody most likely gave in place of JSON."""
    if data.startswith(_GZIP):
        return "this is packed with gzip, and JSON was expected"
    if _YAML.match(data.lstrip()):
        return "this is not JSON but YAML, which kubectl writes with '-o yaml'"
    return ""


def _where(data: bytes, byte: int, name: str) -> tuple[FilePlace, str]:
    start = data.rfind(b"\n", 0, byte) + 1
    shown_from = max(start, byte - _BEFORE)
    before = data[shown_from:byte].decode(errors="replace")
    after = data[byte : byte + _AFTER].partition(b"\n")[0].decode(errors="replace")
    column = len(data[start:byte].decode(errors="replace")) + 1
    place = FilePlace(name, data.count(b"\n", 0, byte) + 1, column)
    return place, Source(name, before + after).excerpt(len(before))
