"""What the other files of a tree say about one: a kustomization, a chart's templates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from imagelock.find.charts import tags_used_otherwise
from imagelock.find.placeholders import is_kustomization, placeholders

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from imagelock.core.place import Source

__all__ = ["ALONE", "Surroundings", "read_surroundings"]

_CHART = "Chart.yaml"


class Surroundings(Struct, frozen=True):
    """What is known about one file from others.

    *replaced* are the images in it that a kustomization replaces, *unsafe* the
    values in it that its chart uses for more than the image, with the reasons.
    """

    replaced: dict[str, str] = {}
    unsafe: dict[str, str] = {}


ALONE = Surroundings()


def read_surroundings(
    files: Sequence[str], read: Callable[[str], Source | None]
) -> dict[str, Surroundings]:
    """Return what is known about the files of a tree, by their paths; most have none.

    Args:
        files: All files of the tree, by their paths below its root, with ``/``.
        read: Reads one of them; ``None`` where it cannot be read.
    """
    replaced = _replaced(files, read)
    unsafe = _unsafe(files, read)
    return {
        path: Surroundings(replaced.get(path, {}), unsafe.get(path, {}))
        for path in replaced.keys() | unsafe.keys()
    }


def _replaced(
    files: Sequence[str], read: Callable[[str], Source | None]
) -> dict[str, dict[str, str]]:
    kustomizations = [(path, read(path)) for path in files if is_kustomization(path)]
    readable = [(path, source) for path, source in kustomizations if source is not None]
    return placeholders(readable, files) if readable else {}


def _unsafe(
    files: Sequence[str], read: Callable[[str], Source | None]
) -> dict[str, dict[str, str]]:
    unsafe: dict[str, dict[str, str]] = {}
    for chart in (path for path in files if path.rpartition("/")[2] == _CHART):
        folder = chart.removesuffix(_CHART)
        templates = _below(f"{folder}templates/", files)
        sources = [source for path in templates if (source := read(path)) is not None]
        reasons = tags_used_otherwise(sources)
        if reasons:
            unsafe.update(dict.fromkeys(_values_of(folder, files), reasons))
    return unsafe


def _values_of(folder: str, files: Iterable[str]) -> list[str]:
    """Return a chart's files of values: those at its root whose name says so."""
    rest = [path.removeprefix(folder) for path in _below(folder, files)]
    return [folder + name for name in rest if "/" not in name and "values" in name.lower()]


def _below(folder: str, files: Iterable[str]) -> list[str]:
    return [path for path in files if path.startswith(folder)]
