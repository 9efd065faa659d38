"""Lists of which few fields are wanted: by what we have in C, which reads no others."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType
    from typing import TypeAlias

    from imagelock.syntax._projection import _Fields

    Wanted: TypeAlias = dict[str, object]
    Projected: TypeAlias = tuple[bytes, list[tuple[bytes, bytes, int, int]]]

__all__ = ["Projection"]


class Projection:
    """Reads lists of the Kubernetes API as far as they are wanted."""

    def __init__(self, same: Wanted, own: Wanted) -> None:
        """Say what is wanted of each object.

        Args:
            same: What objects that stand together mostly have in common: each key with
                ``True``, or what is wanted inside: of an object a dict like this one, of
                an array a list with what is wanted of each item.
            own: The same for what each of them has of its own.
        """
        self._same = same
        self._own = own
        self._fields: _Fields | None = None

    def read(self, data: bytes | memoryview) -> Projected | None:
        """Return a list without its items, and the items in runs of those that are alike.

        Of each run: the JSON of what its objects have in common, that of the list of what
        each has of its own, and where the objects begin and end in *data*.

        What is copied is JSON if it was, and to be decoded; of what is not wanted, only
        quotes and brackets were looked at. ``None`` where something is unusual or broken,
        and where nothing was compiled: whoever asked decodes the whole.
        """
        compiled = _compiled()
        if compiled is None:
            return None
        if self._fields is None:
            self._fields = compiled.fields(self._same, self._own)
        projected: Projected | None = compiled.project(data, self._fields)
        return projected


@cache
def _compiled() -> ModuleType | None:
    try:
        from imagelock.syntax import _projection
    except ImportError:
        return None
    return _projection
