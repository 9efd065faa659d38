"""Pages of a cluster."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.simulators.api_server import Answer, recorded_pages, said

from imagelock.core.resources import RESOURCES
from imagelock.errors import ClusterError
from imagelock.outside.pages import live_pages
from imagelock.syntax.selectors import parse_selector

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.simulators.api_server import Answers, ApiServer, Request

    from imagelock.core.cluster import Page
    from imagelock.core.finding import Skipped

PODS = json.dumps({"kind": "PodList", "items": [{"metadata": {"name": "a"}}]})
KINDS = {resource.plural: resource.kind for resource in RESOURCES}
ARGO = "/apis/argoproj.io/v1alpha1"


def nothing(request: Request) -> Answer:
    """Answer with an empty list, and know nothing of Argo."""
    plural = request.path.rpartition("/")[2]
    if request.path.startswith(ARGO):
        return said(404, "the server could not find the requested resource")
    return Answer(body=json.dumps({"kind": f"{KINDS[plural]}List", "items": []}).encode())


def by_path(**answers: Answer) -> Answers:
    """Answer by the last part of the path, and with an empty list for every other."""
    return lambda request: answers.get(request.path.rpartition("/")[2]) or nothing(request)


def paths(server: ApiServer) -> list[str]:
    return [request.path for request in server.requests if not request.path.startswith(ARGO)]


def test_nodes_come_before_pods_and_pods_before_workloads(serve: Any, reach: Any) -> None:
    server = serve(nothing)

    list(live_pages(reach(server)))

    assert paths(server) == [
        "/api/v1/nodes",
        "/api/v1/pods",
        "/apis/apps/v1/deployments",
        "/apis/apps/v1/statefulsets",
        "/apis/apps/v1/daemonsets",
        "/apis/apps/v1/replicasets",
        "/api/v1/replicationcontrollers",
        "/api/v1/podtemplates",
        "/apis/batch/v1/jobs",
        "/apis/batch/v1/cronjobs",
    ]


def test_namespaces_are_asked_for_one_by_one(serve: Any, reach: Any) -> None:
    server = serve(nothing)

    list(live_pages(reach(server), ["shop", "a/b"]))

    assert paths(server)[:3] == [
        "/api/v1/nodes",
        "/api/v1/namespaces/shop/pods",
        "/api/v1/namespaces/a%2Fb/pods",
    ]


def test_the_recorded_pods_come_in_their_pages(serve: Any, reach: Any) -> None:
    def answers(request: Request) -> Answer:
        return recorded_pages(request) if request.path.endswith("/pods") else nothing(request)

    pages = list(live_pages(reach(serve(answers))))

    assert [len(page.pods) for page in pages if page.pods] == [15, 15, 7]


@pytest.mark.parametrize("code", [403, 404])
def test_workloads_that_may_not_be_listed_are_told_and_not_fatal(
    serve: Any, reach: Any, code: int
) -> None:
    refusal = said(code, "no")
    server = serve(by_path(cronjobs=refusal, nodes=refusal))

    left_out = unseen(live_pages(reach(server)))

    assert [skipped.what for skipped in left_out] == ["nodes", "cronjobs"]
    # 404: an old cluster has CronJobs, under a version that is not asked for.
    assert {skipped.expected for skipped in left_out} == {False}


def test_who_may_look_at_one_namespace_need_not_see_nodes(serve: Any, reach: Any) -> None:
    server = serve(by_path(nodes=said(403, "no")))

    (left_out,) = unseen(live_pages(reach(server), ["shop"]))

    assert (left_out.what, left_out.expected) == ("nodes", True)


@pytest.mark.parametrize("where", [ARGO, "/api/v1/nodes", "/api/v1/pods"])
def test_a_server_that_is_being_started_may_refuse_for_a_moment(
    serve: Any, reach: Any, where: str
) -> None:
    left = [said(403, "not yet")] * 2

    def answer(request: Request) -> Answer:
        return left.pop() if left and request.path == where else nothing(request)

    left_out = unseen(live_pages(reach(serve(answer))))

    assert not [skipped for skipped in left_out if not skipped.expected]


def test_refusals_are_doubted_twice_in_all(serve: Any, reach: Any) -> None:
    refusal = said(403, "no")
    server = serve(by_path(cronjobs=refusal, nodes=refusal, jobs=refusal))

    assert len(unseen(live_pages(reach(server)))) == 3

    asked = paths(server)
    assert asked.count("/api/v1/nodes") == 3
    assert asked.count("/apis/batch/v1/jobs") == asked.count("/apis/batch/v1/cronjobs") == 1


@pytest.mark.parametrize("code", [401, 403, 404, 500])
def test_without_pods_nothing_is_verified(serve: Any, reach: Any, code: int) -> None:
    server = serve(by_path(pods=said(code, "no")))

    with pytest.raises(ClusterError):
        list(live_pages(reach(server)))


def test_any_other_failure_of_a_list_is_fatal(serve: Any, reach: Any) -> None:
    server = serve(by_path(jobs=said(500, "no")))

    with pytest.raises(ClusterError):
        list(live_pages(reach(server)))


def test_an_answer_that_is_cut_off_is_no_page(serve: Any, reach: Any) -> None:
    server = serve(by_path(pods=Answer(body=PODS.encode()[:-5])))

    with pytest.raises(ClusterError, match="cut off"):
        list(live_pages(reach(server)))


def argo(*plurals: str, **lists: Any) -> Answers:
    """Answer as a cluster that has some of Argo's kinds."""
    discovered = {"kind": "APIResourceList", "resources": [{"name": name} for name in plurals]}

    def answers(request: Request) -> Answer:
        if request.path == ARGO:
            return Answer(body=json.dumps(discovered).encode())
        plural = request.path.rpartition("/")[2]
        if plural in plurals:
            items = lists.get(plural, [])
            return Answer(
                body=json.dumps({"kind": f"{KINDS[plural]}List", "items": items}).encode()
            )
        return nothing(request)

    return answers


def test_workloads_of_argo_are_listed_where_a_cluster_has_them(serve: Any, reach: Any) -> None:
    container = {"name": "build", "container": {"image": "golang:1"}}
    template = {"metadata": {"name": "ci"}, "spec": {"templates": [container]}}
    server = serve(argo("rollouts", "workflowtemplates", workflowtemplates=[template]))

    workloads = [one for page in live_pages(reach(server)) for one in page.workloads]

    assert [(one.kind, one.containers[0].path) for one in workloads] == [
        ("WorkflowTemplate", "container build")
    ]
    asked = [request.path for request in server.requests if request.path.startswith(f"{ARGO}/")]
    assert asked == [f"{ARGO}/rollouts", f"{ARGO}/workflowtemplates"]


def test_what_is_in_no_namespace_is_not_meant_by_one(serve: Any, reach: Any) -> None:
    server = serve(argo("rollouts", "clusterworkflowtemplates"))

    list(live_pages(reach(server), ["shop"]))

    asked = [request.path for request in server.requests if request.path.startswith(f"{ARGO}/")]
    assert asked == [f"{ARGO}/namespaces/shop/rollouts"]


def test_where_kinds_may_not_be_discovered_argo_s_are_listed_as_any_other(
    serve: Any, reach: Any
) -> None:
    def answers(request: Request) -> Answer:
        return said(403, "no") if request.path.startswith(ARGO) else nothing(request)

    assert [skipped.what for skipped in unseen(live_pages(reach(serve(answers))))] == [
        "rollouts",
        "workflowtemplates",
        "clusterworkflowtemplates",
        "cronworkflows",
    ]


def unseen(pages: Iterable[Page]) -> list[Skipped]:
    return [skipped for page in pages for skipped in page.unseen]


def test_a_selector_goes_with_every_list_but_that_of_nodes(serve: Any, reach: Any) -> None:
    server = serve(nothing)

    list(live_pages(reach(server), selector=parse_selector("app in (a, b)")))

    selectors = {request.path: request.params.get("labelSelector") for request in server.requests}
    assert selectors.pop("/api/v1/nodes") is None
    assert selectors.pop(ARGO) is None
    assert set(selectors.values()) == {"app in (a, b)"}


def test_a_page_of_another_kind_is_an_error(serve: Any, reach: Any) -> None:
    server = serve(by_path(pods=Answer(body=b'{"kind":"NodeList","items":[]}')))

    with pytest.raises(ClusterError, match="'NodeList', and 'PodList' was asked for"):
        list(live_pages(reach(server)))


def test_a_list_of_two_moments_is_told(serve: Any, reach: Any) -> None:
    def answers(request: Request) -> Answer:
        if not request.path.endswith("/pods"):
            return nothing(request)
        first = "continue" not in request.params
        metadata = {"resourceVersion": "7", "continue": "t"} if first else {"resourceVersion": "9"}
        return Answer(
            body=json.dumps({"kind": "PodList", "metadata": metadata, "items": []}).encode()
        )

    (skipped,) = unseen(live_pages(reach(serve(answers))))

    assert (skipped.what, skipped.expected) == ("some pods", False)
    assert "2 moments" in skipped.reason
