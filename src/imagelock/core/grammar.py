"""The grammar of image references, part by part.

It is the grammar of the distribution project's ``reference`` package, which
Docker, containerd and Kubernetes use:

    reference       := name [ ":" tag ] [ "@" digest ]
    name            := [ domain "/" ] path
    domain          := host [ ":" port ]
    host            := domain-name | IPv4 address | "[" IPv6 address "]"
    domain-name     := component { "." component }
    path            := path-component { "/" path-component }
    path-component  := alphanumeric { separator alphanumeric }
    separator       := "." | "_" | "__" | "-" { "-" }
    tag             := word character { word character | "." | "-" }, at most 128
    digest          := "sha256:" 64 hex digits | "sha512:" 128 hex digits

Digests are narrower here than there: hex is lower case, and the algorithm is
one of the two that registries serve.
"""

from __future__ import annotations

import re

__all__ = [
    "DIGEST",
    "DIGEST_HEX_DIGITS",
    "DOCKER_HUB",
    "DOMAIN",
    "MAX_PATH_LENGTH",
    "MAX_TAG_LENGTH",
    "PATH",
    "REFERENCE",
    "TAG",
    "is_domain",
    "is_identifier",
    "what_is_wrong",
]

DOCKER_HUB = "docker.io"
MAX_PATH_LENGTH = 255  # characters: RepositoryNameTotalLengthMax, the registry not counted
MAX_TAG_LENGTH = 128  # characters
DIGEST_HEX_DIGITS = {"sha256": 64, "sha512": 128}

DOMAIN = (
    r"(?:(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
    r"(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*"
    r"|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
)
_PATH_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
PATH = rf"{_PATH_COMPONENT}(?:/{_PATH_COMPONENT})*"
TAG = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
DIGEST = r"sha256:[0-9a-f]{64}(?![0-9a-f])|sha512:[0-9a-f]{128}(?![0-9a-f])"

# The first part of a name is a registry only by its looks (see `is_domain`),
# so a domain is matched here with everything else that may stand before a "/".
REFERENCE = re.compile(
    rf"(?P<name>(?:{DOMAIN}/)?{PATH})(?::(?P<tag>{TAG}))?(?:@(?P<digest>{DIGEST}))?"
)
_IDENTIFIER = re.compile(r"[a-f0-9]{64}")


def is_domain(part: str) -> bool:
    """Say whether the part of a name before its first slash is a registry.

    As Docker decides it: it has a dot or a colon, is ``localhost``, or has an
    upper-case letter, which no repository may have.
    """
    return "." in part or ":" in part or part == "localhost" or part.lower() != part


def is_identifier(text: str) -> bool:
    """Say whether *text* is an image's own ID (64 hex digits), which is no reference."""
    return _IDENTIFIER.fullmatch(text) is not None


def what_is_wrong(text: str) -> tuple[str, int, int]:
    """Explain why *text* is no image reference.

    Returns:
        What is wrong and what was expected, and the span of *text* it is about.
    """
    if not text:
        return "an image ID was expected, and nothing stands here", 0, 0
    space = re.search(r"\s", text)
    if space:
        return "an image ID holds no white space", space.start(), space.end()
    scheme = re.match(r"[a-z]+://", text)
    if scheme:
        return f"an image ID has no scheme such as '{scheme[0]}'", 0, scheme.end()
    name, at, digest = text.partition("@")
    if at:
        wrong = _wrong_digest(digest, len(name) + 1)
        if wrong:
            return wrong
    return _wrong_name(name)


def _wrong_digest(digest: str, start: int) -> tuple[str, int, int] | None:
    if re.fullmatch(DIGEST, digest):
        return None
    end = start + len(digest)
    algorithm, colon, hex_digits = digest.partition(":")
    expected = DIGEST_HEX_DIGITS.get(algorithm)
    if not colon or expected is None:
        message = "a digest begins with 'sha256:' or 'sha512:'"
    elif len(hex_digits) != expected:
        message = (
            f"a {algorithm} digest has {expected} hex digits, and this one has {len(hex_digits)}"
        )
        start += len(algorithm) + 1
    else:
        message = "the hex digits of a digest are 0-9 and a-f, in lower case"
        bad = re.search(r"[^0-9a-f]", hex_digits)
        start += len(algorithm) + 1 + (bad.start() if bad else 0)
        end = start + 1
    return message, start, end


def _wrong_name(name: str) -> tuple[str, int, int]:
    first, slash, rest = name.partition("/")
    offset = 0
    if slash and is_domain(first):
        if not re.fullmatch(DOMAIN, first):
            return "the part before the first '/' is not a registry's host name", 0, len(first)
        offset, name = len(first) + 1, rest
    path, colon, tag = name.partition(":")
    upper = re.search(r"[A-Z]", path)
    if upper:
        return "a repository's name is in lower case", offset + upper.start(), offset + upper.end()
    if not re.fullmatch(PATH, path):
        return _wrong_path(path, offset)
    if len(path) > MAX_PATH_LENGTH:
        return (
            f"a repository's name has at most {MAX_PATH_LENGTH} characters",
            offset,
            offset + len(path),
        )
    if colon and not re.fullmatch(TAG, tag):
        start = offset + len(path) + 1
        if len(tag) > MAX_TAG_LENGTH:
            return f"a tag has at most {MAX_TAG_LENGTH} characters", start, start + len(tag)
        bad = re.search(r"^[.-]|[^A-Za-z0-9_.-]", tag)
        at = start + (bad.start() if bad else 0)
        return "a tag is made of letters, digits, '_', '.' and '-'", at, at + 1
    if is_identifier(name):
        return "64 hex digits are an image's own ID, not a repository", 0, len(path)
    return "this is not an image ID", 0, offset + len(name)


def _wrong_path(path: str, offset: int) -> tuple[str, int, int]:
    position = 0
    for part in path.split("/"):
        if not re.fullmatch(_PATH_COMPONENT, part):
            matched = re.match(_PATH_COMPONENT, part)
            start = offset + position + (matched.end() if matched else 0)
            message = (
                "a repository's name is made of lower-case letters and digits, "
                "joined by '.', '_', '__', '-' or '/'"
            )
            return message, start, start + 1
        position += len(part) + 1
    return "this is not a repository's name", offset, offset + len(path)
