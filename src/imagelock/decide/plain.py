"""Of which pods there is nothing to tell, so that whoever reads them may only count them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imagelock.core.podspec import IMAGE_FIELDS
from imagelock.decide.asked import Judgements
from imagelock.decide.compared import RunningImages
from imagelock.decide.running import NO_PROOFS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from imagelock.core.cluster import Container
    from imagelock.decide.judge import Terms

__all__ = ["Plain", "has_containers"]

_ORDINARY = IMAGE_FIELDS[0].noun


class Plain:
    """Answers for all pods of a namespace that ask for the same and run the same.

    Plain is what may run there, image by image, and runs as it was asked for under its
    own name, or waits to be started. It needs no proof and nobody's attention, and nearly
    all pods of a cluster are so.
    """

    def __init__(self, terms: Terms) -> None:
        self.judgements = Judgements(terms)
        self._running = RunningImages(NO_PROOFS)
        self._known: dict[tuple[str, tuple[Container, ...]], bool] = {}

    def __call__(self, namespace: str, containers: tuple[Container, ...]) -> bool:
        """Say whether there is nothing to tell."""
        key = (namespace, containers)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._decide(namespace, containers)
        return known

    def _decide(self, namespace: str, containers: tuple[Container, ...]) -> bool:
        return has_containers(containers) and all(
            self.judgements.passes(one.image, namespace) and self._running.is_plain(one)
            for one in containers
        )


def has_containers(containers: Iterable[Container]) -> bool:
    """Say whether there is an ordinary container among them, as in every pod."""
    return any(one.kind == _ORDINARY for one in containers)
