"""Documents that show which digests belong to one image."""

from __future__ import annotations

from imagelock.core.proof import Child, Index, Manifest, Proofs
from imagelock.core.reference import Digest

A, B = Digest("sha256", "a" * 64), Digest("sha256", "b" * 64)
INDEX = Index((Child(B, "amd64"),))


def test_an_index_leads_to_its_manifests() -> None:
    assert Proofs({A: INDEX}).manifests(A) == INDEX.children


def test_any_other_digest_leads_to_itself() -> None:
    assert Proofs({A: Manifest(B)}).manifests(A) == (Child(A, ""),)
    assert Proofs().manifests(A) == (Child(A, ""),)


def test_nothing_is_known_of_a_digest_without_a_document() -> None:
    assert Proofs().about(A) is None
    assert len(Proofs()) == 0
