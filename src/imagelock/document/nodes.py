"""Mapping, Sequence, Scalar, Alias: a document with the place of every node.

A node's offsets count characters of the `Text` that it stands in. A text may
itself be the value of a scalar (YAML in a string, at any depth): `Text.outer`
leads outwards, and `Scalar.root_offset` all the way to the file.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from imagelock.core.place import Source
    from imagelock.document.scalar import OffsetMap

__all__ = ["Alias", "KeyBits", "Mapping", "Node", "Scalar", "Sequence", "Text", "is_template"]


class KeyBits(dict[str, int]):
    """What the keys of mappings tell a reader, as bits, so that it need not look at every node.

    A mapping is *dull* if none of the keys in it, at any depth, has one of the
    bits in *telling*, and no scalar in it has a colon, a bracket or the word IMAGE:
    no image ID with a tag, no document and no variable of an image is in it then.
    What has an anchor is never dull, since it may be repeated where it counts.
    """

    telling: int

    def __missing__(self, key: str) -> int:
        """Return the bits of a key that was not met before."""
        raise NotImplementedError


class Text:
    """A text with YAML in it: a file's, or the value of a scalar.

    Attributes:
        content: What the parser reads. Templates are masked in it, at the same
            length, so its offsets are those of the text that was written.
        source: The file that it is in.
        outer: The scalar that holds it; ``None`` for the file's own text.
        offsets: Where its characters stand in the outer text.
        language: How a path names it: ``yaml``, ``json``.
        maps: Where the characters of its scalars stand, by their start, as far as asked.
        key_bits: What its keys tell; without them, nothing in it counts as dull.
        has_templates: Whether a template may stand in the file.
    """

    __slots__ = (
        *("content", "has_templates", "key_bits", "language", "maps", "offsets", "outer"),
        "source",
    )

    def __init__(  # noqa: PLR0913  (they are its attributes)
        self,
        content: str,
        source: Source,
        outer: Scalar | None = None,
        offsets: OffsetMap | None = None,
        language: str = "yaml",
        key_bits: KeyBits | None = None,
        *,
        has_templates: bool = True,
    ) -> None:
        self.content = content
        self.source = source
        self.outer = outer
        self.offsets = offsets
        self.language = language
        self.maps: dict[int, OffsetMap | None] = {}
        self.key_bits: KeyBits | None = outer.text.key_bits if outer else key_bits
        self.has_templates: bool = outer.text.has_templates if outer else has_templates

    def root_start(self, offset: int) -> int:
        """Return where in the file the character at *offset* begins."""
        if self.outer is None or self.offsets is None:
            return offset
        return self.outer.text.root_start(self.offsets.start(offset))

    def root_end(self, offset: int) -> int:
        """Return where in the file the character before *offset* ends."""
        if self.outer is None or self.offsets is None:
            return offset
        return self.outer.text.root_end(self.offsets.end(offset))


class Scalar(Struct, frozen=True, gc=False, eq=False):
    """A value that is one text; *style* is ``""`` (plain), ``'``, ``"``, ``|`` or ``>``.

    From *start* to *end* it stands in *text*, with its quotes and without its
    anchor or tag.
    """

    value: str
    start: int
    end: int
    style: str
    text: Text
    anchor: str | None = None
    tag: str | None = None

    @property
    def raw(self) -> str:
        """The scalar as the parser read it, with quotes and escapes."""
        return self.text.content[self.start : self.end]

    @property
    def is_null(self) -> bool:
        """Whether YAML reads it as nothing."""
        return self.style == "" and self.value in _NULLS

    @property
    def is_templated(self) -> bool:
        """Whether a template or a variable stands in it, so that its value is not known."""
        if not self.text.has_templates:
            return is_template(self.value)
        start, end = self.text.root_start(self.start), self.text.root_end(self.end)
        return is_template(self.text.source.text[start:end])


class Alias(Struct, frozen=True, gc=False, eq=False):
    """A place that repeats an anchored node."""

    target: Scalar | Mapping | Sequence
    start: int
    end: int


class Mapping(Struct, frozen=True, gc=False, eq=False):
    """Keys and values in their order; a key may stand twice, in branches of a template.

    *bits* are those of its own keys, -1 where nobody has looked; see `KeyBits`.
    """

    pairs: tuple[tuple[Node, Node], ...]
    start: int
    anchor: str | None = None
    bits: int = -1
    is_dull: bool = False

    def get(self, key: str) -> Node | None:
        """Return the last value of *key*, aliases followed, or ``None``."""
        for name, value in reversed(self.pairs):
            if type(name) is Scalar and name.value == key:
                return value.target if type(value) is Alias else value
        return None

    def text_of(self, key: str) -> str | None:
        """Return the text of the scalar under *key*, or ``None`` where there is none."""
        value = self.get(key)
        return value.value if type(value) is Scalar else None


class Sequence(Struct, frozen=True, gc=False, eq=False):
    """Values in their order."""

    items: tuple[Node, ...]
    start: int
    anchor: str | None = None
    is_dull: bool = False


Node = Scalar | Mapping | Sequence | Alias

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_VARIABLE = re.compile(r"\$(?:[A-Za-z_]|\{[A-Za-z_]|\([A-Za-z_])")


def is_template(written: str) -> bool:
    """Say whether others put something else in the place of a text, or of a part of it.

    That is ``{{ … }}``, ``{% … %}``, and the variables of Flux, Kustomize and
    shells: ``${TAG}``, ``$(TAG)``, ``$TAG``.
    """
    if "{{" in written or "{%" in written:
        return True
    return "$" in written and _VARIABLE.search(written) is not None
