"""What a chart's templates do with a tag beside joining it to the image.

app.kubernetes.io/version: {{ .Values.image.tag }}      a label: 63 characters, no "@" or ":"
semverCompare ">=1.2-0" .Values.image.tag               a version, which a digest is not
{{ .Values.image.repository }}:{{ .Values.image.tag }}-alpine   a part of another tag

And where they join a tag to an image that has none of its own in the values:

image: "{{ .Values.api.image }}:{{ .Chart.AppVersion }}"
image: {{ printf "%s:%s" .Values.api.image .Chart.AppVersion }}
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from imagelock.find.names import is_image_key
from imagelock.find.site import Append, Unwritable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from imagelock.core.place import Source
    from imagelock.find.site import Path, Site

__all__ = ["guarded", "tags_used_otherwise"]

# A value's dotted path, and what it is used for.
_LABEL = re.compile(r"(?:helm\.sh/\w+|app\.kubernetes\.io/version)[\"']?:[^\n]*\{\{[^\n]*\}\}")
_VERSION = re.compile(r"\bsemver(?:Compare)?\s[^\n}]*")
# repository:{{ .Values.image.tag }}-alpine, and what prints another value there
_FOLLOWED = re.compile(r":\{\{-?[^{}\n]*\}\}(?=[A-Za-z0-9._-]|\{\{-?\s*[.$])")
_VALUE = re.compile(r"\.Values\.([A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*)")
_INCLUDED = re.compile(r"\b(?:include|template)\s+\"([^\"\n]+)\"")
_DEFINED = re.compile(r"\{\{-?\s*define\s+\"([^\"\n]+)\"\s*-?\}\}")
# These take out what a label may not hold, or what is no version.
_CLEANS = re.compile(r"\b(?:regex(?:ReplaceAll|Find)\w*|splitList|split|replace\s+\"[@:])")
# What stands right before a colon that no space follows: a space would make it a key.
_BEFORE_A_TAG = re.compile(
    r"\{\{-?\s*(\.[\w.]+|\$[\w.]*)\s*(?:\|\s*(?:quote|trim|toString)\s*)?-?\}\}:(?=[{\w])"
)
_PRINTF = re.compile(r"\bprintf\s+\"((?:%s/)*%s):[^\"\n]*\"([^\n}]*)")
_ARGUMENT = re.compile(r"\([^()\n]*\)|[^\s()]+")
_JOINED = "the chart joins a tag to it ({place}): a digest would stand before that"
_USES = (
    (_LABEL, "goes into a label too"),
    (_VERSION, "is compared as a version"),
    (_FOLLOWED, "is followed by more in the chart"),
)
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
        for value, offset in _joined_to_a_tag(template.text):
            reasons.setdefault(f"{value}:", _JOINED.format(place=template.place(offset)))
    return reasons


def _joined_to_a_tag(text: str) -> Iterator[tuple[str, int]]:
    """Yield the values that a tag is joined to: a dotted path, or ``.image`` in a scope."""
    for found in _BEFORE_A_TAG.finditer(text):
        yield from _named(found[1], found.start())
    for found in _PRINTF.finditer(text):
        arguments = _ARGUMENT.findall(found[2])[found[1].count("%s") - 1 :]
        if arguments:
            yield from _named(arguments[0], found.start())


def _named(expression: str, offset: int) -> Iterator[tuple[str, int]]:
    value = _VALUE.search(expression)
    name = value[1] if value else f".{expression.rpartition('.')[2]}"
    if is_image_key(name.rpartition(".")[2]):
        yield name, offset


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
    if not isinstance(site.pin, Append):
        return site
    if site.found_by == "split":
        names = _dotted(site.path)
    elif site.image is not None and site.image.tag is None and not site.image.is_pinned:
        names = _joined(site.path)
    else:
        return site
    reason = next((reasons[path] for path in names if path in reasons), None)
    return replace(site, pin=Unwritable(reason)) if reason else site


def _joined(path: Path) -> tuple[str, ...]:
    name = _dotted_name(path)
    return f"{name}:", f".{name.rpartition('.')[2]}:"


def _dotted(path: Path) -> tuple[str, ...]:
    name = _dotted_name(path)
    return f"{name}.tag", f"{name}.version", f"{name}Tag"


def _dotted_name(path: Path) -> str:
    keys: list[str] = []
    while path is not None:
        path, part = path
        keys.append(str(part))
    return ".".join(reversed(keys))
