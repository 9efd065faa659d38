"""Container: one image that is asked for, and what its node made of it."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from imagelock.core.podspec import IMAGE_FIELDS

__all__ = ["Container", "State"]

State = Literal["waiting", "running", "terminated", "unknown"]

# Image volumes have no status of their own, and somebody may just have started a debugger.
_ALWAYS_TOLD = {row.noun for row in IMAGE_FIELDS if row.status} - {"ephemeral container"}


class Container(Struct, frozen=True, kw_only=True, gc=False):
    """One image that a pod asks for: a container of any kind, or an image volume.

    *kind* is a noun of `imagelock.core.podspec`. *image* is what was asked for,
    *image_id* what the node says it runs (empty where it says nothing), both as
    they were written, which may be no image ID at all.
    """

    kind: str
    name: str
    image: str
    image_id: str = ""
    state: State = "unknown"

    @property
    def path(self) -> str:
        """Where it stands in its pod: ``init container setup``."""
        return f"{self.kind} {self.name}".rstrip()

    @property
    def has_started(self) -> bool:
        """Whether something runs, or ran, so that there is something to compare."""
        return bool(self.image_id) or self.state in {"running", "terminated"}

    @property
    def lacks_status(self) -> bool:
        """Whether its node says nothing of it, as before it has begun with the pod."""
        return self.state == "unknown" and not self.image_id and self.kind in _ALWAYS_TOLD
