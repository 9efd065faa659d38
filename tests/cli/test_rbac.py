"""imagelock rbac, as it is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from imagelock.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Callable

    Rbac = Callable[..., list[str]]


@pytest.fixture
def rbac(capfd: pytest.CaptureFixture[str]) -> Rbac:
    def call(*arguments: str) -> list[str]:
        assert main(["rbac", *arguments]) == 0
        printed = yaml.safe_load_all(capfd.readouterr().out)
        return [f"{one['kind']} {one['metadata']['name']}" for one in printed]

    return call


@pytest.mark.parametrize(
    "arguments",
    [
        ["--namespace", "Bad Name"],
        ["--namespace", "shop-*"],
        ["--watch", "--lease-namespace", ""],
        ["--deploy", "--argocd-namespace", "a/b"],
        ["--service-account", "Bad Name/verify"],
    ],
)
def test_what_is_no_namespace_is_told_before_kubectl_tells_it(
    arguments: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["rbac", *arguments]) == 2

    printed, told = capfd.readouterr()
    assert printed == ""
    assert "is no namespace" in told


@pytest.mark.parametrize(
    ("arguments", "printed"),
    [
        ([], ["ClusterRole imagelock-verify"]),
        (["--deploy"], ["Role imagelock-deploy"]),
        (["--watch"], ["ClusterRole imagelock-watch", "Role imagelock-watch-lease"]),
        (["--verify", "--deploy"], ["ClusterRole imagelock-verify", "Role imagelock-deploy"]),
        (["--namespace", "a", "--namespace", "b"], ["Role imagelock-verify"] * 2),
        (
            ["--service-account", "ci/verify"],
            [
                "ServiceAccount verify",
                "ClusterRole imagelock-verify",
                "ClusterRoleBinding imagelock-verify:serviceaccount:ci:verify",
            ],
        ),
    ],
)
def test_what_a_command_needs_is_printed(
    rbac: Rbac, arguments: list[str], printed: list[str]
) -> None:
    assert rbac(*arguments) == printed


@pytest.mark.parametrize("account", ["verify", "ci/", "/verify", "a/b/c"])
def test_a_service_account_needs_its_namespace(
    capfd: pytest.CaptureFixture[str], account: str
) -> None:
    assert main(["rbac", "--service-account", account]) == 2

    out, err = capfd.readouterr()
    assert out == ""
    assert "NAMESPACE/NAME was expected" in err
    assert err.splitlines()[-1] == "imagelock rbac: nothing was printed"
