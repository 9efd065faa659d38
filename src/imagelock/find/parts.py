"""Parts: the keys of one mapping that may make an image together.

{registry, repository, tag, digest}         keys that are parts by themselves
{image, imageTag}                           keys of one family
{operatorImage, operatorImageTag}           and of another
{agentRegistry, agentRepository, agentTag}  and of one that does not say image
{agentImage, agentTag}
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from imagelock.document.nodes import Node, Scalar
from imagelock.find.names import is_image_key
from imagelock.find.visit import followed

if TYPE_CHECKING:
    from imagelock.document.nodes import Mapping

__all__ = ["ADDRESSES", "DIGEST_KEYS", "NAMESPACES", "Parts", "groups_of", "is_part"]

REPOSITORY_KEYS = ("repository", "repo", "image", "name")
DIGEST_KEYS = ("digest", "sha")
# What may stand between a registry and a name.
NAMESPACES = ("namespace", "organization", "org", "project")
# What a name may be called, under a key that says image.
ADDRESSES = ("path", "url")
_PARTS = frozenset(
    (
        *("registry", "defaultRegistry", "hub", *REPOSITORY_KEYS),
        *("tag", "version", *DIGEST_KEYS, "useDigest"),
        *NAMESPACES,
        *ADDRESSES,
    )
)
# Without one of these, the others are no image; a name stands everywhere.
_TELLING = _PARTS - {
    *("name", "image", "hub", "useDigest", "defaultRegistry"),
    *NAMESPACES,
    *ADDRESSES,
}
# imageTag, image_tag, IMAGE-TAG, operatorImageRepository, worker.image.tag
_MEMBER = re.compile(
    r"(?P<stem>(?:[A-Za-z0-9_.-]*[a-z0-9_.-])?(?:image|Image|IMAGE))[_.-]?"
    r"(?P<part>registry|repository|repo|name|tag|version|digest|sha|hub)",
    re.IGNORECASE,
)
# agentRepository, agentTag
_OTHER_MEMBER = re.compile(
    r"(?P<stem>[A-Za-z0-9_-]*[a-z0-9_-])[_-]?"
    r"(?P<part>(?:Registry|Repository|Tag|Digest)|_(?:registry|repository|tag|digest))"
)
# agentImage, agent_image
_IMAGE_OF = re.compile(r"(?P<stem>[A-Za-z0-9_-]*?[a-z0-9])(?:Image|[_-]image)")
# Not an image but what other images take from; and sources, charts, packages.
_DEFAULTS = re.compile(r"^_?default[_-]?Image", re.IGNORECASE)
_NO_IMAGE = re.compile(
    r"git|chart|helm|source|module|plugin|package|docs?$|^image|^(?:tag|name|repository|registry)$",
    re.IGNORECASE,
)


class Parts(Struct, frozen=True):
    """Scalars that may make an image, by the part that each one is.

    *places* are the nodes of the same parts as they stand in the mapping, which
    may be aliases; *stem* is empty for keys that are parts by themselves, and
    *obstacle* says why a digest behind the tag would not do.
    """

    stem: str
    scalars: dict[str, Scalar]
    places: dict[str, Node]
    keys: dict[str, Scalar]
    obstacle: str = ""

    def value(self, part: str) -> str:
        """Return a part's text, empty where it is missing or null."""
        scalar = self.scalars.get(part)
        return "" if scalar is None or scalar.is_null else scalar.value.strip()

    def has(self, *parts: str) -> bool:
        """Say whether any of these parts is there, though it may be empty."""
        return any(part in self.scalars for part in parts)

    def add(self, part: str, key: Scalar, place: Node) -> None:
        """Make a scalar one of the parts."""
        scalar = followed(place)
        assert type(scalar) is Scalar  # noqa: S101  (whoever adds has looked)
        self.scalars[part], self.places[part], self.keys[part] = scalar, place, key

    def take(self, part: str, other: Parts, called: str = "") -> None:
        """Make a part of another group one of this one, if it is there."""
        if other.has(called or part):
            self.add(part, other.keys[called or part], other.places[called or part])

    def drop(self, part: str) -> None:
        """Take a scalar from the parts."""
        for kept in (self.scalars, self.places, self.keys):
            del kept[part]


def is_part(key: str) -> bool:
    """Say whether a key, by itself or with others of its family, makes a mapping interesting."""
    return key in _TELLING or _member(key) is not None


def groups_of(mapping: Mapping) -> dict[str, Parts]:
    """Return the groups of keys that may make one image each, by their stems."""
    groups: dict[str, Parts] = {}
    for key, value in mapping.pairs:
        scalar = followed(value)
        if type(key) is not Scalar or type(scalar) is not Scalar:
            continue
        if key.value in _PARTS:
            _add(groups, "", key.value, key, value)
        member = _member(key.value)
        if member:
            _add(groups, *member, key, value)
    _add_stems(groups, mapping)
    return groups


def _member(key: str) -> tuple[str, str] | None:
    """Return the stem and the part of a key that belongs to a family."""
    found = _MEMBER.fullmatch(key)
    if found:
        return None if _DEFAULTS.match(key) else (found["stem"], found["part"].lower())
    found = _OTHER_MEMBER.fullmatch(key)
    if found is None or _NO_IMAGE.search(found["stem"]):
        return None
    return found["stem"], found["part"].strip("_").lower()


def _add(groups: dict[str, Parts], stem: str, part: str, key: Scalar, value: Node) -> None:
    groups.setdefault(stem, Parts(stem, {}, {}, {})).add(part, key, value)


def _add_stems(groups: dict[str, Parts], mapping: Mapping) -> None:
    """Let the key that a family is named for, or that says its image, be its ``image``."""
    stems = groups.keys() - {""}
    for key, value in mapping.pairs if stems else ():
        if type(key) is not Scalar or type(followed(value)) is not Scalar:
            continue
        if key.value in stems:
            _add(groups, key.value, "image", key, value)
        elif (stem := _stem_of_an_image(key.value)) in stems:
            _add_image(groups[stem], key, value)


def _stem_of_an_image(key: str) -> str:
    """Return ``agent`` of ``agentImage`` and ``agent_image``; empty where there is none."""
    found = _IMAGE_OF.fullmatch(key)
    return found["stem"] if found and is_image_key(key) else ""


def _add_image(group: Parts, key: Scalar, value: Node) -> None:
    """Add ``agentImage`` beside ``agentTag``, if it has no tag of its own."""
    image = followed(value)
    assert type(image) is Scalar  # noqa: S101  (whoever adds has looked)
    if group.has("repository", "name", "image") or not group.value("tag"):
        return
    if ":" not in image.value.rpartition("/")[2]:
        group.add("image", key, value)
