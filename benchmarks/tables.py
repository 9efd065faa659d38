"""Tables: what every benchmark returns, and how they are printed."""

from __future__ import annotations

from msgspec import Struct

__all__ = ["Table", "render"]


class Table(Struct, frozen=True, kw_only=True):
    """What one benchmark found: rows of plain values, the same in text and in JSON."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | float | int | None, ...], ...]
    notes: tuple[str, ...] = ()


def render(table: Table) -> str:
    """Draw a table as text, its figures to the right."""
    cells = [table.columns, *(tuple(map(_cell, row)) for row in table.rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "  ".join(
            cell.ljust(width) if index == 0 else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]
    lines.insert(1, "-" * max(map(len, lines)))
    return "\n".join((table.title, "", *lines, *(f"  {note}" for note in table.notes), ""))


def _cell(value: str | float | None) -> str:
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"
