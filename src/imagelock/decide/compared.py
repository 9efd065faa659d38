"""What the nodes say they run, compared container by container."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, assert_never

from msgspec import Struct

from imagelock.core.finding import Finding
from imagelock.core.place import ClusterPlace
from imagelock.core.reference import ImageReference
from imagelock.decide.running import CannotCompare, Right, Verdict, Wrong, compare

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagelock.core.cluster import Container
    from imagelock.core.proof import Proofs
    from imagelock.decide.nodes import NodeImages

__all__ = ["RunningImages"]


class _Undecided(Struct, frozen=True):
    """A container whose digest only a document, and its node's architecture, can explain."""

    place: ClusterPlace
    asked: ImageReference
    image_id: str
    node: str


class _Mirrored(Struct):
    """Where a digest first ran under another name, and how often it does."""

    place: ClusterPlace
    containers: int = 0


class RunningImages:
    """The containers that have started, and what became of what they asked for."""

    def __init__(self, proofs: Proofs) -> None:
        self.counts: Counter[str] = Counter()
        self.findings: list[Finding] = []
        self._proofs = proofs
        self._verdicts: dict[tuple[str, str], Verdict] = {}
        self._undecided: list[_Undecided] = []
        self._mirrors: dict[tuple[str, str], _Mirrored] = {}

    def take(self, container: Container, place: ClusterPlace, node: str) -> None:
        """Compare one container that asked for a digest; others asked for nothing certain."""
        asked = _asked(container)
        if asked is None:
            return
        if not container.has_started:
            self.counts["not started"] += 1
            return
        verdict = self._verdict(asked, container)
        if isinstance(verdict, Right) or not len(self._proofs):
            self._note(verdict, asked, place)
        else:
            self._undecided.append(_Undecided(place, asked, container.image_id, node))

    def is_plain(self, container: Container) -> bool:
        """Say whether there is nothing to tell of a container, wherever it runs."""
        asked = _asked(container)
        if asked is None:
            return True
        if not container.has_started:
            return not container.lacks_status  # then it depends on its pod
        return self._verdict(asked, container) == _AS_ASKED

    def count(self, container: Container, times: int) -> None:
        """Count containers of which there is nothing to tell."""
        if _asked(container) is not None:
            what = "running as asked" if container.has_started else "not started"
            self.counts[what] += times

    def finish(self, nodes: NodeImages) -> Iterator[Finding]:
        """Decide what was left open, now that every node is known, and tell it all."""
        for one in self._undecided:
            verdict = compare(
                one.asked,
                one.image_id,
                proofs=self._proofs,
                architecture=nodes.architecture(one.node),
            )
            self._note(verdict, one.asked, one.place)
        yield from self.findings
        yield from self._mirror_names()

    def _verdict(self, asked: ImageReference, container: Container) -> Verdict:
        key = (container.image, container.image_id)
        verdict = self._verdicts.get(key)
        if verdict is None:
            verdict = self._verdicts[key] = compare(asked, container.image_id)
        return verdict

    def _note(self, verdict: Verdict, asked: ImageReference, place: ClusterPlace) -> None:
        match verdict:
            case Right(other_name):
                self.counts["running as asked"] += 1
                if other_name:
                    key = (asked.text, other_name)
                    self._mirrors.setdefault(key, _Mirrored(place)).containers += 1
            case Wrong(reason):
                message = f"another digest runs than was asked for: {reason}"
                self.findings.append(
                    Finding.of("running-other-digest", place, message, image=asked.text)
                )
            case CannotCompare(reason):
                message = f"what runs cannot be compared: {reason}"
                self.findings.append(Finding.of("cannot-compare", place, message, image=asked.text))
            case never:
                assert_never(never)

    def _mirror_names(self) -> Iterator[Finding]:
        for (image, other_name), mirrored in self._mirrors.items():
            others = mirrored.containers - 1
            more = f", here and in {others} more containers" if others else ""
            message = f"its node knows the pinned digest as {other_name}{more}"
            yield Finding.of("mirror-name", mirrored.place, message, image=image)


_AS_ASKED = Right()


def _asked(container: Container) -> ImageReference | None:
    """Return what a container asked for, if it asked for a digest."""
    asked = ImageReference.try_parse(container.image)
    return asked if asked is not None and asked.is_pinned else None
