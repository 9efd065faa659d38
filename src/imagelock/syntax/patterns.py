"""Patterns of an exemption: of repositories, and of namespaces."""

from __future__ import annotations

import re

from imagelock.core import grammar
from imagelock.core.place import printable
from imagelock.core.reference import Repository
from imagelock.errors import InputError
from imagelock.syntax.lists import parse_registry

__all__ = ["parse_namespace", "parse_namespace_pattern", "parse_repository_pattern"]

# A namespace is a DNS label: RFC 1123, at most 63 characters.
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_NAMESPACE = re.compile(_LABEL)
_NAMESPACE_PATTERN = re.compile(rf"\*|{_LABEL}|[a-z0-9][a-z0-9-]{{0,61}}\*")
_ANY = "x"  # what stands for a '*' while the rest is checked


def parse_repository_pattern(text: str) -> str:
    """Read and normalise a repository, a registry, or all that is below one of them.

    ``gke.gcr.io`` is a registry, ``gke.gcr.io/x`` a repository and what is below
    it, ``redis`` is ``docker.io/library/redis``. A slash at the end says that
    this is no repository itself: ``bitnami/`` is ``docker.io/bitnami``, where
    ``bitnami`` would be ``docker.io/library/bitnami``. A ``*`` stands for
    letters, digits and hyphens.

    Raises:
        InputError: It is none of these.
    """
    name = text.removesuffix("/")
    registry, path = _split(name, ends_with_slash=name != text)
    probe = name.replace("*", _ANY)
    if not name.replace("*", "").strip("/.:-_"):
        raise _no_pattern(text, "at least one name was expected")
    if not path:
        if parse_registry(probe) is None:
            raise _no_pattern(text, "a registry is <host> or <host>:<port>")
        return registry
    try:
        Repository.parse(probe)
    except InputError:
        raise _no_pattern(text, grammar.what_is_wrong_with_name(probe)[0]) from None
    if registry == grammar.DOCKER_HUB and "/" not in path and name == text:
        path = f"library/{path}"
    return f"{registry}/{path}"


def parse_namespace(text: str) -> str:
    """Read the name of one namespace.

    Raises:
        InputError: It is none.
    """
    if not _NAMESPACE.fullmatch(text):
        raise InputError(
            f"'{printable(text)}' is no namespace",
            hint="One whole name was expected, of lower-case letters, digits and '-'.",
        )
    return text


def parse_namespace_pattern(text: str) -> str:
    """Read a namespace, ``prefix*`` or ``*``.

    Raises:
        InputError: It is none of these.
    """
    if not _NAMESPACE_PATTERN.fullmatch(text):
        raise InputError(
            f"'{printable(text)}' is no namespace",
            hint="A name in lower case, a prefix with '*' at its end, or '*' for every one.",
        )
    return text


def _split(name: str, *, ends_with_slash: bool) -> tuple[str, str]:
    """Return the registry, normalised, and the path below it, which may be empty."""
    first, slash, rest = name.partition("/")
    # "registry:5000" alone could as well be a repository with a tag.
    is_registry = "." in first or first == "localhost" or ends_with_slash or slash
    if not (is_registry and grammar.is_domain(first)):
        return grammar.DOCKER_HUB, name
    return first if "*" in first else parse_registry(first) or first, rest


def _no_pattern(text: str, problem: str) -> InputError:
    return InputError(
        f"'{printable(text)}' is no repository: {problem}",
        hint="Such as gke.gcr.io, quay.io/acme or quay.io/acme/app, without tag and digest.",
    )
