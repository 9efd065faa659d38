"""imagelock.toml -> Config, with the nearest known key."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, get_args

from msgspec.structs import replace

from imagelock.core.config import Config, Policy
from imagelock.core.exemption import Exemption
from imagelock.core.place import printable
from imagelock.core.presets import exemptions_of
from imagelock.errors import InputError
from imagelock.syntax.lists import parse_registry
from imagelock.syntax.patterns import parse_namespace_pattern, parse_repository_pattern
from imagelock.syntax.toml_tables import Key, Reader, expected, read_document

if TYPE_CHECKING:
    from collections.abc import Mapping

    from imagelock.core.place import Source

__all__ = ["parse_config"]

_PATHS = ("external_images", "self_built", "references", "lock")
_WHY_REQUIRED = {
    "repository": 'Say which images it is about, such as repository = "gke.gcr.io"',
    "namespaces": 'Say where they may run, such as namespaces = ["kube-system"]',
    "reason": "Say why, for whoever audits this: reason = ...",
}


def parse_config(source: Source, *, folder: str = ".") -> Config:
    """Read ``imagelock.toml``.

    Args:
        source: The file.
        folder: Where it is; its paths, and the default ones, are relative to that.

    Raises:
        InputError: It is no TOML, or has one mistake.
        InputErrors: It has several.
    """
    settings = read_document(source, _SETTINGS)
    find = settings.pop("find", {})
    config = replace(
        Config(),
        find_keys=find.get("include", ()),
        forbid_keys=find.get("forbid", ()),
        **{name.replace("-", "_"): value for name, value in settings.items()},
    )
    paths = {name: getattr(config, name) for name in _PATHS}
    found = {name: _joined(folder, path) for name, path in paths.items() if path is not None}
    return replace(config, **found)


def _joined(folder: str, path: str) -> str:
    if folder in {"", "."} or path.startswith("/"):
        return path
    return f"{folder.rstrip('/')}/{path}"


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise expected("text in quotes", value)
    if not value.strip():
        raise InputError("something was expected between the quotes")
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        hint = f'Put it into brackets: ["{printable(value)}"]' if isinstance(value, str) else ""
        raise expected("an array of texts", value, hint)
    if not value:
        raise InputError(
            "the array is empty", hint="Name at least one, or leave the key out altogether."
        )
    return tuple(_text(one) for one in value)


def _read_text(key: Key) -> str:
    return _text(key.value)


def _read_path(key: Key) -> str:
    path = _text(key.value)
    if not path.isprintable():
        raise InputError("a path was expected, and this holds characters that cannot be seen")
    return path


def _read_flag(key: Key) -> bool:
    if not isinstance(key.value, bool):
        raise expected("true or false (without quotes)", key.value)
    return key.value


def _read_policy(key: Key) -> str:
    if key.value not in get_args(Policy):
        raise InputError(f"one of {', '.join(get_args(Policy))} was expected")
    return str(key.value)


def _read_registries(key: Key) -> tuple[str, ...]:
    return tuple(_registry(text) for text in _texts(key.value))


def _registry(text: str) -> str:
    registry = parse_registry(text)
    if registry is None:
        raise InputError(
            f"'{printable(text)}' is no registry: <host> or <host>:<port> was expected",
            hint="Without a scheme and without a path, such as registry.example:5000",
        )
    return registry


def _read_presets(key: Key) -> tuple[str, ...]:
    names = _texts(key.value)
    exemptions_of(names)
    return names


def _read_find(key: Key) -> Mapping[str, object]:
    return key.read_table(_FIND)


def _read_key_paths(key: Key) -> tuple[str, ...]:
    paths = _texts(key.value)
    for path in paths:
        if not all(part.strip() for part in path.split(".")):
            raise InputError(
                f"'{printable(path)}' is no path of keys",
                hint="Keys joined by dots, such as spec.backup.image; '*' stands for one key, "
                "'**' for any number of them.",
            )
    return paths


def _read_exemptions(key: Key) -> tuple[Exemption | None, ...]:
    return tuple(_exemption(row) for row in key.rows())


def _exemption(row: Key) -> Exemption | None:
    given = row.read_table(_EXEMPTION)
    missing = [name for name in _WHY_REQUIRED if name not in given]
    for name in missing:
        row.note(f"this exemption has no {name}", _WHY_REQUIRED[name])
    if missing or None in given.values():
        return None  # the mistakes are noted, and the document is refused in the end
    return Exemption(**given, place=row.place)


def _read_repository(key: Key) -> str:
    return parse_repository_pattern(_text(key.value))


def _read_namespaces(key: Key) -> tuple[str, ...]:
    return tuple(parse_namespace_pattern(text) for text in _texts(key.value))


def _read_date(key: Key) -> date:
    if isinstance(key.value, datetime) or not isinstance(key.value, date):
        hint = "Without quotes and without a time: until = 2027-12-31"
        raise expected("a date", key.value, hint)
    return key.value


_SETTINGS: dict[str, Reader] = {
    "external-images": _read_path,
    "self-built": _read_path,
    "references": _read_path,
    "lock": _read_path,
    "registries": _read_registries,
    "policy": _read_policy,
    "strict": _read_flag,
    "presets": _read_presets,
    "find": _read_find,
    "exemptions": _read_exemptions,
}
_FIND: dict[str, Reader] = {"include": _read_key_paths, "forbid": _read_key_paths}
_EXEMPTION: dict[str, Reader] = {
    "repository": _read_repository,
    "namespaces": _read_namespaces,
    "reason": _read_text,
    "owner": _read_text,
    "until": _read_date,
}
