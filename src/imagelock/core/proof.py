"""Index, Manifest: documents that prove which digests belong to one image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from imagelock.core.reference import Digest

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Child", "Document", "Index", "Manifest", "Proofs"]


class Child(Struct, frozen=True):
    """A manifest that an index names, and the architecture that it says it is for."""

    digest: Digest
    architecture: str


class Index(Struct, frozen=True):
    """What a multi-platform image consists of."""

    children: tuple[Child, ...]


class Manifest(Struct, frozen=True):
    """One platform's image, which a runtime may call by the digest of its configuration."""

    config: Digest


Document = Index | Manifest


class Proofs:
    """Documents by the digest that their bytes hash to."""

    __slots__ = ("_documents",)

    def __init__(self, documents: Mapping[Digest, Document] | None = None) -> None:
        self._documents = dict(documents or {})

    def __len__(self) -> int:
        return len(self._documents)

    def about(self, digest: Digest) -> Document | None:
        """Return the document of this digest, if it was given."""
        return self._documents.get(digest)

    def manifests(self, digest: Digest) -> tuple[Child, ...]:
        """Return the manifests that a digest leads to: those of its index, or itself."""
        document = self.about(digest)
        return document.children if isinstance(document, Index) else (Child(digest, ""),)
