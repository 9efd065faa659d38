"""Visit: what a finder is told about the document that it looks at."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from imagelock.core.lock import Lock
from imagelock.core.reference import ImageReference
from imagelock.document.nodes import Alias, Mapping, Node, Scalar
from imagelock.find.site import Append, Path, Pin, Problem, Site, Unwritable

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Knowledge", "Layer", "Visit", "followed", "is_typed", "scalar_under"]

_NUMBER = re.compile(r"[-+]?[0-9][0-9_.,]*(?:e[-+]?[0-9]+)?", re.IGNORECASE)
_BOOLEANS = frozenset({"true", "false", "yes", "no", "on", "off"})


class Knowledge(Struct, frozen=True):
    """What finding needs to know: the lock, and the key paths of the configuration."""

    lock: Lock
    find_keys: tuple[str, ...] = ()
    forbid_keys: tuple[str, ...] = ()


class Layer(Struct, frozen=True):
    """A document that a finder met inside another one, or a view that it made of several."""

    root: Node
    path: Path


class Visit:
    """One document while it is walked.

    Attributes:
        knowledge: The lock and the configured key paths.
        defaults: What the values' ``global`` says of images: ``registry``, ``tag``.
        templated: How many places name an image by a template.
    """

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge
        self.defaults: dict[str, str] = {}
        self.templated = 0
        self.namespace: str | None = None
        self._claimed: set[int] = set()
        self._replaced: set[int] = set()
        self._paths: dict[int, Path] = {}

    @property
    def lock(self) -> Lock:
        """The lock."""
        return self.knowledge.lock

    def is_claimed(self, scalar: Scalar) -> bool:
        """Say whether a finder has already spoken about this scalar."""
        return id(scalar) in self._claimed

    def claim(self, *scalars: Scalar) -> None:
        """Keep other finders from speaking about these scalars."""
        self._claimed.update(map(id, scalars))

    def replace(self, *nodes: Node) -> None:
        """Keep the walk from these nodes: a view of them is walked instead."""
        self._replaced.update(map(id, nodes))

    def is_replaced(self, node: Node) -> bool:
        """Say whether a view of this node is walked instead of it."""
        return id(node) in self._replaced

    def move(self, scalar: Scalar, path: Path) -> None:
        """Remember where a scalar really stands, where a view of layers shows it elsewhere."""
        self._paths[id(scalar)] = path

    def path_of(self, scalar: Scalar, path: Path) -> Path:
        """Return the path of a scalar that a finder met at *path*."""
        return self._paths.get(id(scalar), path)

    def image_at(
        self,
        node: Node | None,
        path: Path,
        found_by: str,
        *,
        looks_right: Callable[[ImageReference], bool] | None = None,
    ) -> Site | None:
        """Make the site of a scalar whose whole text names an image, and claim it.

        ``None`` where it names none: what is nothing, a template or an alias
        (whose anchor is met at its own place), and what *looks_right* refuses.
        """
        if type(node) is not Scalar or self.is_claimed(node) or node.is_null:
            return None
        if node.is_templated:
            self.claim(node)
            self.templated += 1
            return None
        name = node.value.strip()
        image = ImageReference.try_parse(name)
        if looks_right is not None and (image is None or not looks_right(image)):
            return None
        if is_typed(node):
            return None
        self.claim(node)
        return self.site(node, image, path, found_by, text=name)

    def site(  # noqa: PLR0913  (they are the fields of a site)
        self,
        scalar: Scalar,
        image: ImageReference | None,
        path: Path,
        found_by: str,
        *,
        text: str = "",
        pin: Pin | None = None,
        problem: Problem | None = None,
        offset: int = 0,
    ) -> Site:
        """Make a site; without *pin*, the digest is appended to the scalar's text."""
        if image is None and problem is None:
            problem = Problem("not-a-reference", f"'{text}' is not an image ID")
            pin = Unwritable("it is no image ID")
        if pin is None:
            lead = len(scalar.value) - len(scalar.value.lstrip())
            pin = Append(scalar, lead + len(text or scalar.value.strip()))
        return Site(
            image=image,
            text=text or scalar.value.strip(),
            anchor=scalar,
            path=self.path_of(scalar, path),
            found_by=found_by,
            pin=pin,
            problem=problem,
            namespace=self.namespace,
            offset=offset,
        )


def is_typed(scalar: Scalar) -> bool:
    """Say whether YAML reads a scalar as a boolean or a number rather than as text."""
    if scalar.style:
        return False
    return scalar.value.lower() in _BOOLEANS or _NUMBER.fullmatch(scalar.value) is not None


def followed(node: Node | None) -> Node | None:
    """Return what an alias repeats, and any other node as it is."""
    return node.target if type(node) is Alias else node


def scalar_under(mapping: Mapping, key: str) -> Scalar | None:
    """Return the scalar under a key, if a scalar stands there."""
    value = mapping.get(key)
    return value if type(value) is Scalar else None
