"""The folder of index documents: image_indexes/sha256-<hex>.json."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from imagelock.core.finding import Skipped
from imagelock.core.proof import Document, Proofs
from imagelock.core.reference import Digest
from imagelock.outside.files import read_bytes
from imagelock.outside.listing import list_folder
from imagelock.syntax.oci import parse_document

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["read_proofs"]

_NAME = re.compile(r"(sha256-[0-9a-f]{64}|sha512-[0-9a-f]{128})\.json")
_LARGEST = 4 * 1024 * 1024  # bytes: registries accept no larger manifest


def read_proofs(folder: Path) -> tuple[Proofs, tuple[Skipped, ...]]:
    """Read every document of a folder, and say which files were none.

    Raises:
        InputError: The folder is not there, or a document is not what its name says.
        DiskError: The disk failed.
    """
    listed = list_folder(folder)
    documents: dict[Digest, Document] = {}
    skipped = list(listed.skipped)
    for file in listed.files:
        match = _NAME.fullmatch(file.rpartition("/")[2])
        if match is None:
            skipped.append(Skipped(file, "it is not named sha256-<hex>.json", expected=True))
            continue
        digest = Digest.parse(match[1].replace("-", ":"))
        documents[digest] = parse_document(read_bytes(file, limit=_LARGEST), digest, name=file)
    return Proofs(documents), tuple(skipped)
