"""What stands beside the parts of an image, and belongs to it under another name.

{imageRegistry, repository, tag}    {registry, imageRepository, imageTag}
{host, repository, tag}             right below a key that says image
{imageRepository, tag}              {repository, imageTag}
{repository, tag, imageDigest}      {repository, tag, sha256}
{repository, tag, tagSuffix}        a digest behind the tag would not do
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from imagelock.core.reference import ImageReference
from imagelock.document.nodes import Mapping, Scalar
from imagelock.find.names import names_its_registry, remembered
from imagelock.find.visit import followed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagelock.document.nodes import Node
    from imagelock.find.parts import Parts

__all__ = ["complete", "obstacle_of"]

_REGISTRY = re.compile(
    r"(?:image|docker|container)?[_-]?registry[_-]?(?:url|uri|host|server|name|prefix)?",
    re.IGNORECASE,
)
# These say it right below a key that says image; elsewhere, a host is one that is served.
_HOSTS = frozenset(
    (*("host", "hostname", "domain", "server"), *("prefix", "imagePrefix", "repositoryPrefix"))
)
# Where a mapping stands for the registry: {name: quay.io}
_INSIDE = ("name", "host", "hostname", "url", "server")
_HOST = re.compile(
    r"(?:localhost|(?:[a-z0-9-]+\.)+[a-z0-9-]+|[a-z0-9-]+(?=:))(?::[0-9]+)?(?:/[a-z0-9._/-]*)?"
)
# Joined to the tag, by charts that have such a key.
_AFFIXES = frozenset(
    (*("tagPrefix", "tagSuffix", "tagPostfix"), *("suffix", "flavour", "flavor", "variant"))
)
# Cilium's operator: one digest for each of its variants, genericDigest, awsDigest ...
_VARIANT_DIGEST = re.compile(r"[a-z][A-Za-z]*Digest")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_NAMES = ("repository", "repo", "image", "name", "path", "url")


def complete(groups: dict[str, Parts], mapping: Mapping, *, is_image: bool, is_root: bool) -> None:
    """Give the groups of one mapping the registry, tag and digest that stand beside them."""
    _share_tag(groups, is_image=is_image)
    _share_digest(groups, mapping)
    if "" in groups:
        _call_a_host_a_registry(groups[""])
    if is_root:
        return  # what stands there is for all images: imagelock.find.context
    found = next(_registries(mapping, is_image=is_image), None)
    for group in groups.values():
        if found is not None and not group.value("registry") and _lacks_registry(group):
            group.add("registry", *found)


def _share_tag(groups: dict[str, Parts], *, is_image: bool) -> None:
    """Join what is one image in two families of keys: a name of one, the tag of the other."""
    plain = groups.get("")
    family = groups.get("image") or groups.get("Image")
    if plain is None or family is None:
        return
    if family.has("repository", "name") and not _has_end(family):
        if plain.value("tag") and not plain.has("repository", "repo", "image"):
            family.take("tag", plain)
    elif plain.value("repository") and not _has_end(plain) and not family.has(*_NAMES):
        named = ImageReference.try_parse(plain.value("repository"))
        if named is not None and (is_image or names_its_registry(named)):
            plain.take("tag", family)


def _share_digest(groups: dict[str, Parts], mapping: Mapping) -> None:
    """Take ``imageDigest`` or ``sha256`` for the digest of a repository and a tag."""
    plain = groups.get("")
    if plain is None or not plain.has("repository", "tag") or plain.has("digest", "sha"):
        return
    family = groups.get("image") or groups.get("Image")
    if family is not None and not family.has(*_NAMES):
        plain.take("digest", family)
    for key, value in mapping.pairs:
        if type(key) is Scalar and key.value == "sha256" and type(followed(value)) is Scalar:
            plain.add("sha", key, value)


def _call_a_host_a_registry(parts: Parts) -> None:
    """Take a repository that is a host, beside an image, for the registry that it is."""
    host = parts.value("repository")
    if parts.value("image") and not parts.has("registry") and "/" not in host and _is_known(host):
        parts.take("registry", parts, "repository")
        parts.drop("repository")


def _is_known(host: str) -> bool:
    return ("." in host or host.startswith("localhost")) and _HOST.fullmatch(host) is not None


def obstacle_of(parts: Parts, mapping: Mapping) -> str:
    """Say why a digest behind the tag would not reach the image, if so; empty if it would."""
    used = set(parts.scalars.values())
    for key, value in mapping.pairs:
        scalar = followed(value)
        if type(key) is not Scalar or type(scalar) is not Scalar or scalar in used:
            continue
        if scalar.is_null:
            continue
        if key.value in _AFFIXES and scalar.value not in parts.value("tag"):
            return f"'{key.value}: {scalar.value}' is joined to its tag"
        if _is_other_digest(key.value, scalar.value):
            return f"the chart takes its digest from '{key.value}'"
    return ""


def _is_other_digest(key: str, value: str) -> bool:
    is_variant = value.startswith("sha256:") and _VARIANT_DIGEST.fullmatch(key) is not None
    return is_variant or _DIGEST.fullmatch(value) is not None


def _has_end(parts: Parts) -> bool:
    return parts.has("tag", "version", "digest", "sha")


def _registries(mapping: Mapping, *, is_image: bool) -> Iterator[tuple[Scalar, Node]]:
    """Yield the keys and the values that name a registry, other than ``registry`` for the parts."""
    for key, value in mapping.pairs:
        if type(key) is not Scalar:
            continue
        if not (_names_a_registry(key.value) or (is_image and key.value in _HOSTS)):
            continue
        node = followed(value)
        inner = [node.get(name) for name in _INSIDE] if isinstance(node, Mapping) else [value]
        for place in inner:
            scalar = followed(place)
            if place is not None and type(scalar) is Scalar and _is_host(scalar):
                yield key, place


@remembered
def _names_a_registry(key: str) -> bool:
    return _REGISTRY.fullmatch(key) is not None


def _is_host(scalar: Scalar) -> bool:
    return scalar.is_templated or _HOST.fullmatch(scalar.value.strip()) is not None


def _lacks_registry(parts: Parts) -> bool:
    """Say whether a group has a name, and one that is written without its registry."""
    named = [image for name in _NAMES if (image := ImageReference.try_parse(parts.value(name)))]
    return bool(named) and not any(map(names_its_registry, named))
