"""Kubeconfig: several files -> the one cluster and user that a context names.

The first file that says something wins, as in kubectl: for every name, and for
the current context. Relative paths are relative to the file that they stand in.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from imagelock.core.place import FilePlace
from imagelock.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Chosen", "Cluster", "ExecPlugin", "Kubeconfig", "User", "choose", "parse_kubeconfig"]


_WORDS = {
    "Object missing": "missing",
    "Expected": "expected",
    "`array`": "a list",
    "`object`": "a mapping",
    "`str`": "a text",
    "`int`": "a number",
    "`bool`": "true or false",
}


class Cluster(Struct, frozen=True, kw_only=True, rename="kebab"):
    """Where an API server is, and how it shows that it is the right one."""

    server: str = ""
    certificate_authority: str = ""
    certificate_authority_data: str = ""
    insecure_skip_tls_verify: bool = False
    tls_server_name: str = ""
    proxy_url: str = ""
    disable_compression: bool = False
    extensions: tuple[dict[str, Any], ...] = ()


class _Variable(Struct, frozen=True):
    name: str
    value: str = ""


class ExecPlugin(Struct, frozen=True, kw_only=True, rename="camel"):
    """A program that prints credentials, such as those of the cloud providers."""

    command: str
    api_version: str
    args: tuple[str, ...] = ()
    env: tuple[_Variable, ...] = ()
    install_hint: str = ""
    provide_cluster_info: bool = False
    interactive_mode: str = "IfAvailable"


_USER_KEYS = {
    "token_file": "tokenFile",
    "client_certificate": "client-certificate",
    "client_certificate_data": "client-certificate-data",
    "client_key": "client-key",
    "client_key_data": "client-key-data",
    "auth_provider": "auth-provider",
    "as_user": "as",
    "as_uid": "as-uid",
    "as_groups": "as-groups",
    "as_user_extra": "as-user-extra",
}


class User(Struct, frozen=True, kw_only=True, rename=_USER_KEYS):
    """Who one is to an API server."""

    token: str = ""
    token_file: str = ""
    client_certificate: str = ""
    client_certificate_data: str = ""
    client_key: str = ""
    client_key_data: str = ""
    username: str = ""
    password: str = ""
    exec: ExecPlugin | None = None
    auth_provider: dict[str, Any] | None = None
    as_user: str = ""
    as_uid: str = ""
    as_groups: tuple[str, ...] = ()
    as_user_extra: dict[str, tuple[str, ...]] = {}


class _Context(Struct, frozen=True):
    cluster: str = ""
    user: str = ""
    namespace: str = ""


class _NamedCluster(Struct, frozen=True):
    name: str
    cluster: Cluster = Cluster()


class _NamedUser(Struct, frozen=True):
    name: str
    user: User = User()


class _NamedContext(Struct, frozen=True):
    name: str
    context: _Context = _Context()


_NamedT = TypeVar("_NamedT", _NamedCluster, _NamedUser, _NamedContext)


class Kubeconfig(Struct, frozen=True, kw_only=True, rename="kebab"):
    """One file, as it was written, its paths made whole."""

    clusters: tuple[_NamedCluster, ...] = ()
    users: tuple[_NamedUser, ...] = ()
    contexts: tuple[_NamedContext, ...] = ()
    current_context: str = ""


class Chosen(Struct, frozen=True, kw_only=True):
    """What a context stands for; *namespace* is empty where it names none."""

    context: str
    namespace: str
    cluster: Cluster
    user: User


def parse_kubeconfig(document: object, *, file: str) -> Kubeconfig:
    """Read one kubeconfig from plain data.

    Args:
        document: What the file's YAML says; ``None`` for an empty file.
        file: The file's path, which relative paths in it start from.

    Raises:
        InputError: It has not the form of a kubeconfig. No value of the file is
            ever part of the message: it may be a secret.
    """
    if not isinstance(document, dict | None):
        raise InputError(
            "this is not a kubeconfig: a mapping with clusters, users and contexts was expected",
            place=FilePlace(file),
        )
    try:
        config = msgspec.convert(_without_nulls(document or {}), Kubeconfig)
    except msgspec.ValidationError as error:
        raise InputError(
            f"this is not a kubeconfig: {_sentence(error)}", place=FilePlace(file)
        ) from None
    folder = posixpath.dirname(file)
    return replace(
        config,
        clusters=tuple(
            _NamedCluster(c.name, _whole_ca(c.cluster, folder)) for c in config.clusters
        ),
        users=tuple(_NamedUser(u.name, _whole_user(u.user, folder)) for u in config.users),
    )


def choose(configs: Sequence[Kubeconfig], context: str | None, *, origin: str) -> Chosen:
    """Find the cluster and the user of a context.

    Args:
        configs: The files in their order; the first that names something wins.
        context: The context's name, or ``None`` for the current one.
        origin: Where the files come from, for messages.

    Raises:
        InputError: There is no such context, or what it names is not there.
    """
    name = context or _current(configs, origin)
    found = _first(name, (c for config in configs for c in config.contexts))
    if found is None:
        raise InputError(f"there is no context '{name}'", place=origin, hint=_known(configs))
    named = found.context
    cluster = _first(named.cluster, (c for config in configs for c in config.clusters))
    if cluster is None or not cluster.cluster.server:
        what = "has no server" if cluster else "is not there"
        raise InputError(f"context '{name}': its cluster '{named.cluster}' {what}", place=origin)
    user = _first(named.user, (u for config in configs for u in config.users))
    if user is None and named.user:
        raise InputError(f"context '{name}': its user '{named.user}' is not there", place=origin)
    return Chosen(
        context=name,
        namespace=named.namespace,
        cluster=cluster.cluster,
        user=user.user if user else User(),
    )


def _without_nulls(data: Any) -> Any:  # noqa: ANN401  (what YAML holds)
    """Leave out what is there without a value, as kubectl does."""
    if isinstance(data, dict):
        return {key: _without_nulls(value) for key, value in data.items() if value is not None}
    if isinstance(data, list):
        return [_without_nulls(item) for item in data]
    return data


def _sentence(error: msgspec.ValidationError) -> str:
    what, _, where = str(error).partition(" - at ")
    for name, word in _WORDS.items():
        what = what.replace(name, word)
    return f"{where.strip('`').removeprefix('$.')}: {what}"


def _whole_ca(cluster: Cluster, folder: str) -> Cluster:
    return replace(cluster, certificate_authority=_whole(cluster.certificate_authority, folder))


def _whole_user(user: User, folder: str) -> User:
    plugin = user.exec
    if plugin is not None and "/" in plugin.command:
        # A bare name is looked up in PATH; only a path starts from the file.
        plugin = replace(plugin, command=_whole(plugin.command, folder))
    return replace(
        user,
        token_file=_whole(user.token_file, folder),
        client_certificate=_whole(user.client_certificate, folder),
        client_key=_whole(user.client_key, folder),
        exec=plugin,
    )


def _whole(path: str, folder: str) -> str:
    return posixpath.join(folder, path) if path else ""


def _current(configs: Sequence[Kubeconfig], origin: str) -> str:
    for config in configs:
        if config.current_context:
            return config.current_context
    raise InputError("no current context is set", place=origin, hint=_known(configs))


def _known(configs: Sequence[Kubeconfig]) -> str:
    names = list(dict.fromkeys(c.name for config in configs for c in config.contexts))
    if not names:
        return "It holds no contexts: is this the right file?"
    return f"Name one of these with --context: {', '.join(names)}"


def _first(name: str, entries: Iterable[_NamedT]) -> _NamedT | None:
    return next((entry for entry in entries if entry.name == name), None)
