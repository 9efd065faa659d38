from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.simulators.kubeconfigs import document, write

from imagelock.errors import InputError
from imagelock.outside.kubeconfig import choose_cluster

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def test_the_named_file_is_read(tmp_path: Path) -> None:
    file = write(tmp_path, "https://a.example")

    assert choose_cluster(file, None).cluster.server == "https://a.example"


def test_several_files_may_be_named_and_some_may_be_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(tmp_path, "https://a.example")
    (tmp_path / "empty").touch()
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path}/missing:{tmp_path}/empty::{file}")

    assert choose_cluster(None, None).cluster.server == "https://a.example"


def test_the_usual_place_is_looked_at(tmp_path: Path) -> None:
    folder = tmp_path / "home" / ".kube"
    folder.mkdir(parents=True)
    (folder / "config").write_text(json.dumps(document("https://usual.example")))

    assert choose_cluster(None, "here").cluster.server == "https://usual.example"


def test_a_pod_uses_its_service_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("token", "ca.crt", "namespace"):
        (tmp_path / name).write_text("argocd\n")
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "fd00::1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "6443")

    it = choose_cluster(None, None, service_account=tmp_path)

    assert it.cluster.server == "https://[fd00::1]:6443"
    assert it.cluster.certificate_authority == str(tmp_path / "ca.crt")
    assert it.user.token_file == str(tmp_path / "token")
    assert it.namespace == "argocd"


def test_a_pod_without_a_token_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")

    with pytest.raises(InputError, match="automountServiceAccountToken"):
        choose_cluster(None, None, service_account=tmp_path)


def test_a_pod_has_no_contexts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")

    with pytest.raises(InputError, match="there is no context 'prod'"):
        choose_cluster(None, "prod")


def test_nothing_at_all_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(InputError, match="--kubeconfig FILE"):
        choose_cluster(None, None)


def test_a_variable_that_names_only_missing_files_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KUBECONFIG", "/nowhere/config")

    with pytest.raises(InputError, match=r"\$KUBECONFIG \(/nowhere/config\) is not there"):
        choose_cluster(None, None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no current context is set"),
        ("a: [", "this is not YAML"),
        ("just words", "this is not a kubeconfig"),
    ],
)
def test_a_broken_file_is_an_error_with_its_name(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "config").write_text(text)

    with pytest.raises(InputError) as caught:
        choose_cluster(tmp_path / "config", None)

    assert str(caught.value).startswith(f"{tmp_path}/config")
    assert message in str(caught.value)


def test_a_broken_line_of_a_kubeconfig_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("users:\n- token: hush: hush\n")

    with pytest.raises(InputError) as caught:
        choose_cluster(tmp_path / "config", None)

    assert f"{tmp_path}/config:2" in str(caught.value)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("name", ["missing", "."])
def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError):
        choose_cluster(tmp_path / name, None)
