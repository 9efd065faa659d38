from __future__ import annotations

from typing import Any

import pytest
from tests.simulators.argo_cluster import application, definition, namespace

from imagelock.errors import InputErrors
from imagelock.syntax.manifests import in_order, in_waves, parse_manifests


def refused(*documents: Any) -> str:
    with pytest.raises(InputErrors) as caught:
        parse_manifests([("apps.yaml", documents)])
    return str(caught.value)


def test_an_object_is_read_with_its_place() -> None:
    (it,) = parse_manifests([("apps.yaml", [application("shop")])])

    assert (it.group, it.kind, it.namespace, it.name) == (
        "argoproj.io",
        "Application",
        "argocd",
        "shop",
    )
    assert str(it) == "Application argocd/shop"
    assert str(it.place) == "apps.yaml"


def test_a_list_is_taken_apart() -> None:
    items = [application("a"), application("b")]

    its = parse_manifests([("apps.yaml", [{"apiVersion": "v1", "kind": "List", "items": items}])])

    assert [it.name for it in its] == ["a", "b"]


def test_namespaces_come_first_then_definitions_then_the_rest_as_it_stood() -> None:
    documents = [application("b"), definition("Thing"), application("a"), namespace("argocd")]

    its = in_order(parse_manifests([("apps.yaml", documents)]))

    assert [it.kind for it in its] == [
        "Namespace",
        "CustomResourceDefinition",
        "Application",
        "Application",
    ]
    assert [it.name for it in its][2:] == ["b", "a"]


def test_applications_come_after_what_they_may_need() -> None:
    project = {**application("p"), "kind": "AppProject"}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}}
    sets = {**application("set"), "kind": "ApplicationSet"}
    documents = [application("a"), secret, sets, project, namespace("n"), application("b")]

    waves = in_waves(in_order(parse_manifests([("apps.yaml", documents)])))

    assert [[one.name for one in wave] for wave in waves] == [
        ["n"],
        ["s"],
        ["p"],
        ["a", "set", "b"],
    ]


def test_objects_of_a_kind_are_a_wave_where_they_follow_each_other() -> None:
    kinds = ["Role", "Role", "RoleBinding", "Role"]
    documents = [
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": {"name": f"{at}"}}
        for at, kind in enumerate(kinds)
    ]

    waves = in_waves(in_order(parse_manifests([("apps.yaml", documents)])))

    assert [len(wave) for wave in waves] == [2, 1, 1]


def test_what_a_definition_defines_is_known() -> None:
    (it,) = parse_manifests([("crd.yaml", [definition("Thing")])])

    assert it.defines == ("example.org", "Thing")


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("words", "the document is no object"),
        (
            {"image": "nginx"},
            "cannot be applied: apiVersion and kind and metadata.name",
        ),
        (
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "x-"}},
            "the document (ConfigMap) cannot be applied: metadata.name must be a text",
        ),
        (
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "namespace": 7}},
            "the document (ConfigMap x) cannot be applied: metadata.namespace must be a text",
        ),
        (
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": True}},
            "metadata.name must be a text",
        ),
    ],
)
def test_what_cannot_be_applied_is_an_error(document: Any, message: str) -> None:
    assert message in refused(document)


def test_all_mistakes_are_told_at_once_with_their_documents() -> None:
    told = refused(application("a"), {"kind": "X"}, "words")

    assert "document 2 (X)" in told
    assert "document 3 is no object" in told


def test_an_item_of_a_list_is_named_by_its_number() -> None:
    assert "items[1]" in refused({"kind": "List", "items": [application("a"), {}]})


def test_one_object_twice_is_an_error() -> None:
    with pytest.raises(InputErrors) as caught:
        parse_manifests([("a.yaml", [application("shop")]), ("b.yaml", [application("shop")])])

    told = str(caught.value)
    assert told.startswith("b.yaml: Application argocd/shop stands in two places; the other is a.")
