"""Manifests: plain data of YAML documents -> objects that can be applied."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from imagelock.core.place import FilePlace, printable
from imagelock.errors import InputError, InputErrors

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["Manifest", "in_order", "in_waves", "parse_manifests"]

_BETWEEN, _LAST = 2, 3
_TURNS = {
    ("", "Namespace"): 0,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): 1,
    ("argoproj.io", "Application"): _LAST,
    ("argoproj.io", "ApplicationSet"): _LAST,
}


class Manifest(Struct, frozen=True, kw_only=True):
    """One object as it is to be applied; *namespace* is empty where it names none."""

    api_version: str
    kind: str
    namespace: str
    name: str
    body: dict[str, Any]
    place: FilePlace

    @property
    def group(self) -> str:
        """The API group; empty for the core group."""
        return self.api_version.rpartition("/")[0]

    @property
    def defines(self) -> tuple[str, str]:
        """The group and kind that it defines, if it is a CustomResourceDefinition."""
        spec = self.body.get("spec")
        if self.kind != "CustomResourceDefinition" or not isinstance(spec, dict):
            return "", ""
        names = spec.get("names")
        kind = names.get("kind", "") if isinstance(names, dict) else ""
        return str(spec.get("group", "")), str(kind)

    def __str__(self) -> str:
        where = f"{self.namespace}/" if self.namespace else ""
        return printable(f"{self.kind} {where}{self.name}")


def parse_manifests(documents: Iterable[tuple[str, Sequence[object]]]) -> tuple[Manifest, ...]:
    """Check that every document is an object that can be applied; take lists apart.

    Args:
        documents: The name of each file, and its documents as plain data.

    Raises:
        InputErrors: All the mistakes of all the files.
    """
    manifests: list[Manifest] = []
    errors: list[InputError] = []
    for file, loaded in documents:
        for place, what, data in _objects(file, loaded):
            try:
                manifests.append(_manifest(place, what, data))
            except InputError as error:
                errors.append(error)
    errors += _repeated(manifests)
    if errors:
        raise InputErrors(errors)
    return tuple(manifests)


def in_order(manifests: Sequence[Manifest]) -> tuple[Manifest, ...]:
    """Put what others need first: namespaces, then definitions of kinds; Applications last.

    The rest stands between them, in its own order.
    """
    return tuple(sorted(manifests, key=_turn))


def in_waves(manifests: Sequence[Manifest]) -> tuple[tuple[Manifest, ...], ...]:
    """Take manifests in order apart: those of one wave do not need each other.

    Objects of one kind that follow each other are a wave, and so are all Applications.
    """
    waves = groupby(
        manifests, key=lambda one: (_turn(one), _turn(one) == _LAST or _named_kind(one))
    )
    return tuple(tuple(wave) for _, wave in waves)


def _turn(manifest: Manifest) -> int:
    return _TURNS.get((manifest.group, manifest.kind), _BETWEEN)


def _named_kind(manifest: Manifest) -> tuple[str, str]:
    return manifest.group, manifest.kind


def _objects(file: str, documents: Sequence[object]) -> Iterator[tuple[FilePlace, str, object]]:
    for number, data in enumerate(documents, start=1):
        what = f"document {number}" if len(documents) > 1 else "the document"
        items = data.get("items") if isinstance(data, dict) else None
        if isinstance(data, dict) and isinstance(items, list) and _kind(data).endswith("List"):
            for index, item in enumerate(items):
                yield FilePlace(file, path=f"$.items[{index}]"), f"{what}, items[{index}]", item
        else:
            yield FilePlace(file), what, data


def _kind(data: dict[str, Any]) -> str:
    kind = data.get("kind")
    return kind if isinstance(kind, str) else ""


def _manifest(place: FilePlace, what: str, data: object) -> Manifest:
    if not isinstance(data, dict):
        raise InputError(f"{what} is no object: a mapping was expected", place=place)
    metadata = data.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    parts = {
        "apiVersion": data.get("apiVersion"),
        "kind": data.get("kind"),
        "metadata.name": metadata.get("name"),
    }
    missing = [name for name, value in parts.items() if not isinstance(value, str) or not value]
    namespace = metadata.get("namespace") or ""
    if missing or not isinstance(namespace, str):
        wrong = " and ".join(missing) or "metadata.namespace"
        raise InputError(
            f"{_named(what, data, metadata)} cannot be applied: {wrong} must be a text",
            place=place,
            hint="Only manifests can be deployed: move values files and the like elsewhere.",
        )
    return Manifest(
        api_version=data["apiVersion"],
        kind=data["kind"],
        namespace=namespace,
        name=metadata["name"],
        body=data,
        place=place,
    )


def _named(what: str, data: dict[str, Any], metadata: dict[str, Any]) -> str:
    known = [part for part in (data.get("kind"), metadata.get("name")) if isinstance(part, str)]
    return printable(f"{what} ({' '.join(known)})" if known else what)


def _repeated(manifests: Sequence[Manifest]) -> Iterator[InputError]:
    seen: dict[tuple[str, str, str, str], Manifest] = {}
    for one in manifests:
        first = seen.setdefault((one.group, one.kind, one.namespace, one.name), one)
        if first is not one:
            yield InputError(
                f"{one} stands in two places; the other is {first.place}",
                place=one.place,
                hint="Remove one of them.",
            )
