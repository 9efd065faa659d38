"""Documents that show which digests belong to one image."""

from __future__ import annotations

from imagelock.core.proof import Child, Index, Manifest, Proofs
from imagelock.core.reference import Digest

A, B, C = (Digest("sha256", letter * 64) for letter in "abc")
INDEX = Index((Child(B, "amd64"),))


def test_an_index_leads_to_its_manifests() -> None:
    assert Proofs({A: INDEX}).manifests(A) == INDEX.children


def test_any_other_digest_leads_to_itself() -> None:
    assert Proofs({A: Manifest(B)}).manifests(A) == (Child(A, ""),)
    assert Proofs().manifests(A) == (Child(A, ""),)


def test_nothing_is_known_of_a_digest_without_a_document() -> None:
    assert Proofs().about(A) is None
    assert len(Proofs()) == 0


def test_an_index_in_an_index_is_followed_as_far_as_documents_were_given() -> None:
    outer = Index((Child(B, "", is_index=True),))

    assert Proofs({A: outer}).manifests(A) == outer.children
    assert Proofs({A: outer, B: Index((Child(C, "amd64"),))}).manifests(A) == (Child(C, "amd64"),)
    assert Proofs({A: outer, B: Index((Child(C, "amd64"),))}).digests(A) == {A, B, C}
