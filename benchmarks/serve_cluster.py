"""Serve a big cluster in pages from loopback, all of them ready in memory.

It stands for an API server that costs nothing, so that a client's own time is seen.
"""

from __future__ import annotations

import argparse
import socket
import ssl
import sys
import threading
import time
from base64 import urlsafe_b64encode
from contextlib import suppress
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import trustme
from benchmarks.cluster_objects import Size, deployments, nodes, pods

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["main"]

LIMIT = 500  # objects of a page, which both kubectl and imagelock ask for
LARGE = 1_000_000  # bytes of a page that takes an API server its time
# Seconds for one of them: a Kubernetes 1.36 server took 1.7 s for 30,000 pods.
ENCODING = 0.028
_LISTS = {
    "/api/v1/nodes": ("NodeList", "v1"),
    "/api/v1/pods": ("PodList", "v1"),
    "/apis/apps/v1/deployments": ("DeploymentList", "apps/v1"),
    "/apis/apps/v1/statefulsets": ("StatefulSetList", "apps/v1"),
    "/apis/apps/v1/daemonsets": ("DaemonSetList", "apps/v1"),
    "/apis/apps/v1/replicasets": ("ReplicaSetList", "apps/v1"),
    "/api/v1/replicationcontrollers": ("ReplicationControllerList", "v1"),
    "/api/v1/podtemplates": ("PodTemplateList", "v1"),
    "/apis/batch/v1/jobs": ("JobList", "batch/v1"),
    "/apis/batch/v1/cronjobs": ("CronJobList", "batch/v1"),
}
# What kubectl asks before it lists: which kinds there are.
_DISCOVERY = {
    "/api": b'{"kind":"APIVersions","versions":["v1"]}',
    "/apis": b'{"kind":"APIGroupList","apiVersion":"v1","groups":[]}',
    "/api/v1": (
        b'{"kind":"APIResourceList","groupVersion":"v1","resources":[{"name":"pods",'
        b'"singularName":"pod","namespaced":true,"kind":"Pod","verbs":["get","list"]}]}'
    ),
}
_UNKNOWN = b'{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404}'

Pages = dict[tuple[str, str], bytes]


def main() -> None:
    """Make the pages, print their bytes and the ports, and serve until standard input ends.

    The ports are one without TLS, one with it, and one that is as slow as an API server.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pods", type=int)
    parser.add_argument("authority", type=Path, help="where to write whom to trust with TLS")
    parser.add_argument(
        "--chunked", action="store_true", help="each object in a chunk, as API servers stream lists"
    )
    args = parser.parse_args()
    pages = _pages(Size(args.pods), chunked=args.chunked)
    ports = (_listen(pages), _listen(pages, _tls(args.authority)), _listen(pages, pause=ENCODING))
    print(sum(map(len, pages.values())), *ports, flush=True)
    sys.stdin.read()


def _listen(pages: Pages, tls: ssl.SSLContext | None = None, *, pause: float = 0.0) -> int:
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=_accept, args=(listener, tls, pages, pause), daemon=True).start()
    port: int = listener.getsockname()[1]
    return port


def _tls(trusted: Path) -> ssl.SSLContext:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(trusted))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


def _pages(size: Size, *, chunked: bool) -> Pages:
    objects: dict[str, Iterable[bytes]] = {
        "/api/v1/nodes": nodes(size),
        "/api/v1/pods": pods(size),
        "/apis/apps/v1/deployments": deployments(size),
    }
    pages: Pages = {(path, ""): _answer([body]) for path, body in _DISCOVERY.items()}
    for path in _LISTS:
        pages.update(_pages_of(path, objects.get(path, ()), chunked=chunked))
    return pages


def _pages_of(
    path: str, objects: Iterable[bytes], *, chunked: bool
) -> Iterator[tuple[tuple[str, str], bytes]]:
    kind, version = _LISTS[path]
    left = iter(objects)
    page, number = list(islice(left, LIMIT)), 0
    while True:
        following = list(islice(left, LIMIT))
        metadata = b'"resourceVersion":"1"'
        if following:
            metadata += b',"continue":"%b"' % _token(number + 1).encode()
        head = b'{"kind":"%b","apiVersion":"%b","metadata":{%b},"items":[' % (
            kind.encode(),
            version.encode(),
            metadata,
        )
        items = (b"%b," % one for one in page[:-1])
        parts = chain([head], items, page[-1:], [b"]}\n"])
        yield (path, _token(number) if number else ""), _answer(list(parts), chunked=chunked)
        if not following:
            return
        page, number = following, number + 1


def _token(number: int) -> str:
    """Make a token as an API server does: base64 of a place in the list."""
    return (
        urlsafe_b64encode(b'{"v":"meta.k8s.io/v1","rv":1,"start":"%06d"}' % number)
        .decode()
        .rstrip("=")
    )


def _answer(parts: list[bytes], *, status: bytes = b"200 OK", chunked: bool = False) -> bytes:
    head = b"HTTP/1.1 %b\r\nContent-Type: application/json\r\n" % status
    if chunked:
        chunks = (b"%x\r\n%b\r\n" % (len(part), part) for part in parts)
        return b"".join([head, b"Transfer-Encoding: chunked\r\n\r\n", *chunks, b"0\r\n\r\n"])
    length = sum(map(len, parts))
    return b"".join([head, b"Content-Length: %d\r\n\r\n" % length, *parts])


def _accept(
    listener: socket.socket, tls: ssl.SSLContext | None, pages: Pages, pause: float
) -> None:
    while True:
        arguments = (listener.accept()[0], tls, pages, pause)
        threading.Thread(target=_serve, args=arguments, daemon=True).start()


def _serve(
    connection: socket.socket, tls: ssl.SSLContext | None, pages: Pages, pause: float
) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with suppress(OSError):  # whoever asked has gone
        if tls is not None:
            connection = tls.wrap_socket(connection, server_side=True)
        _answer_all(connection, pages, pause)


def _answer_all(connection: socket.socket, pages: Pages, pause: float) -> None:
    unknown = _answer([_UNKNOWN], status=b"404 Not Found")
    with connection, connection.makefile("rb") as requests:
        while line := requests.readline():
            while requests.readline().strip():
                pass
            path, _, query = line.split()[1].decode().partition("?")
            token = parse_qs(query).get("continue", [""])[0]
            page = pages.get((path, token), unknown)
            if pause and len(page) > LARGE:
                time.sleep(pause)
            connection.sendall(page)


if __name__ == "__main__":
    main()
