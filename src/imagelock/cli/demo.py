"""imagelock demo: the whole pipeline on a bundled example, told step by step."""

from __future__ import annotations

import shlex
import shutil
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from imagelock.core.place import printable
from imagelock.errors import InputError
from imagelock.outside.files import (
    make_folder,
    read_bytes,
    read_source,
    write_bytes,
)
from imagelock.outside.listing import list_folder

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator

    from imagelock.cli.console import Console

__all__ = ["DESCRIPTION", "EXAMPLES", "UNDONE", "add_arguments", "run"]

DESCRIPTION = """\
Run the whole pipeline on a bundled example, step by step, in a scratch folder:
from the lists and a build job to images.lock, to manifests with digests, to a
cluster that is as it should be, and to one that is not. No network is used."""
EXAMPLES = """\
examples:
  imagelock demo
  imagelock demo --keep try-it"""
UNDONE = "the demonstration was not finished"

_EXAMPLE = Path(__file__).parent.parent / "demo_example"
_OUR_FAULT = 70
_NO_FAULT = {130, 141}  # interrupted, or the reader has seen enough: the command has said so


class _Show(Struct, frozen=True):
    """Show a file of the example."""

    file: str


class _Run(Struct, frozen=True):
    """Run a command line, and expect its exit status."""

    command: str
    status: int = 0


class _Chapter(Struct, frozen=True):
    """What a person is told, and then sees."""

    title: str
    text: str
    steps: tuple[_Show | _Run, ...]


_OPENING = """\
A tag moves; a digest does not. "redis:7.4.1" can be another program tomorrow;
"redis:7.4.1@sha256:1595..." is the same one for ever.

The team of the shop "acme" wants every container in its cluster to run by a
digest that it chose. You will see its pipeline, from the build job to the pods
that run. All names and digests are made up, and no network is used."""

_STORY = (
    _Chapter(
        "What the team writes down",
        """\
        Two short lists, kept in git. The first names the images that others build,
        each with its digest. The second names the repositories that this pipeline
        builds itself; they have no digest yet.""",
        (_Show("external_images"), _Show("acme-images")),
    ),
    _Chapter(
        "What a build job adds",
        """\
        A build job pushes an image, and the registry answers with its digest. The
        job saves both in a small file. The shop has two such jobs.""",
        (
            _Run(
                "save registry.acme.example/shop/api:1.8.0"
                " --digest-file pushed/api.digest --name build-api"
            ),
            _Run(
                "save registry.acme.example/shop/web:1.8.0"
                " --digest-file pushed/web.digest --name build-web"
            ),
        ),
    ),
    _Chapter(
        "One lock",
        """\
        Both come together in images.lock: one image a line, each with a digest. A
        build job can add only what the second list allows, and it can never replace
        an image of the first.""",
        (_Run("lock"), _Show("images.lock")),
    ),
    _Chapter(
        "Every manifest gets its digests",
        """\
        This is the app of apps that Argo CD deploys: Applications with Helm values
        and parameters, a Kustomization, a Deployment, a StatefulSet. Digests are
        inserted wherever an image is named. Not one other byte changes: comments,
        quotes and indentation stay.""",
        (_Run("override app-of-apps --diff"),),
    ),
    _Chapter(
        "The same, written to a folder that can be deployed",
        """\
        An image that the lock does not have would be an error here, and nothing would
        be written. "imagelock deploy app-of-apps-pinned/root.yaml" would now apply it
        and wait for Argo CD; that needs a cluster, so it is left out.""",
        (
            _Run("override app-of-apps --output app-of-apps-pinned"),
            _Run("check app-of-apps-pinned"),
        ),
    ),
    _Chapter(
        "The cluster is as it should be",
        """\
        "verify" asks the cluster what it was told to run, and what it runs. Here the
        answer of a cluster was saved to a file beforehand. The cluster's own DNS has
        no digest; imagelock.toml exempts it, in its own namespace, with a reason.""",
        (_Show("imagelock.toml"), _Run("verify --from clusters/clean.json")),
    ),
    _Chapter(
        "A week later",
        """\
        Someone rolled the API back by hand, and set the web page's image by its tag. A
        node got redis from somewhere else. And one pod looks like a part of the
        cluster, but is not: mind the end of its registry's name. Each is a finding,
        and findings end with exit status 1, which fails the job.""",
        (_Run("verify --from clusters/drifted.json", status=1),),
    ),
)

_CLOSING = """\
That was the whole pipeline. In GitLab each step is a job, and templates/ of the
project has them ready. To begin with a project of your own:

  imagelock init           write the files that it needs
  imagelock check .        see which images have no digest now
  imagelock COMMAND --help all about a command"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "--keep", type=Path, metavar="DIR", help="work in this new folder, and leave it there"
    )


def run(args: Namespace, console: Console) -> int:
    """Tell the story and run its commands, until one of them ends as it should not."""
    with _folder(args.keep) as folder:
        _copy_example(folder)
        status = _tell(folder, console)
    if status == 0:
        _say(_CLOSING, console)
        if args.keep:
            _say(f"\nThe example, and all that was made of it: {args.keep}", console)
    return status


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        yield _new_folder(keep)
        return
    from tempfile import TemporaryDirectory

    try:
        scratch = TemporaryDirectory(prefix="imagelock-demo-")
    except OSError as error:
        raise InputError(
            f"no scratch folder can be made: {error.strerror}",
            hint="Name a folder for such files in $TMPDIR, or work in one with --keep DIR.",
        ) from error
    with scratch:
        yield Path(scratch.name)


def _new_folder(path: Path) -> Path:
    make_folder(path)
    there = list_folder(path)
    if there.files or there.skipped:
        raise InputError(
            "this folder is not empty", place=path, hint="Name one that is not there yet."
        )
    return path.resolve()


def _copy_example(folder: Path) -> None:
    # Not by copytree: it also copies modes, and an installed package may be read-only.
    for file in sorted(_EXAMPLE.rglob("*")):
        if file.is_file():
            copy = folder / file.relative_to(_EXAMPLE)
            make_folder(copy.parent)
            write_bytes(copy, read_bytes(file))


def _tell(folder: Path, console: Console) -> int:
    _say(_OPENING, console)
    for number, chapter in enumerate(_STORY, 1):
        _say(f"\n{_styled(f'{number}. {chapter.title}', console, 'bold')}", console)
        _say("\n".join(line.strip() for line in chapter.text.splitlines()), console)
        for step in chapter.steps:
            status = _do(step, folder, console)
            if status:
                return status
    _say("", console)
    return 0


def _do(step: _Show | _Run, folder: Path, console: Console) -> int:
    match step:
        case _Show(file):
            _say(f"\n{_styled(file, console, 'cyan')}", console)
            _say(_shown(folder / file, console), console)
            return 0
        case _Run(command, expected):
            _say(f"\n{_styled(f'$ imagelock {command}', console, 'cyan')}", console)
            return _run_command(command, expected, folder, console)


def _run_command(command: str, expected: int, folder: Path, console: Console) -> int:
    """Run a command as `imagelock` itself does; return 0 where it ended as expected."""
    from imagelock.cli.main import main

    words = shlex.split(command) + (["--quiet"] if console.quiet else [])
    with chdir(folder):
        status = main(words)
    if status == expected:
        return 0
    if status in _NO_FAULT:
        return status
    console.error(
        f"'imagelock {command}' ended with exit status {status}, and {expected} was expected"
    )
    return status if status > 1 else _OUR_FAULT


def _shown(file: Path, console: Console) -> str:
    lines = read_source(file).text.rstrip("\n").split("\n")
    width = _width(console)
    return "\n".join(_cut(f"  | {printable(line)}".rstrip(), width) for line in lines)


def _width(console: Console) -> int | None:
    """Return the columns of the terminal; a log has as many as it needs."""
    if not console.result_is_terminal:
        return None
    return shutil.get_terminal_size().columns


def _cut(line: str, width: int | None) -> str:
    return line if width is None or len(line) <= width else f"{line[: width - 3]}..."


def _styled(text: str, console: Console, *styles: str) -> str:
    from imagelock.cli.console import styled

    return styled(text, *styles) if console.colour_results else text


def _say(text: str, console: Console) -> None:
    """Tell the story on standard output, where the commands' results are."""
    if not console.quiet:
        console.result(f"{text}\n")
