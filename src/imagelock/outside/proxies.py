"""Which proxy stands between us and an API server, as kubectl finds it."""

from __future__ import annotations

import ipaddress
import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from urllib.parse import SplitResult

__all__ = ["proxy_of_environment"]

_PORTS = {"http": 80, "https": 443}


def proxy_of_environment(server: str) -> str:
    """Return the proxy that ``HTTPS_PROXY`` and its like name for a server, or nothing.

    Names in small letters win. What ``NO_PROXY`` names is reached directly: a host with
    everything under it, an address, a network (``10.0.0.0/8``), each with a port or
    without one, or ``*``. So is this very machine, whatever is named.
    """
    parts = urlsplit(server)
    proxy = _variable(f"{parts.scheme}_proxy") or _variable("all_proxy")
    if not proxy or _is_direct(parts, _variable("no_proxy")):
        return ""
    return proxy


def _variable(name: str) -> str:
    return os.environ.get(name) or os.environ.get(name.upper(), "")


def _is_direct(server: SplitResult, no_proxy: str) -> bool:
    host = (server.hostname or "").lower()
    address = _address(host)
    if host == "localhost" or (address is not None and address.is_loopback):
        return True
    port = server.port or _PORTS.get(server.scheme, 0)
    entries = (entry.strip().lower() for entry in no_proxy.split(","))
    return any(_is_meant(entry, host, address, port) for entry in entries if entry)


def _is_meant(
    entry: str,
    host: str,
    address: ipaddress.IPv4Address | ipaddress.IPv6Address | None,
    port: int,
) -> bool:
    if entry == "*":
        return True
    if address is not None:
        return _holds(entry, address) or entry in {f"{host}:{port}", f"[{host}]:{port}"}
    entry = entry.removeprefix("*").removesuffix(f":{port}")
    return host == entry.removeprefix(".") or host.endswith(f".{entry.removeprefix('.')}")


def _holds(entry: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    try:
        return address in ipaddress.ip_network(entry.strip("[]"), strict=False)
    except ValueError:
        return False


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
