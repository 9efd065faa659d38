from __future__ import annotations

import builtins
import shutil
import subprocess
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest

from imagelock.cli import main as shell
from imagelock.cli.completion import render
from imagelock.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("shtab", reason="shtab, of the development requirements, is not installed")

COMPLETE = """\
source "$1"; shift
function=$(complete -p imagelock); function=${function#*-F }; function=${function%% *}
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
$function
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture(autouse=True)
def only_commands_that_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    # test_main.py fails for each that is missing; this one is about completion.
    there = {name: s for name, s in shell.COMMANDS.items() if find_spec(f"imagelock.cli.{name}")}
    monkeypatch.setattr(shell, "COMMANDS", there)


def completed(folder: Path, *words: str) -> set[str]:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("needs bash, which is not on this machine")
    script = folder / "completion.bash"
    script.write_text(render("bash"), "utf-8")
    ran = subprocess.run(
        [bash, "--norc", "-c", COMPLETE, "bash", str(script), "imagelock", *words],
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
    )
    return set(ran.stdout.split())


def test_bash_completes_commands(tmp_path: Path) -> None:
    assert completed(tmp_path, "") >= set(shell.COMMANDS)
    assert completed(tmp_path, "compl") == {"completion"}


def test_bash_completes_options_of_a_command(tmp_path: Path) -> None:
    assert {"--config", "--quiet", "--verbose"} <= completed(tmp_path, "completion", "--")


def test_bash_completes_choices(tmp_path: Path) -> None:
    assert completed(tmp_path, "completion", "") == {"bash", "zsh", "fish"}
    assert completed(tmp_path, "completion", "z") == {"zsh"}


def test_bash_completes_file_names(tmp_path: Path) -> None:
    (tmp_path / "imagelock.toml").touch()

    assert completed(tmp_path, "completion", "--config", "imagelock.") == {"imagelock.toml"}


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_every_shell_gets_a_script_with_every_command(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["completion", name]) == 0

    script = capsys.readouterr().out
    for command in shell.COMMANDS:
        assert command in script


def test_an_unknown_shell_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "cmd.exe"]) == 2
    assert capsys.readouterr().err.endswith("imagelock completion: no script was printed\n")


def test_without_the_extra_its_name_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = builtins.__import__

    def without_shtab(name: str, *rest: Any, **more: Any) -> Any:
        if name == "shtab":
            raise ModuleNotFoundError(name)
        return real(name, *rest, **more)

    monkeypatch.delitem(sys.modules, "shtab")
    monkeypatch.setattr(builtins, "__import__", without_shtab)

    assert main(["completion", "bash"]) == 2
    assert "'imagelock[completion]'" in capsys.readouterr().err
