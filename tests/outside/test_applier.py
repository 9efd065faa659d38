from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.simulators.api_server import said
from tests.simulators.argo_cluster import (
    ARGO,
    CORE,
    ArgoCluster,
    application,
    definition,
    namespace,
)

from imagelock.errors import ClusterError, InputError
from imagelock.outside.applier import Applier, How
from imagelock.outside.kubernetes_api import Patience
from imagelock.outside.side_by_side import AT_ONCE, each
from imagelock.syntax.manifests import Manifest, parse_manifests

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulators.api_server import Answer, ApiServer, Request

    from imagelock.outside.kubernetes_api import Api

    Serve = Callable[..., ApiServer]
    Reach = Callable[..., Api]

SHOP = f"{ARGO}/namespaces/argocd/applications/shop"


@pytest.fixture
def cluster() -> ArgoCluster:
    return ArgoCluster()


@pytest.fixture
def server(serve: Serve, cluster: ArgoCluster) -> ApiServer:
    return serve(cluster)


@pytest.fixture
def applier(reach: Reach, server: ApiServer) -> Callable[..., Applier]:
    def make(**how: Any) -> Applier:
        return Applier(
            reach(server), How(**{"namespace": "default", "field_manager": "imagelock", **how})
        )

    return make


def manifests(*documents: Any) -> tuple[Manifest, ...]:
    return parse_manifests([("apps.yaml", documents)])


def patches(server: ApiServer) -> list[Request]:
    return [request for request in server.requests if request.method == "PATCH"]


def test_an_object_is_applied_by_server_side_apply(
    applier: Callable[..., Applier], server: ApiServer
) -> None:
    (shop,) = manifests(application("shop"))

    assert applier().apply(shop)

    (request,) = patches(server)
    assert request.path == SHOP
    assert request.headers["Content-Type"] == "application/apply-patch+yaml"
    assert request.params == {"fieldManager": "imagelock", "fieldValidation": "Strict"}
    assert request.json == application("shop")


def test_an_object_without_a_namespace_gets_the_default_one(
    applier: Callable[..., Applier], server: ApiServer
) -> None:
    document = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}

    applier().apply(manifests(document)[0])

    (request,) = patches(server)
    assert request.path == "/api/v1/namespaces/default/configmaps/x"
    assert request.json["metadata"] == {"name": "x", "namespace": "default"}
    assert document["metadata"] == {"name": "x"}


def test_an_object_that_stands_in_no_namespace_gets_none(
    applier: Callable[..., Applier], server: ApiServer
) -> None:
    applier().apply(manifests(namespace("shop"))[0])

    (request,) = patches(server)
    assert request.path == "/api/v1/namespaces/shop"
    assert request.json["metadata"] == {"name": "shop"}


def test_kinds_are_asked_for_once(applier: Callable[..., Applier], server: ApiServer) -> None:
    its = manifests(application("a"), application("b"))
    it = applier()

    it.check(its)
    for one in its:
        it.apply(one)

    assert [request.path for request in server.requests].count(ARGO) == 1


def test_a_kind_that_the_cluster_does_not_know_is_told_before_anything_is_applied(
    applier: Callable[..., Applier], server: ApiServer
) -> None:
    unknown = {"apiVersion": "example.org/v1", "kind": "Thing", "metadata": {"name": "x"}}

    with pytest.raises(ClusterError, match=r"knows no Thing of example\.org/v1"):
        applier().check(manifests(namespace("shop"), unknown))

    assert patches(server) == []


def test_a_cluster_without_argo_cd_is_told(
    applier: Callable[..., Applier], cluster: ArgoCluster
) -> None:
    del cluster.kinds[ARGO]

    with pytest.raises(ClusterError, match="Is Argo CD installed in this cluster"):
        applier().check(manifests(application("shop")))


def test_a_kind_can_be_defined_and_used_at_once(
    applier: Callable[..., Applier], server: ApiServer
) -> None:
    thing = {"apiVersion": "example.org/v1", "kind": "Thing", "metadata": {"name": "x"}}
    its = manifests(definition("Thing"), thing)
    it = applier()

    it.check(its)
    assert [it.apply(one) for one in its] == [True, True]

    assert patches(server)[-1].path == "/apis/example.org/v1/things/x"


def test_a_dry_run_changes_nothing_and_says_what_it_could_not_try(
    applier: Callable[..., Applier], server: ApiServer, cluster: ArgoCluster
) -> None:
    thing = {"apiVersion": "example.org/v1", "kind": "Thing", "metadata": {"name": "x"}}
    its = manifests(
        namespace("new"), definition("Thing"), thing, application("shop", namespace="new")
    )
    before = dict(cluster.objects)
    it = applier(dry_run=True)

    assert [it.apply(one) for one in its] == [True, True, False, False]

    assert cluster.objects == before
    assert all(request.params["dryRun"] == "All" for request in patches(server))


def test_a_field_that_its_kind_does_not_have_is_the_fault_of_the_manifest(
    applier: Callable[..., Applier], server: ApiServer
) -> None:
    wrong = {**application("shop"), "nonsense": 1}

    with pytest.raises(InputError, match=r"does not accept .*\.nonsense: field not declared"):
        applier().apply(manifests(wrong)[0])

    assert len(patches(server)) == 1


def test_a_conflict_names_managers_and_fields(
    applier: Callable[..., Applier], cluster: ArgoCluster
) -> None:
    cluster.owned_by_others.add(SHOP)

    with pytest.raises(ClusterError) as caught:
        applier().apply(manifests(application("shop"))[0])

    told = str(caught.value)
    assert told.startswith("apps.yaml: another manager owns fields of Application argocd/shop:")
    assert '    .spec.source: conflict with "kubectl"' in told
    assert "--force-conflicts" in told


def test_a_conflict_can_be_forced(applier: Callable[..., Applier], cluster: ArgoCluster) -> None:
    cluster.owned_by_others.add(SHOP)

    assert applier(force=True).apply(manifests(application("shop"))[0])


def test_an_object_that_the_cluster_finds_wrong_is_the_fault_of_the_file(
    applier: Callable[..., Applier],
) -> None:
    wrong = {**application("shop"), "spec": "wrong"}

    with pytest.raises(InputError) as caught:
        applier().apply(manifests(wrong)[0])

    told = str(caught.value)
    assert told.startswith("apps.yaml: the cluster does not accept Application argocd/shop")
    assert "is invalid: \\x1b[31mspec" in told


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_namespace_that_is_not_there_is_told(
    applier: Callable[..., Applier], *, dry_run: bool
) -> None:
    with pytest.raises(ClusterError) as caught:
        applier(dry_run=dry_run).apply(manifests(application("shop", namespace="nowhere"))[0])

    assert "was not applied: " in str(caught.value)
    assert 'namespaces "nowhere" not found' in str(caught.value)
    assert "put it among the manifests" in str(caught.value)


def refusing(
    times: int, method: str, path: str, cluster: ArgoCluster
) -> Callable[[Request], Answer]:
    """Refuse some requests, as an API server does that is being started."""
    left = [said(403, "not yet")] * times

    def answer(request: Request) -> Answer:
        concerned = request.method == method and request.path.startswith(path)
        return left.pop() if left and concerned else cluster(request)

    return answer


@pytest.mark.parametrize(("method", "path"), [("GET", ARGO), ("PATCH", SHOP)])
def test_a_server_that_is_being_started_may_refuse_to_apply_for_a_moment(
    applier: Callable[..., Applier],
    cluster: ArgoCluster,
    server: ApiServer,
    method: str,
    path: str,
) -> None:
    server.answers = refusing(2, method, path, cluster)

    assert applier().apply(manifests(application("shop"))[0])


def test_a_definition_that_may_not_be_looked_at_for_a_moment_is_waited_for(
    applier: Callable[..., Applier], cluster: ArgoCluster, server: ApiServer
) -> None:
    server.answers = refusing(2, "GET", "/apis/apiextensions.k8s.io/v1/", cluster)

    assert applier().apply(manifests(definition("Widget"))[0])


def test_a_permission_that_is_missing_is_believed_in_the_end(
    applier: Callable[..., Applier], cluster: ArgoCluster, server: ApiServer
) -> None:
    server.answers = refusing(1_000, "PATCH", SHOP, cluster)

    with pytest.raises(ClusterError, match=r"was not applied: .*not yet"):
        applier().apply(manifests(application("shop"))[0])

    assert len(patches(server)) == 3


def test_what_is_refused_at_once_is_doubted_at_once(
    reach: Reach, cluster: ArgoCluster, server: ApiServer
) -> None:
    server.answers = refusing(AT_ONCE, "PATCH", CORE, cluster)
    patience = Patience(first_pause=0.2, longest_pause=0.2)
    how = How(namespace="default", field_manager="imagelock")
    applier = Applier(reach(server, patience), how)

    its = manifests(*(namespace(f"n{number}") for number in range(AT_ONCE)))

    assert all(each(applier.apply, its))
