"""What of a cluster is meant, and how what is not is told."""

from __future__ import annotations

import pytest

from imagelock.core.cluster import Page
from imagelock.core.finding import Skipped
from imagelock.decide.scope import EVERYTHING, LeftOut, Scope

SHOP, BANK = frozenset({"shop"}), frozenset({"bank"})


@pytest.mark.parametrize(
    ("scope", "namespaces"),
    [
        (EVERYTHING, {"shop", "bank", "sand-1", ""}),
        (Scope(only=SHOP), {"shop"}),
        (Scope(without=SHOP), {"bank", "sand-1", ""}),
        (Scope(only=SHOP | BANK, without=BANK), {"shop"}),
        (Scope(without=frozenset({"sand-*"})), {"shop", "bank", ""}),
        (Scope(without=frozenset({"sand"})), {"shop", "bank", "sand-1", ""}),
        (Scope(selector="a=b"), {"shop", "bank", "sand-1", ""}),
    ],
)
def test_a_namespace_is_meant_unless_the_call_says_otherwise(
    scope: Scope, namespaces: set[str]
) -> None:
    assert {name for name in ("shop", "bank", "sand-1", "") if scope.holds(name)} == namespaces


def told(scope: Scope, *pages: Page, namespaces: tuple[str, ...] = ()) -> list[str]:
    left_out = LeftOut(scope)
    for page in pages:
        left_out.take(page)
    for namespace in namespaces:
        left_out.add(namespace)
    for namespace in scope.only:
        left_out.meet(namespace)
    skipped = list(left_out.skipped())
    assert all(one.expected for one in skipped)
    return [f"{one.what}: {one.reason}" for one in skipped]


def test_every_namespace_that_was_left_out_is_told_with_its_objects() -> None:
    assert told(Scope(without=SHOP | BANK), namespaces=("shop", "bank", "shop")) == [
        "1 object in namespace bank: this namespace is left out (--exclude)",
        "2 objects in namespace shop: this namespace is left out (--exclude)",
    ]


def test_what_is_in_no_namespace_is_told_so() -> None:
    assert told(Scope(without=frozenset({"*"})), namespaces=("",)) == [
        "1 object without a namespace: every namespace is left out (--exclude '*')"
    ]


def test_a_list_in_a_list_is_told_with_what_to_do() -> None:
    left_out = LeftOut(EVERYTHING)
    left_out.take(Page(kind="List", others=(("PodList", 1),)))

    (skipped,) = left_out.skipped()

    assert not skipped.expected
    assert "give it as a file of its own" in skipped.reason


def test_where_few_namespaces_are_meant_the_others_are_told_together() -> None:
    assert told(Scope(only=SHOP, without=BANK), namespaces=("a", "b", "bank")) == [
        "every namespace but shop: --namespace names those that are meant",
        "1 object in namespace bank: this namespace is left out (--exclude)",
    ]


def test_a_namespace_that_is_meant_and_empty_may_be_misspelled() -> None:
    left_out = LeftOut(Scope(only=SHOP | BANK, without=frozenset({"no-*"})))
    left_out.meet("shop")

    unexpected = [one.what for one in left_out.skipped() if not one.expected]

    assert unexpected == ["namespace bank"]


@pytest.mark.parametrize(
    ("unselected", "what"), [(0, "pods and workloads with other labels"), (3, "3 objects")]
)
def test_a_selector_is_told_with_what_it_left_out_where_that_is_known(
    unselected: int, what: str
) -> None:
    page = Page(kind="PodList", unselected=unselected)

    assert told(Scope(selector="a=b"), page) == [
        f"{what}: only labels of --selector 'a=b' were asked for"
    ]


def test_kinds_that_were_not_read_are_told_and_expected_only_if_they_hold_no_images() -> None:
    unseen = Skipped("nodes", "the permission is missing")
    left_out = LeftOut(EVERYTHING)
    left_out.take(Page(kind="List", others=(("Service", 2), ("Shop", 1)), unseen=(unseen,)))
    left_out.take(Page(kind="List", others=(("Shop", 1_000),)))

    assert [(one.what, one.expected) for one in left_out.skipped()] == [
        ("nodes", False),
        ("2 objects of kind Service", True),
        ("1,001 objects of kind Shop", False),
    ]
