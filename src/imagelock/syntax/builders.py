"""What builders leave behind: buildx, kaniko, buildah, docker image inspect.

    buildx --metadata-file                         {"containerimage.digest": …, "image.name": "a,b"}
    buildx bake --metadata-file                    {"<target>": {…as above…}, …}
    kaniko --digest-file, buildah --digestfile     sha256:…
    kaniko --image-name-with-digest-file           repository@sha256:…
    kaniko --image-name-tag-with-digest-file       repository:tag@sha256:…
    docker image inspect                           [{"RepoTags": […], "RepoDigests": […]}]

None of them is written by us, so each is read as if it came from a stranger.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec
from msgspec import Struct

from imagelock.core.place import FilePlace, printable
from imagelock.core.reference import Digest, ImageReference
from imagelock.errors import InputError
from imagelock.syntax.lines import parse_entries, refuse_damage
from imagelock.syntax.lists import parse_pinned

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagelock.core.place import Source
    from imagelock.syntax.lines import Entry

__all__ = ["Left", "parse_digest_file", "parse_inspect", "parse_metadata", "parse_names_file"]

_DIGEST = "containerimage.digest"
_NAMES = "image.name"
_NOT_PUSHED = "Was the image pushed? (buildx: --push; kaniko: without --no-push)"
_FITS = "Check that the option fits the file: see imagelock save --help."

T = TypeVar("T")


class Left(Struct, frozen=True):
    """What one file says: names with their digests, and digests that it gives no name.

    *name* is the file's, for messages.
    """

    name: str
    references: tuple[ImageReference, ...] = ()
    digests: tuple[Digest, ...] = ()


class _Descriptor(Struct):
    digest: str = ""


class _Build(Struct):
    """One build of buildx; its ``containerimage.config.digest`` is no registry's digest."""

    digest: str = msgspec.field(name=_DIGEST, default="")
    names: str = msgspec.field(name=_NAMES, default="")
    descriptor: _Descriptor = msgspec.field(
        name="containerimage.descriptor", default_factory=_Descriptor
    )


class _Image(Struct, rename="pascal"):
    """One image of a Docker engine; its ``Id`` is no registry's digest either."""

    repo_tags: list[str] | None = None
    repo_digests: list[str] | None = None


def parse_digest_file(source: Source) -> Left:
    """Read what kaniko's ``--digest-file`` and buildah's ``--digestfile`` write: a digest.

    Raises:
        InputError: It is empty, or holds something else.
    """
    return Left(source.name, digests=_not_empty(source, parse_entries(source, _digest)))


def parse_names_file(source: Source) -> Left:
    """Read kaniko's files of names with digests, with or without tags.

    Raises:
        InputError: It is empty, or holds something else.
    """
    entries = _not_empty(source, parse_entries(source, parse_pinned))
    return Left(source.name, references=tuple(entry.reference for entry in entries))


def parse_metadata(source: Source) -> Left:
    """Read what ``docker buildx build`` or ``bake`` writes with ``--metadata-file``.

    Raises:
        InputError: It is no such file, or names no digest.
    """
    builds = [build for build in _builds(source) if build.digest or build.descriptor.digest]
    if not builds:
        raise _unexpected(source, f"there is no '{_DIGEST}' in it", _NOT_PUSHED)
    references: list[ImageReference] = []
    digests: list[Digest] = []
    for build in builds:
        digest = _digest_of(source, build)
        named = [_name(source, name).pinned_to(digest) for name in _split(build.names)]
        references += named
        digests += [] if named else [digest]
    return Left(source.name, tuple(references), tuple(digests))


def parse_inspect(source: Source) -> Left:
    """Read what ``docker image inspect`` prints: which digests registries gave the image.

    Raises:
        InputError: It is no such output, or the image is in no registry.
    """
    is_list = source.text.lstrip().startswith("[")
    images = _decode(source, list[_Image]) if is_list else [_decode(source, _Image)]
    references = tuple(reference for image in images for reference in _pushed(source, image))
    if not references:
        raise _unexpected(
            source,
            "the image has no digest of a registry ('RepoDigests' is empty): it was not pushed",
            "Run 'docker push' first, then 'docker image inspect' again.",
        )
    return Left(source.name, references)


def _digest(entry: Entry) -> Digest:
    try:
        return Digest.parse(entry.text)
    except InputError as error:
        raise entry.mistake(error.problem) from None


def _not_empty(source: Source, values: tuple[T, ...]) -> tuple[T, ...]:
    if not values:
        raise _unexpected(source, "a digest was expected, and this file is empty", _NOT_PUSHED)
    return values


def _builds(source: Source) -> Iterator[_Build]:
    document = _decode(source, dict[str, msgspec.Raw])
    if _DIGEST in document or _NAMES in document:
        yield _decode(source, _Build)
        return
    # A bake file: targets by their names, and lists such as buildx.build.warnings.
    for value in document.values():
        if bytes(value).startswith(b"{"):
            yield _decode(source, _Build, bytes(value))


def _digest_of(source: Source, build: _Build) -> Digest:
    said = {text for text in (build.digest, build.descriptor.digest) if text}
    if len(said) > 1:
        raise _unexpected(source, f"'{_DIGEST}' and the descriptor name different digests")
    try:
        return Digest.parse(said.pop())
    except InputError as error:
        raise _unexpected(source, error.problem) from None


def _split(names: str) -> list[str]:
    return [name.strip() for name in names.split(",") if name.strip()]


def _name(source: Source, text: str) -> ImageReference:
    try:
        return ImageReference.parse(text)
    except InputError as error:
        raise _unexpected(source, error.problem) from None


def _pushed(source: Source, image: _Image) -> Iterator[ImageReference]:
    tagged = [_name(source, text) for text in image.repo_tags or () if "<none>" not in text]
    for text in image.repo_digests or ():
        if "<none>" in text:
            continue
        pushed = _name(source, text)
        same = [name for name in tagged if name.repository == pushed.repository]
        if pushed.digest is not None:
            yield from [name.pinned_to(pushed.digest) for name in same] or [pushed]


def _decode(source: Source, shape: type[T], data: bytes | None = None) -> T:
    refuse_damage(source)
    if not source.text.strip():
        raise _unexpected(source, "JSON was expected, and this file is empty", _NOT_PUSHED)
    try:
        return msgspec.json.decode(source.text if data is None else data, type=shape)
    except (msgspec.DecodeError, RecursionError) as error:
        _refuse_broken(source)
        reason = printable(str(error)).replace("`", "'")
        raise _unexpected(
            source, f"this is not the JSON that was expected: {reason}", _FITS
        ) from None


def _refuse_broken(source: Source) -> None:
    """Refuse what is no JSON at all, at the place where it ends to be any.

    msgspec is fast and says no place; the standard library's parser does.
    """
    import json

    try:
        json.loads(source.text)
    except json.JSONDecodeError as error:
        raise InputError(
            f"this is no JSON: {error.msg[:1].lower()}{error.msg[1:]}",
            place=source.place(error.pos),
            excerpt=source.excerpt(error.pos),
            hint=_FITS,
        ) from None
    except RecursionError:
        pass  # it is nested too deeply for both, which msgspec has said


def _unexpected(source: Source, problem: str, hint: str = "") -> InputError:
    return InputError(problem, place=FilePlace(source.name), hint=hint)
