from __future__ import annotations

import json
import ssl
import sys
from typing import TYPE_CHECKING

import pytest
import trustme
from tests.simulators.api_server import Answer, ApiServer, in_turn, recorded, said

from imagelock.errors import ClusterError, InputError
from imagelock.outside.kubernetes_api import Api, Patience
from imagelock.outside.refusals import ApiError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Serve = Callable[..., ApiServer]
    Reach = Callable[..., Api]

SECRET = "c2VjcmV0LXRva2Vu"


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path) -> dict[str, str]:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.crt"))
    return {"certificate-authority": "ca.crt"}


def test_an_answer_comes_as_it_was_sent(serve: Serve, reach: Reach) -> None:
    server = serve(recorded("version"))

    assert reach(server).get("/version") == recorded("version").body


def test_parameters_are_encoded(serve: Serve, reach: Reach) -> None:
    server = serve(Answer())

    reach(server).get("/api/v1/pods", {"labelSelector": "app in (a,b)"})

    assert server.requests[0].params == {"labelSelector": "app in (a,b)"}


@pytest.mark.parametrize("answer", [Answer(packed=True), Answer(chunked=True)])
def test_packed_and_chunked_answers_are_read(serve: Serve, reach: Reach, answer: Answer) -> None:
    answer.body = b'{"a": "' + b"x" * 5_000 + b'"}'

    assert reach(serve(answer)).get("/") == answer.body


def test_a_server_behind_a_path_is_asked_below_it(serve: Serve, reach: Reach) -> None:
    server = serve(Answer())

    reach(f"{server.url}/k8s/clusters/c-1/").get("/version")

    assert server.requests[0].path == "/k8s/clusters/c-1/version"


def test_a_token_travels_over_tls(
    serve: Serve, reach: Reach, tls: ssl.SSLContext, trusted: dict[str, str]
) -> None:
    server = serve(Answer(), tls=tls)

    reach(server, cluster=trusted, user={"token": SECRET}).get("/version")

    assert server.requests[0].headers["Authorization"] == f"Bearer {SECRET}"


def test_a_token_never_travels_without_tls(serve: Serve, reach: Reach) -> None:
    server = serve(Answer())

    reach(server, user={"token": SECRET}).get("/version")

    assert "Authorization" not in server.requests[0].headers


def test_whom_one_acts_as_is_told_to_the_server(serve: Serve, reach: Reach) -> None:
    server = serve(Answer())
    user = {"as": "auditor", "as-groups": ["a", "b"], "as-user-extra": {"k/x": ["v"]}}

    reach(server, user=user).get("/version")

    request = server.requests[0]
    assert request.headers["Impersonate-User"] == "auditor"
    assert request.headers["Impersonate-Extra-K%2Fx".title()] == "v"
    assert request.groups == ["a", "b"]


def test_a_token_file_is_read_without_its_line_end(
    serve: Serve, reach: Reach, tls: ssl.SSLContext, trusted: dict[str, str], tmp_path: Path
) -> None:
    server = serve(Answer(), tls=tls)
    (tmp_path / "token").write_text(f"{SECRET}\n")

    reach(server, cluster=trusted, user={"tokenFile": "token", "token": "other"}).get("/version")

    assert server.requests[0].headers["Authorization"] == f"Bearer {SECRET}"


def test_a_token_that_was_renewed_in_its_file_is_used_after_a_refusal(
    serve: Serve, reach: Reach, tls: ssl.SSLContext, trusted: dict[str, str], tmp_path: Path
) -> None:
    server = serve(Answer(), recorded("error-401-unauthorized"), Answer(), tls=tls)
    (tmp_path / "token").write_text("old")
    api = reach(server, cluster=trusted, user={"tokenFile": "token"})
    api.get("/version")
    (tmp_path / "token").write_text("new")

    api.get("/version")

    tokens = [request.headers["Authorization"] for request in server.requests]
    assert tokens == ["Bearer old", "Bearer old", "Bearer new"]


def test_a_client_certificate_is_shown(
    serve: Serve,
    reach: Reach,
    authority: trustme.CA,
    tls: ssl.SSLContext,
    tmp_path: Path,
    trusted: dict[str, str],
) -> None:
    tls.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(tls)
    ours = authority.issue_cert("somebody@example.org")
    ours.cert_chain_pems[0].write_to_path(str(tmp_path / "c.crt"))
    ours.private_key_pem.write_to_path(str(tmp_path / "c.key"))
    user = {"client-certificate": "c.crt", "client-key": "c.key"}

    assert reach(serve(Answer(), tls=tls), cluster=trusted, user=user).get("/version") == b"{}"


def test_a_name_of_the_certificate_can_be_given(
    serve: Serve, reach: Reach, authority: trustme.CA, trusted: dict[str, str]
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("kubernetes.default").configure_cert(context)
    server = serve(Answer(), tls=context)

    named = reach(server, cluster={**trusted, "tls-server-name": "kubernetes.default"})

    assert named.get("/version") == b"{}"


def test_tls_that_is_not_checked_is_told(
    serve: Serve, reach: Reach, tls: ssl.SSLContext, notices: list[str]
) -> None:
    server = serve(Answer(), tls=tls)

    reach(server, cluster={"insecure-skip-tls-verify": True}).get("/version")

    assert "not checked (insecure-skip-tls-verify)" in notices[0]


PASSING = [
    Answer(status=500),
    Answer(status=503),
    said(429, "too many requests"),
    Answer(fault="reset"),
    Answer(fault="cut", body=b'{"a": 1}'),
    Answer(fault="cut", body=b"x" * 3_000, chunked=True),
]


@pytest.mark.parametrize("fault", PASSING)
def test_what_passes_is_asked_again(serve: Serve, reach: Reach, fault: Answer) -> None:
    server = serve(fault, fault, Answer(body=b'"whole"'))

    assert reach(server).get("/api/v1/pods") == b'"whole"'


@pytest.mark.parametrize("fault", PASSING)
def test_what_does_not_pass_is_an_error_after_a_few_tries(
    serve: Serve, reach: Reach, fault: Answer
) -> None:
    server = serve(fault)

    with pytest.raises(ClusterError):
        reach(server).get("/api/v1/pods")

    assert len(server.requests) == 3


def test_the_pause_that_the_server_wants_is_kept(
    serve: Serve, reach: Reach, notices: list[str]
) -> None:
    busy = said(429, "busy")
    busy.headers = {"Retry-After": "1"}
    server = serve(busy, Answer())

    reach(server, Patience(first_pause=0.0)).get("/api/v1/pods")

    assert "asking again in 1 s" in notices[0]


def test_a_pause_that_is_too_long_is_an_error(serve: Serve, reach: Reach) -> None:
    busy = said(429, "busy")
    busy.headers = {"Retry-After": "3600"}
    server = serve(busy)

    with pytest.raises(ApiError, match="asked too often: busy"):
        reach(server).get("/api/v1/pods")

    assert len(server.requests) == 1


def test_a_missing_permission_is_named(serve: Serve, reach: Reach) -> None:
    with pytest.raises(ApiError) as caught:
        reach(serve(recorded("error-403-forbidden"))).get("/api/v1/pods")

    assert 'User "nobody" cannot list resource "pods"' in str(caught.value)
    assert "verb 'list' on 'pods' in the core API group, for the whole cluster" in str(caught.value)
    assert "imagelock rbac --verify --user nobody | kubectl apply -f -" in str(caught.value)


def test_a_namespace_that_is_missing_is_to_be_made_first(serve: Serve, reach: Reach) -> None:
    missing = said(404, 'namespaces "ops" not found', reason="NotFound")

    with pytest.raises(ApiError, match="Make that namespace first") as caught:
        reach(serve(missing)).get("/api/v1/namespaces/ops")

    assert 'namespaces "ops" not found' in str(caught.value)


def test_credentials_that_are_refused_are_an_error_of_the_cluster(
    serve: Serve, reach: Reach
) -> None:
    with pytest.raises(ApiError, match="does not accept our credentials: Unauthorized") as caught:
        reach(serve(recorded("error-401-unauthorized"))).get("/api/v1/pods")

    assert caught.value.exit_status == 3


def test_an_answer_that_is_no_status_is_not_shown(serve: Serve, reach: Reach) -> None:
    page = Answer(status=403, body=b"<html>you sent Bearer abc</html>")

    with pytest.raises(ApiError) as caught:
        reach(serve(page)).get("/api/v1/pods")

    assert "html" not in str(caught.value)
    assert "no answer of an API server" in str(caught.value)


def test_the_timeout_of_an_api_server_is_told_in_its_words(serve: Serve, reach: Reach) -> None:
    # Of all its refusals, this one comes without a kind.
    body = (
        b'{"metadata":{},"status":"Failure","message":"Timeout: request did not complete within'
        b' the allotted duration","reason":"Timeout","details":{},"code":504}'
    )

    with pytest.raises(ApiError, match=r"failed \(504\): Timeout: request did not complete"):
        reach(serve(Answer(status=504, body=body))).get("/api/v1/pods")


def test_a_secret_that_the_server_repeats_is_hidden(
    serve: Serve, reach: Reach, tls: ssl.SSLContext, trusted: dict[str, str]
) -> None:
    server = serve(said(403, f"token {SECRET} is \x1b[31mbad"), tls=tls)

    with pytest.raises(ApiError) as caught:
        reach(server, cluster=trusted, user={"token": SECRET}).get("/api/v1/pods")

    assert "token *** is \\x1b[31mbad" in str(caught.value)


def test_a_redirect_is_not_followed(serve: Serve, reach: Reach) -> None:
    away = Answer(status=302, headers={"Location": "https://elsewhere.example/"})

    with pytest.raises(ApiError, match="302, a redirect"):
        reach(serve(away)).get("/api/v1/pods")


def test_a_refused_connection_is_told(reach: Reach) -> None:
    with ApiServer(in_turn(Answer())) as server:
        gone = server.url

    with pytest.raises(UnreachableError, match=f"cannot connect to {gone}: connection refused"):
        reach(gone).get("/version")


def test_a_name_that_does_not_resolve_is_told(reach: Reach) -> None:
    with pytest.raises(UnreachableError, match=r"name of https://nowhere\.invalid cannot be"):
        reach("https://nowhere.invalid").get("/version")


def test_a_server_that_stops_answering_is_told(serve: Serve, reach: Reach) -> None:
    patience = Patience(tries=1, read=0.05)

    with pytest.raises(UnreachableError, match="stopped answering"):
        reach(serve(Answer(fault="silence")), patience).get("/version")


def test_a_certificate_of_an_unknown_authority_is_told(
    serve: Serve, reach: Reach, tls: ssl.SSLContext, tmp_path: Path
) -> None:
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "other.crt"))

    with pytest.raises(UnreachableError, match=r"is not trusted: unable to get local issuer"):
        reach(serve(Answer(), tls=tls), cluster={"certificate-authority": "other.crt"}).get("/v")


def test_a_certificate_of_another_host_is_told(
    serve: Serve, reach: Reach, authority: trustme.CA, trusted: dict[str, str]
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("other.example").configure_cert(context)

    with pytest.raises(UnreachableError, match=r"is not trusted: .*not valid for '127\.0\.0\.1'"):
        reach(serve(Answer(), tls=context), cluster=trusted).get("/v")


def test_a_server_without_tls_is_told(serve: Serve, reach: Reach) -> None:
    url = serve(Answer()).url.replace("http:", "https:")

    with pytest.raises(UnreachableError, match="no TLS connection"):
        reach(url).get("/v")


def test_a_proxy_that_is_not_there_is_told_without_its_password(reach: Reach) -> None:
    with ApiServer(in_turn(Answer())) as server:
        gone = server.url.replace("//", "//me:hush@")

    with pytest.raises(UnreachableError, match="did not let us through") as caught:
        reach("https://cluster.example", cluster={"proxy-url": gone}).get("/v")

    assert "hush" not in str(caught.value)


def test_a_proxy_is_sent_its_password(serve: Serve, reach: Reach) -> None:
    proxy = serve(Answer(body=b'"through the proxy"'))
    url = proxy.url.replace("//", "//me:hu%20sh@")

    answer = reach("http://cluster.example", cluster={"proxy-url": url}).get("/v")

    assert answer == b'"through the proxy"'
    assert proxy.requests[0].headers["Proxy-Authorization"] == "Basic bWU6aHUgc2g="


def test_a_patch_says_what_it_is(serve: Serve, reach: Reach) -> None:
    server = serve(Answer(body=b'{"a": 2}'))

    changed = reach(server).patch("/x", b'{"a": 2}', content_type="application/merge-patch+json")

    assert changed == b'{"a": 2}'
    request = server.requests[0]
    assert (request.method, request.headers["Content-Type"], request.json) == (
        "PATCH",
        "application/merge-patch+json",
        {"a": 2},
    )


def test_answers_of_a_server_nearby_are_not_packed(serve: Serve, reach: Reach) -> None:
    server = serve(Answer())

    reach(server).get("/version")

    assert server.requests[0].headers.get("Accept-Encoding", "identity") == "identity"


def test_a_missing_extra_is_named(reach: Reach, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "urllib3", None)

    with pytest.raises(InputError) as caught:
        reach("https://cluster.example")

    assert "pip install 'imagelock[cluster]'" in str(caught.value)


def test_a_decoder_that_refuses_an_answer_blames_the_cluster(serve: Serve, reach: Reach) -> None:
    api = reach(serve(Answer()))

    with pytest.raises(ClusterError, match="not whole, or not what was asked for"):
        api.read(b'{"items": [', lambda data: _refusing(json.loads, data))


def _refusing(decode: Callable[[bytes], object], data: bytes) -> object:
    try:
        return decode(data)
    except ValueError as error:
        raise InputError(str(error)) from error
