"""Who waits for a large cluster sees how far it is: pods, and pods per second."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from tests.simulators.api_server import Answer, ApiServer, Request, said, without_proxies
from tests.simulators.kubeconfigs import write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGES = 8
RATE = re.compile(r"verifying pods: [\d,]+, [\d,]+/s  reading pods")


def slow_pages(request: Request) -> Answer:
    if not request.path.endswith("/pods"):
        return said(404, "the server could not find the requested resource")
    threading.Event().wait(0.25)
    number = int(request.params.get("continue", "0"))
    metadata = {"continue": str(number + 1)} if number + 1 < PAGES else {}
    pods = [
        {"metadata": {"name": f"p{number}", "namespace": "shop", "uid": f"u{number}"}, "spec": spec}
        for spec in [{"containers": [{"name": "c", "image": f"redis@sha256:{'a' * 64}"}]}]
    ]
    document = {"kind": "PodList", "apiVersion": "v1", "metadata": metadata, "items": pods}
    return Answer(body=json.dumps(document, separators=(",", ":")).encode())


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    without_proxies(monkeypatch)
    with ApiServer(slow_pages) as server:
        kubeconfig = write(tmp_path, server.url)
        program = [sys.executable, "-m", "imagelock", "verify", "--kubeconfig", str(kubeconfig)]
        yield [*program, "--format", "json"]


def test_a_terminal_shows_pods_per_second_and_is_left_clean(
    command: list[str], tmp_path: Path
) -> None:
    ours, theirs = os.openpty()
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=theirs) as process:
        os.close(theirs)
        out, _ = process.communicate(timeout=60)
    shown = os.read(ours, 65_536).decode()
    os.close(ours)

    assert len(set(RATE.findall(shown))) > 1
    assert shown.endswith("\r\x1b[K")
    assert json.loads(out)["summary"]["pods"] == PAGES


def test_a_pipe_gets_the_report_and_no_line_that_is_drawn_again(
    command: list[str], tmp_path: Path
) -> None:
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True, timeout=60)

    assert json.loads(done.stdout)["summary"]["pods"] == PAGES
    assert b"\r" not in done.stderr
    assert b"\x1b" not in done.stderr
