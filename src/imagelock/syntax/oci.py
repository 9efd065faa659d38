"""OCI index and manifest documents, hashed against their own digest."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from imagelock.core.place import FilePlace
from imagelock.core.proof import Child, Index, Manifest
from imagelock.core.reference import Digest
from imagelock.errors import InputError

if TYPE_CHECKING:
    from imagelock.core.proof import Document

__all__ = ["parse_document"]

_RAW = (
    "Save the raw bytes that the registry serves, with nothing added: "
    "crane manifest IMAGE@DIGEST, or skopeo inspect --raw."
)


def parse_document(data: bytes, digest: Digest, *, name: str) -> Document:
    """Read a document and prove that it is the one that *digest* names.

    Raises:
        InputError: Its bytes hash to another digest, or it is neither an index
            nor an image manifest.
    """
    actual = Digest(digest.algorithm, hashlib.new(digest.algorithm, data).hexdigest())
    if actual != digest:
        raise InputError(
            f"this is not the document that its name says: its bytes hash to {actual}",
            place=FilePlace(name),
            hint=_RAW,
        )
    try:
        return _document(_DOCUMENT.decode(data), name)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(
            f"this is no index and no image manifest: {error}", place=FilePlace(name), hint=_RAW
        ) from error


class _Platform(Struct):
    architecture: str = ""
    os: str = ""


_NO_PLATFORM = _Platform()
# What BuildKit writes for attestations, which stand beside the manifests and run nowhere.
_ATTESTATION = _Platform("unknown", "unknown")
_INDEXES = {
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
}


class _Descriptor(Struct, rename="camel"):
    digest: str = ""
    media_type: str = ""
    platform: _Platform | None = None


class _Document(Struct):
    manifests: list[_Descriptor] | None = None
    config: _Descriptor | None = None


_DOCUMENT = msgspec.json.Decoder(_Document)


def _document(document: _Document, name: str) -> Document:
    # One that has both could be read as either (CVE-2021-41190), and proves nothing.
    if (document.manifests is None) == (document.config is None):
        raise InputError(
            "this is no index and no image manifest: either 'manifests' or 'config' was expected",
            place=FilePlace(name),
            hint=_RAW,
        )
    if document.config is not None:
        return Manifest(_digest(document.config, name))
    children = (_child(descriptor, name) for descriptor in document.manifests or ())
    return Index(tuple(child for child in children if child is not None))


def _child(descriptor: _Descriptor, name: str) -> Child | None:
    digest, platform = _digest(descriptor, name), descriptor.platform or _NO_PLATFORM
    if platform == _ATTESTATION:
        return None
    return Child(digest, platform.architecture, descriptor.media_type in _INDEXES)


def _digest(descriptor: _Descriptor, name: str) -> Digest:
    try:
        return Digest.parse(descriptor.digest)
    except InputError as error:
        raise InputError(error.problem, place=FilePlace(name)) from error
