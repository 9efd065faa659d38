"""The finders in their order, and which keys each of them is interested in."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from imagelock.document.nodes import KeyBits, Scalar
from imagelock.find import (
    argo,
    arguments,
    decoys,
    helmfile,
    key,
    kustomize,
    openshift,
    parameters,
    patches,
    position,
    split,
)
from imagelock.find.merged import MERGE_KEY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from imagelock.document.nodes import Mapping
    from imagelock.find.site import Site
    from imagelock.find.visit import Layer

__all__ = ["DECOY", "KEY_BITS", "MERGES", "OBJECT", "SPLIT", "finders_of", "interest_of"]

# In this order, so that what is certain by its position is not told by its key.
_FINDERS = (
    argo,
    helmfile,
    kustomize,
    position,
    openshift,
    patches,
    split,
    arguments,
    parameters,
    key,
)
SPLIT = 1 << _FINDERS.index(split)
_ARGUMENTS = 1 << _FINDERS.index(arguments)
DECOY = 1 << len(_FINDERS)
OBJECT = DECOY << 1
MERGES = OBJECT << 1
_VARIABLE = MERGES << 1  # many have a value, and few of these name an image
_ALL_FINDERS = DECOY - 1
_LONGEST_KEY = 512  # characters: annotations' keys have at most 317
_MOST_KEYS = 16_384  # that are remembered


def interest_of(mapping: Mapping) -> int:
    """Return who wants to see a mapping, as bits: the finders', and those named here."""
    if mapping.bits >= 0:
        return mapping.bits
    interest = 0
    for name, _ in mapping.pairs:
        if type(name) is Scalar:
            interest |= KEY_BITS[name.value]
    return interest


def finders_of(interest: int) -> tuple[Callable[..., Iterator[Site | Layer]], ...]:
    """Return what finds images in a mapping of this interest, in the order of the finders."""
    return _finders_of(interest & (_ALL_FINDERS | _VARIABLE))


@cache
def _finders_of(interest: int) -> tuple[Callable[..., Iterator[Site | Layer]], ...]:
    if interest & _VARIABLE:
        interest |= _ARGUMENTS
    return tuple(f.find for index, f in enumerate(_FINDERS) if interest & (1 << index))


class _KeyBits(KeyBits):
    telling = _ALL_FINDERS | MERGES

    def __missing__(self, key: str) -> int:
        if len(key) > _LONGEST_KEY:
            return 0
        bits = DECOY if decoys.wants(key) else 0
        bits |= OBJECT if key == "kind" else 0
        bits |= MERGES if key == MERGE_KEY else 0
        bits |= _VARIABLE if key == "value" else 0
        for index, finder in enumerate(_FINDERS):
            if finder.wants(key):
                bits |= 1 << index
        # Keys repeat: a hundred of them make nine of ten in any file.
        if len(self) < _MOST_KEYS:
            self[key] = bits
        return bits


KEY_BITS = _KeyBits()
