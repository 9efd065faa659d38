"""A build job in each of the shells that build images have."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts" / "save-image-reference.sh"
# All the programs that the script says it needs.
APPLETS = ("cat", "dd", "grep", "mkdir", "mv", "rm", "sed", "sha256sum", "sort", "tr", "wc")


class Job:
    """A folder in which a build job runs, and the shell that runs it."""

    def __init__(self, shell: list[str], folder: Path, path: str = "") -> None:
        self.shell = shell
        self.folder = folder
        self.script = SCRIPT
        self.path = path or f"{folder}/bin:{os.environ['PATH']}"

    def file(self, name: str, text: str | bytes) -> str:
        data = text if isinstance(text, bytes) else text.encode()
        (self.folder / name).write_bytes(data)
        return name

    def run(self, **variables: str) -> subprocess.CompletedProcess[str]:
        return self._run([*self.shell, str(SCRIPT)], variables)

    def run_lines(self, lines: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return self._run([*self.shell, "-c", lines], variables)

    def saves(self, **variables: str) -> list[str]:
        done = self.run(**variables)
        assert done.returncode == 0, done.stderr
        return self.lines()

    def refuses(self, **variables: str) -> str:
        done = self.run(**variables)
        assert done.returncode == 2
        assert done.stdout == ""
        first, last = done.stderr.splitlines()
        assert first.startswith("error: ")
        assert last == "save-image-reference: nothing was written"
        assert not any((self.folder / "image_references").glob("**/*"))
        return first.removeprefix("error: ")

    def lines(self, name: str = "build-api") -> list[str]:
        return (self.folder / "image_references" / name).read_text().splitlines()

    def names(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "image_references").iterdir())

    def docker_prints(self, lines: str, status: int = 0) -> None:
        program = self.folder / "bin" / "docker"
        program.write_text(
            f"#!/bin/sh\necho \"$@\" >>docker.calls\ncat <<'END'\n{lines}\nEND\nexit {status}\n"
        )
        program.chmod(0o755)

    def _run(
        self, command: list[str], variables: dict[str, str]
    ) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": self.path}
        environment |= {"CI_JOB_NAME": "build-api", "CI_JOB_NAME_SLUG": "build-api"} | variables
        return subprocess.run(
            command,
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )


@pytest.fixture(params=["dash", "busybox", "bash"])
def job(request: pytest.FixtureRequest, tmp_path: Path, real_part: Callable[[str], str]) -> Job:
    """Return a job in each shell; BusyBox brings its own grep, sed and tr, as kaniko's image."""
    program = real_part(request.param)
    folder = tmp_path / "a job's folder"
    (folder / "bin").mkdir(parents=True)
    if request.param != "busybox":
        return Job([program], folder)
    for applet in APPLETS:
        (folder / "bin" / applet).symlink_to(program)
    return Job([program, "sh"], folder, path=str(folder / "bin"))
