"""The limit: download the pages of a cluster's lists over one connection, and do nothing."""

from __future__ import annotations

import argparse
import re
import socket
import ssl
from pathlib import Path

_BUFFER = 1024 * 1024
_HEAD = 2_000  # bytes at the beginning of an answer that hold the next page's token
_LENGTH = re.compile(rb"\r\nContent-Length: (\d+)\r\n")
_TOKEN = re.compile(rb'"continue":"([^"]+)"')
_END = b"\r\n0\r\n\r\n"


def main() -> None:
    """Download the lists that are named, each from its first page to its last; print the bytes."""
    args = _arguments()
    credentials = args.headers.read_bytes() if args.headers else b""
    with socket.create_connection((args.host, args.port)) as plain:
        connection = plain
        if args.tls:
            context = ssl.create_default_context(cafile=args.tls)
            context.verify_flags &= ~ssl.VERIFY_X509_STRICT
            if args.certificate:
                context.load_cert_chain(args.certificate)
            connection = context.wrap_socket(plain, server_hostname=args.name or args.host)
        buffer = memoryview(bytearray(_BUFFER))
        headers = b"Host: %b\r\n%b\r\n" % (args.host.encode(), credentials)
        print(sum(_download(connection, buffer, path.encode(), headers) for path in args.paths))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("paths", nargs="+")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--tls", metavar="FILE", help="speak TLS; the file says whom to trust")
    parser.add_argument("--name", help="the name in the server's certificate, if not the host")
    parser.add_argument("--certificate", metavar="FILE", help="ours, with its key")
    parser.add_argument("--headers", metavar="FILE", type=Path, help="sent with every request")
    return parser.parse_args()


def _download(connection: socket.socket, buffer: memoryview, path: bytes, headers: bytes) -> int:
    more, total = b"", 0
    while True:
        connection.sendall(b"GET %b?limit=500%b HTTP/1.1\r\n%b" % (path, more, headers))
        token, count = _page(connection, buffer, path)
        total += count
        if not token:
            return total
        more = b"&continue=" + token


def _page(connection: socket.socket, buffer: memoryview, path: bytes) -> tuple[bytes, int]:
    """Read one answer to its end; return the next page's token, from its beginning, and its size.

    A wrong answer must not be quick: a limit that measured it would be no limit.
    """
    count = _received(connection, buffer)
    while b"items" not in (start := bytes(buffer[: min(count, _HEAD)])) and count < _HEAD:
        count += _received(connection, buffer[count:])
    if not start.startswith(b"HTTP/1.1 200 "):
        raise SystemExit(f"{path.decode()}: {start.decode(errors='replace')}")
    head = start.partition(b"\r\n\r\n")[0]
    match = _TOKEN.search(start)
    length = _LENGTH.search(head + b"\r\n")
    if length:
        left = int(length[1]) - (count - len(head) - 4)
        while left > 0:
            received = _received(connection, buffer)
            left -= received
            count += received
    else:
        # The end may come in two pieces.
        last = bytes(buffer[max(0, count - len(_END)) : count])
        while not last.endswith(_END):
            received = _received(connection, buffer)
            last = (last + bytes(buffer[max(0, received - len(_END)) : received]))[-len(_END) :]
            count += received
    return match[1] if match else b"", count


def _received(connection: socket.socket, buffer: memoryview) -> int:
    count = connection.recv_into(buffer)
    if not count:
        raise SystemExit("the server ended the connection")
    return count


if __name__ == "__main__":
    main()
