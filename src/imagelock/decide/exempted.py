"""Which exemptions were used, which have ended, and which nobody needs."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from imagelock.core.finding import ExemptionUse, Finding
from imagelock.core.place import FilePlace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from imagelock.core.exemption import Exemption

__all__ = ["ExemptionUses", "ended", "uses_of"]


class ExemptionUses:
    """How often each exemption let an image pass."""

    def __init__(self) -> None:
        self._uses: Counter[Exemption] = Counter()

    def add(self, exemption: Exemption, times: int = 1) -> None:
        """Count an image that an exemption let pass."""
        self._uses[exemption] += times

    @property
    def total(self) -> int:
        """How many images were let pass."""
        return self._uses.total()

    @property
    def uses(self) -> tuple[ExemptionUse, ...]:
        """The exemptions that were used, most used first."""
        return tuple(ExemptionUse(*use) for use in self._uses.most_common())

    def findings(self, exemptions: Iterable[Exemption], today: date) -> Iterator[Finding]:
        """Tell of exemptions that have ended, and of those that nothing used.

        A preset has rows for many regions and versions: it is unused when none
        of them was.
        """
        presets_used = {exemption.preset for exemption in self._uses}
        presets_told: set[str] = set()
        for exemption in exemptions:
            if exemption.has_expired(today):
                yield _expired(exemption)
            elif exemption.preset:
                if exemption.preset not in presets_used | presets_told:
                    presets_told.add(exemption.preset)
                    yield _unused_preset(exemption.preset)
            elif exemption not in self._uses:
                yield _unused(exemption)


def uses_of(exemptions: Iterable[Exemption | None]) -> tuple[ExemptionUse, ...]:
    """Count the exemptions that let images pass; there is one, or none, for each image."""
    uses = ExemptionUses()
    for exemption in exemptions:
        if exemption is not None:
            uses.add(exemption)
    return uses.uses


def ended(exemptions: Iterable[Exemption], today: date) -> Iterator[Finding]:
    """Tell of exemptions that have ended."""
    return (_expired(exemption) for exemption in exemptions if exemption.has_expired(today))


def _expired(exemption: Exemption) -> Finding:
    owner = f" of {exemption.owner}" if exemption.owner else ""
    message = f"the exemption{owner} for '{exemption.repository}' ended on {exemption.until}"
    return Finding.of("expired-exemption", exemption.place, message)


def _unused(exemption: Exemption) -> Finding:
    message = f"the exemption for '{exemption.repository}' was used by nothing"
    return Finding.of("unused-exemption", exemption.place, message)


def _unused_preset(name: str) -> Finding:
    message = f"the preset '{name}' was used by nothing"
    return Finding.of("unused-exemption", FilePlace(f"preset {name}"), message)
