"""One walk; the finders in their order; one site per span."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from msgspec import Struct

from imagelock.document.compose import is_dull_text
from imagelock.document.nodes import Alias, KeyBits, Mapping, Node, Scalar, Sequence
from imagelock.document.yaml import BrokenYamlError, chunks, file_text, parse
from imagelock.find import (
    argo,
    arguments,
    configured,
    decoys,
    embedded,
    key,
    kustomize,
    locked,
    openshift,
    parameters,
    patches,
    position,
    split,
)
from imagelock.find.context import context_of
from imagelock.find.merged import MERGE_KEY, merged
from imagelock.find.namespace import namespace_of
from imagelock.find.shared import settled
from imagelock.find.site import Path, Site
from imagelock.find.visit import Knowledge, Layer, Visit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from imagelock.core.place import Source
    from imagelock.document.nodes import Text
    from imagelock.document.yaml import Chunk

__all__ = ["FoundSites", "Knowledge", "Unread", "find_sites"]

# In this order, so that what is certain by its position is not told by its key.
_FINDERS = (
    argo,
    kustomize,
    position,
    openshift,
    patches,
    split,
    arguments,
    parameters,
    key,
)
_SPLIT = 1 << _FINDERS.index(split)
_LONGEST_KEY = 512  # characters: annotations' keys have at most 317
_LONG = 1_000_000  # characters: a list of objects of that size is read in pieces
_ITEMS = (None, "items")
_MOST_KEYS = 16_384  # that are remembered
_SMALL = 65_536  # characters: parsing them takes a few milliseconds
_NOTHING: frozenset[str] = frozenset()
_DECOY = 1 << len(_FINDERS)
_ALL_FINDERS = _DECOY - 1
_OBJECT = _DECOY << 1
_MERGES = _OBJECT << 1
_VARIABLE = _MERGES << 1  # many have a value, and few of these name an image


class Unread(Struct, frozen=True):
    """A part of a file that could not be parsed, and where parsing stopped."""

    problem: str
    offset: int


class FoundSites(Struct, frozen=True):
    """The sites of one file in their order, and what was not read.

    *templated* counts the places that name an image by a template: which one
    cannot be seen before it is rendered. *forbidden* counts the sites that the
    configuration says are none.
    """

    sites: tuple[Site, ...]
    unread: tuple[Unread, ...]
    templated: int
    forbidden: int


def find_sites(source: Source, knowledge: Knowledge) -> FoundSites:
    """Find every place of a text that names an image, by the rules of DESIGN §5."""
    # A key of the configuration may lead anywhere, so all is walked.
    text = file_text(source, None if knowledge.find_keys else _KEY_BITS)
    walk = _Walk(knowledge)
    unread: list[Unread] = []
    for chunk in _worth_parsing(text, knowledge):
        try:
            walk.chunk(text, chunk)
        except BrokenYamlError as error:
            from imagelock.find import lines

            unread.append(Unread(error.problem, error.offset))
            walk.sites += lines.find_literals(text, chunk, walk.visit)
    allowed = [
        _with_others(site, knowledge)
        for site in walk.sites
        if not configured.is_named(site.path, knowledge.forbid_keys)
    ]
    return FoundSites(
        sites=tuple(sorted(allowed, key=lambda site: site.start)),
        unread=tuple(unread),
        templated=walk.visit.templated,
        forbidden=len(walk.sites) - len(allowed),
    )


def _with_others(site: Site, knowledge: Knowledge) -> Site:
    """Return a site as other files of its tree make it."""
    if knowledge.replaced:
        from imagelock.find.placeholders import marked

        site = marked(site, knowledge.replaced)
    if knowledge.unsafe:
        from imagelock.find.charts import guarded

        site = guarded(site, knowledge.unsafe)
    return site


def _worth_parsing(text: Text, knowledge: Knowledge) -> Iterator[Chunk]:
    """Yield the documents that may hold a site; of a small file all, so that mistakes are told."""
    if len(text.content) <= _SMALL:
        yield from chunks(text.content)
        return
    from imagelock.find.candidates import Candidates

    candidates = Candidates(knowledge)
    for chunk in chunks(text.content):
        if candidates.may_name_an_image(text.content[chunk.start : chunk.end]):
            yield chunk


class _Walk:
    """The walk over a document and the documents inside it."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.sites: list[Site] = []
        self.visit = Visit(knowledge)
        self._first_item = 0

    def chunk(self, text: Text, chunk: Chunk) -> None:
        """Walk the documents of one chunk.

        Raises:
            BrokenYamlError: It is no YAML.
        """
        if chunk.end - chunk.start < _LONG or not self._in_pieces(text, chunk):
            self._stream(parse(text, chunk))

    def _in_pieces(self, text: Text, chunk: Chunk) -> bool:
        """Walk a long list a piece at a time, so that few nodes are held at once."""
        from imagelock.document.lists import pieces

        known, templated = len(self.sites), self.visit.templated
        try:
            for piece in pieces(text.content, chunk):
                self._stream(parse(text, piece), piece.first)
        except BrokenYamlError:
            del self.sites[known:]
            self.visit.templated = templated
            return False
        return self._first_item > 0

    def _stream(self, roots: list[Node], first_item: int = 0) -> None:
        """Walk what was parsed together; nodes of another chunk are of no more use."""
        self._first_item = first_item
        first = len(self.sites)
        self.visit.roots += roots
        for root in roots:
            self.document(root, None)
        self.sites[first:] = settled(self.sites[first:], self.visit)
        self.visit.forget()

    def document(self, root: Node, path: Path) -> None:
        """Walk one document; what it says of all images holds for it alone."""
        outer = self.visit.context
        self.visit.context = context_of(root, outer)
        self._walk(root, path)
        self.visit.context = outer

    def _walk(self, root: Node, path: Path) -> None:
        visit = self.visit
        outer = visit.namespace
        stack: list[tuple[Node, Path, str | None]] = [(root, path, outer)]
        while stack:
            node, path, visit.namespace = stack.pop()
            kind = type(node)
            if kind is Scalar:
                self._scalar(node, path)  # type: ignore[arg-type]
            elif kind is Mapping:
                if not node.is_dull:  # type: ignore[union-attr]
                    self._mapping(node, path, stack)  # type: ignore[arg-type]
            elif kind is Sequence:
                if not node.is_dull:  # type: ignore[union-attr]
                    items, namespace = node.items, visit.namespace  # type: ignore[union-attr]
                    first = self._first_item if path == _ITEMS else 0
                    stack += [
                        (items[i], (path, first + i), namespace)
                        for i in range(len(items) - 1, -1, -1)
                    ]
            elif split.names_an_image(path):
                self._alias(node, path)  # type: ignore[arg-type]
        visit.namespace = outer

    def _alias(self, alias: Alias, path: Path) -> None:
        """Look at a mapping whose alias says that it is an image; its anchor may not."""
        # All else that an alias repeats is met at its anchor.
        if isinstance(alias.target, Mapping):
            self._ask_finders(merged(alias.target), path, _SPLIT)

    def _mapping(
        self, mapping: Mapping, path: Path, stack: list[tuple[Node, Path, str | None]]
    ) -> None:
        interest = mapping.bits if mapping.bits >= 0 else _interest_of(mapping)
        skip = decoys.keys_to_skip(mapping, path) if interest & _DECOY else _NOTHING
        if skip is None:
            self.visit.left_out.append(mapping)
            return
        if interest & _OBJECT:
            self.visit.namespace = namespace_of(mapping) or self.visit.namespace
        if interest & _MERGES:
            view = merged(mapping)
            self._ask_finders(view, path, _interest_of(view))
        elif interest:
            self._ask_finders(mapping, path, interest)
        visit, may_skip = self.visit, mapping.bits >= 0
        for name, value in reversed(mapping.pairs):
            key_text = name.value if type(name) is Scalar else "?"
            if key_text in skip:
                visit.left_out.append(value)
            elif not (may_skip and _is_dull(value)) and not visit.is_replaced(value):
                stack.append((value, (path, key_text), visit.namespace))

    def _ask_finders(self, mapping: Mapping, path: Path, interest: int) -> None:
        for find in _finders_of(interest & (_ALL_FINDERS | _VARIABLE)):
            for found in find(mapping, path, self.visit):
                if isinstance(found, Layer):
                    self.document(found.root, found.path)
                else:
                    self.sites.append(found)

    def _scalar(self, scalar: Scalar, path: Path) -> None:
        visit = self.visit
        if visit.is_claimed(scalar):
            return
        if visit.knowledge.find_keys:
            self.sites += configured.find(scalar, path, visit)
        value = scalar.value
        if ":" not in value and "[" not in value:
            return
        if embedded.may_hold_a_document(scalar):
            opened = embedded.open_document(scalar, path)
            if not isinstance(opened, embedded.NotADocument) and opened:
                visit.hold([root for root, _ in opened], value)
                for root, inner_path in opened:
                    self.document(root, inner_path)
                return
        if locked.may_name_an_image(value) and not visit.is_claimed(scalar):
            self.sites += locked.find(scalar, path, visit)


def _is_dull(node: Node) -> bool:
    """Say whether no finder would look at a value, or at anything in it."""
    if type(node) is Scalar:
        return is_dull_text(node.value)
    return type(node) is not Alias and node.is_dull  # type: ignore[union-attr]


def _interest_of(mapping: Mapping) -> int:
    """Return which finders want to see a mapping, as bits."""
    interest = 0
    for name, _ in mapping.pairs:
        if type(name) is Scalar:
            interest |= _KEY_BITS[name.value]
    return interest


@cache
def _finders_of(interest: int) -> tuple[Callable[..., Iterator[Site | Layer]], ...]:
    if interest & _VARIABLE:
        interest |= 1 << _FINDERS.index(arguments)
    return tuple(f.find for index, f in enumerate(_FINDERS) if interest & (1 << index))


class _KeyBits(KeyBits):
    """Which finders want to see a mapping with a key; one bit a finder."""

    telling = _ALL_FINDERS | _MERGES

    def __missing__(self, key: str) -> int:
        if len(key) > _LONGEST_KEY:
            return 0
        bits = _DECOY if decoys.wants(key) else 0
        bits |= _OBJECT if key == "kind" else 0
        bits |= _MERGES if key == MERGE_KEY else 0
        bits |= _VARIABLE if key == "value" else 0
        for index, finder in enumerate(_FINDERS):
            if finder.wants(key):
                bits |= 1 << index
        # Keys repeat: a hundred of them make nine of ten in any file.
        if len(self) < _MOST_KEYS:
            self[key] = bits
        return bits


_KEY_BITS = _KeyBits()
