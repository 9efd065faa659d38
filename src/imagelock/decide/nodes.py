"""Which images that nodes hold are explained: by the lock, or by an exemption."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imagelock.core.finding import Finding, Skipped
from imagelock.core.grammar import is_identifier
from imagelock.core.place import ClusterPlace
from imagelock.core.reference import ImageReference
from imagelock.decide.scope import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagelock.core.cluster import Node
    from imagelock.core.exemption import Exemption
    from imagelock.core.lock import Lock
    from imagelock.core.proof import Proofs
    from imagelock.decide.exempted import ExemptionUses
    from imagelock.decide.judge import Terms
    from imagelock.decide.scope import Scope

__all__ = ["NodeImages"]

_KUBELET_LISTS = 50  # images: nodeStatusMaxImages, unless somebody set it, to a round number
_KUBELET_NAMES = 5  # names of one image, which is no setting
_NAMED = 3  # nodes that are named where many are meant


class NodeImages:
    """The images of all nodes, each once, and what the nodes did not tell."""

    def __init__(self) -> None:
        self.nodes = 0
        self._known: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._holders: list[tuple[str, tuple[tuple[str, ...], ...]]] = []
        self._architectures: dict[str, str] = {}
        self._capped: list[str] = []

    @property
    def tagged(self) -> int:
        """How many images a node knows by a tag: a runtime only notes one that it pulled by."""
        return sum(bool(_tag(_references(names))) for names in self._known)

    def take(self, node: Node) -> None:
        """Note what one node holds."""
        self.nodes += 1
        self._architectures[node.name] = node.architecture
        # Thousands of nodes hold the same images: each is kept once.
        images = tuple(map(self._known.setdefault, node.images, node.images))
        self._holders.append((node.name, images))
        if node.images and len(node.images) % _KUBELET_LISTS == 0:
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
        explained = _Explained(terms, terms.lock, proofs)
        # Each node knows an image by the names that it pulled it by: told together.
        together: dict[str, _Unexplained] = {}
        unexplained: dict[tuple[str, ...], _Unexplained] = {}
        for names in self._known:
            references = _references(names)
            image = _image(references) if references else _odd_name(names)
            if not image or any(map(explained.holds, references)):
                continue
            exemption = _exemption(references, terms)
            if exemption is not None:
                uses.add(exemption)
                continue
            unexplained[names] = together.setdefault(image, _Unexplained(image))
            unexplained[names].add(references)
        for node, images in self._holders if unexplained else ():
            for names in filter(unexplained.__contains__, images):
                unexplained[names].hold(node)
        yield from (one.finding(cluster) for one in together.values())

    def skipped(self, terms: Terms, scope: Scope) -> Iterator[Skipped]:
        """Say which images were not looked at."""
        if self.nodes and scope.is_narrow:
            what = f"the images of {counted(self.nodes, 'node')}"
            yield Skipped(
                what, "a node does not say which namespace or label an image is for", expected=True
            )
        elif self.nodes and terms.lock is None:
            what = f"the images of {counted(self.nodes, 'node')}"
            yield Skipped(what, "only a lock could explain them", expected=True)
        else:
            yield from self._not_told()

    def _not_told(self) -> Iterator[Skipped]:
        nameless = sum(not (_references(names) or _odd_name(names)) for names in self._known)
        if nameless:
            what = "1 image on a node" if nameless == 1 else f"{nameless} images on nodes"
            yield Skipped(what, "known by its ID only, without a name", expected=True)
        full = sum(len(names) == _KUBELET_NAMES for names in self._known)
        if full:
            yield Skipped(
                f"further names of {counted(full, 'image')} on nodes",
                f"a kubelet lists no more than {_KUBELET_NAMES} names of one: a tag may be missing",
                expected=True,
            )
        if self._capped:
            yield Skipped(
                f"further images of {_named(self._capped)}",
                "the list is as long as a kubelet's limit (nodeStatusMaxImages, "
                f"{_KUBELET_LISTS} unless it was set): some may be missing",
                expected=True,
            )


class _Explained:
    """The digests that somebody chose, and the manifests that their indexes are known to hold."""

    def __init__(self, terms: Terms, lock: Lock, proofs: Proofs) -> None:
        locked = {entry.digest for entry in lock} | {digest for _, digest in terms.hardcoded}
        self._digests = locked.union(*map(proofs.digests, locked))

    def holds(self, reference: ImageReference) -> bool:
        return reference.digest in self._digests


def _references(names: tuple[str, ...]) -> list[ImageReference]:
    parsed = map(ImageReference.try_parse, filter(_is_name, names))
    return [reference for reference in parsed if reference is not None]


def _odd_name(names: tuple[str, ...]) -> str:
    """Return a name that no image ID can be, if there is one: nothing explains it."""
    return next(filter(_is_name, names), "")


def _is_name(text: str) -> bool:
    """Say whether this is a name, and no image's own ID, or Docker's ``<none>@<none>``."""
    return not (not text or text.startswith("sha256:") or "<none>" in text or is_identifier(text))


def _exemption(references: list[ImageReference], terms: Terms) -> Exemption | None:
    """Find an exemption in whatever namespace: a node pulls for all of them."""
    for reference in references:
        for exemption in terms.exemptions:
            if not exemption.has_expired(terms.today) and exemption.covers_repository(
                reference.repository
            ):
                return exemption
    return None


class _Unexplained:
    """An image that nothing explains, the nodes that hold it, and a tag that one knows it by."""

    def __init__(self, image: str) -> None:
        self._image = image
        self._nodes: dict[str, None] = {}
        self._tag = ""

    def add(self, references: list[ImageReference]) -> None:
        self._tag = self._tag or _tag(references)

    def hold(self, node: str) -> None:
        self._nodes[node] = None

    def finding(self, cluster: str) -> Finding:
        count = len(self._nodes)
        held = f"{count:,} nodes hold it" if count > 1 else "this node holds it"
        message = f"{held}, and neither the lock nor an exemption explains it"
        if self._tag:
            message += f"; it was pulled by the tag '{self._tag}'"
        place = ClusterPlace(kind="Node", name=next(iter(self._nodes)), cluster=cluster)
        return Finding.of("unexplained-image", place, message, image=self._image)


def _image(references: list[ImageReference]) -> str:
    """Return the name by which an image is told: one with its digest, where it has one."""
    return next((one for one in references if one.is_pinned), references[0]).text


def _tag(references: list[ImageReference]) -> str:
    """Return the tag that a node knows an image by, if there is one."""
    tags = (one.tag for one in references if one.digest is None)
    return next(filter(None, tags), "")


def _named(nodes: list[str]) -> str:
    if len(nodes) == 1:
        return f"node {nodes[0]}"
    more = len(nodes) - _NAMED
    shown = ", ".join(nodes[:_NAMED])
    return f"{counted(len(nodes), 'node')} ({shown}{f' and {more:,} more' if more > 0 else ''})"
