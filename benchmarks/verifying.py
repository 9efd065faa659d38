"""How fast `imagelock verify` goes through a big cluster, and what memory it takes."""

from __future__ import annotations

import shutil
import sys
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE, Popen
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks.measure import Case, measure
from benchmarks.tables import Table
from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.measure import Measured

__all__ = ["CLUSTERS", "FULL_CLUSTERS", "TINY_CLUSTERS", "measure_verify", "row_of"]

ROOT = Path(__file__).resolve().parent.parent
IMAGELOCK = str(Path(sys.executable).with_name("imagelock"))
# The lists that hold anything: what the limit downloads is what verify downloads.
LISTS = ("/api/v1/nodes", "/api/v1/pods", "/apis/apps/v1/deployments")
FINDINGS = 1  # exit status: one workload in a hundred asks for a tag alone
COLUMNS = ("pods", "program", "wall s", "fastest", "slowest", "cpu s", "MB/s", "peak MiB", "times")


class Cluster(Struct, frozen=True):
    """The pods of a cluster (a twentieth of that are its nodes), and what is measured more."""

    pods: int
    suits_kubectl: bool = False  # it takes minutes and gigabytes for a large one
    is_slow_too: bool = False


CLUSTERS = (Cluster(1_000, suits_kubectl=True), Cluster(10_000), Cluster(100_000))
FULL_CLUSTERS = (
    Cluster(1_000, suits_kubectl=True),
    Cluster(10_000, suits_kubectl=True),
    Cluster(100_000, is_slow_too=True),
)
TINY_CLUSTERS = (Cluster(1_200, is_slow_too=True),)
Row = tuple[str | float | int | None, ...]


class _Server(Struct, frozen=True):
    """A cluster that is served: its bytes, and where."""

    megabytes: float
    port: int
    tls_port: int
    slow_port: int


def measure_verify(rounds: int, clusters: tuple[Cluster, ...]) -> Table:
    """Measure every cluster in every way in which it is served."""
    rows: list[Row] = []
    for cluster in clusters:
        with TemporaryDirectory() as folder, _served(cluster.pods, Path(folder)) as server:
            measured = measure(list(_cases(Path(folder), server, cluster)), rounds, Path(folder))
            for case in measured.values():
                way = case.name.partition(", ")[2]
                limit = measured[_named("limit", way)]
                rows.append(row_of(cluster.pods, case, server.megabytes, limit.wall))
    return Table(
        name="verify",
        title=f"Verify of a live cluster: median of {rounds} interleaved runs",
        columns=COLUMNS,
        rows=tuple(rows),
        notes=tuple(_notes()),
    )


@contextmanager
def _served(pods: int, folder: Path) -> Iterator[_Server]:
    command = [sys.executable, "-m", "benchmarks.serve_cluster", str(pods), str(folder / "ca.crt")]
    with Popen(command, cwd=ROOT, stdin=PIPE, stdout=PIPE, text=True) as process:
        assert process.stdin is not None  # noqa: S101  (it is a pipe)
        assert process.stdout is not None  # noqa: S101
        size, *ports = map(int, process.stdout.readline().split())
        yield _Server(size / 1e6, *ports)
        process.stdin.close()


def _cases(folder: Path, server: _Server, cluster: Cluster) -> Iterator[Case]:
    yield from _cases_of(folder, "", server.port)
    yield from _cases_of(folder, "TLS", server.tls_port)
    if cluster.is_slow_too:
        yield from _cases_of(folder, "slow", server.slow_port)
    kubectl = shutil.which("kubectl")
    if kubectl and cluster.suits_kubectl:
        kubeconfig = _kubeconfig(folder, server.port)
        get = (kubectl, "--kubeconfig", kubeconfig, "get", "pods", "-A", "-o", "json")
        yield Case("kubectl", get, has_children=True)


def _cases_of(folder: Path, way: str, port: int) -> Iterator[Case]:
    kubeconfig = _kubeconfig(folder, port, is_secure=way == "TLS")
    trusted = ("--tls", "ca.crt") if way == "TLS" else ()
    download = str(ROOT / "benchmarks" / "download.py")
    yield Case(_named("limit", way), (sys.executable, download, str(port), *LISTS, *trusted))
    verify = (IMAGELOCK, "verify", "--quiet", "--kubeconfig", kubeconfig)
    yield Case(_named("imagelock", way), verify, expected=FINDINGS, has_children=True)


def _named(program: str, way: str) -> str:
    return f"{program}, {way}" if way else program


def _kubeconfig(folder: Path, port: int, *, is_secure: bool = False) -> str:
    path = folder / f"kubeconfig-{port}"
    server = f"{'https' if is_secure else 'http'}://127.0.0.1:{port}"
    trusted = ", certificate-authority: ca.crt" if is_secure else ""
    path.write_text(
        "apiVersion: v1\nkind: Config\ncurrent-context: it\n"
        "contexts: [{name: it, context: {cluster: it, user: it}}]\n"
        f'clusters: [{{name: it, cluster: {{server: "{server}"{trusted}}}}}]\n'
        "users: [{name: it, user: {}}]\n"
    )
    return str(path)


def row_of(pods: int, measured: Measured, megabytes: float, limit: float) -> Row:
    """Return the row of one program, with its time as a multiple of the limit's."""
    fastest, slowest = (f"{seconds:.2f}" for seconds in measured.spread)
    return (
        f"{pods:,}",
        measured.name,
        f"{measured.wall:.2f}",
        fastest,
        slowest,
        f"{measured.cpu:.2f}",
        megabytes / measured.wall,
        round(measured.rss / 1024),
        measured.wall / limit,
    )


def _notes() -> Iterator[str]:
    yield "times: of the limit, which downloads the same pages over one connection into one buffer"
    yield "TLS: as every API server speaks it; without it, pages come faster than from any of them"
    yield "slow: without TLS, and each page takes as long as an API server takes to encode it"
    yield "peak: the highest of each process, added up; what they share counts for each of them"
    if not shutil.which("kubectl"):
        yield "kubectl was not measured: it is not on PATH"
