"""imagelock init: write the files that a new project needs."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from imagelock.core.place import FilePlace, printable
from imagelock.errors import InputError
from imagelock.outside.files import is_present, make_folder, read_bytes, write_bytes
from imagelock.outside.listing import list_folder

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Mapping

    from imagelock.cli.console import Console

__all__ = ["DESCRIPTION", "EXAMPLES", "UNDONE", "add_arguments", "run"]

DESCRIPTION = """\
Write the files that a new project needs, each with comments that explain it, and
print what .gitlab-ci.yml needs. A file that is there is left as it is."""
EXAMPLES = """\
examples:
  imagelock init
  imagelock init --organisation acme
  imagelock init platform/shop"""
UNDONE = "not every file was written"

_TEMPLATES = Path(__file__).with_name("init_files")
_PIPELINE = ".gitlab-ci.yml"
_INCLUDED = ".gitlab-ci.imagelock.yml"
_ALLOW_LIST = "-images"
_DEFAULT_ORGANISATION = "self-built"
_ORGANISATION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,100}")
_SNIPPET = """\
{pipeline} is there already; it needs this:

include:
  - local: {included}

variables:
  IMAGELOCK_JOB_IMAGE: ""  # the image that has imagelock in it, with its digest

and in each job that builds an image, after the push:

  script:
    - !reference [".build:save-image-reference", "script"]
  artifacts: !reference [".build:save-image-reference", "artifacts"]
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "folder",
        type=Path,
        nargs="?",
        default=Path(),
        metavar="DIR",
        help="the project's folder (default: this one)",
    )
    parser.add_argument(
        "--organisation",
        metavar="NAME",
        help="names the list of self-built images, NAME-images "
        "(default: in GitLab the top group, otherwise self-built)",
    )


def run(args: Namespace, console: Console) -> int:
    """Write what is missing, and say what is left to do."""
    organisation = _organisation(args.organisation)
    folder: Path = args.folder
    if not is_present(folder):
        make_folder(folder)
    pipeline = read_bytes(folder / _PIPELINE) if is_present(folder / _PIPELINE) else None
    for name, template in _files(folder, organisation).items():
        _write_if_missing(folder / name, template, organisation, console)
    if pipeline is not None and _INCLUDED.encode() not in pipeline:
        console.result(_SNIPPET.format(pipeline=_PIPELINE, included=_INCLUDED))
    else:
        console.say(f"next: name an image with imagelock in it in {_PIPELINE}, and fill the lists")
    return 0


def _organisation(given: str | None) -> str:
    if given is None:
        # In a GitLab job: the top group of the project.
        name = os.environ.get("CI_PROJECT_ROOT_NAMESPACE", "")
        return name if _ORGANISATION.fullmatch(name) else _DEFAULT_ORGANISATION
    if not _ORGANISATION.fullmatch(given):
        raise InputError(
            f"--organisation '{printable(given)}': a name of letters, digits, '.', '_' and '-' "
            "was expected",
            hint="It becomes the name of a file: acme makes acme-images.",
        )
    return given


def _files(folder: Path, organisation: str) -> Mapping[str, str]:
    """Return what belongs into the folder: the name of each file, and that of its template."""
    allow_list = _allow_list(folder) or f"{organisation}{_ALLOW_LIST}"
    return {
        "external_images": "external_images",
        allow_list: "self-built-images",
        "imagelock.toml": "imagelock.toml",
        _INCLUDED: "gitlab-ci.imagelock.yml",
        _PIPELINE: "gitlab-ci.yml",
    }


def _allow_list(folder: Path) -> str | None:
    # A second list beside the first would leave 'imagelock lock' with two to choose from.
    names = map(os.path.basename, list_folder(folder).files)
    return next((name for name in names if name.endswith(_ALLOW_LIST)), None)


def _write_if_missing(path: Path, template: str, organisation: str, console: Console) -> None:
    shown = printable(str(path))
    if path.is_dir():
        raise InputError("a file was expected, and this is a folder", place=FilePlace(str(path)))
    if is_present(path):
        console.say(f"{shown}: is there, and was left as it is")
        return
    text = read_bytes(_TEMPLATES / template)
    write_bytes(path, text.replace(b"ORGANISATION", organisation.encode()))
    console.say(f"{shown}: written")
