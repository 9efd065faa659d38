"""Who we are to an API server: tokens, token files, exec plugins, certificates."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from imagelock.core.place import FilePlace
from imagelock.errors import ClusterError, InputError
from imagelock.outside.files import read_bytes, read_source

if TYPE_CHECKING:
    from imagelock.syntax.kubeconfig import Chosen, Cluster, ExecPlugin

__all__ = ["Credential", "Login"]

_TOKEN_FILE_AGE = 60.0  # seconds after which a token file is read again, as client-go does
_SKEW = 30.0  # seconds before its end in which a credential is not used any more
_PLUGIN_CONFIG = "client.authentication.k8s.io/exec"
_PLUGIN_VERSIONS = {f"client.authentication.k8s.io/{version}" for version in ("v1", "v1beta1")}


class Credential(Struct, frozen=True, kw_only=True):
    """What proves who we are, and until when it does (seconds since 1970)."""

    authorization: str = ""
    certificate: str = ""
    key: str = ""
    expires: float | None = None


class Login:
    """Who we are to one API server, renewed when it runs out; threads may share it."""

    def __init__(self, chosen: Chosen) -> None:
        self._chosen = chosen
        self._credential: Credential | None = None
        self._lock = threading.Lock()

    @property
    def can_renew(self) -> bool:
        """Whether asking again may give another credential."""
        return bool(self._chosen.user.token_file or self._chosen.user.exec)

    def current(self) -> Credential:
        """Return a credential that has not run out.

        Raises:
            InputError: The user's settings are wrong.
            ClusterError: The plugin that prints credentials failed.
        """
        with self._lock:
            held = self._credential
            if held is None or (held.expires is not None and held.expires <= time.time()):
                self._credential = held = _obtain(self._chosen)
            return held

    def forget(self) -> None:
        """Drop a credential that the server refused: the next one is a new one."""
        with self._lock:
            self._credential = None

    def secrets(self) -> tuple[str, ...]:
        """Return the texts that must never be shown."""
        user, held = self._chosen.user, self._credential
        token = held.authorization.partition(" ")[2] if held else ""
        return tuple(secret for secret in (token, user.token, user.password) if secret)


def _obtain(chosen: Chosen) -> Credential:
    # The order is client-go's: token file, token, plugin, password.
    user, place = chosen.user, f"context '{chosen.context}'"
    if user.auth_provider is not None:
        raise InputError(
            "its user has an auth-provider, which Kubernetes 1.26 removed",
            place=place,
            hint="Use an exec plugin instead, such as gke-gcloud-auth-plugin or kubelogin.",
        )
    if user.token_file:
        token = read_source(Path(user.token_file)).text
        bearer = _bearer(token, FilePlace(user.token_file))
        return Credential(authorization=bearer, expires=time.time() + _TOKEN_FILE_AGE)
    if user.token:
        return Credential(authorization=_bearer(user.token, place))
    if user.exec is not None:
        return _run_plugin(user.exec, chosen.cluster, place)
    if user.username:
        pair = f"{user.username}:{user.password}".encode()
        return Credential(authorization=f"Basic {base64.b64encode(pair).decode()}")
    return Credential()


def _bearer(token: str, place: object) -> str:
    token = token.strip()
    if not token or not (token.isascii() and token.isprintable()) or " " in token:
        raise InputError("a token was expected: one line of ASCII without spaces", place=place)
    return f"Bearer {token}"


class _PluginStatus(Struct, rename="camel"):
    token: str = ""
    client_certificate_data: str = ""
    client_key_data: str = ""
    expiration_timestamp: datetime | None = None


class _PluginAnswer(Struct, rename="camel"):
    api_version: str
    status: _PluginStatus


def _run_plugin(plugin: ExecPlugin, cluster: Cluster, place: str) -> Credential:
    if plugin.api_version not in _PLUGIN_VERSIONS:
        raise InputError(
            f"the plugin '{plugin.command}' speaks {plugin.api_version}; "
            f"{' or '.join(sorted(_PLUGIN_VERSIONS))} was expected",
            place=place,
            hint="Renew the kubeconfig with the tool that made it.",
        )
    output = _plugin_output(plugin, cluster, place)
    try:
        answer = msgspec.json.decode(output, type=_PluginAnswer)
    except msgspec.DecodeError as error:
        # What it printed may be half a token, so it is not shown.
        raise ClusterError(
            f"the plugin '{plugin.command}' did not print an ExecCredential", place=place
        ) from error
    return _as_credential(answer.status, plugin.command, place)


def _plugin_output(plugin: ExecPlugin, cluster: Cluster, place: str) -> bytes:
    interactive = _asks_a_person(plugin, place)
    try:
        # Its standard error is the user's: it may ask them to log in.
        run = subprocess.run(  # noqa: S603  (the program that the user's kubeconfig names)
            [plugin.command, *plugin.args],
            check=False,
            stdin=None if interactive else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            env=_plugin_environment(plugin, cluster, interactive=interactive),
        )
    except OSError as error:
        raise InputError(
            f"the plugin '{plugin.command}' cannot be started: {error.strerror}",
            place=place,
            hint=plugin.install_hint or "Install it, or correct the kubeconfig.",
        ) from error
    if run.returncode:
        raise ClusterError(
            f"the plugin '{plugin.command}' failed with status {run.returncode}",
            place=place,
            hint="What it wrote stands above. Log in again, then repeat the command.",
        )
    return run.stdout


def _asks_a_person(plugin: ExecPlugin, place: str) -> bool:
    """Say whether it may ask a person at the terminal; some do nothing else."""
    somebody_is_there = sys.stdin is not None and sys.stdin.isatty()
    if plugin.interactive_mode == "Always" and not somebody_is_there:
        raise InputError(
            f"the plugin '{plugin.command}' asks a person, and there is no terminal",
            place=place,
            hint="Use other credentials where nobody sits at a terminal.",
        )
    return somebody_is_there and plugin.interactive_mode != "Never"


def _plugin_environment(
    plugin: ExecPlugin, cluster: Cluster, *, interactive: bool
) -> dict[str, str]:
    request = {
        "apiVersion": plugin.api_version,
        "kind": "ExecCredential",
        "spec": _plugin_spec(plugin, cluster, interactive=interactive),
    }
    return {
        **os.environ,
        **{variable.name: variable.value for variable in plugin.env},
        "KUBERNETES_EXEC_INFO": msgspec.json.encode(request).decode(),
    }


def _plugin_spec(plugin: ExecPlugin, cluster: Cluster, *, interactive: bool) -> dict[str, Any]:
    spec: dict[str, Any] = {"interactive": interactive}
    if plugin.provide_cluster_info:
        authority = cluster.certificate_authority_data
        if cluster.certificate_authority and not authority:
            data = read_bytes(Path(cluster.certificate_authority))
            authority = base64.b64encode(data).decode()
        spec["cluster"] = {
            "server": cluster.server,
            "tls-server-name": cluster.tls_server_name,
            "insecure-skip-tls-verify": cluster.insecure_skip_tls_verify,
            "certificate-authority-data": authority,
            "proxy-url": cluster.proxy_url,
            "config": _plugin_config(cluster),
        }
    return spec


def _plugin_config(cluster: Cluster) -> object:
    for extension in cluster.extensions:
        if extension.get("name") == _PLUGIN_CONFIG:
            return extension.get("extension")
    return None


def _as_credential(status: _PluginStatus, command: str, place: str) -> Credential:
    if not status.token and not (status.client_certificate_data and status.client_key_data):
        raise ClusterError(
            f"the plugin '{command}' printed neither a token nor a certificate with its key",
            place=place,
        )
    expires = status.expiration_timestamp
    if expires is not None and expires.tzinfo is None:
        expires = expires.replace(tzinfo=UTC)
    return Credential(
        authorization=_bearer(status.token, place) if status.token else "",
        certificate=status.client_certificate_data,
        key=status.client_key_data,
        expires=expires.timestamp() - _SKEW if expires else None,
    )
