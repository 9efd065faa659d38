"""A project in a folder of its own, and the command run in it as a person would."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from imagelock.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Runs one command line as somebody who may not do everything: what it imports is
# imported before, because the interpreter's folder may be closed to that user.
WITHOUT_RIGHTS = """
import locale, os, shutil, sys, traceback
import imagelock.cli.{0}, imagelock.report.text, imagelock.syntax.builders, imagelock.cli.console
from imagelock.cli.main import main
os.getuid() or [os.setgroups([]), os.setgid(65534), os.setuid(65534)]
sys.exit(main(sys.argv[1:]))
"""

A = "sha256:" + "a" * 64
B = "sha256:" + "b" * 64
GITLAB = "registry.gitlab.example:5050"


class Project:
    """A folder with files, in which commands run in processes of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def read(self, name: str) -> str:
        return (self.folder / name).read_text("utf-8")

    def names(self, folder: str = ".") -> list[str]:
        return sorted(path.name for path in (self.folder / folder).iterdir())

    def run(
        self, *arguments: str, stdin: str = "", **variables: str
    ) -> subprocess.CompletedProcess[str]:
        return self._run([sys.executable, "-m", "imagelock", *arguments], stdin, variables)

    def run_without_rights(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        program = WITHOUT_RIGHTS.format(arguments[0])
        return self._run([sys.executable, "-c", program, *arguments], "", {})

    def run_in_shell(self, line: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a line of sh that runs "$@", which is imagelock, at its end."""
        command = ["sh", "-c", line, "sh", sys.executable, "-m", "imagelock", *arguments]
        return self._run(command, "", {})

    def run_program(self, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return self._run(list(command), "", variables)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "imagelock", *arguments],
            cwd=self.folder,
            env=self._environment({}),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def refuses(self, *arguments: str, status: int = 2, **variables: str) -> str:
        """Run what must fail with one message; return it without its last line."""
        before = self._files()
        done = self.run(*arguments, **variables)
        assert done.returncode == status, done.stderr
        assert done.stdout == ""
        assert "Traceback" not in done.stderr
        assert self._files() == before
        *message, last = done.stderr.splitlines()
        assert last.startswith(f"imagelock {arguments[0]}: ")
        assert last.endswith(("not written", "nothing was written"))
        return "\n".join(message)

    def _files(self) -> dict[str, bytes]:
        files = (path for path in self.folder.rglob("*") if path.is_file())
        return {str(path): path.read_bytes() for path in files if os.access(path, os.R_OK)}

    def _run(
        self, command: list[str], stdin: str, variables: dict[str, str]
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.folder,
            env=self._environment(variables),
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )

    def _environment(self, variables: dict[str, str]) -> dict[str, str]:
        # Not the machine's own settings of CI, git and Python: an unbuffered Python, for one,
        # ends otherwise than that of most people where standard error is full.
        others = ("CI_", "GIT", "PYTHONUNBUFFERED")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(others)}
        return kept | variables


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return an empty project."""
    return Project(tmp_path)


@pytest.fixture
def whole(project: Project) -> Project:
    """Return a project with its lists and one build job's reference."""
    project.write("external_images", f"nginx:1@{A}\nquay.io/a/b@{B}\n")
    project.write("acme-images", "acme/app\n")
    project.write("image_references/build-app", f"{GITLAB}/acme/app:1@{A}\n")
    return project


@pytest.fixture
def open_project() -> Iterator[Project]:
    """Return an empty project whose folder everybody may enter."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield Project(folder)
        folder.chmod(0o755)  # so that it can be removed


@pytest.fixture
def verify(capfd: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def call(*arguments: object) -> tuple[int, str, str]:
        status = main(["verify", *map(str, arguments)])
        out, err = capfd.readouterr()
        return status, out, err

    return call
