"""One image spread over registry, repository, tag and digest."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from imagelock.core.grammar import DIGEST_HEX_DIGITS
from imagelock.core.lock import Ambiguous, Found, Missing
from imagelock.core.reference import ImageReference
from imagelock.document.nodes import Mapping, Scalar
from imagelock.find.beside import complete, obstacle_of
from imagelock.find.joins import is_said_twice, ways_of
from imagelock.find.parts import DIGEST_KEYS, Parts, groups_of, is_part
from imagelock.find.site import Append, FillKey, Path, Pin, Problem, Unwritable
from imagelock.find.visit import is_typed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagelock.core.reference import Digest
    from imagelock.find.context import Context
    from imagelock.find.joins import Way
    from imagelock.find.site import Site
    from imagelock.find.visit import Visit

NAME = "split"

_IMAGE_KEY = re.compile(r"(?:^|[_.-])images?$|[a-z0-9]Images?$", re.IGNORECASE)
_MACHINE_IMAGE = re.compile(r"(?:machine|vm|ami|disk)[_-]?images?", re.IGNORECASE)
# Beside these, a repository is one of sources, charts or packages.
_NO_IMAGE_BESIDE = frozenset(("owner", "branch", "chart", "revision", "targetRevision"))
# Under these, too, and at these hosts.
_SOURCE_KEY = re.compile(
    r"(?:git|helm|chart|source|module|plugin|package)s?(?:[rR]ef|[sS]ource|[rR]epo(?:sitory)?)?"
)
_SOURCE_HOST = re.compile(r"(?:github|gitlab|bitbucket)\.(?:com|org)/")
# Beside these, a registry is one to log in to, or one of charts.
_ACCOUNT = ("username", "password", "secretName", "existingSecret", "insecure", "url", "version")
# Below an image, these describe it.
_NO_IMAGES = frozenset(("annotations", "labels", "metadata", "os"))
# A name that is a registry's alone: to be joined to names that stand elsewhere.
_HOST = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}")


class _Reading(Struct, frozen=True):
    """One way to read the parts: the image, and which parts say its name and its tag."""

    image: ImageReference
    names: tuple[str, ...]
    tag: str


def wants(key: str) -> bool:
    """Say whether a mapping with this key is of interest."""
    return is_part(key) or key == "global"


def find(mapping: Mapping, path: Path, visit: Visit) -> Iterator[Site]:
    """Find the images that the keys of one mapping make together."""
    if mapping.get("global") is not None and path is not None:
        visit.enter_values(mapping, path)
    if visit.has_spoken_of(mapping):
        return
    is_image_key = (
        names_an_image(path)
        or _is_one_of_images(mapping, path)
        or (
            mapping.text_of("repository") is not None
            and (_is_below_images(path) or _spells_its_registry(mapping, path, visit))
        )
    )
    groups = groups_of(mapping)
    complete(groups, mapping, is_image=names_an_image(path), is_root=path is None)
    for parts in groups.values():
        if any(visit.is_whole(scalar) for scalar in parts.scalars.values()):
            continue
        if not is_image_key and not parts.stem and _is_source(mapping, path):
            continue
        if not parts.stem and parts.has("tag"):
            parts = replace(parts, obstacle=obstacle_of(parts, mapping))  # noqa: PLW2901
        site = _found(parts, path, visit, is_image_key=is_image_key or bool(parts.stem))
        if site is not None:
            yield site


def names_an_image(path: Path) -> bool:
    """Say whether a place is under a key that names an image, or in a list under one."""
    while path is not None and isinstance(path[1], int):
        path = path[0]
    if path is None or not isinstance(path[1], str) or _MACHINE_IMAGE.match(path[1]):
        return False
    if path[0] is not None and path[0][1] == "machine":  # Gardener's: the system that it boots
        return False
    return bool(_IMAGE_KEY.search(path[1]))


def _is_below_images(path: Path) -> bool:
    """Say whether a place is one or two keys below ``image`` or ``images``."""
    for _ in range(3):
        if path is None:
            return False
        path, part = path
        if part in {"image", "images"}:
            return True
    return False


def _is_one_of_images(mapping: Mapping, path: Path) -> bool:
    """Say whether a name with a tag stands right below a key that says image or images."""
    if path is None or not isinstance(path[1], str) or not names_an_image(path[0]):
        return False
    if path[1] in _NO_IMAGES or _is_source(mapping, path):
        return False
    has_name = any(mapping.text_of(key) for key in ("name", "repo"))
    return has_name and bool(mapping.text_of("tag"))


def _spells_its_registry(mapping: Mapping, path: Path, visit: Visit) -> bool:
    """Say whether values have a registry and a repository, and nothing that says for what else."""
    if not _HOST.fullmatch(mapping.text_of("registry") or "") or _is_source(mapping, path):
        return False
    if any(mapping.get(key) is not None for key in _ACCOUNT):
        return False
    return visit.context_at(path).is_values


def _is_source(mapping: Mapping, path: Path) -> bool:
    if path is not None and _SOURCE_KEY.fullmatch(str(path[1])):
        return True
    if _SOURCE_HOST.match(mapping.text_of("repository") or ""):
        return True
    return any(type(key) is Scalar and key.value in _NO_IMAGE_BESIDE for key, _ in mapping.pairs)


def _found(parts: Parts, path: Path, visit: Visit, *, is_image_key: bool) -> Site | None:
    ways = list(ways_of(parts, is_image_key=is_image_key))
    if not ways:
        return _lone_tag(parts, path, visit) if is_image_key and not parts.stem else None
    if any(scalar.is_templated for scalar in parts.scalars.values()):
        visit.claim(*parts.scalars.values())
        visit.templated += 1
        return None
    readings = [reading for way in ways for reading in _read(parts, *way, path, visit)]
    if not readings:
        return _no_reference(parts, ways[0], path, visit) if is_image_key else None
    return _site(parts, readings, path, visit)


def _read(
    parts: Parts, names: tuple[str, ...], tag: str, path: Path, visit: Visit
) -> Iterator[_Reading]:
    if is_typed(parts.scalars[names[-1]]):
        return
    name = "/".join(parts.value(part) for part in names)
    if _HOST.fullmatch(name):
        return
    context = visit.context_at(path)
    prefixes = _prefixes(parts, name, context)
    if name.startswith("/"):
        own = parts.value("registry")
        prefixes = (own,) if own else (context.base,) if context.base else ()
        name = name[1:]
    for prefix in prefixes:
        full = f"{prefix.rstrip('/')}/{name.lstrip('/')}" if prefix else name
        if ImageReference.try_parse(full) is not None:
            image = ImageReference.try_parse(_with_end(full, parts, tag))
            if image is not None:
                yield _Reading(image, names, tag)


def _prefixes(parts: Parts, name: str, context: Context) -> tuple[str, ...]:
    """Return the registries that may stand before a name, the most likely first.

    A chart's global registry replaces the image's own in some charts, and stands
    in for a missing one in others.
    """
    own = parts.value("registry") or parts.value("defaultRegistry")
    if own and name.startswith(f"{own.rstrip('/')}/"):
        return ("",)
    if not own and parts.has("image"):
        own = parts.value("hub")
    shared = context.registry
    if not shared:
        return (own,)
    named = ImageReference.try_parse(name)
    if not own and named is not None and named.repository.registry in name:
        return ("", shared)
    return tuple(dict.fromkeys((shared, own) if context.replaces or not own else (own, shared)))


def _with_end(name: str, parts: Parts, tag: str) -> str:
    end = parts.value(tag)
    if end.startswith("sha256:"):
        # NVIDIA's operators, and others, join a digest with "@".
        return f"{name}@{end}"
    text = f"{name}:{end}" if end else name
    digest = _digest(parts)
    return f"{text}@{digest}" if digest and "@" not in text else text


def _digest(parts: Parts) -> str:
    digest, hex_digits = parts.value("digest"), parts.value("sha")
    if not digest and len(hex_digits) == DIGEST_HEX_DIGITS["sha256"]:
        return f"sha256:{hex_digits}"
    return digest or hex_digits


def _site(parts: Parts, readings: list[_Reading], path: Path, visit: Visit) -> Site | None:
    reading, others = _chosen(readings, visit)
    used = _used(parts, reading)
    scalars = tuple(parts.scalars[part] for part in used)
    if reading.image.tag is not None or reading.image.is_pinned:
        visit.completed.add(parts.scalars[reading.names[-1]])
    if not visit.claim_parts(scalars, [parts.places[part] for part in used]):
        return None
    pin = Unwritable(f"the lock has {others}, and either may be meant") if others else None
    return visit.site(
        parts.scalars[reading.names[-1]],
        reading.image,
        (path, parts.keys[reading.names[-1]].value) if parts.stem else path,
        NAME,
        text=reading.image.text,
        pin=pin or _pin(parts, reading),
        problem=_problem(parts, reading, visit.context_at(path)),
        parts=scalars,
    )


def _chosen(readings: list[_Reading], visit: Visit) -> tuple[_Reading, str]:
    """Return the reading that the lock knows, and what else it knows if that is not one digest.

    Which reading the chart has in mind cannot be seen here.
    """
    known: dict[Digest, _Reading] = {}
    for reading in readings:
        match visit.lock.match(reading.image):
            case Found(digest=digest) | Ambiguous(digest=digest):
                known.setdefault(digest, reading)
            case Missing():
                pass
    if readings[0].image.is_pinned:
        return next((r for r in readings if visit.lock.allows(r.image)), readings[0]), ""
    if not known:
        return readings[0], ""
    first, *rest = known.values()
    both = " and ".join(f"'{reading.image}'" for reading in (first, *rest))
    return first, both if rest else ""


def _used(parts: Parts, reading: _Reading) -> list[str]:
    names = reading.names
    if is_said_twice(parts):
        names = ("image", *names)
    wanted = ("registry", "defaultRegistry", "hub", *names, reading.tag, *DIGEST_KEYS)
    return [part for part in dict.fromkeys(wanted) if part in parts.scalars]


def _pin(parts: Parts, reading: _Reading) -> Pin:
    for part in DIGEST_KEYS:
        scalar = parts.scalars.get(part)
        if scalar is not None and not scalar.value and not _is_no_digest(parts, reading):
            return FillKey(scalar, bare_hex=part == "sha", is_json=parts.keys[part].style == '"')
    if parts.obstacle:
        return Unwritable(parts.obstacle)
    tag = parts.scalars.get(reading.tag)
    if tag is not None and parts.value(reading.tag):
        return Append(tag, len(tag.value.rstrip()))
    if reading.image.tag is not None:
        name = parts.scalars[reading.names[-1]]
        return Append(name, len(name.value.rstrip()))
    return Unwritable("its tag is elsewhere")


def _is_no_digest(parts: Parts, reading: _Reading) -> bool:
    """Say whether the chart leaves the digest aside (Cilium's ``useDigest``), or means another.

    Kiali's ``image_digest`` is the algorithm of an ``image_version`` that is a digest.
    """
    is_algorithm = bool(parts.stem) and reading.tag == "version"
    return is_algorithm or parts.value("useDigest").lower() == "false"


def _problem(parts: Parts, reading: _Reading, context: Context) -> Problem | None:
    image = reading.image
    if image.tag is not None or image.is_pinned:
        return None
    default = context.tag
    where = (
        f"the tag '{default}' stands in 'global'"
        if default
        else "its tag is empty here"
        if parts.has(reading.tag)
        else "no tag stands beside it"
    )
    return Problem("tag-elsewhere", f"'{image}' cannot be pinned: {where}")


def _no_reference(parts: Parts, way: Way, path: Path, visit: Visit) -> Site | None:
    """Tell of parts that make no image ID, such as a tag that something else replaces."""
    names, tag = way
    if is_typed(parts.scalars[names[-1]]):
        return None
    name = "/".join(parts.value(part) for part in names)
    is_path = name.startswith("/")
    if ImageReference.try_parse(name[is_path:]) is None or not parts.value(tag) + _digest(parts):
        return None
    if is_path or _HOST.fullmatch(name):
        return _lone_tag(parts, path, visit)
    visit.claim(*(parts.scalars[part] for part in (*names, tag) if part in parts.scalars))
    text = _with_end(name, parts, tag)
    return visit.site(parts.scalars[names[-1]], None, path, NAME, text=text)


def _lone_tag(parts: Parts, path: Path, visit: Visit) -> Site | None:
    """Tell of a tag whose repository is named elsewhere."""
    scalar = parts.scalars.get("tag")
    if scalar is None or not parts.value("tag") or scalar.is_templated:
        return None
    if parts.value("digest") or parts.value("sha") or "@" in scalar.value:
        return None
    if not visit.claim_parts((scalar,), (parts.places["tag"],)):
        return None
    return visit.site(
        scalar,
        None,
        (path, "tag"),
        NAME,
        text=scalar.value,
        pin=Unwritable("its repository is elsewhere"),
        problem=Problem(
            "repository-elsewhere",
            f"the tag '{scalar.value}' is set here, and the repository that it belongs to is not",
        ),
        parts=(scalar,),
    )
