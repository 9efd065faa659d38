"""Config: what ``imagelock.toml`` can say."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from imagelock.core.exemption import Exemption

__all__ = ["Config", "Policy"]

Policy = Literal["pinned", "locked"]


class Config(Struct, frozen=True, kw_only=True):
    """The settings of a project; the defaults are those of a project without the file.

    Paths are as written in the file, relative to the folder that it is in.

    *find_keys* and *forbid_keys* are key paths with dots, where ``*`` stands
    for one key and ``**`` for any number of them: the first name images that no
    rule finds, the second name what is no image.
    """

    external_images: str = "external_images"
    self_built: str | None = None
    references: str = "image_references"
    lock: str = "images.lock"
    registries: tuple[str, ...] | None = None
    policy: Policy = "pinned"
    strict: bool = False
    presets: tuple[str, ...] = ()
    exemptions: tuple[Exemption, ...] = ()
    find_keys: tuple[str, ...] = ()
    forbid_keys: tuple[str, ...] = ()
