"""A cluster of one's own on loopback: etcd and kube-apiserver, where both are installed."""

from __future__ import annotations

import base64
import json
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

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
def local_cluster(folder: Path) -> Iterator[LocalCluster]:
    """Run a cluster without nodes."""
    cluster = LocalCluster(folder)
    try:
        cluster.mend()
        yield cluster
    finally:
        for name in reversed(PROGRAMS):
            cluster.end(name)


class LocalCluster:
    """A cluster whose programs can be killed, and started again where they were.

    Attributes:
        kubeconfig: Of its administrator.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = _free_port()
        self._store = f"http://127.0.0.1:{_free_port()}"
        self._options = {
            "etcd": _etcd(self._store, folder),
            "kube-apiserver": _api(self._store, self._port),
        }
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self.kubeconfig = _write(folder, self._port)

    def mend(self) -> None:
        """Start what does not run, and wait until it answers."""
        for name in PROGRAMS:
            if name not in self._running:
                self._start(name)
        self._wait()

    def _start(self, name: str) -> None:
        command = [name, *(f"--{key}={value}" for key, value in self._options[name].items())]
        with self._log(name).open("ab") as log:
            self._running[name] = subprocess.Popen(
                command, cwd=self._folder, stdout=log, stderr=log
            )

    def kill(self, name: str) -> None:
        """End one of them as a power cut does."""
        self._running[name].kill()
        self._running.pop(name).wait(20)

    def end(self, name: str) -> None:
        """End one of them, if it runs."""
        process = self._running.pop(name, None)
        if process is None:
            return
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(20)

    def _wait(self) -> None:
        deadline = time.monotonic() + _STARTING
        while True:
            try:
                connect(self.kubeconfig, None, patience=_ONCE).get("/api/v1/namespaces/default")
            except ClusterError as error:
                server = self._running["kube-apiserver"]
                if server.poll() is not None or time.monotonic() > deadline:
                    log = self._log("kube-apiserver").read_text(errors="replace")
                    raise AssertionError(f"{error}\n{log[-3_000:]}") from error
                time.sleep(0.2)
            else:
                return

    def forget(self) -> None:
        """Let the store forget its past, as an API server does every few minutes (compaction)."""
        now = self._ask("range", {"key": base64.b64encode(b"/").decode()})["header"]["revision"]
        self._ask("compaction", {"revision": now, "physical": True})

    def _ask(self, what: str, body: Any) -> Any:
        request = Request(f"{self._store}/v3/kv/{what}", json.dumps(body).encode())  # noqa: S310
        with urlopen(request, timeout=20) as answer:  # noqa: S310
            return json.load(answer)

    def _log(self, name: str) -> Path:
        return self._folder / f"{name}.log"


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


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
    return port
