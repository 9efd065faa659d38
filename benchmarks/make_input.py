"""Make the input of the benchmarks: a stream of manifests, and the lists that pin its images.

The same arguments give the same bytes, on every machine.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from random import Random
from textwrap import indent
from typing import TYPE_CHECKING

from benchmarks.documents import DENSE, LIKE_THE_CORPUS
from benchmarks.images import IMAGES

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["LOCK", "MANIFESTS", "MIXES", "make_input"]

MANIFESTS = "manifests.yaml"
EXTERNAL_IMAGES = "external_images"
LOCK = "images.lock"
KBLD_CONFIG = "kbld.yaml"
MIXES = {"corpus": LIKE_THE_CORPUS, "dense": DENSE, "list": DENSE}
MEGABYTE = 1_000_000


def make_input(folder: Path, size: int, mix: str) -> None:
    """Write manifests of at least *size* bytes, and the lists and the lock for their images.

    ``kbld.yaml`` is the same lock in the words of kbld, so that it asks no registry.
    """
    folder.mkdir(parents=True, exist_ok=True)
    locked = "".join(f"{image.locked}\n" for image in IMAGES)
    (folder / EXTERNAL_IMAGES).write_text(locked)
    (folder / LOCK).write_text(locked)
    (folder / KBLD_CONFIG).write_text(_kbld_config())
    with (folder / MANIFESTS).open("w") as file:
        for piece in (_as_a_list if mix == "list" else _as_a_stream)(_documents(size, mix)):
            file.write(piece)


def _documents(size: int, mix: str) -> Iterator[str]:
    shares = MIXES[mix]
    written = dict.fromkeys(shares, 0)
    random = Random(f"{mix} {size}")
    number = total = 0
    while total < size:
        # Always the kind that lags furthest behind its share.
        make = min(shares, key=lambda kind: written[kind] / shares[kind])
        document = make(random, number)
        written[make] += len(document)
        total += len(document)
        number += 1
        yield document


def _as_a_stream(documents: Iterator[str]) -> Iterator[str]:
    for document in documents:
        yield f"---\n{document}"


def _as_a_list(documents: Iterator[str]) -> Iterator[str]:
    """Write one document, as ``kubectl get --output yaml`` does."""
    yield "apiVersion: v1\nitems:\n"
    for document in documents:
        yield f"- {indent(document, '  ')[2:]}"
    yield "kind: List\n"


def _kbld_config() -> str:
    overrides = "".join(
        f"- image: {image.spelling}\n"
        f"  newImage: {image.registry}/{image.repository}@{image.digest}\n"
        "  preresolved: true\n"
        for image in IMAGES
    )
    return f"---\napiVersion: kbld.k14s.io/v1alpha1\nkind: Config\noverrides:\n{overrides}"


def main() -> None:
    """Make one input."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--megabytes", type=float, default=2)
    parser.add_argument("--mix", choices=MIXES, default="corpus")
    args = parser.parse_args()
    make_input(args.folder, int(args.megabytes * MEGABYTE), args.mix)


if __name__ == "__main__":
    main()
