from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.simulators.api_server import Answer, said
from tests.simulators.argo_cluster import ARGO, ArgoCluster, application, application_set

from imagelock.errors import ClusterError
from imagelock.outside.argocd import applications_in, ask_to_look, look_at
from imagelock.outside.refusals import ApiError
from imagelock.syntax.argocd import APPLICATION_SET, Application, ApplicationSet, Key

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulators.api_server import ApiServer, Request

    from imagelock.outside.kubernetes_api import Api

    Serve = Callable[..., ApiServer]
    Reach = Callable[..., Api]

SHOP = Key("argocd", "shop")
ALL = Key("argocd", "all", APPLICATION_SET)


@pytest.fixture
def cluster() -> ArgoCluster:
    it = ArgoCluster()
    it.objects[f"{ARGO}/namespaces/argocd/applications/shop"] = application("shop")
    whole = application_set("all")
    whole["metadata"]["uid"] = "1"
    it.objects[f"{ARGO}/namespaces/argocd/applicationsets/all"] = whole
    return it


def test_an_application_is_looked_at(serve: Serve, reach: Reach, cluster: ArgoCluster) -> None:
    it = look_at(reach(serve(cluster)), SHOP)

    assert isinstance(it, Application)
    assert it.key == SHOP


def test_what_is_not_there_is_nothing(serve: Serve, reach: Reach, cluster: ArgoCluster) -> None:
    assert look_at(reach(serve(cluster)), Key("argocd", "other")) is None


@pytest.mark.parametrize("key", [SHOP, ALL])
def test_argo_cd_is_asked_by_an_annotation(
    serve: Serve, reach: Reach, cluster: ArgoCluster, key: Key
) -> None:
    api = reach(serve(cluster))

    ask_to_look(api, key, "imagelock")

    it = look_at(api, key)
    assert it is not None
    assert it.awaits_refresh


def test_the_applications_of_a_set_name_it_as_their_owner(
    serve: Serve, reach: Reach, cluster: ArgoCluster
) -> None:
    cluster.creates(application("mine"), owner="1")({})
    cluster.creates(application("other"), owner="2")({})
    api = reach(serve(cluster))

    whole = look_at(api, ALL)

    assert isinstance(whole, ApplicationSet)
    owners = {one.key.name: one.owner_uids for one in applications_in(api, "argocd")}
    assert [name for name, uids in owners.items() if whole.uid in uids] == ["mine"]


def test_a_permission_that_is_missing_is_an_error(serve: Serve, reach: Reach) -> None:
    with pytest.raises(ApiError, match="refuses: no"):
        look_at(reach(serve(said(403, "no"))), SHOP)


@pytest.mark.parametrize(
    "ask",
    [
        lambda api: look_at(api, SHOP),
        lambda api: applications_in(api, "argocd"),
        lambda api: ask_to_look(api, SHOP, "imagelock"),
    ],
    ids=["look at", "list", "ask to look"],
)
def test_a_server_that_is_being_started_may_refuse_for_a_moment(
    serve: Serve, reach: Reach, cluster: ArgoCluster, ask: Callable[[Api], object]
) -> None:
    left = [said(403, "not yet")] * 2

    def answer(request: Request) -> Answer:
        return left.pop() if left else cluster(request)

    ask(reach(serve(answer)))

    assert left == []


def test_an_answer_that_is_no_application_is_an_error_of_the_cluster(
    serve: Serve, reach: Reach
) -> None:
    with pytest.raises(ClusterError, match="not whole, or not what was asked for"):
        look_at(reach(serve(Answer(body=b'{"metadata": '))), SHOP)
