"""What a cluster was asked to run: every image, judged once for each namespace."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, assert_never

from imagelock.core import grammar
from imagelock.core.finding import Finding, ImageUse
from imagelock.core.lock import Ambiguous, Found, Lock, Missing
from imagelock.core.reference import ImageReference
from imagelock.core.resources import TEMPLATED
from imagelock.decide.exempted import ExemptionUses
from imagelock.decide.judge import Allowed, Denied, Exempt, Judgement, Terms, judge

if TYPE_CHECKING:
    from imagelock.core.place import ClusterPlace

__all__ = ["AskedImages", "Judgements"]

_RULES = {"unpinned": "not-pulled-by-digest"}


class Judgements:
    """What may run where by some terms, each image judged once for each namespace."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self._known: dict[tuple[str, str], Judgement | None] = {}

    def of(self, image: str, namespace: str) -> Judgement | None:
        """Judge an image; ``None`` where it is no image ID."""
        key = (image, namespace)
        if key not in self._known:
            reference = ImageReference.try_parse(image)
            self._known[key] = (
                None if reference is None else judge(reference, namespace, self.terms)
            )
        return self._known[key]

    def passes(self, image: str, namespace: str) -> bool:
        """Say whether there is nothing to tell of an image there."""
        return isinstance(self.of(image, namespace), Allowed | Exempt)


class AskedImages:
    """The images that objects of a cluster ask for.

    *counts* and *uses* are there when it is finished.
    """

    def __init__(self, judgements: Judgements) -> None:
        self.counts: Counter[str] = Counter()
        self.uses = ExemptionUses()
        self.findings: list[Finding] = []
        self._judgements = judgements
        self._uses: Counter[tuple[str, str]] = Counter()

    def take(self, image: str, place: ClusterPlace) -> None:
        """Judge one image where it is asked for."""
        judgement = self._judgements.of(image, place.namespace)
        self.count(image, place.namespace)
        if isinstance(judgement, Denied):
            self.findings.append(_denied(image, judgement, place, self._judgements.terms))
        elif judgement is None:
            self.findings.append(_no_reference(image, place))

    def count(self, image: str, namespace: str, times: int = 1) -> None:
        """Count an image as asked for."""
        self._uses[image, namespace] += times

    def finish(self) -> None:
        """Count how many of them are allowed or exempt, now that all were taken."""
        for (image, namespace), times in self._uses.items():
            self.counts["images"] += times
            judgement = self._judgements.of(image, namespace)
            if isinstance(judgement, Allowed):
                self.counts["allowed"] += times
            elif isinstance(judgement, Exempt):
                self.uses.add(judgement.exemption, times)

    @property
    def images(self) -> tuple[ImageUse, ...]:
        """Every image that was asked for, and how often; an exemption is an origin too."""
        uses: Counter[tuple[str, bool]] = Counter()
        for (image, namespace), count in self._uses.items():
            judgement = self._judgements.of(image, namespace)
            uses[image, isinstance(judgement, Exempt)] += count
        return tuple(
            ImageUse(image, count, "exempt" if exempt else "unknown")
            for (image, exempt), count in uses.items()
        )


def _denied(image: str, denied: Denied, place: ClusterPlace, terms: Terms) -> Finding:
    lock = terms.lock
    if denied.rule == "unpinned":
        message = "asked for without a digest"
    else:
        message = f"its digest is not in {lock.name if lock is not None else 'the lock'}"
        message += ", and not hardcoded in the app-of-apps" if terms.hardcoded else ""
    if denied.expired is not None:
        message += f"; its exemption ended on {denied.expired.until}"
    return Finding.of(
        _RULES.get(denied.rule, denied.rule),
        place,
        message,
        image=image,
        help=_remedy(image, lock) or _of_a_debugger(place),
    )


def _remedy(image: str, lock: Lock | None) -> str:
    """Say what the lock has for this image, if it has something."""
    reference = ImageReference.try_parse(image)
    if lock is None or reference is None or reference.is_pinned:
        return ""
    match lock.match(reference):
        case Found(digest) | Ambiguous(digest):
            return (
                f"{lock.name} has {digest} for it: run `imagelock override` over its manifest and "
                "deploy what that wrote."
            )
        case Missing():
            return ""
        case never:
            assert_never(never)


def _of_a_debugger(place: ClusterPlace) -> str:
    """Say what is true of ephemeral containers only: no manifest has them."""
    if not place.container.startswith("ephemeral container "):
        return ""
    return (
        "Somebody started it (kubectl debug), and it is gone with its pod. Name an image with its "
        "digest there, too: kubectl debug --image=IMAGE@DIGEST."
    )


def _no_reference(image: str, place: ClusterPlace) -> Finding:
    if "{{" in image and place.kind in TEMPLATED:
        message = "it is filled in when a workflow starts; the pods of that are looked at then"
        return Finding.of("not-a-reference", place, message, image=image)
    # In a manifest it may be a placeholder; in a cluster a node will try to run it.
    problem, _, _ = grammar.what_is_wrong(image)
    message = f"what was asked for is no image ID: {problem}"
    remedy = (
        _of_a_debugger(place) or "Write an image ID where its manifest comes from, and deploy it."
    )
    return Finding.of("not-a-reference", place, message, image=image, help=remedy).strict()
