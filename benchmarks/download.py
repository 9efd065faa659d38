"""The limit: download the pages of a cluster's lists over one connection, and do nothing."""

from __future__ import annotations

import argparse
import re
import socket
import ssl

_BUFFER = 1024 * 1024
_LENGTH = re.compile(rb"\r\nContent-Length: (\d+)\r\n")
_TOKEN = re.compile(rb'"continue":"([^"]+)"')
_END = b"\r\n0\r\n\r\n"


def main() -> None:
    """Download the lists that are named, each from its first page to its last."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("paths", nargs="+")
    parser.add_argument("--tls", metavar="FILE", help="speak TLS; the file says whom to trust")
    args = parser.parse_args()
    with socket.create_connection(("127.0.0.1", args.port)) as plain:
        connection = plain
        if args.tls:
            context = ssl.create_default_context(cafile=args.tls)
            connection = context.wrap_socket(plain, server_hostname="127.0.0.1")
        buffer = memoryview(bytearray(_BUFFER))
        for path in args.paths:
            _download(connection, buffer, path.encode())


def _download(connection: socket.socket, buffer: memoryview, path: bytes) -> None:
    more = b""
    while True:
        head = b"GET %b?limit=500%b HTTP/1.1\r\nHost: localhost\r\n\r\n" % (path, more)
        connection.sendall(head)
        token = _page(connection, buffer)
        if not token:
            return
        more = b"&continue=" + token


def _page(connection: socket.socket, buffer: memoryview) -> bytes:
    """Read one answer to its end, and return the next page's token from its beginning."""
    count = connection.recv_into(buffer)
    while b"items" not in (start := bytes(buffer[: min(count, 2_000)])) and count < 2_000:
        count += connection.recv_into(buffer[count:])
    head = start.partition(b"\r\n\r\n")[0]
    match = _TOKEN.search(start)
    length = _LENGTH.search(head + b"\r\n")
    if length:
        left = int(length[1]) - (count - len(head) - 4)
        while left > 0:
            left -= connection.recv_into(buffer)
    else:
        while not bytes(buffer[max(0, count - len(_END)) : count]).endswith(_END):
            count = connection.recv_into(buffer)
    return match[1] if match else b""


if __name__ == "__main__":
    main()
