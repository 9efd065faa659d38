"""Have a real API server with a big cluster in it, until standard input ends.

It is the one that IMAGELOCK_TEST_KUBECONFIG names, or one that is started on loopback and
thrown away. Printed is one line of JSON: its kubeconfig, and the command that downloads its lists.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import signal
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from benchmarks.cluster_objects import Size
from benchmarks.fill_cluster import filled
from tests.end_to_end.local_cluster import local_cluster

from imagelock.outside.kubeconfig import choose_cluster
from imagelock.outside.login import Login

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagelock.outside.login import Credential
    from imagelock.syntax.kubeconfig import Cluster, User

__all__ = ["main"]

VARIABLE = "IMAGELOCK_TEST_KUBECONFIG"
DOWNLOAD = Path(__file__).resolve().with_name("download.py")


def main() -> None:
    """Fill the cluster, say so, and wait."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pods", type=int)
    parser.add_argument("folder", type=Path, help="for the server's files, and credentials")
    parser.add_argument("paths", nargs="+", help="the lists to download")
    args = parser.parse_args()
    # Whoever ends this process ends its servers, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with _served(args.folder.resolve(), Size(args.pods)) as kubeconfig:
        command = _download(args.folder.resolve(), kubeconfig, args.paths)
        print(json.dumps({"kubeconfig": str(kubeconfig), "download": command}), flush=True)
        sys.stdin.read()


@contextmanager
def _served(folder: Path, size: Size) -> Iterator[Path]:
    if VARIABLE in os.environ:
        kubeconfig = Path(os.environ[VARIABLE]).resolve()
        with filled(kubeconfig, size, is_ours=False):
            yield kubeconfig
        return
    with local_cluster(folder) as ours, filled(ours.kubeconfig, size, is_ours=True):
        yield ours.kubeconfig


def _download(folder: Path, kubeconfig: Path, paths: list[str]) -> list[str]:
    """Return the command that downloads lists, with the credentials of a kubeconfig."""
    chosen = choose_cluster(kubeconfig, None)
    url = urlsplit(chosen.cluster.server)
    return [
        *(sys.executable, str(DOWNLOAD), str(url.port or 443)),
        *(url.path.rstrip("/") + path for path in paths),
        *("--host", str(url.hostname)),
        *_trust(folder, chosen.cluster),
        *_credentials(folder, Login(chosen).current(), chosen.user),
    ]


def _trust(folder: Path, cluster: Cluster) -> list[str]:
    if not cluster.server.startswith("https:"):
        return []
    trusted = folder / "authority"
    trusted.write_bytes(_pem(cluster, "certificate_authority"))
    name = ["--name", cluster.tls_server_name] if cluster.tls_server_name else []
    return ["--tls", str(trusted), *name]


def _credentials(folder: Path, credential: Credential, user: User) -> Iterator[str]:
    if credential.authorization:
        headers = folder / "headers"
        headers.write_text(f"Authorization: {credential.authorization}\r\n")
        yield from ("--headers", str(headers))
    certificate = credential.certificate.encode() or _pem(user, "client_certificate")
    if certificate:
        both = folder / "certificate"
        both.write_bytes(
            certificate + b"\n" + (credential.key.encode() or _pem(user, "client_key"))
        )
        yield from ("--certificate", str(both))


def _pem(holder: object, name: str) -> bytes:
    inline, file = getattr(holder, f"{name}_data"), getattr(holder, name)
    if inline:
        return base64.b64decode(inline)
    return Path(file).read_bytes() if file else b""


if __name__ == "__main__":
    main()
