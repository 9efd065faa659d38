"""Options that several commands share, and the settings that they and imagelock.toml make."""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

from imagelock.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from _typeshed import SupportsWrite

    from imagelock.core.config import Config
    from imagelock.core.lock import Lock

__all__ = [
    "FORMATS",
    "Parser",
    "add_cluster",
    "add_everywhere",
    "add_exemptions",
    "add_lists",
    "add_lock",
    "add_policy",
    "add_reports",
    "duration",
    "given_name",
    "read_config",
    "read_lock",
    "refuse_odd_paths",
]

CONFIG_NAME = "imagelock.toml"
_LARGEST_CONFIG = 1024 * 1024  # bytes
_LARGEST_LOCK = 256 * 1024 * 1024  # bytes: more than a million image IDs
_WIDTH = 80  # columns, where nobody says
# Options and arguments that are paths of what is read.
_READ = (
    "path",
    "paths",
    "sources",
    "app_of_apps",
    "old",
    "new",
    "config",
    "lock",
    "external_images",
    "self_built",
    "references",
    "image_indexes",
)
FORMATS = ("text", "json", "junit", "sarif", "codequality", "markdown", "html")


class Parser(argparse.ArgumentParser):
    """A parser that raises instead of exiting, so that errors end in one place."""

    def __init__(self, prog: str, description: str, epilog: str) -> None:
        super().__init__(
            prog=prog,
            description=description,
            epilog=epilog,
            formatter_class=_Formatter,
            allow_abbrev=False,
        )

    def error(self, message: str) -> NoReturn:
        """Raise the message as an `InputError`."""
        raise InputError(message, hint=f"See: {self.prog} --help")

    def print_help(self, file: SupportsWrite[str] | None = None) -> None:
        """Print the help; argparse itself would not notice a reader who has gone."""
        from imagelock.cli.console import Console

        if file is None:
            Console().result(self.format_help())
        else:
            file.write(self.format_help())


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """The help's layout.

    argparse makes one for every option that is declared, and each would import
    shutil to ask for the width of the terminal: 3 ms that only help needs.
    """

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_width() - 2)


def _width() -> int:
    with suppress(ValueError):
        if (columns := int(os.environ.get("COLUMNS", ""))) > 0:
            return columns
    with suppress(OSError, ValueError):
        return os.get_terminal_size(sys.stdout.fileno()).columns or _WIDTH
    return _WIDTH


def add_everywhere(parser: argparse.ArgumentParser) -> None:
    """Add what every command has."""
    group = parser.add_argument_group("everywhere")
    group.add_argument(
        "--config",
        metavar="FILE",
        help=f"the settings of the project (default: {CONFIG_NAME}, if it is there)",
    )
    group.add_argument("-q", "--quiet", action="store_true", help="say only what is wrong")
    group.add_argument("-v", "--verbose", action="store_true", help="say more about what is done")


def add_lists(parser: argparse.ArgumentParser) -> None:
    """Add the files that the lock is made from."""
    group = parser.add_argument_group("lists")
    group.add_argument(
        "--external-images",
        metavar="FILE",
        help="images built by others, each with its digest (default: external_images)",
    )
    group.add_argument(
        "--self-built",
        metavar="FILE",
        help="the allow-list of self-built repositories "
        "(default: the only *-images file beside external_images)",
    )
    group.add_argument(
        "--references",
        metavar="DIR",
        help="the folder that build jobs write to (default: image_references)",
    )


def add_lock(parser: argparse.ArgumentParser) -> None:
    """Add the lock."""
    parser.add_argument("--lock", metavar="FILE", help="the lock (default: images.lock)")


def add_policy(parser: argparse.ArgumentParser) -> None:
    """Add what an image must have to be allowed, and the exemptions."""
    group = parser.add_argument_group("policy")
    group.add_argument(
        "--policy",
        choices=("pinned", "locked"),
        help="pinned: every image has a digest; locked: one that is in the lock (default: pinned)",
    )
    add_exemptions(group)


def add_exemptions(parser: argparse._ActionsContainer) -> None:
    """Add who is exempt, and how strict to be."""
    parser.add_argument(
        "--preset",
        action="append",
        metavar="NAME",
        help="exempt the images of a cloud provider: gke, eks, aks, otc; may be given again",
    )
    add_strict(parser)


def add_strict(parser: argparse._ActionsContainer) -> None:
    """Add ``--strict``."""
    parser.add_argument("--strict", action="store_true", help="treat warnings as errors")


def add_reports(parser: argparse.ArgumentParser) -> None:
    """Add how findings are told."""
    group = parser.add_argument_group("reports")
    group.add_argument(
        "--format",
        choices=FORMATS,
        default="text",
        help="how findings are printed (default: text)",
    )
    group.add_argument(
        "--report",
        action="append",
        type=report_asked_for,
        default=[],
        metavar="FORMAT=FILE",
        help="also write the findings to a file, such as junit=report.xml; may be given again",
    )


def add_cluster(parser: argparse.ArgumentParser) -> None:
    """Add which cluster is meant."""
    group = parser.add_argument_group("cluster")
    group.add_argument(
        "--kubeconfig",
        type=_path,
        metavar="FILE",
        help="how to reach the cluster (default: $KUBECONFIG, ~/.kube/config, or in-cluster)",
    )
    group.add_argument(
        "--context",
        type=given_name,
        metavar="NAME",
        help="the context of the kubeconfig (default: its current)",
    )


def given_name(text: str) -> str:
    """Read a name; an empty one, of a variable that is not set, must not mean the default.

    Raises:
        InputError: It is empty.
    """
    if not text.strip():
        raise InputError(
            "a name was expected, and an empty text was given",
            hint="Check the variable that should hold it.",
        )
    return text


def _path(text: str) -> Path:
    if not text:
        raise _empty_path()
    from pathlib import Path

    return Path(text)


def duration(text: str) -> float:
    """Read a time such as ``90s``, ``10m`` or ``1h30m``, in seconds."""
    import re

    parts = re.fullmatch(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s?)?", text)
    if not text or parts is None:
        raise argparse.ArgumentTypeError(f"'{text}' is no time such as 90s, 10m or 1h30m")
    hours, minutes, seconds = (float(part or 0) for part in parts.groups())
    return hours * 3600 + minutes * 60 + seconds


def read_config(args: argparse.Namespace) -> Config:
    """Read the settings: the options given, over imagelock.toml, over the defaults.

    Paths in the file are relative to the file; paths in options to the working
    folder.

    Raises:
        InputError: The file is not there though it was named, or is wrong.
    """
    from imagelock.core.config import Config
    from imagelock.outside.files import is_present, read_source

    path: str = CONFIG_NAME if args.config is None else args.config
    config = Config()
    if args.config is not None or is_present(path):
        from imagelock.syntax.toml import parse_config

        config = parse_config(
            read_source(path, limit=_LARGEST_CONFIG), folder=os.path.dirname(path) or "."
        )
    given = {
        name: value
        for name in ("external_images", "self_built", "references", "lock", "policy")
        if (value := getattr(args, name, None)) is not None
    }
    given = {name: str(value) for name, value in given.items()}
    if getattr(args, "strict", False):
        given["strict"] = True
    if getattr(args, "preset", None):
        given["presets"] = (*config.presets, *args.preset)
    from msgspec.structs import replace

    return replace(config, **given)


def read_lock(config: Config) -> Lock:
    """Read the lock that the settings name.

    Raises:
        InputError: It is not there, or is wrong.
    """
    from imagelock.outside.files import is_present, read_source
    from imagelock.syntax.lockfile import parse_lock

    path = config.lock
    if not is_present(path):
        raise InputError(
            "there is no such file",
            place=path,
            hint="Make it with 'imagelock lock', or name another with --lock FILE.",
        )
    return parse_lock(read_source(path, limit=_LARGEST_LOCK))


def refuse_odd_paths(args: argparse.Namespace) -> None:
    """Refuse an empty path, and standard input that would be read twice.

    Raises:
        InputError: One is empty, as that of a variable that is not set; or the call is so.
    """
    given = [path for name in _READ for path in _all(getattr(args, name, None))]
    if "" in (*given, *_all(getattr(args, "output", None))):
        raise _empty_path()
    if given.count("-") > 1:
        raise InputError("standard input can be read only once", hint="Name a file in its place.")


def _empty_path() -> InputError:
    return InputError(
        "a path was expected, and an empty text was given",
        hint="Check the variable that should hold it.",
    )


def _all(value: str | list[str] | None) -> list[str]:
    return [value] if isinstance(value, str) else value or []


def report_asked_for(specification: str) -> tuple[str, str]:
    """Read one ``--report FORMAT=FILE``, before any work is done.

    Raises:
        InputError: It is not of that form.
    """
    format_name, _, file = specification.partition("=")
    if not file or format_name not in FORMATS:
        raise InputError(
            f"--report '{specification}': FORMAT=FILE was expected, where FORMAT is one of "
            f"{', '.join(FORMATS)}"
        )
    if file == "-":
        raise InputError(
            f"--report '{specification}': a file was expected",
            hint=f"To print the report give --format {format_name}.",
        )
    return format_name, file
