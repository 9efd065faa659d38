"""images.lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imagelock.core.lock import Lock, LockEntry
from imagelock.syntax.lines import parse_entries, raise_mistakes
from imagelock.syntax.lists import parse_pinned

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from imagelock.core.place import Source
    from imagelock.core.reference import Repository
    from imagelock.errors import InputError
    from imagelock.syntax.lines import Entry

__all__ = ["parse_lock", "render_lock"]


def parse_lock(source: Source) -> Lock:
    """Read ``images.lock``; short names, comments and blank lines are accepted.

    Raises:
        InputError: A line is no image ID with a digest, or one tag has two
            digests, or the file is damaged.
        InputErrors: The file is wrong in several places.
    """
    lines = parse_entries(source, lambda entry: (entry, parse_pinned(entry)))
    raise_mistakes(list(_conflicts(lines)))
    return Lock((entry for _, entry in lines), name=source.name)


def render_lock(lock: Lock) -> str:
    """Write ``images.lock``: normalised image IDs with digests, one a line, nothing else."""
    return "".join(f"{entry.reference.normalised}\n" for entry in lock)


def _conflicts(lines: Iterable[tuple[Entry, LockEntry]]) -> Iterator[InputError]:
    first_of: dict[tuple[Repository, str], LockEntry] = {}
    for line, entry in lines:
        reference = entry.reference
        if reference.tag is None:
            # Several digests of a repository without a tag are told where one is
            # chosen (`Ambiguous`): no two of these lines contradict each other.
            continue
        first = first_of.setdefault((reference.repository, reference.tag), entry)
        if first.digest != entry.digest:
            yield line.mistake(
                f"one tag has two digests: {reference.repository}:{reference.tag} "
                f"has another one in line {first.origin.line}",
                hint="Remove one of the two lines, or run 'imagelock lock' again.",
            )
