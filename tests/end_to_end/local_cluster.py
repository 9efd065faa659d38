"""A cluster of one's own on loopback: etcd and kube-apiserver, where both are installed."""

from __future__ import annotations

import base64
import json
import shutil
import socket
import subprocess
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import trustme
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from imagelock.errors import ClusterError
from imagelock.outside.kubernetes_api import Patience, connect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROGRAMS = ("etcd", "kube-apiserver")
TOKEN = "of-the-administrator"
_STARTING = 90.0  # seconds in which both must answer
_ONCE = Patience(tries=1, connect=2.0, read=10.0)


def is_installed() -> bool:
    """Say whether both programs are there."""
    return all(map(shutil.which, PROGRAMS))


@contextmanager
def local_cluster(folder: Path) -> Iterator[Path]:
    """Run a cluster without nodes, and give the kubeconfig of its administrator."""
    kubeconfig = _write(folder, port := _free_port())
    etcd = f"http://127.0.0.1:{_free_port()}"
    with ExitStack() as open_:
        open_.enter_context(_running(folder, "etcd", _etcd(etcd, folder)))
        server = open_.enter_context(_running(folder, "kube-apiserver", _api(etcd, port)))
        _await(kubeconfig, server, folder)
        yield kubeconfig


def _etcd(url: str, folder: Path) -> dict[str, str]:
    peers = f"http://127.0.0.1:{_free_port()}"
    return {
        "data-dir": str(folder / "etcd"),
        "listen-client-urls": url,
        "advertise-client-urls": url,
        "listen-peer-urls": peers,
        "initial-advertise-peer-urls": peers,
        "initial-cluster": f"default={peers}",
    }


def _api(etcd: str, port: int) -> dict[str, str]:
    return {
        "etcd-servers": etcd,
        "bind-address": "127.0.0.1",
        "advertise-address": "127.0.0.1",
        "secure-port": str(port),
        "endpoint-reconciler-type": "none",
        "tls-cert-file": "server.crt",
        "tls-private-key-file": "server.key",
        "token-auth-file": "tokens.csv",
        "anonymous-auth": "false",
        "authorization-mode": "RBAC",
        "service-account-key-file": "accounts.key",
        "service-account-signing-key-file": "accounts.key",
        "service-account-issuer": "https://kubernetes.default.svc",
        "service-cluster-ip-range": "10.96.0.0/24",
        "cert-dir": "certificates",
    }


def _write(folder: Path, port: int) -> Path:
    authority = trustme.CA()
    server = authority.issue_cert("127.0.0.1")
    server.private_key_pem.write_to_path(str(folder / "server.key"))
    server.cert_chain_pems[0].write_to_path(str(folder / "server.crt"))
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    (folder / "accounts.key").write_bytes(pem)
    (folder / "tokens.csv").write_text(f'{TOKEN},administrator,1,"system:masters"\n')
    trusted = base64.b64encode(authority.cert_pem.bytes()).decode()
    cluster = {"server": f"https://127.0.0.1:{port}", "certificate-authority-data": trusted}
    document = {
        "clusters": [{"name": "local", "cluster": cluster}],
        "users": [{"name": "administrator", "user": {"token": TOKEN}}],
        "contexts": [
            {"name": "local", "context": {"cluster": "local", "user": "administrator"}},
        ],
        "current-context": "local",
    }
    kubeconfig = folder / "kubeconfig"
    kubeconfig.write_text(json.dumps(document))
    return kubeconfig


@contextmanager
def _running(folder: Path, name: str, options: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    command = [name, *(f"--{option}={value}" for option, value in options.items())]
    with (
        (folder / f"{name}.log").open("wb") as log,
        subprocess.Popen(command, cwd=folder, stdout=log, stderr=log) as process,
    ):
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


def _await(kubeconfig: Path, server: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + _STARTING
    while True:
        try:
            connect(kubeconfig, None, patience=_ONCE).get("/api/v1/namespaces/default")
        except ClusterError as error:
            if server.poll() is not None or time.monotonic() > deadline:
                log = (folder / "kube-apiserver.log").read_text(errors="replace")
                raise AssertionError(f"{error}\n{log[-3_000:]}") from error
            time.sleep(0.2)
        else:
            return


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
    return port
