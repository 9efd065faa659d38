"""How long `imagelock verify` takes at a real API server, which spends its time encoding."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks.measure import Case, measure
from benchmarks.tables import Table
from benchmarks.verifying import COLUMNS, FINDINGS, IMAGELOCK, LISTS, ROOT, row_of
from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["measure_server"]

_VARIABLE = "IMAGELOCK_TEST_KUBECONFIG"
_PROGRAMS = ("etcd", "kube-apiserver")
_WHY_NOT = (
    "not measured: there is no real API server; name an administrator's kubeconfig in "
    f"{_VARIABLE}, or have {' and '.join(_PROGRAMS)} on PATH"
)


class _Server(Struct, frozen=True):
    """A real API server, and how to download what is in it."""

    kubeconfig: str
    download: tuple[str, ...]


def measure_server(rounds: int, pods: int) -> Table:
    """Fill a real API server, and measure; without one, say so."""
    title = f"Verify at a real API server: median of {rounds} interleaved runs"
    if _VARIABLE not in os.environ and not all(map(shutil.which, _PROGRAMS)):
        return Table(name="server", title=title, columns=COLUMNS, rows=(), notes=(_WHY_NOT,))
    with TemporaryDirectory() as folder, _served(pods, Path(folder)) as server:
        megabytes = _bytes_of(server) / 1e6
        measured = measure(list(_cases(server)), rounds, Path(folder))
    limit = measured["limit"].wall
    rows = tuple(row_of(pods, case, megabytes, limit) for case in measured.values())
    notes = tuple(_notes(megabytes))
    return Table(name="server", title=title, columns=COLUMNS, rows=rows, notes=notes)


@contextmanager
def _served(pods: int, folder: Path) -> Iterator[_Server]:
    """Let another process fill the server: the memory of this one would count as the children's."""
    print(f"writing {pods:,} pods to a real API server ...", file=sys.stderr)
    command = [sys.executable, "-m", "benchmarks.real_cluster", str(pods), str(folder), *LISTS]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None  # noqa: S101  (it is a pipe)
        assert process.stdout is not None  # noqa: S101
        line = process.stdout.readline()
        if not line:
            sys.exit("the real API server was not filled: see above")
        try:
            server = json.loads(line)
            yield _Server(server["kubeconfig"], tuple(server["download"]))
        finally:
            process.stdin.close()


def _bytes_of(server: _Server) -> int:
    return int(subprocess.run(server.download, check=True, stdout=subprocess.PIPE).stdout)


def _cases(server: _Server) -> Iterator[Case]:
    yield Case("limit", server.download)
    verify = (IMAGELOCK, "verify", "--quiet", "--kubeconfig", server.kubeconfig)
    yield Case("imagelock", verify, expected=FINDINGS, has_children=True)
    if kubectl := shutil.which("kubectl"):
        get = (kubectl, "--kubeconfig", server.kubeconfig, "get", "pods", "-A", "-o", "json")
        yield Case("kubectl", get, has_children=True)


def _notes(megabytes: float) -> Iterator[str]:
    yield f"times: of the limit, which downloads the same pages ({megabytes:,.0f} MB), no more"
    yield "cpu: the program's own; the server's, which most of the time goes to, is not in it"
    if not shutil.which("kubectl"):
        yield "kubectl was not measured: it is not on PATH"
