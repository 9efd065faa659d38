"""The jobs, each as one function from texts to a result."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from imagelock.core.config import Config
from imagelock.core.finding import Report
from imagelock.core.lock import Lock
from imagelock.core.place import Source
from imagelock.decide.judge import Terms
from imagelock.decide.override import plan_override
from imagelock.document.splice import apply
from imagelock.find.sites import Knowledge, find_sites

if TYPE_CHECKING:
    from imagelock.core.finding import ReportedSite
    from imagelock.core.reference import ImageReference
    from imagelock.decide.override import Plan
    from imagelock.find.sites import FoundSites
    from imagelock.find.surroundings import Surroundings

__all__ = ["Override", "check", "find", "override", "plan", "terms_of", "told_sites"]

_DEFAULTS = Config()
_EMPTY = Lock(())
# Without a date of today, an exemption that has one counts as over.
_NO_DAY = date.max


class Override(Struct, frozen=True):
    """A manifest with every digest written that the lock has, and what there is to say."""

    text: str
    report: Report


def find(
    text: str | Source,
    lock: Lock = _EMPTY,
    *,
    config: Config = _DEFAULTS,
    surroundings: Surroundings | None = None,
) -> FoundSites:
    """Find every place of a manifest that names an image.

    Args:
        text: YAML or JSON, one document or a stream of them; templates are read through.
        lock: Tells images in places that no key names.
        config: The key paths that the project adds or forbids.
        surroundings: What other files say about this one.
    """
    knowledge = Knowledge(lock, config.find_keys, config.forbid_keys)
    if surroundings is not None:
        knowledge = replace(knowledge, replaced=surroundings.replaced, unsafe=surroundings.unsafe)
    return find_sites(_source(text), knowledge)


def override(
    text: str | Source, lock: Lock, *, config: Config = _DEFAULTS, today: date = _NO_DAY
) -> Override:
    """Write the lock's digests into a manifest, and change no other character of it.

    Args:
        text: YAML or JSON, one document or a stream of them.
        lock: The digests.
        config: Exemptions, and the key paths that the project adds or forbids.
        today: The day on which exemptions are judged.
    """
    source = _source(text)
    made = plan(source, lock, config=config, today=today)
    return Override(apply(source.text, made.splices), made.report)


def plan(
    text: str | Source,
    lock: Lock,
    *,
    config: Config = _DEFAULTS,
    today: date = _NO_DAY,
    surroundings: Surroundings | None = None,
    tell_sites: bool = True,
) -> Plan:
    """Decide what `override` would write, and where.

    With *tell_sites* the report names every site, and not only the findings.
    """
    source = _source(text)
    found = find(source, lock, config=config, surroundings=surroundings)
    return plan_override(source, found, terms_of(config, lock, today), tell_sites=tell_sites)


def told_sites(
    text: str | Source, lock: Lock = _EMPTY, *, config: Config = _DEFAULTS
) -> list[tuple[ImageReference | None, ReportedSite]]:
    """Return every site of a manifest with the image that it names, as it would be told."""
    from imagelock.decide.check import check_sites

    source = _source(text)
    found = find(source, lock, config=config)
    report = check_sites(source, found, terms_of(config, lock, _NO_DAY))
    images = (site.image for site in found.sites)
    return list(zip(images, report.sites or (), strict=True))


def check(
    text: str | Source,
    lock: Lock = _EMPTY,
    *,
    config: Config = _DEFAULTS,
    today: date = _NO_DAY,
    surroundings: Surroundings | None = None,
) -> Report:
    """Say which images of a manifest the policy in *config* does not allow."""
    from imagelock.decide.check import check_sites

    source = _source(text)
    found = find(source, lock, config=config, surroundings=surroundings)
    return check_sites(source, found, terms_of(config, lock, today))


def terms_of(config: Config, lock: Lock | None, today: date) -> Terms:
    """Return what images are judged by, as the settings say.

    Raises:
        InputError: There is no preset of a name that the settings give.
    """
    exemptions = config.exemptions
    if config.presets:
        from imagelock.core.presets import exemptions_of

        exemptions += exemptions_of(config.presets)
    return Terms(policy=config.policy, lock=lock, exemptions=exemptions, today=today)


def _source(text: str | Source) -> Source:
    return text if isinstance(text, Source) else Source("<text>", text)
