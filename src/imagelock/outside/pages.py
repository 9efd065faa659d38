"""The pages of a cluster: from its API server, or from what kubectl saved."""

from __future__ import annotations

import codecs
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import quote

from msgspec.structs import replace

from imagelock.core.cluster import Page
from imagelock.core.finding import Skipped
from imagelock.errors import InputError
from imagelock.outside.files import STDIN, decode, read_bytes, read_stdin_bytes
from imagelock.syntax.kubernetes import parse_page

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from imagelock.outside.kubernetes_api import Api

__all__ = ["live_pages", "saved_pages"]

_STDIN = "-"
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

# Nodes come first: what a pod runs may depend on the architecture of its node.
_NODES = ("/api/v1", "nodes")
_PODS = ("/api/v1", "pods")
_WORKLOADS = (
    ("/apis/apps/v1", "deployments"),
    ("/apis/apps/v1", "statefulsets"),
    ("/apis/apps/v1", "daemonsets"),
    ("/apis/apps/v1", "replicasets"),
    ("/apis/batch/v1", "jobs"),
    ("/apis/batch/v1", "cronjobs"),
)
_FORBIDDEN, _UNKNOWN = 403, 404


def saved_pages(files: Sequence[str]) -> Iterator[Page]:
    """Yield one page for each file; ``-`` is standard input.

    Raises:
        InputError: A file cannot be read, or holds nothing of a cluster.
        DiskError: The disk failed.
    """
    if files.count(_STDIN) > 1:
        raise InputError("standard input can be read once only, and '-' was given more often")
    for file in files:
        data = read_stdin_bytes() if file == _STDIN else read_bytes(file)
        name = STDIN if file == _STDIN else file
        if data.startswith(_UTF_16):  # what a PowerShell writes with ">"
            data = decode(data, name=name).text.encode()
        yield parse_page(data, name=name)


def live_pages(api: Api, namespaces: Sequence[str] = ()) -> Iterator[Page]:
    """Yield the nodes, pods and workloads of a cluster, or of some of its namespaces.

    What the user may not list, other than pods, becomes a page that says so.

    Raises:
        ClusterError: A list did not come whole.
    """
    yield from _listed(api, *_NODES, ("",))
    yield from _listed(api, *_PODS, namespaces or ("",))
    for group, resource in _WORKLOADS:
        yield from _listed(api, group, resource, namespaces or ("",))


def _listed(api: Api, group: str, resource: str, namespaces: Iterable[str]) -> Iterator[Page]:
    from imagelock.outside.halves import list_in_halves
    from imagelock.outside.refusals import ApiError

    for namespace in namespaces:
        inside = f"/namespaces/{quote(namespace, safe='')}" if namespace else ""
        path = f"{group}{inside}/{resource}"
        try:
            yield from list_in_halves(api, path, partial(_page, path=path))
        except ApiError as error:
            if resource == "pods" or error.code not in {_FORBIDDEN, _UNKNOWN}:
                raise
            yield _unseen(resource, namespace, error.code)


def _page(data: bytes, *, path: str) -> Page:
    # What is still to come is a guess once objects change under a list; that the list
    # comes to its end is certain, since `list_pages` follows it there.
    return replace(parse_page(data, name=path), remaining=0)


def _unseen(resource: str, namespace: str, code: int) -> Page:
    where = f" in namespace {namespace}" if namespace else ""
    if code == _UNKNOWN:
        skipped = Skipped(f"{resource}{where}", "this cluster has no such kind", expected=True)
    else:
        skipped = Skipped(
            f"{resource}{where}", "the permission to list them is missing (docs/cluster-access.md)"
        )
    return Page(kind=resource, unseen=(skipped,))
