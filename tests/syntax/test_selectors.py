"""Label selectors, evaluated as an API server evaluates them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagelock.errors import InputError
from imagelock.syntax.selectors import parse_selector

SHOP = {"app": "shop", "tier": "web", "example.com/replicas": "3", "empty": ""}


@pytest.mark.parametrize(
    ("text", "selected"),
    [
        ("app=shop", True),
        ("app==shop", True),
        (" app = shop ", True),
        ("app=bank", False),
        ("missing=shop", False),
        ("missing=", False),
        ("empty=", True),
        ("empty", True),
        ("app!=bank", True),
        ("app!=shop", False),
        ("missing!=shop", True),
        ("app in (shop, bank)", True),
        ("app in (bank)", False),
        ("app in(shop)", True),
        ("empty in (,a)", True),
        ("app in ()", False),
        ("empty in ()", True),
        ("missing in (shop)", False),
        ("app notin (shop,bank)", False),
        ("app notin (bank)", True),
        ("missing notin (bank)", True),
        ("app", True),
        ("missing", False),
        ("!app", False),
        ("! missing", True),
        ("example.com/replicas>2", True),
        ("example.com/replicas > 3", False),
        ("example.com/replicas<4", True),
        ("app>2", False),
        ("missing<2", False),
        ("app=shop,tier in (web),!missing,empty", True),
        ("app=shop,tier=db", False),
        ("in=x", False),
        ("in in (x)", False),
    ],
)
def test_a_selector_selects_as_kubernetes_does(text: str, *, selected: bool) -> None:
    assert parse_selector(text).matches(SHOP) is selected


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("", 1),
        (" ", 1),
        (",", 1),
        ("app=shop,", 10),
        ("app=shop,,tier", 10),
        ("app=-shop", 1),
        ("app=a b", 1),
        ("app in shop", 1),
        ("app in (shop", 1),
        ("app,tier within (a)", 5),
        ("app=shop;tier=web", 1),
        ("app!", 1),
        ("!app=shop", 1),
        ("app>two", 1),
        ("a/b/c=d", 1),
        ("app=" + "x" * 64, 1),
        ("\x1b[2J", 1),
    ],
)
def test_what_is_no_selector_is_refused_where_it_breaks(text: str, column: int) -> None:
    with pytest.raises(InputError) as error:
        parse_selector(text)

    assert error.value.place == f"--selector, column {column}"


@given(
    st.text(max_size=40) | st.text("ab=!,()<> in", max_size=20),
    st.dictionaries(st.text(), st.text()),
)
def test_any_text_is_a_selector_or_a_clear_error(text: str, labels: dict[str, str]) -> None:
    try:
        selector = parse_selector(text)
    except InputError:
        return
    assert selector.matches(labels) in {True, False}
