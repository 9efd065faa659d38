"""Which exemptions were used, which have ended, and which nobody needs."""

from __future__ import annotations

from datetime import date

from imagelock.core.exemption import Exemption
from imagelock.core.presets import PRESETS
from imagelock.decide.exempted import ExemptionUses

TODAY = date(2027, 1, 1)
OWN = Exemption(repository="quay.io/acme", namespaces=("shop",), reason="because")


def test_a_preset_of_which_one_row_was_used_is_used() -> None:
    uses = ExemptionUses()
    uses.add(PRESETS["eks"][3])

    assert list(uses.findings(PRESETS["eks"], TODAY)) == []


def test_a_preset_that_nothing_used_is_told_once() -> None:
    told = list(ExemptionUses().findings((*PRESETS["eks"], *PRESETS["gke"]), TODAY))

    assert [finding.message for finding in told] == [
        "the preset 'eks' was used by nothing",
        "the preset 'gke' was used by nothing",
    ]


def test_the_same_exemption_in_two_namespaces_is_two() -> None:
    elsewhere = Exemption(repository="quay.io/acme", namespaces=("bank",), reason="because")
    uses = ExemptionUses()
    uses.add(OWN)
    uses.add(OWN)

    assert [finding.rule.name for finding in uses.findings((OWN, elsewhere), TODAY)] == [
        "unused-exemption"
    ]
    assert [(use.exemption, use.images) for use in uses.uses] == [(OWN, 2)]
    assert uses.total == 2


def test_an_exemption_that_has_ended_names_its_owner() -> None:
    ended = Exemption(
        repository="quay.io/acme",
        namespaces=("shop",),
        reason="because",
        owner="team-a",
        until=date(2026, 12, 31),
    )

    (finding,) = ExemptionUses().findings((ended,), TODAY)

    assert finding.rule.name == "expired-exemption"
    assert "of team-a" in finding.message
