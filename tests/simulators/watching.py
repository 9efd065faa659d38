"""imagelock watch in a process of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError

from prometheus_client.parser import text_string_to_metric_families
from tests.simulators.live_cluster import eventually

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Start = Callable[..., "Watching"]


class Watching:
    """The command in a process of its own, and everything that it says."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.out: list[str] = []
        self.err: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "imagelock", "watch", "--kubeconfig", "kubeconfig", *arguments],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._readers = [
            threading.Thread(target=lines.extend, args=(stream,), daemon=True)
            for lines, stream in ((self.out, self.process.stdout), (self.err, self.process.stderr))
        ]
        for reader in self._readers:
            reader.start()

    def said(self, *parts: str) -> str:
        """Wait until a line on standard output or standard error holds all of this."""

        def found() -> str:
            lines = (line for line in (*self.out, *self.err) if all(part in line for part in parts))
            return next(lines, "")

        return str(eventually(found))

    def changes(self, kind: str = "") -> list[str]:
        """Return what was told, without the time."""
        return [line.split(" ", 1)[1].strip() for line in self.out if kind in line]

    @property
    def documents(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out]

    @property
    def url(self) -> str:
        listening = self.said("listening on ").split()
        return f"http://{listening[2].rstrip(':')}"

    def page(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(self.url + path, timeout=10) as answer:  # noqa: S310  (loopback)
                return answer.status, answer.read().decode()
        except HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def metric(self, name: str, **labels: str) -> float | None:
        for family in text_string_to_metric_families(self.page("/metrics")[1]):
            for sample in family.samples:
                if sample.name == name and labels.items() <= sample.labels.items():
                    return float(sample.value)
        return None

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, and return the exit status."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        status = self.process.wait(30)
        for reader in self._readers:
            reader.join(10)
        return status

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.wait()
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()
