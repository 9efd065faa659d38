from __future__ import annotations

from typing import Any

import pytest
from tests.simulators.kubeconfigs import document

from imagelock.errors import InputError
from imagelock.syntax.kubeconfig import Chosen, choose, parse_kubeconfig


def chosen(*documents: Any, context: str | None = None) -> Chosen:
    configs = [
        parse_kubeconfig(one, file=f"/home/me/{number}/config")
        for number, one in enumerate(documents)
    ]
    return choose(configs, context, origin="$KUBECONFIG")


def test_the_current_context_is_chosen() -> None:
    it = chosen(document("https://a.example", user={"token": "t"}, namespace="argocd"))

    assert (it.context, it.namespace) == ("here", "argocd")
    assert (it.cluster.server, it.user.token) == ("https://a.example", "t")


def test_the_first_file_that_names_something_wins() -> None:
    first, second = document("https://first.example"), document("https://second.example")
    second["contexts"][0]["name"] = second["current-context"] = "there"
    second["users"] = [{"name": "u", "user": {"token": "second"}}]

    assert chosen(first, second).cluster.server == "https://first.example"
    assert chosen(first, second, context="there").cluster.server == "https://first.example"


def test_the_current_context_may_stand_in_a_file_of_its_own() -> None:
    assert chosen({"current-context": "here"}, document("https://a.example")).context == "here"


def test_empty_files_and_empty_lists_are_fine() -> None:
    nothing = {"clusters": None, "users": None, "contexts": None, "current-context": ""}

    assert chosen(None, nothing, document("https://a.example")).context == "here"


def test_paths_start_from_their_own_file() -> None:
    user = {
        "client-certificate": "c.crt",
        "client-key": "/abs/c.key",
        "tokenFile": "../token",
        "exec": {"command": "bin/login", "apiVersion": "v1"},
    }

    it = chosen(document("https://a.example", cluster={"certificate-authority": "ca"}, user=user))

    assert it.cluster.certificate_authority == "/home/me/0/ca"
    assert it.user.client_certificate == "/home/me/0/c.crt"
    assert it.user.client_key == "/abs/c.key"
    assert it.user.token_file == "/home/me/0/../token"
    assert it.user.exec is not None
    assert it.user.exec.command == "/home/me/0/bin/login"


def test_a_command_without_a_path_is_looked_up_by_the_system() -> None:
    plugin = {"exec": {"command": "kubelogin", "apiVersion": "v1", "args": None, "env": None}}

    it = chosen(document("https://a.example", user=plugin))

    assert it.user.exec is not None
    assert it.user.exec.command == "kubelogin"


def test_a_context_without_a_user_is_nobody() -> None:
    config = document("https://a.example")
    del config["contexts"][0]["context"]["user"]

    assert chosen(config).user.token == ""


def test_an_unknown_context_is_an_error_that_names_the_known_ones() -> None:
    with pytest.raises(InputError) as caught:
        chosen(document("https://a.example"), context="prod")

    assert "there is no context 'prod'" in str(caught.value)
    assert "--context: here" in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"current-context": ""}, "no current context is set"),
        ({"clusters": []}, "its cluster 'c' is not there"),
        ({"clusters": [{"name": "c", "cluster": {}}]}, "its cluster 'c' has no server"),
        ({"users": []}, "its user 'u' is not there"),
        ({"contexts": [], "current-context": ""}, "is this the right file"),
    ],
)
def test_a_context_that_leads_nowhere_is_an_error(change: Any, message: str) -> None:
    with pytest.raises(InputError) as caught:
        chosen({**document("https://a.example"), **change})

    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ("text", "a mapping with clusters, users and contexts was expected"),
        (["list"], "a mapping with clusters, users and contexts was expected"),
        ({"clusters": "c"}, "clusters: expected a list, got a text"),
        ({"clusters": [{"cluster": {}}]}, "clusters[0]: missing required field `name`"),
        (
            {"users": [{"name": "u", "user": {"token": 4711}}]},
            "users[0].user.token: expected a text, got a number",
        ),
    ],
)
def test_what_is_no_kubeconfig_is_an_error_with_its_place(broken: Any, message: str) -> None:
    with pytest.raises(InputError) as caught:
        chosen(broken)

    assert "/home/me/0/config: this is not a kubeconfig: " in str(caught.value)
    assert message in str(caught.value)
    assert "4711" not in str(caught.value)
