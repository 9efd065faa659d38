"""Digest, Repository, ImageReference: parse, normalise, print."""

from __future__ import annotations

import re
from functools import lru_cache

from msgspec import Struct

from imagelock.core import grammar
from imagelock.core.place import Source, printable
from imagelock.errors import InputError

__all__ = ["Digest", "ImageReference", "Repository"]

_DIGEST = re.compile(grammar.DIGEST)
_NAME = re.compile(rf"(?:{grammar.DOMAIN}/)?{grammar.PATH}")
_REMEMBERED_LENGTH = 1024  # characters: nobody names an image longer
_SHOWN_LENGTH = 120  # characters of a text in a message


class Digest(Struct, frozen=True, order=True):
    """The name of a content: an algorithm and the hex digits that it gave.

    Made by `Digest.parse` only, so whoever holds one knows that it is valid.
    """

    algorithm: str
    hex: str

    @classmethod
    def parse(cls, text: str) -> Digest:
        """Read ``sha256:`` and 64, or ``sha512:`` and 128 lower-case hex digits.

        Raises:
            InputError: *text* is anything else.
        """
        if not _DIGEST.fullmatch(text):
            raise InputError(
                f"'{_shown(text)}' is not a digest: 'sha256:' and 64 lower-case hex digits "
                "were expected, or 'sha512:' and 128"
            )
        algorithm, _, hex_digits = text.partition(":")
        return cls(algorithm, hex_digits)

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.hex}"


class Repository(Struct, frozen=True, order=True):
    """A normalised repository name: ``docker.io`` and ``library/nginx``."""

    registry: str
    path: str

    @classmethod
    def parse(cls, text: str) -> Repository:
        """Read and normalise a name that has neither tag nor digest.

        Raises:
            InputError: *text* is no repository's name.
        """
        parts = grammar.normalise(text) if _NAME.fullmatch(text) else None
        if parts is None:
            problem, _, _ = grammar.what_is_wrong_with_name(text)
            raise InputError(f"'{_shown(text)}' is not a repository's name: {problem}")
        return cls(*parts)

    def __str__(self) -> str:
        return f"{self.registry}/{self.path}"


class ImageReference(Struct, frozen=True, eq=False):
    """An image ID: ``[<registry>/]<repository>[:<tag>][@<digest>]``.

    Two are equal when they mean the same, whatever their spelling; *text* is
    the author's spelling, for messages.
    """

    repository: Repository
    tag: str | None
    digest: Digest | None
    text: str

    @classmethod
    def parse(cls, text: str) -> ImageReference:
        """Read an image ID by the grammar in `imagelock.core.grammar`.

        Raises:
            InputError: *text* is none; the message says what was expected, and
                its excerpt shows where.
        """
        reference = cls.try_parse(text)
        if reference is None:
            problem, start, end = grammar.what_is_wrong(text)
            raise InputError(
                f"'{_shown(text)}' is not an image ID: {problem}",
                place=f"column {start + 1}" if text else None,
                excerpt=Source("", text).excerpt(start, end) if text else "",
            )
        return reference

    @classmethod
    def try_parse(cls, text: str) -> ImageReference | None:
        """Read an image ID, or return ``None`` where *text* is none."""
        # A hostile file may hold many long texts: they are read, and not kept.
        return _parse(text) if len(text) <= _REMEMBERED_LENGTH else _parse.__wrapped__(text)

    @property
    def is_pinned(self) -> bool:
        """Whether it has a digest."""
        return self.digest is not None

    @property
    def normalised(self) -> str:
        """The full spelling: registry, repository, and tag and digest where there are."""
        text = str(self.repository)
        if self.tag is not None:
            text += f":{self.tag}"
        if self.digest is not None:
            text += f"@{self.digest}"
        return text

    def pinned_to(self, digest: Digest) -> ImageReference:
        """Return the same image ID with *digest*."""
        bare = self.text.partition("@")[0]
        return ImageReference(self.repository, self.tag, digest, f"{bare}@{digest}")

    def __str__(self) -> str:
        return self.text

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ImageReference):
            return NotImplemented
        return self._meaning() == other._meaning()

    def __hash__(self) -> int:
        return hash(self._meaning())

    def _meaning(self) -> tuple[Repository, str | None, Digest | None]:
        return self.repository, self.tag, self.digest


# A cluster or a folder names the same few hundred images again and again.
@lru_cache(maxsize=16_384)
def _parse(text: str) -> ImageReference | None:
    match = grammar.REFERENCE.fullmatch(text)
    if match is None or grammar.is_identifier(text):
        return None
    name, tag, digest = match.group("name", "tag", "digest")
    parts = grammar.normalise(name)
    if parts is None:
        return None
    return ImageReference(Repository(*parts), tag, Digest.parse(digest) if digest else None, text)


def _shown(text: str) -> str:
    if len(text) > _SHOWN_LENGTH:
        text = f"{text[:_SHOWN_LENGTH]}…"
    return printable(text)
