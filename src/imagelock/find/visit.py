"""Visit: what a finder is told about the document that it looks at."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from imagelock.core.lock import Lock
from imagelock.core.reference import ImageReference
from imagelock.document.nodes import Alias, Mapping, Node, Scalar, is_template
from imagelock.find.context import NO_CONTEXT, context_of
from imagelock.find.site import Append, Path, Pin, Problem, Site, Unwritable
from imagelock.find.tokens import Token, default_of, tokens, touches_a_template

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from imagelock.core.place import Source
    from imagelock.find.context import Context

__all__ = [
    "Knowledge",
    "Layer",
    "Visit",
    "followed",
    "is_typed",
    "optional",
    "scalar_under",
    "value_under",
]

_NUMBER = re.compile(r"[-+]?[0-9][0-9_.,]*(?:e[-+]?[0-9]+)?", re.IGNORECASE)
# --destination={{inputs.parameters.image}}, type=image,name=…, push $(params.IMAGE)
_PUSHED = re.compile(
    r"(?:type=image,|--destination\b|\bpush\b)[^\n]{0,200}?"
    r"(?:\{\{=?|\$\()[ ]?(?:[a-z]{1,20}\.)?param(?:eter)?s\.([A-Za-z0-9_-]+)"
)
_BOOLEANS = frozenset({"true", "false", "yes", "no", "on", "off"})


class Knowledge(Struct, frozen=True):
    """What finding needs to know: the lock, and the key paths of the configuration.

    *replaced* are the images of this file that a kustomization replaces
    (`imagelock.find.placeholders`), *unsafe* the values of this file that its
    chart uses for more than the image (`imagelock.find.charts`).
    """

    lock: Lock
    find_keys: tuple[str, ...] = ()
    forbid_keys: tuple[str, ...] = ()
    replaced: dict[str, str] = {}
    unsafe: dict[str, str] = {}


class Layer(Struct, frozen=True):
    """A document that a finder met inside another one, or a view that it made of several."""

    root: Node
    path: Path


class Visit:
    """One document while it is walked, with the documents inside it.

    Attributes:
        knowledge: The lock and the configured key paths.
        context: What the document that is walked says of all its images.
        namespace: Where the object that is walked will run, if it says so.
        templated: How many places name an image by a template.
        used: The places that a finder has read an image, or a part of one, from:
            a scalar at its own place, or an alias of one.
        completed: The repositories that have found their tag.
        roots: What was parsed, for whoever asks where the aliases of an anchor are.
        left_out: What is no input, and was not walked.
        others: Sites beside one that a finder was given, in the same scalar.
    """

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge
        self.context = NO_CONTEXT
        self.templated = 0
        self.namespace: str | None = None
        self._pushed: tuple[Source, frozenset[str]] | None = None
        self.forget()

    def forget(self) -> None:
        """Begin with the next document of a stream."""
        # Nodes, not their ids: an id is given again once a tree is gone.
        self._wholes: set[Scalar] = set()
        self._parts: set[Scalar] = set()
        self._mappings: set[Mapping] = set()
        self._together: set[tuple[Scalar, ...]] = set()
        self._replaced: set[Node] = set()
        self._paths: dict[Scalar, Path] = {}
        self._contexts: dict[int, tuple[Path, Context]] = {}
        self.used: set[Node] = set()
        self.completed: set[Scalar] = set()
        self.roots: list[Node] = []
        self.left_out: list[Node] = []
        self.others: list[Site] = []

    @property
    def lock(self) -> Lock:
        """The lock."""
        return self.knowledge.lock

    def is_claimed(self, scalar: Scalar) -> bool:
        """Say whether a finder has already spoken about this scalar."""
        return scalar in self._wholes or scalar in self._parts

    def is_whole(self, scalar: Scalar) -> bool:
        """Say whether a finder has spoken about this scalar alone: it is no part of an image."""
        return scalar in self._wholes

    def claim(self, *scalars: Scalar) -> None:
        """Keep other finders from speaking about these scalars."""
        self._wholes.update(scalars)

    def claim_parts(self, scalars: tuple[Scalar, ...], places: Iterable[Node]) -> bool:
        """Claim the parts of one image, and say whether it is told for the first time.

        A part may be shared with other images, as an anchored tag is.
        """
        self.used.update(places)
        is_new = scalars not in self._together
        self._together.add(scalars)
        self._parts.update(scalars)
        return is_new

    def speak_of(self, mapping: Mapping) -> None:
        """Keep other finders from reading the keys of a mapping as parts of an image."""
        self._mappings.add(mapping)

    def has_spoken_of(self, mapping: Mapping) -> bool:
        """Say whether a finder has read all of a mapping."""
        return mapping in self._mappings

    def replace(self, *nodes: Node) -> None:
        """Keep the walk from these nodes: a view of them is walked instead."""
        self._replaced.update(nodes)

    def is_replaced(self, node: Node) -> bool:
        """Say whether a view of this node is walked instead of it."""
        return node in self._replaced

    def hold(self, roots: Iterable[Node], written: str) -> None:
        """Keep what was parsed of a text, unless nothing in it can repeat an anchor."""
        if "&" in written:
            self.roots += roots

    def move(self, scalar: Scalar, path: Path) -> None:
        """Remember where a scalar really stands, where a view of layers shows it elsewhere."""
        self._paths[scalar] = path

    def enter_values(self, mapping: Mapping, path: Path) -> None:
        """Remember what a subchart's values, or those inside an object, say of all their images."""
        self._contexts[id(path)] = path, context_of(mapping, self.context_at(path))

    def context_at(self, path: Path) -> Context:
        """Return what the values around a place say of all their images."""
        while self._contexts and path is not None and not _is_embedded(path):
            known = self._contexts.get(id(path))
            if known is not None:
                return known[1]
            path = path[0]
        return self.context

    def pushed_parameters(self, source: Source) -> frozenset[str]:
        """Return the parameters that a build of this file pushes to, wherever it does."""
        if self._pushed is None or self._pushed[0] is not source:
            self._pushed = source, frozenset(_PUSHED.findall(source.text))
        return self._pushed[1]

    def path_of(self, scalar: Scalar, path: Path) -> Path:
        """Return the path of a scalar that a finder met at *path*."""
        return self._paths.get(scalar, path)

    def image_at(
        self,
        node: Node | None,
        path: Path,
        found_by: str,
        *,
        looks_right: Callable[[ImageReference], bool] | None = None,
    ) -> Site | None:
        """Make the site of a scalar whose whole text names an image, and claim it.

        ``None`` where it names none: what is nothing or a template, what
        *looks_right* refuses, and an alias of what has its site already.
        """
        scalar = followed(node)
        if node is None or type(scalar) is not Scalar or scalar.is_null:
            return None
        name = scalar.value.strip()
        start = len(scalar.value) - len(scalar.value.lstrip())
        if touches_a_template(scalar, start, start + len(name)):
            return self._in_branches(scalar, path, found_by, looks_right)
        image = ImageReference.try_parse(name)
        if image is None and is_template(name):
            return self._default_of_a_variable(scalar, path, found_by, looks_right)
        looks_wrong = looks_right is not None and (image is None or not looks_right(image))
        if looks_wrong or is_typed(scalar):
            return None
        self.used.add(node)
        if self.is_claimed(scalar):
            return None
        self.claim(scalar)
        return self.site(scalar, image, path, found_by, text=name)

    def _default_of_a_variable(
        self,
        scalar: Scalar,
        path: Path,
        found_by: str,
        looks_right: Callable[[ImageReference], bool] | None,
    ) -> Site | None:
        """Make the site of ``${IMAGE:-<image ID>}``: the image ID is a literal."""
        if self.is_claimed(scalar):
            return None
        self.claim(scalar)
        token = next(tokens(scalar), None) or default_of(scalar)
        if token is None or (looks_right is not None and not looks_right(token.image)):
            self.templated += 1
            return None
        return self._site_of(token, scalar, path, found_by)

    def _in_branches(
        self,
        scalar: Scalar,
        path: Path,
        found_by: str,
        looks_right: Callable[[ImageReference], bool] | None,
    ) -> Site | None:
        """Make the sites of ``{{ if … }}<image ID>{{ else }}<image ID>{{ end }}``, the first one.

        The others are kept in *others*. What else stands there is told as templated.
        """
        if self.is_claimed(scalar):
            return None
        self.claim(scalar)
        literals = [
            token for token in tokens(scalar) if not looks_right or looks_right(token.image)
        ]
        rest = scalar.value
        for token in reversed(literals):
            rest = rest[: token.start] + rest[token.end :]
        # In the value, what steers is blank, and any other template is made of this letter.
        rest = "".join(rest.split())
        self.templated += bool(rest) or not literals
        if rest.strip("x"):
            return None
        sites = [self._site_of(token, scalar, path, found_by) for token in literals]
        self.others += sites[1:]
        return sites[0] if sites else None

    def _site_of(self, token: Token, scalar: Scalar, path: Path, found_by: str) -> Site:
        image, pin = token.image, Append(scalar, token.end)
        return self.site(
            scalar, image, path, found_by, text=image.text, pin=pin, offset=token.start
        )

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
        parts: tuple[Scalar, ...] = (),
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
            parts=parts,
        )


def _is_embedded(path: tuple[Path, str | int]) -> bool:
    """Say whether a place is the root of a text inside a text, which has its own context."""
    return isinstance(path[1], str) and path[1].endswith(":$")


def is_typed(scalar: Scalar) -> bool:
    """Say whether YAML reads a scalar as a boolean or a number rather than as text."""
    if scalar.style:
        return False
    return scalar.value.lower() in _BOOLEANS or _NUMBER.fullmatch(scalar.value) is not None


def followed(node: Node | None) -> Node | None:
    """Return what an alias repeats, and any other node as it is."""
    return node.target if type(node) is Alias else node


def optional(site: Site | None) -> tuple[Site, ...]:
    """Return the site that there is, or none."""
    return () if site is None else (site,)


def value_under(mapping: Mapping, key: str) -> Node | None:
    """Return what stands under a key: the last of several, and an alias as it is."""
    for name, value in reversed(mapping.pairs):
        if type(name) is Scalar and name.value == key:
            return value
    return None


def scalar_under(mapping: Mapping, key: str) -> Scalar | None:
    """Return the scalar under a key, if a scalar stands there, aliases followed."""
    value = followed(value_under(mapping, key))
    return value if type(value) is Scalar else None
