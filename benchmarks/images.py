"""The images of the benchmarks' input, each with a digest."""

from __future__ import annotations

from hashlib import sha256
from typing import NamedTuple

__all__ = ["IMAGES", "NAMES", "Image"]


class Image(NamedTuple):
    """An image of the input, with the digest that its lock has for it."""

    registry: str
    repository: str
    tag: str

    @property
    def spelling(self) -> str:
        """As an author writes it: Docker Hub is not named."""
        hub = self.registry == "docker.io"
        name = self.repository.removeprefix("library/") if hub else self.repository
        return f"{name}:{self.tag}" if hub else f"{self.registry}/{name}:{self.tag}"

    @property
    def digest(self) -> str:
        """A digest that depends on the name alone."""
        return f"sha256:{sha256(self.spelling.encode()).hexdigest()}"

    @property
    def locked(self) -> str:
        """Its line of the lock."""
        return f"{self.registry}/{self.repository}:{self.tag}@{self.digest}"


_REGISTRIES = ("quay.io", "ghcr.io", "docker.io", "registry.k8s.io", "registry.acme.example:5000")
NAMES = ("api", "worker", "operator", "controller", "proxy", "exporter", "server", "migrate")
IMAGES = tuple(
    Image(
        _REGISTRIES[number % 5],
        f"team-{number % 23}/{NAMES[number % 8]}-{number}"
        if number % 7
        else f"library/app{number}",
        f"v{1 + number % 4}.{number % 30}.{number % 10}",
    )
    for number in range(320)
)
