"""images.lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imagelock.core.lock import Lock, conflicts_in
from imagelock.syntax.lines import parse_entries, raise_mistakes
from imagelock.syntax.lists import parse_pinned

if TYPE_CHECKING:
    from imagelock.core.lock import LockEntry
    from imagelock.core.place import Source
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
    lines = parse_entries(source, lambda line: (line, parse_pinned(line)))
    entries = [entry for _, entry in lines]
    line_at = {entry.origin: line for line, entry in lines}
    conflicts = conflicts_in(entries)
    raise_mistakes([_conflict(line_at[entry.origin], first) for first, entry in conflicts])
    return Lock(entries, name=source.name)


def render_lock(lock: Lock) -> str:
    """Write ``images.lock``: normalised image IDs with digests, one a line, nothing else."""
    return "".join(f"{entry.reference.normalised}\n" for entry in lock)


def _conflict(line: Entry, first: LockEntry) -> InputError:
    name = f"{first.reference.repository}:{first.reference.tag}"
    return line.mistake(
        f"one tag has two digests: {name} has another one in line {first.origin.line}",
        hint="Remove one of the two lines, or run 'imagelock lock' again.",
    )
