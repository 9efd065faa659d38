"""What a node says it runs, compared with what was asked (right | wrong | cannot compare)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from imagelock.core.proof import Index, Manifest, Proofs
from imagelock.core.reference import Digest, ImageReference, Repository

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from imagelock.core.proof import Child

__all__ = ["NO_PROOFS", "CannotCompare", "Right", "Verdict", "Wrong", "compare"]

NO_PROOFS = Proofs()

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://")
_BARE_HEX = re.compile(r"[0-9a-f]{64}")
_NOT_ONE = "its node names an index that for {} leads to another manifest than the pinned digest"


class Right(Struct, frozen=True):
    """It runs what was asked for; *other_name* is the repository that the node knows it by."""

    other_name: str = ""


class Wrong(Struct, frozen=True):
    """It runs something else."""

    reason: str


class CannotCompare(Struct, frozen=True):
    """Nobody can tell from what is known; this is never counted as right."""

    reason: str


Verdict = Right | Wrong | CannotCompare


def compare(
    asked: ImageReference, image_id: str, *, proofs: Proofs = NO_PROOFS, architecture: str = ""
) -> Verdict:
    """Say whether a container runs the digest that was asked for.

    *asked* has a digest, *image_id* is ``imageID`` of the container's status,
    *architecture* that of its node where it is known. The steps, of which the
    first that applies decides (docs/verify.md, "What runs"):

    1. The node names the same digest: right, under whatever name.
    2. The node says nothing, or nothing that can be read: cannot compare.
    3. Documents that were given show that both digests lead to one manifest,
       or that they do not: right, or wrong.
    4. The node gives the digest of a configuration, or one of another
       algorithm: cannot compare.
    5. Another digest of the same repository may be the platform's manifest of
       the pinned index: cannot compare.
    6. Another digest of another repository has nothing in common with what was
       asked for: wrong.
    """
    digest = asked.digest
    assert digest is not None  # noqa: S101  (nothing is compared that was not asked by digest)
    reported = _read(image_id)
    if reported is None:  # (2)
        return CannotCompare(_unreadable(image_id))
    if reported.digest == digest:  # (1)
        return Right(_other_name(asked, reported))
    proven = _proven(digest, reported, proofs, architecture)  # (3)
    if proven is not None:
        return proven
    return _unproven(asked, digest, reported)


class _Reported(Struct, frozen=True):
    """What an ``imageID`` says; without a repository it may be a configuration's digest."""

    digest: Digest
    repository: Repository | None


def _read(image_id: str) -> _Reported | None:
    """Read every shape of ``imageID`` that runtimes are known to give.

    ``docker-pullable://redis@sha256:…``, ``docker://sha256:…``, ``redis@sha256:…``,
    ``sha256:…``, and the bare 64 hex digits of CRI-O.
    """
    text = _SCHEME.sub("", image_id, count=1)
    if _BARE_HEX.fullmatch(text):
        return _Reported(Digest("sha256", text), None)
    bare = ImageReference.try_parse(f"x@{text}")
    if bare is not None and bare.digest is not None:
        return _Reported(bare.digest, None)
    named = ImageReference.try_parse(text)
    if named is not None and named.digest is not None:
        return _Reported(named.digest, named.repository)
    return None


def _unreadable(image_id: str) -> str:
    if not image_id:
        return "its node does not say which image it ran"
    if _read(image_id.strip().lower()) is not None:
        # No runtime writes it so: who did may have written anything.
        return (
            f"its node names the image '{image_id}', which is not how a digest is written: in "
            "lower-case hex digits, with nothing around it"
        )
    return f"its node names the image '{image_id}', which holds no digest"


def _other_name(asked: ImageReference, reported: _Reported) -> str:
    if reported.repository is None or reported.repository == asked.repository:
        return ""
    return str(reported.repository)


def _proven(
    asked: Digest, reported: _Reported, proofs: Proofs, architecture: str
) -> Verdict | None:
    mine, theirs = proofs.manifests(asked), proofs.manifests(reported.digest)
    common = {child.digest for child in mine} & {child.digest for child in theirs}
    shared = [child for child in (*mine, *theirs) if child.digest in common]
    if shared:
        return _for_this_node(shared, mine, theirs, architecture)
    if reported.repository is None:
        return _proven_config(asked, reported.digest, proofs, architecture)
    if not isinstance(proofs.about(asked), Index):
        return None
    inner = next((child.digest for child in (*mine, *theirs) if child.is_index), None)
    if inner is not None:
        return CannotCompare(f"the index holds another one, {inner}, whose document is missing")
    return Wrong(f"the pinned index holds no manifest {reported.digest} of a platform")


def _proven_config(
    asked: Digest, config: Digest, proofs: Proofs, architecture: str
) -> Verdict | None:
    """Compare a configuration's digest with those of the manifests that were given."""
    documents = [
        proofs.about(child.digest)
        for child in proofs.manifests(asked)
        if not architecture or child.architecture in {"", architecture}
    ]
    configs = [document.config for document in documents if isinstance(document, Manifest)]
    if config in configs:
        return Right()
    # Only where every manifest that could run there is known, none is left to be it.
    if configs and len(configs) == len(documents):
        return Wrong(f"no manifest that was pinned has the configuration {config}")
    return None


def _for_this_node(
    shared: Sequence[Child], mine: Iterable[Child], theirs: Iterable[Child], architecture: str
) -> Verdict:
    common = {child.digest for child in shared}
    others = {child.architecture for child in theirs if child.digest not in common}
    if not architecture:
        return Right() if not others else CannotCompare(_NOT_ONE.format("some platforms"))
    said = _architectures(shared)
    if architecture in said:
        # Of one architecture there may be several: an index tells v6 and v7 of arm apart.
        return (
            Right()
            if not others & {"", architecture}
            else CannotCompare(_NOT_ONE.format(f"some kinds of {architecture}"))
        )
    if architecture in _architectures(mine) & _architectures(theirs):
        return Wrong(f"for {architecture} it leads to another manifest than the pinned index")
    if not said:
        return CannotCompare("the index does not say for which architecture its manifest is")
    return CannotCompare(
        f"the manifest that it runs is for {', '.join(sorted(said))}, and its node's architecture "
        f"is {architecture}"
    )


def _architectures(children: Iterable[Child]) -> set[str]:
    return {child.architecture for child in children} - {""}


def _unproven(asked: ImageReference, digest: Digest, reported: _Reported) -> Verdict:
    if reported.repository is None:  # (4)
        return CannotCompare(
            f"its node gives {reported.digest}, which may be the configuration of this image"
        )
    if reported.digest.algorithm != digest.algorithm:  # (4)
        return CannotCompare(f"its node gives a digest of another algorithm, {reported.digest}")
    if reported.repository == asked.repository:  # (5)
        return CannotCompare(
            f"its node gives {reported.digest}, which may be the manifest of its platform"
        )
    return Wrong(f"its node gives {reported.repository}@{reported.digest}")  # (6)
