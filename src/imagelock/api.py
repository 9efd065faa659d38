"""The jobs, each as one function from texts to a result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from imagelock.core.finding import Report
from imagelock.core.place import Source
from imagelock.decide.check import check_sites
from imagelock.decide.override import plan_override
from imagelock.document.splice import apply
from imagelock.find.sites import FoundSites, Knowledge, find_sites

if TYPE_CHECKING:
    from imagelock.core.config import Config
    from imagelock.decide.judge import Terms

__all__ = ["Override", "check", "find", "override"]


class Override(Struct, frozen=True):
    """A manifest with every digest written that the lock has, and what there is to say."""

    text: str
    report: Report


def find(source: Source, terms: Terms, config: Config) -> FoundSites:
    """Find every place of a manifest that names an image."""
    assert terms.lock is not None  # noqa: S101  (an empty one, where there is none)
    return find_sites(source, Knowledge(terms.lock, config.find_keys, config.forbid_keys))


def override(source: Source, terms: Terms, config: Config) -> Override:
    """Write the lock's digests into a manifest, and change no other character of it.

    Args:
        source: The manifest.
        terms: The lock, and who is exempt.
        config: The key paths that the project adds or forbids.
    """
    plan = plan_override(source, find(source, terms, config), terms)
    return Override(apply(source.text, plan.splices), plan.report)


def check(source: Source, terms: Terms, config: Config) -> Report:
    """Say which images of a manifest the policy does not allow."""
    return check_sites(source, find(source, terms, config), terms)
