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
    from collections.abc import Iterable, Iterator

    from imagelock.core.place import Source
    from imagelock.find.site import Path, Site

__all__ = ["guarded", "tags_used_otherwise"]

# A value's dotted path, and what it is used for.
_LABEL = re.compile(r"(?:helm\.sh/\w+|app\.kubernetes\.io/version)[\"']?:[^\n]*\{\{[^\n]*\}\}")
_VERSION = re.compile(r"\bsemver(?:Compare)?\s[^\n}]*")
_VALUE = re.compile(r"\.Values\.([A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*)")
_INCLUDED = re.compile(r"\b(?:include|template)\s+\"([^\"\n]+)\"")
_DEFINED = re.compile(r"\{\{-?\s*define\s+\"([^\"\n]+)\"\s*-?\}\}")
# These take out what a label may not hold, or what is no version.
_CLEANS = re.compile(r"\b(?:regex(?:ReplaceAll|Find)\w*|splitList|split|replace\s+\"[@:])")
_USES = ((_LABEL, "goes into a label too"), (_VERSION, "is compared as a version"))
_OTHER_WAY = "set the image as a whole, or give the chart a key for the digest"


def tags_used_otherwise(templates: Iterable[Source]) -> dict[str, str]:
    """Return the values of a chart that a digest would break, and why, by their dotted paths."""
    texts = list(templates)
    named = _named_templates(texts)
    reasons: dict[str, str] = {}
    for template in texts:
        for pattern, use in _USES:
            for found in pattern.finditer(template.text):
                for value in _values(found[0], named):
                    place = template.place(found.start())
                    reasons.setdefault(value, f"its tag {use} ({place}); {_OTHER_WAY}")
    return reasons


def _values(text: str, named: dict[str, str]) -> Iterator[str]:
    """Yield the values that a piece of a template prints, by itself or by a named one."""
    if _CLEANS.search(text):
        return
    yield from _VALUE.findall(text)
    for name in _INCLUDED.findall(text):
        body = named.get(name, "")
        if not _CLEANS.search(body):
            yield from _VALUE.findall(body)


def _named_templates(templates: Iterable[Source]) -> dict[str, str]:
    """Return the bodies of the named templates, each up to the next one."""
    named: dict[str, str] = {}
    for template in templates:
        _, *parts = _DEFINED.split(template.text)
        named.update(zip(parts[::2], parts[1::2], strict=True))
    return named


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
