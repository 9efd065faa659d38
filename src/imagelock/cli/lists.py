"""The lists that the lock is made from, as a command finds and reads them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from imagelock.core.place import FilePlace, printable
from imagelock.errors import InputError
from imagelock.outside.files import is_present, read_source, read_stdin
from imagelock.outside.listing import Folder, list_folder
from imagelock.syntax.lists import (
    parse_allow_list,
    parse_external,
    parse_references,
    parse_registry,
)

if TYPE_CHECKING:
    from imagelock.cli.console import Console
    from imagelock.core.allow_list import AllowList
    from imagelock.core.config import Config
    from imagelock.core.lock import LockEntry
    from imagelock.core.place import Source
    from imagelock.syntax.lists import Published

__all__ = [
    "STDIN",
    "find_self_built",
    "list_references",
    "read_allow_list",
    "read_external",
    "read_published",
    "registries_of",
]

STDIN = "-"
_LARGEST = 16 * 1024 * 1024  # bytes: 150,000 image IDs
_NOTHING_NAMED = "no image is named in this file"


def read_external(path: str, console: Console) -> tuple[LockEntry, ...]:
    """Read the external images, and warn where there are none."""
    entries = parse_external(_source(path))
    if not entries:
        console.warn(f"{printable(path)}: {_NOTHING_NAMED}")
    return entries


def read_allow_list(path: str | None, console: Console) -> AllowList | None:
    """Read the allow-list, if there is one, and warn where it is empty."""
    if path is None:
        return None
    allowed = parse_allow_list(_source(path))
    if not allowed:
        console.warn(f"{printable(path)}: no repository is named in this file")
    return allowed


def find_self_built(external: str) -> str | None:
    """Return the only file ``*-images`` beside ``external_images``, if there is one."""
    own = os.path.basename(external)
    found = [
        file
        for file in _files_in(os.path.dirname(external))
        if file.endswith("-images") and os.path.basename(file) != own
    ]
    if len(found) > 1:
        raise InputError(
            "one list of self-built images was expected, and these may be it: " + ", ".join(found),
            hint="Name the list with --self-built FILE, or with self-built in imagelock.toml.",
        )
    return found[0] if found else None


def _files_in(path: str) -> list[str]:
    # A link is a file here: people keep one list for several projects. What its
    # name hides is none.
    folder = list_folder(path or ".")
    links = [other.what for other in folder.skipped if not other.expected]
    files = (*folder.files, *filter(os.path.islink, links))
    return sorted(file if path else os.path.basename(file) for file in files)


def list_references(path: str, console: Console) -> Folder:
    """List the files that build jobs wrote, and say so where there is no folder."""
    if os.path.islink(path.rstrip("/")):
        # The artifacts of a build job may hold links: this one could lead to any files.
        raise InputError(
            "a folder was expected, and this is a link",
            place=FilePlace(path),
            hint="Name the folder that it leads to, if it is meant.",
        )
    if is_present(path):
        return list_folder(path)
    console.say(f"{printable(path)}: there is no such folder, so no build job is in the lock")
    return Folder((), ())


def read_published(folder: Folder, console: Console) -> tuple[Published, ...]:
    """Read what build jobs published."""
    published: list[Published] = []
    for file in folder.files:
        references = parse_references(read_source(file, limit=_LARGEST))
        if not references:
            console.warn(f"{printable(file)}: {_NOTHING_NAMED}")
        published += references
    return tuple(published)


def _source(path: str) -> Source:
    return read_stdin(limit=_LARGEST) if path == STDIN else read_source(path, limit=_LARGEST)


def registries_of(config: Config) -> tuple[str, ...]:
    """Return where bare names are: as the settings say, or in $CI_REGISTRY."""
    if config.registries is not None:
        return config.registries
    text = os.environ.get("CI_REGISTRY", "").rstrip("/")
    if not text:
        return ()
    registry = parse_registry(text)
    if registry is None:
        raise InputError(
            f"$CI_REGISTRY is '{text}', and <host> or <host>:<port> was expected",
            hint="Say in imagelock.toml where the bare names are: registries = [...]",
        )
    return (registry,)
