"""Pin every container image to a digest that you chose, and keep it so.

The public API: names only. They are imported when they are asked for, because
start-up is part of the product.
"""

from __future__ import annotations

__version__ = "0.1.0"

# As typing.TYPE_CHECKING, without its import: a tenth of the time of --version.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from imagelock.api import Override, check, override
    from imagelock.api import find as find_images
    from imagelock.core.config import Config
    from imagelock.core.exemption import Exemption
    from imagelock.core.finding import Coverage, Finding, Report
    from imagelock.core.lock import Ambiguous, Found, Lock, LockEntry, Missing
    from imagelock.core.place import ClusterPlace, FilePlace, Source
    from imagelock.core.reference import Digest, ImageReference, Repository
    from imagelock.decide.judge import Terms
    from imagelock.errors import ImagelockError, InputError, InputErrors, OutsideError
    from imagelock.syntax.lockfile import parse_lock, render_lock

_HOMES = {
    "Ambiguous": "core.lock",
    "ClusterPlace": "core.place",
    "Config": "core.config",
    "Coverage": "core.finding",
    "Digest": "core.reference",
    "Exemption": "core.exemption",
    "FilePlace": "core.place",
    "Finding": "core.finding",
    "Found": "core.lock",
    "ImageReference": "core.reference",
    "ImagelockError": "errors",
    "InputError": "errors",
    "InputErrors": "errors",
    "Lock": "core.lock",
    "LockEntry": "core.lock",
    "Missing": "core.lock",
    "OutsideError": "errors",
    "Override": "api",
    "Report": "core.finding",
    "Repository": "core.reference",
    "Source": "core.place",
    "Terms": "decide.judge",
    "check": "api",
    "find_images": "api",
    "override": "api",
    "parse_lock": "syntax.lockfile",
    "render_lock": "syntax.lockfile",
}
# The package imagelock.find takes the place of any other `find` when it is imported.
_NAMES_AT_HOME = {"find_images": "find"}

__all__ = [
    "Ambiguous",
    "ClusterPlace",
    "Config",
    "Coverage",
    "Digest",
    "Exemption",
    "FilePlace",
    "Finding",
    "Found",
    "ImageReference",
    "ImagelockError",
    "InputError",
    "InputErrors",
    "Lock",
    "LockEntry",
    "Missing",
    "OutsideError",
    "Override",
    "Report",
    "Repository",
    "Source",
    "Terms",
    "__version__",
    "check",
    "find_images",
    "override",
    "parse_lock",
    "render_lock",
]


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module 'imagelock' has no attribute '{name}'")
    from importlib import import_module

    home = import_module(f"imagelock.{_HOMES[name]}")
    value: object = getattr(home, _NAMES_AT_HOME.get(name, name))
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names, imported or not."""
    return sorted(__all__)
