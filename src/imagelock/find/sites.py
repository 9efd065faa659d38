"""Where the images of a text are named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from imagelock.document.yaml import BrokenYamlError, chunks, file_text, is_sound
from imagelock.find import configured
from imagelock.find.finders import KEY_BITS
from imagelock.find.site import Site
from imagelock.find.visit import Knowledge
from imagelock.find.walk import Walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagelock.core.place import Source
    from imagelock.document.nodes import Text
    from imagelock.document.yaml import Chunk

__all__ = ["FoundSites", "Knowledge", "Unread", "find_sites"]

_SMALL = 65_536  # characters: parsing them takes a few milliseconds


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
    text = file_text(source, None if knowledge.find_keys else KEY_BITS)
    walk = Walk(knowledge)
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
    """Yield the documents that may hold a site, and those that are broken; of a small file all."""
    if len(text.content) <= _SMALL:
        yield from chunks(text.content)
        return
    from imagelock.find.candidates import Candidates

    candidates = Candidates(knowledge)
    for chunk in chunks(text.content):
        content = text.content[chunk.start : chunk.end]
        if candidates.may_name_an_image(content) or not is_sound(content):
            yield chunk
