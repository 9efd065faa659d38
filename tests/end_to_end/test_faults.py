"""`imagelock verify` against an API server that fails in every way that one can.

The cluster has pods on many pages, and the only image that may not run stands on the
last one: a report that is clean has not seen all of it. So each fault ends in the right
report, or in exit status 3 with the last line that says that nothing was verified.
"""

from __future__ import annotations

import gzip
import json
import ssl
import threading
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
import trustme
from msgspec.structs import replace
from tests.simulators.api_server import Answer, ApiServer, Request, said, without_proxies
from tests.simulators.kubeconfigs import write

from imagelock.cli.main import main
from imagelock.core.resources import RESOURCES
from imagelock.outside import kubernetes_api
from imagelock.outside.body import Bounds
from imagelock.outside.kubernetes_api import Patience, connect

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.simulators.api_server import Answers

    Verify = Callable[..., tuple[int, str, str]]

A = "sha256:" + "a" * 64
PAGES, PODS = 8, 3
KINDS = {resource.plural: resource.kind for resource in RESOURCES}
HASTE = Patience(
    tries=3,
    first_pause=0.001,
    longest_pause=0.1,
    connect=1.0,
    read=0.5,
    body=Bounds(size=2_000_000, seconds=1.0),
)


@pytest.fixture(autouse=True)
def in_haste(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    without_proxies(monkeypatch)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(kubernetes_api, "connect", partial(connect, patience=HASTE))


@pytest.fixture
def verify(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> Verify:
    def call(answers: Answers, *options: str, tls: Any = None, **more: Any) -> tuple[int, str, str]:
        with ApiServer(answers, tls=tls) as server:
            kubeconfig = write(tmp_path, server.url, **more)
            status = main(["verify", "--kubeconfig", str(kubeconfig), "--format", "json", *options])
        out, err = capfd.readouterr()
        return status, out, err

    return call


def pod(number: int) -> dict[str, Any]:
    last = number == PAGES * PODS - 1
    image = "docker.io/library/busybox:1" if last else f"docker.io/library/redis@{A}"
    status = {"name": "c", "imageID": f"docker.io/library/redis@{A}", "state": {"running": {}}}
    return {
        "metadata": {"name": f"p{number:03}", "namespace": "shop", "uid": f"u{number}"},
        "spec": {"containers": [{"name": "c", "image": image}]},
        "status": {"containerStatuses": [status]},
    }


def page(number: int, *, version: str = "7", kind: str = "PodList", **metadata: Any) -> Answer:
    left = PAGES - number - 1
    more = {"continue": f"t{number + 1}", "remainingItemCount": left * PODS} if left else {}
    items = [pod(number * PODS + index) for index in range(PODS)]
    return listing(kind, items, resourceVersion=version, **{**more, **metadata})


def listing(kind: str, items: list[Any], **metadata: Any) -> Answer:
    document = {"kind": kind, "apiVersion": "v1", "metadata": metadata, "items": items}
    return Answer(body=json.dumps(document, separators=(",", ":")).encode())


def number_of(request: Request) -> int:
    return int(request.params.get("continue", "t0").removeprefix("fresh-")[1:])


def healthy(request: Request) -> Answer:
    plural = request.path.rpartition("/")[2]
    if plural not in KINDS:
        return said(404, "the server could not find the requested resource")
    if plural != "pods":
        return listing(f"{KINDS[plural]}List", [])
    return page(number_of(request))


def at(number: int, faulty: Answer | Answers, *, times: int = 1_000) -> Answers:
    """Answer as a healthy server, but for one page of pods and for so many times."""
    left, lock = [times], threading.Lock()

    def answers(request: Request) -> Answer:
        if request.path.endswith("/pods") and number_of(request) == number:
            with lock:
                left[0] -= 1
                if left[0] >= 0:
                    return faulty if isinstance(faulty, Answer) else faulty(request)
        return healthy(request)

    return answers


def assert_right(result: tuple[int, str, str]) -> Any:
    status, out, err = result
    assert status == 1, err
    document = json.loads(out)
    found = [(one["rule"], one["location"]["name"]) for one in document["findings"]]
    assert found == [("not-pulled-by-digest", "p023")]
    assert document["summary"]["pods"] == PAGES * PODS
    return document


def assert_failed(result: tuple[int, str, str], *, told: str = "") -> None:
    status, out, err = result
    assert (status, out) == (3, ""), err
    assert "Traceback" not in err
    assert told in err
    assert err.splitlines()[-1] == "imagelock verify: nothing was verified"


MIDDLE = [0, 2, 3, PAGES - 1]  # the first page, ones that each process reads, and the last


def broken(body: bytes) -> dict[str, Answer]:
    """Return the ways in which a page can come and not be whole."""
    half = body[: len(body) // 2]
    return {
        "the connection ends in the middle": Answer(body=body, fault="cut"),
        "the connection ends in a chunk": Answer(body=body * 9, fault="cut", chunked=True),
        "the connection is torn down": Answer(fault="reset"),
        "the server is silent": Answer(fault="silence"),
        "the server stops in the middle": Answer(body=body * 9, fault="hold", chunked=True),
        "the JSON is truncated": Answer(body=half),
        "the JSON is truncated and packed": Answer(body=half, packed=True),
        "what is packed is truncated": Answer(
            body=gzip.compress(body)[:-20], headers={"Content-Encoding": "gzip"}
        ),
        "the length that is told is too short": Answer(body=body, fault="short"),
        "there is nothing": Answer(body=b""),
        "the body is white": Answer(body=b" \n" * 99),
        "a login page comes": Answer(
            body=b"<!doctype html><title>Log in</title>", headers={"Content-Type": "text/html"}
        ),
        "a failure comes as a success": said(200, "etcdserver: request timed out"),
        "another kind comes": page(1, kind="NodeList"),
        "a List of nothing comes": listing("List", []),
        "a single object comes": Answer(body=json.dumps({"kind": "Pod", **pod(1)}).encode()),
        "there are no items": Answer(body=b'{"kind":"PodList","apiVersion":"v1"}'),
        "there is more behind it": Answer(body=body + body),
        "a bomb comes": Answer(
            body=gzip.compress(b" " * 50_000_000), headers={"Content-Encoding": "gzip"}
        ),
        "the page is huge": Answer(body=body[:-3] + b" " * 3_000_000 + b"]}\n"),
        "the page is huge and in chunks": Answer(body=b" " * 3_000_000 + body, chunked=True),
        "the page drips": Answer(body=body * 400, chunked=True, pause=0.02),
        "it is packed in another way": Answer(body=body, headers={"Content-Encoding": "br"}),
        "it is refused": said(500, "no"),
        "it is asked too often": said(429, "later"),
        "it is forbidden": said(403, "pods is forbidden"),
        "nobody is known": said(401, "Unauthorized"),
        "it leads elsewhere": replace(
            said(302, "there"), headers={"Location": "https://elsewhere.example/"}
        ),
    }


FAULTS = broken(page(2).body)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("number", MIDDLE)
def test_half_a_cluster_is_never_a_report(verify: Verify, number: int, fault: str) -> None:
    assert_failed(verify(at(number, FAULTS[fault])))


PASSING = [
    "the connection ends in the middle",
    "the connection ends in a chunk",
    "the connection is torn down",
    "what is packed is truncated",
    "it is refused",
    "it is asked too often",
]


@pytest.mark.parametrize("fault", PASSING)
@pytest.mark.parametrize("number", MIDDLE)
def test_what_passes_is_waited_for(verify: Verify, number: int, fault: str) -> None:
    assert_right(verify(at(number, FAULTS[fault], times=2)))


@pytest.mark.parametrize("answers", [healthy, lambda r: replace(healthy(r), packed=True)])
def test_a_healthy_server_is_verified(verify: Verify, answers: Answers) -> None:
    assert_right(verify(answers))


@pytest.mark.parametrize("pause", [0.01, 0.1])
def test_a_slow_server_is_waited_for(verify: Verify, pause: float) -> None:
    assert_right(verify(at(3, replace(page(3), chunked=True, pause=pause))))


def expiring(times: int) -> Answers:
    """Let the token of a page expire, and the ones that are given in its place, so often."""

    def answers(request: Request) -> Answer:
        token = request.params.get("continue", "t0")
        given = token.count("fresh-")
        if token.endswith("t3") and given < times:
            metadata = {"continue": f"fresh-{token}" if given < 5 else token}
            return said(410, "The provided continue parameter is too old", metadata=metadata)
        number = int(token[-1])
        return page(number, version="9" if number >= 3 else "7")

    return at_pods(answers)


@pytest.mark.parametrize("times", [1, 2, 4])
def test_a_list_that_expires_goes_on_and_says_so(verify: Verify, times: int) -> None:
    status, out, err = verify(expiring(times))

    document = assert_right((status, out, err))
    assert "the list /api/v1/pods expired while it was read" in err
    assert "some pods" in [one["what"] for one in document["coverage"]["skipped"]]


def test_a_list_that_expires_for_ever_is_an_error(verify: Verify) -> None:
    assert_failed(verify(expiring(10_000)), told="expires faster than it can be read")


def test_a_list_that_expires_without_a_token_is_an_error(verify: Verify) -> None:
    assert_failed(verify(at(3, said(410, "too old"))), told="too old")


def test_a_list_of_two_moments_is_told_and_strict_fails(verify: Verify) -> None:
    def answers(request: Request) -> Answer:
        number = number_of(request)
        return page(number, version=str(7 + number // 4))

    moved = at_pods(answers)

    status, out, _ = verify(moved)
    assert status == 1
    assert "some pods" in [one["what"] for one in json.loads(out)["coverage"]["skipped"]]
    status, out, _ = verify(moved, "--strict")
    assert "not-looked-at" in [one["rule"] for one in json.loads(out)["findings"]]


def at_pods(answers: Answers) -> Answers:
    return lambda request: answers(request) if request.path.endswith("/pods") else healthy(request)


def test_pods_that_come_twice_count_once(verify: Verify) -> None:
    def twice(request: Request) -> Answer:
        items = [pod(number) for number in (7, 8, 8, 9, 10, 11)]
        return listing(
            "PodList", items, resourceVersion="7", **{"continue": f"t{number_of(request) + 1}"}
        )

    assert_right(verify(at(3, twice)))


@pytest.mark.parametrize("back_to", [0, 1, 2, 5])
def test_pages_that_repeat_are_an_error(verify: Verify, back_to: int) -> None:
    turning = page(5, **{"continue": f"t{back_to}"})
    first = page(0, **{"continue": "t0"})

    assert_failed(verify(at(0, first) if back_to == 0 else at(5, turning)), told="for ever")


def test_a_server_that_ignores_the_token_is_an_error(verify: Verify) -> None:
    assert_failed(verify(at_pods(lambda _: page(0))), told="for ever")


@pytest.mark.parametrize("number", [0, 3, 5])
def test_a_list_that_ends_before_it_is_announced_to_is_an_error(
    verify: Verify, number: int
) -> None:
    ended = page(number, **{"continue": ""})

    assert_failed(verify(at(number, ended)), told="were announced")


def test_a_server_that_wants_too_long_a_pause_is_not_waited_for(verify: Verify) -> None:
    busy = replace(said(429, "later"), headers={"Retry-After": "3600"})

    assert_failed(verify(at(2, busy)), told="asked too often")


@pytest.mark.parametrize("plural", ["nodes", "deployments", "jobs"])
def test_another_list_that_breaks_fails_too(verify: Verify, plural: str) -> None:
    def answers(request: Request) -> Answer:
        if request.path.endswith(f"/{plural}"):
            return Answer(body=b'{"kind":"')
        return healthy(request)

    assert_failed(verify(answers))


@pytest.mark.parametrize("code", [403, 404])
def test_another_list_that_is_refused_is_told(verify: Verify, code: int) -> None:
    def answers(request: Request) -> Answer:
        return said(code, "no") if request.path.endswith("/jobs") else healthy(request)

    document = assert_right(verify(answers))
    assert "jobs" in [one["what"] for one in document["coverage"]["skipped"]]


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def contexts(authority: trustme.CA, tmp_path: Path) -> Callable[[str], ssl.SSLContext]:
    def context_for(host: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(host).configure_cert(context)
        return context

    authority.cert_pem.write_to_path(tmp_path / "ca.crt")
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.crt")
    return context_for


@pytest.mark.parametrize(
    ("host", "trusted"),
    [("127.0.0.1", "ca.crt"), ("other.example", "ca.crt"), ("127.0.0.1", "other.crt")],
)
def test_a_certificate_that_does_not_match_is_never_talked_to(
    verify: Verify, contexts: Callable[[str], ssl.SSLContext], host: str, trusted: str
) -> None:
    asked: list[str] = []

    def answers(request: Request) -> Answer:
        asked.append(request.path)
        return healthy(request)

    result = verify(answers, tls=contexts(host), cluster={"certificate-authority": trusted})

    if (host, trusted) == ("127.0.0.1", "ca.crt"):
        assert_right(result)
    else:
        assert_failed(result, told="is not trusted")
        assert asked == []


def test_a_server_that_goes_away_in_the_middle_is_an_error(verify: Verify) -> None:
    gone = threading.Event()

    def answers(request: Request) -> Answer:
        if request.path.endswith("/pods") and number_of(request) == 3:
            gone.set()
        return Answer(fault="reset") if gone.is_set() else healthy(request)

    assert_failed(verify(answers))
