"""Site, and the ways to write a digest there."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

from imagelock.core.reference import ImageReference
from imagelock.document.nodes import Scalar
from imagelock.document.scalar import map_offsets
from imagelock.document.splice import Splice

if TYPE_CHECKING:
    from imagelock.core.place import FilePlace
    from imagelock.core.reference import Digest
    from imagelock.document.scalar import OffsetMap

__all__ = [
    "Append",
    "FillKey",
    "Path",
    "Pin",
    "Problem",
    "Site",
    "Unwritable",
    "format_path",
    "offsets_of",
]

# A path is a chain towards the root: (the path before it, a key or an index).
# A text with an inner document adds "yaml:" or "json:", as a key that no
# mapping has.
Path = tuple["Path", str | int] | None

_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_LONGEST_GAP = 200  # characters between a colon and where its value belongs
_TEXT_TAGS = frozenset((None, "!", "tag:yaml.org,2002:str"))
_TOML_NUMBER = re.compile(r"[0-9][0-9._]*")
_READ_AS_A_NUMBER = re.compile(r"[0-9]+(?:e[0-9]+)?")


class Append(Struct, frozen=True):
    """Write ``@<digest>`` behind the first *offset* characters of a scalar's value."""

    scalar: Scalar
    offset: int


class FillKey(Struct, frozen=True):
    """Write the digest as the value of a key that has none; *bare_hex* without ``sha256:``.

    *scalar* is an empty one: to write over ``null`` would change what stands there.
    """

    scalar: Scalar
    bare_hex: bool
    is_json: bool


class Unwritable(Struct, frozen=True):
    """No digest can be written here, for this reason."""

    reason: str


Pin = Append | FillKey | Unwritable


class Problem(Struct, frozen=True):
    """Why a site can be told and not be pinned, by the rule of this name."""

    rule: str
    message: str


class Site(Struct, frozen=True, kw_only=True):
    """One place that names an image.

    *image* is what it names, as far as that can be read; *text* how it is shown;
    *anchor* the scalar whose place is the site's, from the character at *offset*
    of its value on. *parts* are the scalars that the image is made of, where it
    is spread over several: what is written into one of them changes every image
    that has it.
    """

    image: ImageReference | None
    text: str
    anchor: Scalar
    path: Path
    found_by: str
    pin: Pin
    problem: Problem | None = None
    namespace: str | None = None
    offset: int = 0
    parts: tuple[Scalar, ...] = ()

    @property
    def start(self) -> int:
        """Where it begins in the file, in characters."""
        scalar = self.anchor
        if self.offset:
            offsets = offsets_of(scalar)
            if offsets is not None:
                return scalar.text.root_start(offsets.start(self.offset))
        quotes = 1 if scalar.style in {"'", '"'} else 0
        return scalar.text.root_start(scalar.start + quotes)

    @property
    def place(self) -> FilePlace:
        """Its file, line, column and path."""
        return self.anchor.text.source.place(self.start, format_path(self.path))

    def pinned_to(self, digest: Digest) -> Splice | Unwritable:
        """Return the change that writes *digest* here, or why there can be none."""
        match self.pin:
            case Append(scalar, offset):
                return _appended(scalar, offset, digest)
            case FillKey(scalar, bare_hex, is_json):
                return _filled(scalar, digest.hex if bare_hex else str(digest), is_json=is_json)
            case Unwritable() as unwritable:
                return unwritable


# One long text may name thousands of images.
@lru_cache(maxsize=16)
def offsets_of(scalar: Scalar) -> OffsetMap | None:
    """Return where each character of a scalar's value stands in its text."""
    return map_offsets(scalar)


def format_path(path: Path) -> str:
    """Print a path as ``$.a.b[0]['odd.key']``, and ``outer >> yaml:$.inner`` inside a string."""
    parts: list[str] = []
    while path is not None:
        path, part = path
        if isinstance(part, int):
            parts.append(f"[{part}]")
        elif part.endswith("$"):
            parts.append(f" >> {part}")
        elif _PLAIN_KEY.fullmatch(part):
            parts.append(f".{part}")
        else:
            parts.append("['" + part.replace("\\", "\\\\").replace("'", "\\'") + "']")
    return "$" + "".join(reversed(parts))


def _appended(scalar: Scalar, offset: int, digest: Digest) -> Splice | Unwritable:
    if scalar.tag not in _TEXT_TAGS:
        return Unwritable("its YAML tag says that it is no text")
    if _is_bare_in_json(scalar) or _is_number_in_toml(scalar):
        return Unwritable("it is a number: write it in quotes")
    offsets = offsets_of(scalar)
    if offsets is None:
        return Unwritable("the way it is quoted or folded cannot be followed")
    position = scalar.text.root_end(offsets.end(offset))
    return Splice(position, position, f"@{digest}")


def _is_bare_in_json(scalar: Scalar) -> bool:
    """Say whether a value without quotes stands in JSON, which has none but numbers and words."""
    if scalar.style:
        return False
    content = scalar.text.content
    before = content[max(scalar.start - _LONGEST_GAP, 0) : scalar.start].rstrip()
    return before.endswith('":') and content[:_LONGEST_GAP].lstrip()[:1] in {"{", "["}


def _is_number_in_toml(scalar: Scalar) -> bool:
    is_bare = not scalar.style and scalar.text.language == "toml"
    return is_bare and _TOML_NUMBER.fullmatch(scalar.value) is not None


def _filled(scalar: Scalar, value: str, *, is_json: bool) -> Splice | Unwritable:
    text = scalar.text
    if scalar.style in {"'", '"'}:
        position = text.root_end(scalar.start + 1)
        return Splice(position, position, value)
    if scalar.style:
        return Unwritable("an empty block of text stands where the digest belongs")
    if is_json or _READ_AS_A_NUMBER.fullmatch(value):
        quote = _free_quote(scalar, is_json=is_json)
        if quote is None:
            return Unwritable("it would need quotes inside quotes inside quotes")
        value = f"{quote}{value}{quote}"
    # A key that is written "? digest" has its place elsewhere.
    before = text.content[max(scalar.start - _LONGEST_GAP, 0) : scalar.start]
    if not before.rstrip(" \t").endswith(":"):
        return Unwritable("the key has no colon that a digest could follow")
    position = text.root_end(scalar.start)
    return Splice(position, position, f" {value}" if before.endswith(":") else value)


def _free_quote(scalar: Scalar, *, is_json: bool) -> str | None:
    """Return a quotation mark that no text around the scalar is quoted with."""
    taken = set()
    outer = scalar.text.outer
    while outer is not None:
        taken.add(outer.style)
        outer = outer.text.outer
    choice = '"' if is_json or '"' not in taken else "'"
    return None if choice in taken else choice
