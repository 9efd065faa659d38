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

__all__ = ["measure_verify"]

ROOT = Path(__file__).resolve().parent.parent
IMAGELOCK = str(Path(sys.executable).with_name("imagelock"))
SIZES = (1_000, 10_000, 100_000)  # pods
# The lists that hold anything: what the limit downloads is what verify downloads.
LISTS = ("/api/v1/nodes", "/api/v1/pods", "/apis/apps/v1/deployments")
FINDINGS = 1  # exit status: one workload in a hundred asks for a tag alone
COLUMNS = ("pods", "program", "wall s", "fastest", "slowest", "cpu s", "MB/s", "peak MiB", "times")

Row = tuple[str | float | int | None, ...]


class _Server(Struct, frozen=True):
    """A cluster that is served: its bytes, and where."""

    megabytes: float
    port: int
    tls_port: int


def measure_verify(
    rounds: int, *, sizes: tuple[int, ...] = SIZES, kubectl_up_to: int = SIZES[0]
) -> Table:
    """Measure every size, without TLS and with it.

    Args:
        rounds: How often everything is run.
        sizes: The pods of each cluster; a twentieth of that are its nodes.
        kubectl_up_to: The pods of the largest cluster that kubectl is measured with,
            because it takes minutes and gigabytes for a large one.
    """
    rows: list[Row] = []
    for pods in sizes:
        with TemporaryDirectory() as folder, _served(pods, Path(folder)) as server:
            cases = _cases(Path(folder), server, with_kubectl=pods <= kubectl_up_to)
            measured = measure(cases, rounds, Path(folder))
            for case in measured.values():
                limit = measured["limit, TLS" if case.name.endswith("TLS") else "limit"]
                rows.append(_row(pods, case, server.megabytes, limit.wall))
    return Table(
        name="verify",
        title=f"Verify of a live cluster: median of {rounds} interleaved runs",
        columns=COLUMNS,
        rows=tuple(rows),
        notes=tuple(_notes(kubectl_up_to)),
    )


@contextmanager
def _served(pods: int, folder: Path) -> Iterator[_Server]:
    command = [sys.executable, "-m", "benchmarks.serve_cluster", str(pods), str(folder / "ca.crt")]
    with Popen(command, cwd=ROOT, stdin=PIPE, stdout=PIPE, text=True) as process:
        assert process.stdin is not None  # noqa: S101  (it is a pipe)
        assert process.stdout is not None  # noqa: S101
        size, port, tls_port = process.stdout.readline().split()
        yield _Server(int(size) / 1e6, int(port), int(tls_port))
        process.stdin.close()


def _cases(folder: Path, server: _Server, *, with_kubectl: bool) -> list[Case]:
    return [
        *_cases_of(folder, "", server.port, with_kubectl=with_kubectl),
        *_cases_of(folder, ", TLS", server.tls_port, with_kubectl=False),
    ]


def _cases_of(folder: Path, suffix: str, port: int, *, with_kubectl: bool) -> Iterator[Case]:
    kubeconfig = _kubeconfig(folder, port, is_secure=bool(suffix))
    trusted = ("--tls", "ca.crt") if suffix else ()
    download = str(ROOT / "benchmarks" / "download.py")
    yield Case(f"limit{suffix}", (sys.executable, download, str(port), *LISTS, *trusted))
    verify = (IMAGELOCK, "verify", "--quiet", "--kubeconfig", kubeconfig)
    yield Case(f"imagelock{suffix}", verify, expected=FINDINGS, has_children=True)
    kubectl = shutil.which("kubectl")
    if kubectl and with_kubectl:
        get = (kubectl, "--kubeconfig", kubeconfig, "get", "pods", "-A", "-o", "json")
        yield Case(f"kubectl{suffix}", get, has_children=True)


def _kubeconfig(folder: Path, port: int, *, is_secure: bool) -> str:
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


def _row(pods: int, measured: Measured, megabytes: float, limit: float) -> Row:
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


def _notes(kubectl_up_to: int) -> Iterator[str]:
    yield "times: of the limit, which downloads the same pages over one connection into one buffer"
    yield "TLS: as every API server speaks it; without it, pages come faster than from any of them"
    yield "peak: the highest of each process, added up; what they share counts for each of them"
    if shutil.which("kubectl"):
        yield f"kubectl: get pods -A -o json, of no more than {kubectl_up_to:,} pods"
    else:
        yield "kubectl was not measured: it is not on PATH"
