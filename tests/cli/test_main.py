from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from imagelock import __version__
from imagelock.cli import main as shell
from imagelock.cli.main import COMMANDS, main
from imagelock.core.place import FilePlace
from imagelock.errors import ClusterError, DiskError, InputError, InputErrors, RegistryError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable

    from imagelock.cli.console import Console

    Give = Callable[[Callable[[Console], int]], None]


@pytest.fixture
def trial(monkeypatch: pytest.MonkeyPatch) -> Give:
    """Return what gives the command line one more command, named trial, that runs a function."""

    def give(job: Callable[[Console], int]) -> None:
        module = ModuleType("imagelock.cli.trial")

        def add_arguments(parser: ArgumentParser) -> None:
            parser.add_argument("--number", type=int, help="a number")

        def run(args: Namespace, console: Console) -> int:
            del args
            return job(console)

        module.__dict__.update(
            DESCRIPTION="Try something.",
            EXAMPLES="examples:\n  imagelock trial",
            UNDONE="nothing was tried",
            add_arguments=add_arguments,
            run=run,
        )
        monkeypatch.setitem(sys.modules, "imagelock.cli.trial", module)
        monkeypatch.setitem(shell.COMMANDS, "trial", "Try something.")

    return give


def raising(error: BaseException) -> Callable[[Console], int]:
    def job(console: Console) -> int:
        del console
        raise error

    return job


@pytest.mark.parametrize("arguments", [[], ["-h"], ["--help"], ["help"]])
def test_help_names_every_command_and_every_exit_status(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 0

    out = capsys.readouterr().out
    for name, sentence in COMMANDS.items():
        assert f"  {name} " in out
        assert sentence in out
    for status in ("0", "1", "2", "3", "130", "70"):
        assert f" {status} " in out.replace("\n", " ")


@pytest.mark.parametrize("argument", ["--version", "-V"])
def test_the_version_is_told(argument: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([argument]) == 0
    assert capsys.readouterr().out == f"imagelock {__version__}\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_there_and_complete(name: str) -> None:
    assert find_spec(f"imagelock.cli.{name}"), f"src/imagelock/cli/{name}.py is missing"
    command = shell._command(name)

    assert command.DESCRIPTION.strip()
    assert f"imagelock {name}" in command.EXAMPLES
    assert {"nothing", "not", "no"} & set(command.UNDONE.split())


@pytest.mark.parametrize("order", [["trial", "--help"], ["help", "trial"], ["--help", "trial"]])
def test_a_command_has_help_of_its_own(
    order: list[str], trial: Give, capsys: pytest.CaptureFixture[str]
) -> None:
    trial(lambda _: 0)

    with pytest.raises(SystemExit) as ended:
        main(order)

    out = capsys.readouterr().out
    assert ended.value.code == 0
    assert out.startswith("usage: imagelock trial ")
    assert "--number NUMBER" in out
    assert "--config FILE" in out
    assert out.endswith("examples:\n  imagelock trial\n")


def test_an_unknown_command_is_answered_with_the_nearest(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["overide"]) == 2
    assert capsys.readouterr().err == (
        "error: there is no command 'overide'\n"
        "  Did you mean 'override'? See: imagelock --help\n"
        "imagelock overide: nothing was done\n"
    )


def test_a_command_like_none_is_answered_with_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["xyzzy\x1b[2J"]) == 2

    err = capsys.readouterr().err
    assert "  See: imagelock --help\n" in err
    assert "\x1b" not in err


def test_a_wrong_option_is_a_wrong_call(trial: Give, capsys: pytest.CaptureFixture[str]) -> None:
    trial(lambda _: 0)

    assert main(["trial", "--number", "x"]) == 2
    assert capsys.readouterr().err == (
        "error: argument --number: invalid int value: 'x'\n"
        "  See: imagelock trial --help\n"
        "imagelock trial: nothing was tried\n"
    )


@pytest.mark.parametrize("status", [0, 1])
def test_the_status_of_the_command_is_the_exit_status(
    status: int, trial: Give, capsys: pytest.CaptureFixture[str]
) -> None:
    trial(lambda _: status)

    assert main(["trial"]) == status
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InputError("wrong", place=FilePlace("a", 1), hint="Mend it."), 2),
        (InputErrors([InputError("wrong"), InputError("also wrong")]), 2),
        (ClusterError("no answer"), 3),
        (RegistryError("no answer"), 3),
        (DiskError("full"), 3),
        (KeyboardInterrupt(), 130),
        (ZeroDivisionError(), 70),
        (OSError("not translated"), 70),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else None,
)
def test_every_error_has_its_exit_status_and_says_last_what_did_not_happen(
    error: BaseException, status: int, trial: Give, capsys: pytest.CaptureFixture[str]
) -> None:
    trial(raising(error))

    assert main(["trial"]) == status

    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines()[-1] == "imagelock trial: nothing was tried"
    assert ("Traceback" in captured.err) == (status == 70)


def test_a_bug_is_told_as_ours(trial: Give, capsys: pytest.CaptureFixture[str]) -> None:
    trial(raising(ZeroDivisionError("by accident")))

    main(["trial"])

    err = capsys.readouterr().err
    assert "ZeroDivisionError: by accident" in err
    assert "a bug in imagelock, and no fault of yours" in err


def test_an_error_shows_its_place_its_excerpt_and_its_hint_and_nothing_raw(
    trial: Give, capsys: pytest.CaptureFixture[str]
) -> None:
    trial(
        raising(
            InputError(
                "'\x1b[2J' is no image ID",
                place=FilePlace("lists\x07", 3, 1),
                hint="Write one.",
                excerpt="    line\n    ~~~^",
            )
        )
    )

    main(["trial"])

    assert capsys.readouterr().err == (
        "error: lists\\x07:3:1: '\\x1b[2J' is no image ID\n"
        "    line\n"
        "    ~~~^\n"
        "  Write one.\n"
        "imagelock trial: nothing was tried\n"
    )


def test_every_mistake_of_a_file_begins_as_an_error(
    trial: Give, capsys: pytest.CaptureFixture[str]
) -> None:
    trial(raising(InputErrors([InputError("one", place="a:1"), InputError("two", place="a:2")])))

    main(["trial"])

    assert capsys.readouterr().err == (
        "error: a:1: one\nerror: a:2: two\nimagelock trial: nothing was tried\n"
    )


@pytest.mark.parametrize(
    ("argument", "shown"), [("--quiet", "imagelock --quiet"), ("", "imagelock")]
)
def test_what_stands_where_a_command_was_expected_is_named(
    argument: str, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([argument]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == f"{shown}: nothing was done"


def test_python_minus_m_runs_it_too() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "imagelock", "--version"], capture_output=True, text=True, check=True
    )

    assert ran.stdout == f"imagelock {__version__}\n"


@pytest.mark.parametrize("arguments", [["--help"], ["completion", "--help"]])
def test_a_reader_that_has_gone_is_no_error(arguments: list[str]) -> None:
    running = subprocess.Popen(
        [sys.executable, "-m", "imagelock", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert running.stdout is not None
    running.stdout.close()
    assert running.stderr is not None
    told = running.stderr.read()
    running.stderr.close()

    assert running.wait() == 141
    assert told == b""


def test_help_and_version_import_next_to_nothing() -> None:
    ran = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "imagelock", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    imported = {line.rpartition("|")[2].strip() for line in ran.stderr.splitlines()}

    assert "imagelock.cli.main" in imported
    assert not imported & {"argparse", "typing", "msgspec", "yaml", "imagelock.cli.console"}


@pytest.mark.parametrize(
    "call",
    [
        ("check", "-", "-"),
        ("check", "-", "--lock", "-"),
        ("why", "nginx", "-", "-"),
        ("diff", "-", "-"),
        ("verify", "--from", "-", "--app-of-apps", "-"),
        ("lock", "--external-images", "-", "--self-built", "-"),
    ],
)
def test_standard_input_is_read_once(
    call: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*call]) == 2
    assert "error: standard input can be read only once\n" in capsys.readouterr().err


@pytest.mark.parametrize(
    "call",
    [
        ("check", ""),
        ("check", "pod.yaml", "--lock", ""),
        ("override", "pod.yaml", "--output", ""),
        ("verify", "--from", ""),
        ("verify", "--kubeconfig", ""),
        ("verify", "--from", "pods.json", "--image-indexes", ""),
        ("watch", "--image-indexes", ""),
        ("deploy", ""),
        ("lock", "--references", ""),
    ],
)
def test_a_variable_that_is_not_set_is_no_path(
    call: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*call]) == 2
    assert "a path was expected, and an empty text was given" in capsys.readouterr().err


@pytest.mark.parametrize(
    "call",
    [
        ("verify", "--context", ""),
        ("watch", "--context", " "),
        ("deploy", "apps", "--context", ""),
        ("deploy", "apps", "--field-manager", ""),
        ("rbac", "--user", ""),
        ("rbac", "--group", ""),
    ],
)
def test_a_variable_that_is_not_set_is_no_name(
    call: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*call]) == 2
    assert "a name was expected, and an empty text was given" in capsys.readouterr().err
