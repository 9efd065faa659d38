"""Pages of a cluster, live and saved."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from tests.simulators.api_server import Answer, recorded_pages, said

from imagelock.errors import ClusterError, InputError
from imagelock.outside.pages import live_pages, saved_pages

if TYPE_CHECKING:
    from pathlib import Path

    from tests.simulators.api_server import Answers, Request

PODS = json.dumps({"kind": "PodList", "items": [{"metadata": {"name": "a"}}]})
NOTHING = Answer(body=b'{"kind":"List","items":[]}')


def by_path(**answers: Answer) -> Answers:
    """Answer by the last part of the path, and with an empty list for every other."""
    return lambda request: answers.get(request.path.rpartition("/")[2], NOTHING)


def test_nodes_come_before_pods_and_pods_before_workloads(serve: Any, reach: Any) -> None:
    server = serve(NOTHING)

    list(live_pages(reach(server)))

    assert [request.path for request in server.requests] == [
        "/api/v1/nodes",
        "/api/v1/pods",
        "/apis/apps/v1/deployments",
        "/apis/apps/v1/statefulsets",
        "/apis/apps/v1/daemonsets",
        "/apis/apps/v1/replicasets",
        "/apis/batch/v1/jobs",
        "/apis/batch/v1/cronjobs",
    ]


def test_namespaces_are_asked_for_one_by_one(serve: Any, reach: Any) -> None:
    server = serve(NOTHING)

    list(live_pages(reach(server), ["shop", "a/b"]))

    assert [request.path for request in server.requests][:3] == [
        "/api/v1/nodes",
        "/api/v1/namespaces/shop/pods",
        "/api/v1/namespaces/a%2Fb/pods",
    ]


def test_the_recorded_pods_come_in_their_pages(serve: Any, reach: Any) -> None:
    def answers(request: Request) -> Answer:
        return recorded_pages(request) if request.path.endswith("/pods") else NOTHING

    pages = list(live_pages(reach(serve(answers))))

    assert [len(page.pods) for page in pages if page.pods] == [15, 15, 7]


@pytest.mark.parametrize(("code", "expected"), [(403, False), (404, True)])
def test_workloads_that_may_not_be_listed_are_told_and_not_fatal(
    serve: Any, reach: Any, code: int, *, expected: bool
) -> None:
    refusal = said(code, "no")
    server = serve(by_path(cronjobs=refusal, nodes=refusal))

    unseen = [skipped for page in live_pages(reach(server)) for skipped in page.unseen]

    assert [skipped.what for skipped in unseen] == ["nodes", "cronjobs"]
    assert {skipped.expected for skipped in unseen} == {expected}


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


def test_saved_files_are_pages_in_the_order_given(tmp_path: Path) -> None:
    for name in ("b", "a"):
        (tmp_path / name).write_text(PODS.replace('"a"', f'"{name}"'))

    pages = saved_pages([str(tmp_path / "b"), str(tmp_path / "a")])

    assert [page.pods[0].name for page in pages] == ["b", "a"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_file_that_a_powershell_wrote_is_read(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "pods.json"
    file.write_text(PODS.replace(", ", ",\r\n"), encoding=encoding, newline="")

    (page,) = saved_pages([str(file)])

    assert page.pods[0].name == "a"


def test_standard_input_is_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(PODS.encode())))

    (page,) = saved_pages(["-"])

    assert (page.name, page.pods[0].name) == ("<stdin>", "a")


def test_standard_input_can_be_named_once() -> None:
    with pytest.raises(InputError, match="once only"):
        list(saved_pages(["-", "-"]))


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="this is a folder"):
        list(saved_pages([str(tmp_path)]))


def test_standard_input_that_is_closed_is_told() -> None:
    program = (
        "import sys; sys.stdin = None\n"
        "from imagelock.outside.pages import saved_pages\n"
        "from imagelock.errors import InputError\n"
        "try: next(saved_pages(['-']))\n"
        "except InputError as error: print(error)"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout == "<stdin>: standard input is closed\n"
