"""What a chart's templates do with a tag beside joining it to the image.

app.kubernetes.io/version: {{ .Values.image.tag }}      a label: 63 characters, no "@" or ":"
semverCompare ">=1.2-0" .Values.image.tag               a version, which a digest is not
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from imagelock.find.site import Append, Unwritable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from imagelock.core.place import Source
    from imagelock.find.site import Path, Site

__all__ = ["guarded", "tags_used_otherwise"]

# A value's dotted path, and what it is used for.
_LABEL = re.compile(r"(?:helm\.sh/\w+|app\.kubernetes\.io/version)[\"']?:[^\n]*\{\{[^\n]*\}\}")
_VERSION = re.compile(r"\bsemver(?:Compare)?\s[^\n}]*")
_VALUE = re.compile(r"\.Values\.([A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*)")
_USES = ((_LABEL, "goes into a label too"), (_VERSION, "is compared as a version"))
_OTHER_WAY = "set the image as a whole, or give the chart a key for the digest"


def tags_used_otherwise(templates: Iterable[Source]) -> dict[str, str]:
    """Return the values of a chart that a digest would break, and why, by their dotted paths."""
    reasons: dict[str, str] = {}
    for template in templates:
        if ".Values." not in template.text:
            continue
        for pattern, use in _USES:
            for found in pattern.finditer(template.text):
                for value in _VALUE.finditer(found[0]):
                    place = template.place(found.start())
                    reasons.setdefault(value[1], f"its tag {use} ({place}); {_OTHER_WAY}")
    return reasons


def guarded(site: Site, reasons: dict[str, str]) -> Site:
    """Return a site that says so where a digest behind its tag would break the chart."""
    if site.found_by != "split" or not isinstance(site.pin, Append):
        return site
    reason = next((reasons[path] for path in _dotted(site.path) if path in reasons), None)
    return replace(site, pin=Unwritable(reason)) if reason else site


def _dotted(path: Path) -> tuple[str, ...]:
    keys: list[str] = []
    while path is not None:
        path, part = path
        keys.append(str(part))
    name = ".".join(reversed(keys))
    return f"{name}.tag", f"{name}.version", f"{name}Tag"
