"""Which digest belongs to what a build job pushed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imagelock.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from imagelock.core.reference import Digest, ImageReference
    from imagelock.syntax.builders import Left

__all__ = ["pin_pushed"]


def pin_pushed(
    images: Sequence[ImageReference], left: Sequence[Left]
) -> tuple[ImageReference, ...]:
    """Give every pushed image the one digest that it has.

    Args:
        images: What the job says that it pushed, with or without digests; none
            where the builder's files name it.
        left: What the builder left behind.

    Raises:
        InputError: An image has no digest, or several.
    """
    pinned = [_pinned(image, left) for image in images] or _named(left)
    return tuple(dict.fromkeys(pinned))


def _named(left: Sequence[Left]) -> list[ImageReference]:
    for one in left:
        if one.digests:
            raise InputError(
                f"{one.name} holds a digest and no name: which image has it?",
                hint="Name what was pushed: imagelock save IMAGE --digest-file FILE",
            )
    named = [reference for one in left for reference in one.references]
    if not named:
        raise InputError(
            "no image was named: what did this job push?",
            hint="imagelock save <registry>/<repository>:<tag>@<digest>, or see --help",
        )
    return [_pinned(reference, left) for reference in named]


def _pinned(image: ImageReference, left: Sequence[Left]) -> ImageReference:
    said = {image.digest: "the image ID"} if image.digest is not None else {}
    for one in left:
        for digest in _digests_for(image, one):
            said.setdefault(digest, one.name)
    if len(said) > 1:
        told = ", ".join(f"{digest} ({where})" for digest, where in said.items())
        raise InputError(
            f"'{image}' has {len(said)} digests: {told}",
            hint="Give the file that belongs to this build, and no older one.",
        )
    for digest in said:
        return image.pinned_to(digest)
    raise InputError(
        f"'{image}' has no digest",
        hint=_what_was_seen(left)
        or "Write it as <image>@sha256:…, or name a file that the builder left: see --help",
    )


def _digests_for(image: ImageReference, left: Left) -> Iterable[Digest]:
    """Return what a file says about an image; a name says more than no name."""
    same = [name for name in left.references if name.repository == image.repository]
    tagged = [name for name in same if image.tag is not None and name.tag == image.tag]
    # One build may push several tags of a repository with several digests (bake),
    # so another tag's digest is not this one's.
    fitting = tagged or [name for name in same if image.tag is None or name.tag is None]
    return [*(name.digest for name in fitting if name.digest is not None), *left.digests]


def _what_was_seen(left: Sequence[Left]) -> str:
    seen = [f"{reference} ({one.name})" for one in left for reference in one.references]
    return f"What the builder left is about {', '.join(seen)}." if seen else ""


def joined_with(
    pushed: tuple[ImageReference, ...],
    earlier: tuple[ImageReference, ...],
    *,
    path: str,
    is_own: bool,
) -> tuple[ImageReference, ...]:
    """Return what the file says now, where it said something before.

    A job may push several images one after the other, and be retried: in its own
    file an image's digest is replaced and the other images stay. A file with a
    name that somebody chose may be another job's, so nothing in it is replaced.

    Raises:
        InputError: It is not this job's own file, and says something else.
    """
    if set(pushed) <= set(earlier):
        return earlier
    if not is_own:
        raise InputError(
            f"this file is there and says something else: {_some(earlier)}, "
            f"and this job pushed {_some(pushed)}",
            place=path,
            hint="Give every job another --name, or --force to replace the file.",
        )
    names = {(image.repository, image.tag) for image in pushed}
    kept = (image for image in earlier if (image.repository, image.tag) not in names)
    return (*kept, *pushed)


def _some(references: Sequence[ImageReference]) -> str:
    return ", ".join(str(reference) for reference in references) or "nothing"
