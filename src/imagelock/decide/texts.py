"""Images that a workload holds in texts, which a controller reads when it starts something."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from imagelock.core.place import Source
from imagelock.document.data import load_documents
from imagelock.errors import InputError
from imagelock.syntax.anywhere import containers_anywhere

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from imagelock.core.cluster import Container

__all__ = ["containers_in_texts"]

_TEMPLATE = re.compile(r"\{\{[^{}\n]*\}\}")


def containers_in_texts(
    texts: Iterable[tuple[str, str, str]],
) -> tuple[tuple[Container, ...], str]:
    """Return the containers that texts of a workload name, and why some could not be read."""
    found: list[Container] = []
    problem = ""
    for key, inside, text in texts:
        why = ""
        try:
            found += _containers(text, inside)
        except (InputError, RecursionError) as error:
            why = error.problem if isinstance(error, InputError) else "it is nested too deeply"
        if key == "manifestFrom" and not text:
            why = "it is fetched when it is applied"
        if why and not problem:
            of = f" of template '{inside}'" if inside else ""
            problem = f"the {key}{of} could not be read: {why}"
    return tuple(found), problem


def _containers(text: str, inside: str) -> Iterator[Container]:
    for document in load_documents(Source("", _quoted(text))):
        yield from containers_anywhere(document, inside)


def _quoted(text: str) -> str:
    """Return a text that is YAML in spite of templates: in quotes, they are part of a text."""
    try:
        load_documents(Source("", text))
    except InputError:
        return _TEMPLATE.sub(lambda found: f"'{found[0]}'", text)
    return text
