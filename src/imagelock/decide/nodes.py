"""Which images that nodes hold are explained: by the lock, or by an exemption."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imagelock.core.finding import Finding, Skipped
from imagelock.core.place import ClusterPlace
from imagelock.core.reference import ImageReference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagelock.core.cluster import Node
    from imagelock.core.exemption import Exemption
    from imagelock.core.lock import Lock
    from imagelock.core.proof import Proofs
    from imagelock.decide.exempted import ExemptionUses
    from imagelock.decide.judge import Terms

__all__ = ["NodeImages"]

_KUBELET_LISTS = 50  # images: nodeStatusMaxImages, unless somebody changed it


class NodeImages:
    """The images of all nodes, each once, and what the nodes did not tell."""

    def __init__(self) -> None:
        self.nodes = 0
        self._held_by: dict[tuple[str, ...], list[str]] = {}
        self._architectures: dict[str, str] = {}
        self._capped: list[str] = []

    def take(self, node: Node) -> None:
        """Note what one node holds."""
        self.nodes += 1
        self._architectures[node.name] = node.architecture
        for names in node.images:
            self._held_by.setdefault(names, []).append(node.name)
        if len(node.images) >= _KUBELET_LISTS:
            self._capped.append(node.name)

    def architecture(self, node: str) -> str:
        """Return the architecture of a node, or nothing where the node was not seen."""
        return self._architectures.get(node, "")

    def findings(
        self, terms: Terms, proofs: Proofs, uses: ExemptionUses, cluster: str
    ) -> Iterator[Finding]:
        """Tell of every image that nothing explains; without a lock nothing can be said."""
        if terms.lock is None:
            return
        explained = _Explained(terms.lock, proofs)
        for names, nodes in self._held_by.items():
            references = _references(names)
            if not references or any(map(explained.holds, references)):
                continue
            exemption = _exemption(references, terms)
            if exemption is not None:
                uses.add(exemption)
                continue
            yield _unexplained(references[0], nodes, cluster)

    def skipped(self, terms: Terms) -> Iterator[Skipped]:
        """Say which images were not looked at."""
        if self.nodes and terms.lock is None:
            yield Skipped(
                f"the images of {self.nodes} nodes", "only a lock could explain them", expected=True
            )
        nameless = sum(not _references(names) for names in self._held_by)
        if nameless:
            what = "1 image on a node" if nameless == 1 else f"{nameless} images on nodes"
            yield Skipped(what, "known by its ID only, without a name", expected=True)
        for node in self._capped:
            yield Skipped(
                f"node {node}", f"it lists no more than {_KUBELET_LISTS} images", expected=True
            )


class _Explained:
    """The digests of a lock, and of the manifests that its indexes are known to hold."""

    def __init__(self, lock: Lock, proofs: Proofs) -> None:
        locked = {entry.digest for entry in lock}
        children = {child.digest for digest in locked for child in proofs.manifests(digest)}
        self._digests = locked | children

    def holds(self, reference: ImageReference) -> bool:
        return reference.digest in self._digests


def _references(names: tuple[str, ...]) -> list[ImageReference]:
    # A name may be an image's own ID, or Docker's "<none>@<none>".
    parsed = (ImageReference.try_parse(name) for name in names if not name.startswith("sha256:"))
    return [reference for reference in parsed if reference is not None]


def _exemption(references: list[ImageReference], terms: Terms) -> Exemption | None:
    """Find an exemption in whatever namespace: a node pulls for all of them."""
    for reference in references:
        for exemption in terms.exemptions:
            if not exemption.has_expired(terms.today) and exemption.covers_repository(
                reference.repository
            ):
                return exemption
    return None


def _unexplained(reference: ImageReference, nodes: list[str], cluster: str) -> Finding:
    held = f"{len(nodes)} nodes hold it" if len(nodes) > 1 else "this node holds it"
    return Finding.of(
        "unexplained-image",
        ClusterPlace(kind="Node", name=nodes[0], cluster=cluster),
        f"{held}, and neither the lock nor an exemption explains it",
        image=reference.text,
    )
