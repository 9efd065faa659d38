"""A cluster that changes, and imagelock watch as a process beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.simulators.api_server import without_proxies
from tests.simulators.kubeconfigs import write
from tests.simulators.live_cluster import LiveCluster, pod

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Start = Callable[..., "Watching"]
from tests.simulators.watching import Watching

A = "sha256:" + "a" * 64


PINNED = f"quay.io/shop/api:1@{A}"


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_proxies(monkeypatch)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[LiveCluster]:
    with LiveCluster() as it:
        it.put("pods", pod("pinned", PINNED))
        write(tmp_path, it.url)
        yield it


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Return what starts the command; it is ended with the test."""
    started: list[Watching] = []

    def watch(*arguments: str) -> Watching:
        started.append(Watching(tmp_path, *arguments))
        return started[-1]

    yield watch
    for one in started:
        one.close()
