"""The changes of a lock, as text, JSON or Markdown for a merge request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import json

if TYPE_CHECKING:
    from imagelock.core.lock import LockEntry
    from imagelock.core.lock_changes import Change, ChangeKind, LockChanges

__all__ = ["render_json", "render_markdown", "render_text"]

_KINDS: tuple[ChangeKind, ...] = ("moved", "updated", "added", "removed")
_SHORT = 12  # hex digits of a digest that people compare by eye


def render_text(changes: LockChanges) -> str:
    """Return a line for every change, and the counts."""
    lines = [f"{change.kind:<8} {_name(change)}  {_digests(change)}" for change in _sorted(changes)]
    return "".join(f"{line}\n" for line in (*lines, _counts(changes)))


def render_json(changes: LockChanges) -> str:
    """Return one JSON document; docs/lock.md describes it."""
    summary: dict[str, int] = {kind: changes.count(kind) for kind in _KINDS}
    document = {
        "version": 1,
        "command": "diff",
        "summary": {**summary, "unchanged": changes.unchanged},
        "changes": [
            {
                "kind": change.kind,
                "repository": str(_either(change).reference.repository),
                "old": _described(change.old),
                "new": _described(change.new),
            }
            for change in _sorted(changes)
        ],
    }
    return json.format(json.encode(document), indent=2).decode() + "\n"


def render_markdown(changes: LockChanges) -> str:
    """Return a note for a merge request: the counts, and a table of the changes.

    Names need no escaping: the grammar of references has no sign that Markdown reads
    inside of code.
    """
    lines = [f"**images.lock**: {_counts(changes)}", ""]
    if changes.changes:
        lines += ["| | image | before | after |", "| --- | --- | --- | --- |"]
        lines += [
            f"| {change.kind} | `{_either(change).reference.repository}` "
            f"| {_cell(change.old)} | {_cell(change.new)} |"
            for change in _sorted(changes)
        ]
    return "\n".join(lines).rstrip() + "\n"


def _sorted(changes: LockChanges) -> list[Change]:
    """Put first what deserves a look: a tag that is another program now."""
    return sorted(changes.changes, key=lambda change: _KINDS.index(change.kind))


def _counts(changes: LockChanges) -> str:
    parts = [f"{count} {kind}" for kind in _KINDS if (count := changes.count(kind))]
    return ", ".join((*parts, f"{changes.unchanged} unchanged"))


def _name(change: Change) -> str:
    new = _either(change).reference
    tag = new.tag or "(no tag)"
    if change.kind == "updated" and change.old is not None:
        return f"{new.repository}  {change.old.reference.tag or '(no tag)'} -> {tag}"
    return f"{new.repository}:{new.tag}" if new.tag else str(new.repository)


def _digests(change: Change) -> str:
    return " -> ".join(_short(entry) for entry in (change.old, change.new) if entry is not None)


def _short(entry: LockEntry) -> str:
    return f"{entry.digest.algorithm}:{entry.digest.hex[:_SHORT]}"


def _cell(entry: LockEntry | None) -> str:
    if entry is None:
        return ""
    tag = f"`{entry.reference.tag}` " if entry.reference.tag else ""
    return f"{tag}`{_short(entry)}`"


def _described(entry: LockEntry | None) -> dict[str, str | None] | None:
    if entry is None:
        return None
    return {"tag": entry.reference.tag, "digest": str(entry.digest)}


def _either(change: Change) -> LockEntry:
    entry = change.new or change.old
    assert entry is not None  # noqa: S101  (a change has at least one side)
    return entry
