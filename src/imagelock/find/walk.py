"""One walk over a document, in which the finders are asked; one site per span."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imagelock.document.compose import is_dull_text
from imagelock.document.nodes import Alias, Mapping, Node, Scalar, Sequence
from imagelock.document.yaml import BrokenYamlError, parse
from imagelock.find import configured, decoys, embedded, split
from imagelock.find.context import context_of
from imagelock.find.finders import DECOY, MERGES, OBJECT, SPLIT, finders_of, interest_of
from imagelock.find.merged import merged
from imagelock.find.namespace import namespace_of
from imagelock.find.shared import settled
from imagelock.find.visit import Layer, Visit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from imagelock.document.nodes import Text
    from imagelock.document.yaml import Chunk
    from imagelock.find.site import Path, Site
    from imagelock.find.visit import Knowledge

__all__ = ["Walk"]

_LONG = 1_000_000  # characters: a list of objects of that size is read in pieces
_ITEMS = (None, "items")
_NOTHING: frozenset[str] = frozenset()


class Walk:
    """The walk over the documents of a text, and over those inside them.

    Attributes:
        sites: What was found so far.
        visit: What finders are told of the document that is walked.
    """

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
        first_item = 0
        try:
            for piece in pieces(text.content, chunk):
                roots = parse(text, piece)
                items = _items_of(roots)
                self._stream(roots, first_item)
                first_item += items
        except BrokenYamlError:
            del self.sites[known:]
            self.visit.templated = templated
            return False
        return first_item > 0

    def _stream(self, roots: list[Node], first_item: int = 0) -> None:
        """Walk what was parsed together; nodes of another chunk are of no more use."""
        self._first_item = first_item
        first = len(self.sites)
        self.visit.roots += roots
        for root in roots:
            self.document(root, None)
        self.sites += self.visit.others
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
            self._ask_finders(merged(alias.target), path, SPLIT)

    def _mapping(
        self, mapping: Mapping, path: Path, stack: list[tuple[Node, Path, str | None]]
    ) -> None:
        interest = interest_of(mapping)
        skip = decoys.keys_to_skip(mapping, path) if interest & DECOY else _NOTHING
        if skip is None:
            self.visit.left_out.append(mapping)
            return
        if interest & OBJECT:
            self.visit.namespace = namespace_of(mapping) or self.visit.namespace
        if interest & MERGES:
            view = merged(mapping)
            self._ask_finders(view, path, interest_of(view))
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
        for find in finders_of(interest):
            for found in find(mapping, path, self.visit):
                if isinstance(found, Layer):
                    self.document(found.root, found.path)
                else:
                    self.sites.append(found)

    def _opened(self, documents: Iterable[tuple[Node, Path]], written: str) -> bool:
        """Walk the documents in a text, and say whether there are any."""
        are_any, may_be_repeated = False, "&" in written
        for root, path in documents:
            if may_be_repeated:
                self.visit.roots.append(root)
            self.document(root, path)
            are_any = True
        return are_any

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
            opened = embedded.documents_in(scalar, path)
            if not isinstance(opened, embedded.NotADocument) and self._opened(opened, value):
                return
        if ":" in value and not visit.is_claimed(scalar):
            # Imported for what no other finder knows: many a small file has nothing of it.
            from imagelock.find import locked

            self.sites += locked.find(scalar, path, visit)


def _is_dull(node: Node) -> bool:
    """Say whether no finder would look at a value, or at anything in it."""
    if type(node) is Scalar:
        return is_dull_text(node.value)
    return type(node) is not Alias and node.is_dull  # type: ignore[union-attr]


def _items_of(roots: list[Node]) -> int:
    """Count the objects in a piece of a list."""
    items = roots[0].get("items") if roots and isinstance(roots[0], Mapping) else None
    return len(items.items) if isinstance(items, Sequence) else 0
