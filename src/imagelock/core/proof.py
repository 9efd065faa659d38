"""Index, Manifest: documents that prove which digests belong to one image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from imagelock.core.reference import Digest

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Child", "Document", "Index", "Manifest", "Proofs"]


class Child(Struct, frozen=True):
    """A manifest that an index names, and the architecture that it says it is for.

    *is_index* says that it is an index itself, whose own document tells more.
    """

    digest: Digest
    architecture: str
    is_index: bool = False


class Index(Struct, frozen=True):
    """What a multi-platform image consists of: its platforms, without attestations."""

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
        """Return the manifests that a digest leads to: those of its index, or itself.

        Indexes in it are followed where their documents were given, and stand there
        themselves where not.
        """
        return tuple(
            child
            for child in self._family(digest)
            if not isinstance(self.about(child.digest), Index)
        )

    def digests(self, digest: Digest) -> frozenset[Digest]:
        """Return every digest by which a node may know the image of this one, or a part of it."""
        return frozenset(child.digest for child in self._family(digest))

    def _family(self, digest: Digest) -> tuple[Child, ...]:
        """Return a digest, all that its index holds, and all that those hold."""
        family = {digest: Child(digest, "")}
        waiting = [digest]
        while waiting:
            document = self.about(waiting.pop())
            if isinstance(document, Index):
                fresh = [child for child in document.children if child.digest not in family]
                family.update((child.digest, child) for child in fresh)
                waiting += [child.digest for child in fresh]
        return tuple(family.values())
