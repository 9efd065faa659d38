"""The demonstration, as somebody who sees it first would run it."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from imagelock.cli import demo
from imagelock.cli.main import COMMANDS, main

IMAGELOCK = Path(sys.executable).with_name("imagelock")
# What a build job, a terminal or a shell would add must not change the story.
CLEAN = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith("CI") and name not in {"NO_COLOR", "FORCE_COLOR", "COLUMNS", "TERM"}
}


def tell(
    *arguments: str, cwd: Path, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [IMAGELOCK, "demo", *arguments],
        cwd=cwd,
        env=CLEAN | (environment or {}),
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_story_is_told_to_its_end(tmp_path: Path) -> None:
    told = tell(cwd=tmp_path)

    assert told.returncode == 0, told.stderr
    for command in ("save", "lock", "override", "check", "verify"):
        assert f"\n$ imagelock {command} " in told.stdout or f"$ imagelock {command}\n" in (
            told.stdout
        )
    assert "+          image: 'busybox:1.37@sha256:" in told.stdout
    assert "imagelock init" in told.stdout


def test_the_clean_cluster_is_clean_and_the_other_one_is_not(tmp_path: Path) -> None:
    told = tell(cwd=tmp_path)

    before, _, after = told.stdout.partition("verify --from clusters/drifted.json")
    clean = before.partition("verify --from clusters/clean.json")[2]

    assert "clean" in clean
    assert "error:" not in clean
    for rule in ("not-in-lock", "running-other-digest"):
        assert f"[{rule}]" in after
    assert "registry.k8s.io.evil.example" in after


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    scratch, work = tmp_path / "scratch", tmp_path / "work"
    scratch.mkdir()
    work.mkdir()

    told = tell(cwd=work, environment={"TMPDIR": str(scratch)})

    assert told.returncode == 0
    assert list(scratch.iterdir()) == []
    assert list(work.iterdir()) == []


def test_keep_leaves_everything_to_look_at(tmp_path: Path) -> None:
    told = tell("--keep", "try/it", cwd=tmp_path)

    assert told.returncode == 0
    assert "try/it" in told.stdout
    kept = tmp_path / "try" / "it"
    assert (kept / "images.lock").read_text().count("@sha256:") == 6
    pinned = (kept / "app-of-apps-pinned" / "apps" / "redis.yaml").read_text()
    assert "7.4.1@sha256:1595" in pinned


def test_a_folder_that_is_not_empty_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("keep me")

    told = tell("--keep", ".", cwd=tmp_path)

    assert told.returncode == 2
    assert "this folder is not empty" in told.stderr
    assert told.stderr.rstrip().endswith(demo.UNDONE)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_file_in_the_way_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    told = tell("--keep", "file", cwd=tmp_path)

    assert told.returncode == 2
    assert "a folder was expected, and this is a file" in told.stderr


def test_a_machine_without_a_scratch_folder_is_told(tmp_path: Path) -> None:
    program = (
        "import sys, tempfile; tempfile.tempdir = '/nowhere'\n"
        "from imagelock.cli.main import main; sys.exit(main(['demo']))"
    )

    told = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert told.returncode == 2
    assert "error: no scratch folder can be made" in told.stderr
    assert "--keep DIR" in told.stderr


@pytest.mark.parametrize("lines", [3, 75])
def test_a_reader_who_has_seen_enough_ends_it_quietly(lines: int, tmp_path: Path) -> None:
    command = f'"{IMAGELOCK}" demo | head -n {lines}'

    told = subprocess.run(
        ["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    assert "error:" not in told.stderr


def test_a_log_gets_no_colours_and_a_terminal_gets_them(tmp_path: Path) -> None:
    assert "\x1b" not in tell(cwd=tmp_path).stdout
    assert "\x1b[32m+" in tell(cwd=tmp_path, environment={"FORCE_COLOR": "1"}).stdout
    no_colour = {"FORCE_COLOR": "1", "NO_COLOR": "1"}
    assert "\x1b" not in tell(cwd=tmp_path, environment=no_colour).stdout


def test_the_story_and_the_files_fit_a_terminal_of_80_columns(tmp_path: Path) -> None:
    shown = on_a_terminal(["demo"], columns=80, cwd=tmp_path)

    story, _, _ = shown.partition("$ imagelock")
    assert "\x1b[" in story
    lines = [line for line in shown.splitlines() if line.startswith("  | ")]
    assert len(lines) > 10
    assert max(map(len, lines)) == 80
    assert all(line.endswith("...") for line in lines if len(line) == 80)


def test_the_words_of_the_story_fit_80_columns() -> None:
    texts = [demo._OPENING, demo._CLOSING]
    for number, chapter in enumerate(demo._STORY, 1):
        texts += [f"{number}. {chapter.title}"]
        texts += [line.strip() for line in chapter.text.splitlines()]

    assert max(len(line) for text in texts for line in text.splitlines()) <= 80


def test_a_quiet_demonstration_tells_no_story(tmp_path: Path) -> None:
    told = tell("--quiet", cwd=tmp_path)

    assert told.returncode == 0
    assert "A tag moves" not in told.stdout
    assert "registry.k8s.io.evil.example" in told.stdout


def test_a_build_job_can_run_it_too(tmp_path: Path) -> None:
    job = {"CI": "true", "CI_JOB_NAME_SLUG": "demo", "CI_REGISTRY": "registry.other.example"}

    assert tell(cwd=tmp_path, environment=job).returncode == 0


def test_it_needs_nothing_but_pyyaml_and_msgspec(tmp_path: Path) -> None:
    program = """
import json, sys
from importlib.metadata import packages_distributions
from imagelock.cli.main import main

assert main(["demo", "--quiet"]) == 0
third_party = set(packages_distributions()) & {name.partition(".")[0] for name in sys.modules}
print(json.dumps(sorted(third_party)))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    # msgspec takes typing_extensions where it is there; Debian's site.py loads _distutils_hack.
    loaded -= {"typing_extensions", "_distutils_hack"}
    assert loaded <= {"imagelock", "msgspec", "yaml", "_yaml"}


@pytest.mark.parametrize(
    ("command", "status", "expected"),
    [("lock --no-such-option", 2, 0), ("lock", 70, 1), ("verify --from missing.json", 2, 0)],
)
def test_a_step_that_ends_otherwise_ends_the_story_with_a_message(
    command: str,
    status: int,
    expected: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    chapter = demo._Chapter("Wrong", "Wrong.", (demo._Run(command, expected), demo._Show("gone")))
    monkeypatch.setattr(demo, "_STORY", (chapter,))

    assert main(["demo"]) == status

    message = capsys.readouterr().err
    assert f"'imagelock {command}' ended with exit status" in message
    assert message.rstrip().endswith(f"{expected} was expected")


def test_every_command_that_is_told_of_exists() -> None:
    steps = [step for chapter in demo._STORY for step in chapter.steps]

    for step in steps:
        if isinstance(step, demo._Run):
            assert step.command.split()[0] in COMMANDS


def on_a_terminal(arguments: list[str], *, columns: int, cwd: Path) -> str:
    outer, inner = pty.openpty()
    fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {name: value for name, value in CLEAN.items() if name != "COLUMNS"}
    with subprocess.Popen(
        [IMAGELOCK, *arguments],
        cwd=cwd,
        env=environment | {"TERM": "xterm"},
        stdin=subprocess.DEVNULL,
        stdout=inner,
        stderr=inner,
    ):
        os.close(inner)
        return _read_all(outer)


def _read_all(outer: int) -> str:
    parts: list[bytes] = []
    while True:
        try:
            part = os.read(outer, 65_536)
        except OSError:  # the other end is closed: Linux says so with EIO
            part = b""
        if not part:
            os.close(outer)
            return b"".join(parts).decode()
        parts.append(part)
