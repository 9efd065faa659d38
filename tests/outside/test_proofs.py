"""The folder of index documents."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest

from imagelock.core.proof import Index
from imagelock.core.reference import Digest
from imagelock.errors import InputError
from imagelock.outside.proofs import read_proofs

if TYPE_CHECKING:
    from pathlib import Path

INDEX = json.dumps({"manifests": [{"digest": "sha256:" + "a" * 64}]}).encode()
DIGEST = Digest("sha256", hashlib.sha256(INDEX).hexdigest())


def test_a_document_is_found_by_its_digest(tmp_path: Path) -> None:
    (tmp_path / f"sha256-{DIGEST.hex}.json").write_bytes(INDEX)

    proofs, skipped = read_proofs(tmp_path)

    assert isinstance(proofs.about(DIGEST), Index)
    assert skipped == ()


def test_a_document_under_another_name_is_told_and_proves_nothing(tmp_path: Path) -> None:
    (tmp_path / "redis.json").write_bytes(INDEX)
    (tmp_path / f"sha256-{DIGEST.hex}.json").mkdir()

    proofs, skipped = read_proofs(tmp_path)

    assert len(proofs) == 0
    assert [one.expected for one in skipped] == [False, True]


def test_a_document_that_is_not_what_its_name_says_is_an_error(tmp_path: Path) -> None:
    (tmp_path / f"sha256-{DIGEST.hex}.json").write_bytes(INDEX + b"\n")

    with pytest.raises(InputError, match="not the document that its name says"):
        read_proofs(tmp_path)


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        read_proofs(tmp_path / "nowhere")
