"""imagelock why: where an image comes from, and where it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator

    from imagelock.cli.console import Console
    from imagelock.core.config import Config
    from imagelock.core.finding import ReportedSite
    from imagelock.core.lock import Lock
    from imagelock.core.place import FilePlace, Source
    from imagelock.core.reference import ImageReference
    from imagelock.decide.trace import Step, Trace
    from imagelock.find.surroundings import Surroundings

__all__ = ["DESCRIPTION", "EXAMPLES", "UNDONE", "add_arguments", "run"]

DESCRIPTION = """\
Trace an image: the list or the build job that brought it in, its entry in
images.lock, and every place in manifests that uses it.

IMAGE may leave out its tag and its digest, and then stands for all of them.
PATH is a file or a folder (default: the working folder)."""
EXAMPLES = """\
examples:
  imagelock why quay.io/keycloak/keycloak
  imagelock why nginx:1.27 app-of-apps

Exit status 1: the image was met nowhere."""
UNDONE = "nothing was traced"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command's options."""
    from imagelock.cli.arguments import add_lists, add_lock

    parser.add_argument("image", metavar="IMAGE", help="such as quay.io/keycloak/keycloak:26.0")
    parser.add_argument("paths", metavar="PATH", nargs="*", help="where to look for its use")
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="how it is printed"
    )
    add_lists(parser)
    add_lock(parser)


def run(args: Namespace, console: Console) -> int:
    """Read everything that names images, follow the one, say."""
    from imagelock.cli.arguments import read_config, read_lock
    from imagelock.core.lock import Lock
    from imagelock.core.reference import ImageReference
    from imagelock.decide.trace import trace_image
    from imagelock.outside.files import is_present

    image = ImageReference.parse(args.image)
    config = read_config(args)
    lock = read_lock(config) if is_present(config.lock) else Lock((), name=config.lock)
    trace = trace_image(
        image,
        chosen=_chosen(config, console),
        locked=lock,
        sites=_sites(args.paths or ["."], lock, config, console),
    )
    console.result(_json(trace, args.image) if args.format == "json" else _text(trace, args.image))
    return int(trace.is_empty)


def _chosen(config: Config, console: Console) -> Iterator[tuple[ImageReference, FilePlace, str]]:
    from imagelock.cli.lists import list_references, read_external, read_published
    from imagelock.outside.files import is_present

    if is_present(config.external_images):
        for entry in read_external(config.external_images, console):
            yield entry.reference, entry.origin, "external image"
    if is_present(config.references):
        for published in read_published(list_references(config.references, console), console):
            yield published.reference, published.place, "published by a build job"


def _sites(
    paths: list[str], lock: Lock, config: Config, console: Console
) -> Iterator[tuple[ImageReference | None, ReportedSite]]:
    from imagelock import api
    from imagelock.cli.manifests import (
        Stream,
        Unreadable,
        for_each_batch,
        for_each_file,
        open_manifests,
    )
    from imagelock.core.place import printable

    def look(
        source: Source, _: Surroundings | None = None
    ) -> list[tuple[ImageReference | None, ReportedSite]]:
        return api.told_sites(source, lock, config=config)

    for path in paths:
        manifests = open_manifests(path)
        if isinstance(manifests, Stream):
            for _, found in for_each_batch(look, manifests, console, "looking"):
                yield from found
            continue
        for skipped in manifests.skipped:
            console.warn(f"{printable(skipped.what)}: not looked at: {skipped.reason}")
        for _, done in for_each_file(look, manifests, console, "looking"):
            if isinstance(done, Unreadable):
                console.warn(f"{done.place}: not looked at: {done.problem}")
            else:
                yield from done[1]


def _text(trace: Trace, image: str) -> str:
    from imagelock.core.place import printable

    if trace.is_empty:
        return f"{printable(image)} is named in no list, in no lock and in no manifest\n"
    parts = (("chosen in", trace.chosen), ("locked in", trace.locked), ("used in", trace.used))
    return "".join(_part(label, steps) for label, steps in parts)


def _part(label: str, steps: tuple[Step, ...]) -> str:
    from imagelock.core.place import printable

    if not steps:
        return f"{label}: nothing\n"
    rows = []
    for step in steps:
        path = getattr(step.place, "path", "")
        details = ", ".join(part for part in (path, step.note) if part)
        rows.append(f"  {step.place}: {printable(step.text)}")
        if details:
            rows.append(f"      {printable(details)}")
    return "\n".join((f"{label}:", *rows)) + "\n"


def _json(trace: Trace, image: str) -> str:
    from msgspec import json

    document = {
        "version": 1,
        "command": "why",
        "image": image,
        "chosen": trace.chosen,
        "locked": trace.locked,
        "used": trace.used,
    }
    return json.format(json.encode(document), indent=2).decode() + "\n"
