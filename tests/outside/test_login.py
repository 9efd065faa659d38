from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from tests.simulators.kubeconfigs import document

from imagelock.errors import ClusterError, ImagelockError, InputError
from imagelock.outside.login import Login
from imagelock.syntax.kubeconfig import choose, parse_kubeconfig

if TYPE_CHECKING:
    from pathlib import Path

V1 = "client.authentication.k8s.io/v1"
V1BETA1 = "client.authentication.k8s.io/v1beta1"


def login(user: Any, cluster: Any = None, file: str = "/nowhere/config") -> Login:
    config = parse_kubeconfig(document("https://a.example", user=user, cluster=cluster), file=file)
    return Login(choose([config], None, origin=file))


def plugin(folder: Path, answer: object, *, before: str = "", **more: Any) -> dict[str, Any]:
    """Write a program that prints *answer*, after the shell commands of *before*."""
    text = answer if isinstance(answer, str) else json.dumps(answer)
    script = folder / "plugin"
    script.write_text(f"#!/bin/sh\necho x >> {folder}/calls\n{before}\ncat <<'END'\n{text}\nEND\n")
    script.chmod(0o700)
    return {"exec": {"command": str(script), "apiVersion": V1, **more}}


def credential(**status: Any) -> dict[str, Any]:
    return {"apiVersion": V1, "kind": "ExecCredential", "status": status}


def test_nobody_shows_nothing() -> None:
    assert login({}).current().authorization == ""


def test_a_password_is_sent_as_basic() -> None:
    assert login({"username": "a", "password": "b"}).current().authorization == "Basic YTpi"


def test_a_token_goes_before_a_plugin() -> None:
    user = {"token": "t", "exec": {"command": "/nowhere/plugin", "apiVersion": V1}}

    assert login(user).current().authorization == "Bearer t"


def test_a_token_file_goes_before_a_token(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-file\n")

    it = login({"token": "t", "tokenFile": "token"}, file=f"{tmp_path}/config")

    assert it.current().authorization == "Bearer from-file"
    assert it.can_renew


@pytest.mark.parametrize("version", [V1, V1BETA1])
def test_a_plugin_prints_a_token(tmp_path: Path, version: str) -> None:
    user = plugin(tmp_path, credential(token="t"), apiVersion=version)

    assert login(user).current().authorization == "Bearer t"


def test_a_plugin_runs_once_for_many_requests(tmp_path: Path) -> None:
    end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3_600))
    it = login(plugin(tmp_path, credential(token="t", expirationTimestamp=end)))

    it.current()
    it.current()

    assert (tmp_path / "calls").read_text() == "x\n"


def test_a_plugin_runs_again_when_its_token_has_run_out(tmp_path: Path) -> None:
    it = login(plugin(tmp_path, credential(token="t", expirationTimestamp="2020-01-01T00:00:00Z")))

    it.current()
    it.current()

    assert (tmp_path / "calls").read_text() == "x\nx\n"


def test_a_plugin_runs_again_when_its_token_was_refused(tmp_path: Path) -> None:
    it = login(plugin(tmp_path, credential(token="t")))
    it.current()

    it.forget()
    it.current()

    assert (tmp_path / "calls").read_text() == "x\nx\n"


def test_a_plugin_may_print_a_certificate_and_a_token(tmp_path: Path) -> None:
    status = {"clientCertificateData": "CERT", "clientKeyData": "KEY", "token": "t"}

    it = login(plugin(tmp_path, credential(**status))).current()

    assert (it.certificate, it.key, it.authorization) == ("CERT", "KEY", "Bearer t")


def test_a_plugin_is_told_about_the_cluster_and_itself(tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_text("CA")
    extension = {"name": "client.authentication.k8s.io/exec", "extension": {"audience": "x"}}
    cluster = {"certificate-authority": str(tmp_path / "ca.crt"), "extensions": [extension]}
    user = plugin(
        tmp_path,
        credential(token="t"),
        before=f'echo "$KUBERNETES_EXEC_INFO" > {tmp_path}/info; echo "$MORE $1" > {tmp_path}/more',
        provideClusterInfo=True,
        args=["get-token"],
        env=[{"name": "MORE", "value": "yes"}],
    )

    login(user, cluster).current()

    info = json.loads((tmp_path / "info").read_text())
    assert info["apiVersion"] == V1
    assert info["spec"]["interactive"] is False
    assert info["spec"]["cluster"]["server"] == "https://a.example"
    assert info["spec"]["cluster"]["certificate-authority-data"] == "Q0E="
    assert info["spec"]["cluster"]["config"] == {"audience": "x"}
    assert (tmp_path / "more").read_text() == "yes get-token\n"


def test_what_a_plugin_says_reaches_the_user(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    login(plugin(tmp_path, credential(token="t"), before="echo 'log in at …' >&2")).current()

    assert capfd.readouterr().err == "log in at …\n"


@pytest.mark.parametrize(
    ("answer", "before", "message"),
    [
        ("", "exit 3", "failed with status 3"),
        ("hush", "", "did not print an ExecCredential"),
        (credential(), "", "neither a token nor a certificate with its key"),
        (credential(clientCertificateData="hush"), "", "neither a token nor a certificate"),
    ],
)
def test_a_plugin_that_fails_is_an_error_of_the_outside(
    tmp_path: Path, answer: object, before: str, message: str
) -> None:
    with pytest.raises(ClusterError, match=message) as caught:
        login(plugin(tmp_path, answer, before=before)).current()

    assert "hush" not in str(caught.value)


def test_a_plugin_that_is_not_installed_is_told_with_its_own_hint() -> None:
    plugin = {"command": "/nowhere/kubelogin", "apiVersion": V1, "installHint": "brew install it"}

    with pytest.raises(InputError) as caught:
        login({"exec": plugin}).current()

    assert "cannot be started: No such file or directory" in str(caught.value)
    assert "brew install it" in str(caught.value)


@pytest.mark.parametrize(
    ("user", "message"),
    [
        (
            {"exec": {"command": "x", "apiVersion": "client.authentication.k8s.io/v1alpha1"}},
            "v1 or",
        ),
        ({"exec": {"command": "x", "apiVersion": V1, "interactiveMode": "Always"}}, "no terminal"),
        ({"auth-provider": {"name": "gcp"}}, r"Kubernetes 1\.26 removed"),
        ({"token": "two\nlines"}, "one line of ASCII"),
        ({"token": "  "}, "one line of ASCII"),
        ({"tokenFile": "/nowhere/token"}, "no such file"),
    ],
)
def test_settings_that_cannot_work_are_errors(user: Any, message: str) -> None:
    with pytest.raises(ImagelockError, match=message) as caught:
        login(user).current()

    assert caught.value.exit_status == 2
    assert "two" not in str(caught.value)


def test_secrets_are_known_so_that_they_can_be_hidden(tmp_path: Path) -> None:
    it = login(plugin(tmp_path, credential(token="hush")))

    it.current()

    assert it.secrets() == ("hush",)
