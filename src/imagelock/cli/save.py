"""imagelock save: publish what a build job pushed, with its digest."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from imagelock.cli.arguments import read_config
from imagelock.core.place import FilePlace, Source, printable
from imagelock.core.reference import ImageReference
from imagelock.decide.save import joined_with, pin_pushed
from imagelock.errors import InputError
from imagelock.outside.files import (
    is_present,
    make_folder,
    read_source,
    read_stdin,
    write_if_changed,
)
from imagelock.syntax.lists import parse_references, render_references

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator

    from imagelock.cli.console import Console
    from imagelock.syntax.builders import Left

__all__ = ["DESCRIPTION", "EXAMPLES", "UNDONE", "add_arguments", "run"]

DESCRIPTION = """\
Publish the image ID, with its digest, of what a build job has just pushed: write
one file of image_references/, from which 'imagelock lock' makes images.lock.

The digest stands in IMAGE, or comes from what the builder left behind."""
EXAMPLES = """\
examples:
  imagelock save quay.io/acme/app:1.4@sha256:...
  imagelock save quay.io/acme/app:1.4 --digest-file digest.txt
  imagelock save --metadata-file metadata.json
  docker image inspect quay.io/acme/app:1.4 | imagelock save quay.io/acme/app:1.4 --inspect -

In a GitLab job the file is named after the job, so that two jobs never write the
same one; elsewhere --name is needed. See docs/lists.md."""
UNDONE = "nothing was written"

_STDIN = "-"
_SAFE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,199}")
_LARGEST = 16 * 1024 * 1024  # bytes: the metadata of a build may hold its provenance

# option, what it is
_LEFT_BEHIND = (
    ("--metadata-file", "written by docker buildx build or bake (--metadata-file)"),
    ("--digest-file", "written by kaniko (--digest-file) or buildah (--digestfile)"),
    ("--image-name-with-digest-file", "written by kaniko with the option of the same name"),
    ("--image-name-tag-with-digest-file", "written by kaniko with the option of the same name"),
    ("--inspect", "printed by docker image inspect, after the push"),
)


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "images",
        nargs="*",
        metavar="IMAGE",
        help="what was pushed, with or without its digest; not needed where a file names it",
    )
    group = parser.add_argument_group("what the builder left behind ('-' is standard input)")
    for option, help_ in _LEFT_BEHIND:
        group.add_argument(option, action="append", default=[], metavar="FILE", help=help_)
    group = parser.add_argument_group("where it is written")
    group.add_argument("--references", metavar="DIR", help="the folder (default: image_references)")
    group.add_argument(
        "--name", metavar="NAME", help="the file's name (default: the GitLab job's name)"
    )
    group.add_argument(
        "--force", action="store_true", help="replace a file of --name that says something else"
    )


def run(args: Namespace, console: Console) -> int:
    """Write the references of one job."""
    name, is_own = _name(args.name)
    folder = read_config(args).references
    path = os.path.join(folder, name)
    images = [ImageReference.parse(image) for image in args.images]
    pushed = pin_pushed(images, list(_left_behind(args)))
    _refuse_links(folder, path)
    if is_present(path) and not args.force:
        pushed = joined_with(pushed, _earlier(path), path=path, is_own=is_own)
    make_folder(folder)
    done = "written" if write_if_changed(path, render_references(pushed).encode()) else "unchanged"
    console.say(f"{printable(path)}: {done}: {', '.join(map(str, pushed))}")
    return 0


def _name(given: str | None) -> tuple[str, bool]:
    """Return the file's name, and whether it is this job's own and no other's."""
    name = _name_of_job() if given is None else given
    if not _SAFE_NAME.fullmatch(name):
        raise InputError(
            f"'{name}' is no name for a file of references",
            hint="Use letters, digits, '_', '-' and '.', and no '.' or '-' at the beginning.",
        )
    return name, given is None


def _name_of_job() -> str:
    slug = os.environ.get("CI_JOB_NAME_SLUG", "")
    if not slug:
        raise InputError(
            "what shall the file be called? This is no GitLab job ($CI_JOB_NAME_SLUG is not set)",
            hint="Give --name NAME, another one in every job.",
        )
    name = slug
    job = os.environ.get("CI_JOB_NAME", slug)
    if job != slug:
        name += f"-{_fingerprint(job)}"
    if os.environ.get("CI_NODE_TOTAL", "1") not in {"", "1"}:
        name += f"-{os.environ.get('CI_NODE_INDEX', '0')}"
    return name


def _fingerprint(job: str) -> str:
    # "build:app" and "build-app" have one slug, and a slug ends after 63
    # characters; no two jobs of a pipeline have one name.
    from hashlib import sha256

    return sha256(os.fsencode(job)).hexdigest()[:8]


def _left_behind(args: Namespace) -> Iterator[Left]:
    from imagelock.syntax import builders

    readers = (
        (args.metadata_file, builders.parse_metadata),
        (args.digest_file, builders.parse_digest_file),
        (args.image_name_with_digest_file, builders.parse_names_file),
        (args.image_name_tag_with_digest_file, builders.parse_names_file),
        (args.inspect, builders.parse_inspect),
    )
    if sum(path == _STDIN for paths, _ in readers for path in paths) > 1:
        raise InputError("'-' is given twice, and there is one standard input")
    for paths, parse in readers:
        for path in paths:
            yield parse(_source(path))


def _source(path: str) -> Source:
    return read_stdin(limit=_LARGEST) if path == _STDIN else read_source(path, limit=_LARGEST)


def _refuse_links(folder: str, path: str) -> None:
    # Artifacts of an earlier job may hold links, which lead to files that are no
    # job's to read or to write.
    for name in (folder.rstrip("/"), path):
        if os.path.islink(name):
            raise InputError(
                "a link stands where the references are to be written, and 'imagelock lock' "
                "follows no links",
                place=FilePlace(name),
                hint="Remove it, or give another --name or --references.",
            )


def _earlier(path: str) -> tuple[ImageReference, ...]:
    source = read_source(path, limit=_LARGEST)
    return tuple(published.reference for published in parse_references(source))
