from __future__ import annotations

import re

import pytest

from imagelock.core.rules import RULES, Rule, rule

EVERY = pytest.mark.parametrize("row", RULES.values(), ids=lambda row: row.name)


@EVERY
def test_a_rule_has_a_name_that_can_be_an_anchor(row: Rule) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", row.name)
    assert rule(row.name) is row


@EVERY
def test_a_rule_says_what_why_how_to_mend_and_how_to_allow_in_sentences(row: Rule) -> None:
    for text in (row.what, row.why, row.mend, row.allow):
        assert text.endswith(".")
        assert text[0].isupper() or text[0] == "`"
        assert text.count("`") % 2 == 0
        assert "\n" not in text


@EVERY
def test_what_a_rule_says_of_strict_fits_its_severity(row: Rule) -> None:
    if "--strict" in row.allow:
        assert row.severity == "warning"
    if "is a note" in row.allow:
        assert row.severity == "note"


def test_names_are_not_used_twice() -> None:
    from imagelock.core import rules

    assert len(rules._CATALOGUE) == len(RULES)
