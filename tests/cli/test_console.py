"""The terminal and the log: closed, full, narrow, or without colours."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Project

A = f"sha256:{'a' * 64}"


@pytest.fixture
def whole(project: Project) -> Project:
    project.write("external_images", f"nginx:1@{A}\n")
    project.write("images.lock", f"docker.io/library/nginx:1@{A}\n")
    project.write("m.yaml", "image: nginx:1\n")
    return project


@pytest.mark.parametrize(
    "arguments", [["override", "m.yaml"], ["lock", "-o", "-"], ["check", "m.yaml"]]
)
@pytest.mark.parametrize(
    ("output", "reason"), [(">&-", "it is closed"), (">/dev/full", "the disk is full")]
)
def test_a_result_that_cannot_be_written_is_told(
    arguments: list[str], output: str, reason: str, whole: Project
) -> None:
    done = whole.run_in_shell(f'"$@" {output}', *arguments)

    assert done.returncode == 3
    assert f"error: cannot write to standard output: {reason}\n" in done.stderr
    assert done.stderr.splitlines()[-1].startswith(f"imagelock {arguments[0]}: ")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("output", "reason"), [(">&-", "it is closed"), (">/dev/full", "the disk is full")]
)
@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["lock", "--help"]])
def test_help_that_cannot_be_written_is_told(
    arguments: list[str], output: str, reason: str, whole: Project
) -> None:
    done = whole.run_in_shell(f'"$@" {output}', *arguments)

    assert done.returncode == 3
    assert f"error: cannot write to standard output: {reason}\n" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("closed", [">&-", ">/dev/full", "<&-", "<&- >&-"])
def test_a_command_without_a_result_needs_no_standard_output(closed: str, whole: Project) -> None:
    done = whole.run_in_shell(f'"$@" {closed}', "lock")

    assert done.returncode == 0
    assert "images.lock: unchanged" in done.stderr


@pytest.mark.parametrize("closed", ["2>&-", "2>/dev/full", "<&- 2>&-"])
@pytest.mark.parametrize(
    ("arguments", "status"), [(["lock"], 0), (["check", "m.yaml"], 1), (["check", "missing"], 2)]
)
def test_the_exit_status_does_not_depend_on_who_reads_the_messages(
    arguments: list[str], status: int, closed: str, whole: Project
) -> None:
    assert whole.run_in_shell(f'"$@" {closed}', *arguments).returncode == status


def test_no_file_takes_the_place_of_a_closed_stream(whole: Project) -> None:
    whole.run_in_shell('"$@" <&- >&- 2>&-', "override", "m.yaml", "--output", "out.yaml")

    assert whole.read("out.yaml") == f"image: nginx:1@{A}\n"


def test_colours_come_where_they_are_asked_for_and_never_against_no_color(whole: Project) -> None:
    assert "\x1b" not in whole.run("check", "m.yaml", FORCE_COLOR="").stdout
    assert "\x1b[31m" in whole.run("check", "m.yaml", FORCE_COLOR="1", NO_COLOR="").stdout
    assert "\x1b" not in whole.run("check", "m.yaml", FORCE_COLOR="1", NO_COLOR="1").stdout


@pytest.mark.parametrize(("terminal", "coloured"), [("xterm", True), ("dumb", False)])
def test_a_terminal_gets_colours_unless_it_is_dumb(
    *, terminal: str, coloured: bool, whole: Project
) -> None:
    ours, theirs = pty.openpty()
    subprocess.run(
        [sys.executable, "-m", "imagelock", "check", "m.yaml"],
        cwd=whole.folder,
        env={**os.environ, "TERM": terminal, "NO_COLOR": "", "FORCE_COLOR": ""},
        stdout=theirs,
        check=False,
    )
    shown = os.read(ours, 10_000).decode()
    os.close(ours)
    os.close(theirs)

    assert "1 error" in shown
    assert ("\x1b[31m" in shown) == coloured


@pytest.mark.parametrize("columns", ["0", "-1", "x", ""])
def test_a_width_that_is_none_is_not_taken(columns: str, whole: Project) -> None:
    usual = whole.run("lock", "--help", COLUMNS="80").stdout

    assert whole.run("lock", "--help", COLUMNS=columns).stdout == usual


def test_a_name_that_the_locale_cannot_write_is_spelled_out(whole: Project) -> None:
    done = whole.run("check", "naïve", PYTHONIOENCODING="ascii")

    assert done.returncode == 2
    assert done.stderr.startswith("error: na\\xefve: there is no such file\n")
