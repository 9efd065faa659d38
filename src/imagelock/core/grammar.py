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
    "normalise",
    "what_is_wrong",
    "what_is_wrong_with_name",
]

DOCKER_HUB = "docker.io"
_LEGACY_HUB = "index.docker.io"
MAX_PATH_LENGTH = 255  # characters: RepositoryNameTotalLengthMax, the registry not counted
MAX_TAG_LENGTH = 128  # characters
DIGEST_HEX_DIGITS = {"sha256": 64, "sha512": 128}

# A run of characters is matched as far as it goes and never given back (`++`): what
# may follow it is never what it is made of. A group that is given back is not tried
# in another way, for the same reason. So the time is linear in the length of any
# text, hostile ones included. Groups are not possessive themselves: Python before
# 3.11.5, and Debian 12 has 3.11.2, keeps what half an iteration of one had matched
# (python/cpython#106052), and takes `app-/x` for a path.
_HOST_COMPONENT = r"[a-zA-Z0-9]++(?:-++[a-zA-Z0-9]++)*"
DOMAIN = (
    rf"(?:{_HOST_COMPONENT}(?:\.{_HOST_COMPONENT})*"
    r"|\[[a-fA-F0-9:]++\])(?::[0-9]++)?"
)
_PATH_COMPONENT = r"[a-z0-9]++(?:(?:\.|__?|-++)[a-z0-9]++)*"
PATH = rf"{_PATH_COMPONENT}(?:/{_PATH_COMPONENT})*"
TAG = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
DIGEST = r"sha256:[0-9a-f]{64}(?![0-9a-f])|sha512:[0-9a-f]{128}(?![0-9a-f])"

# The first part of a name is a registry only by its looks (see `is_domain`),
# so a domain is matched here with everything else that may stand before a "/".
REFERENCE = re.compile(
    rf"(?P<name>(?:{DOMAIN}/)?{PATH})(?::(?P<tag>{TAG}))?(?:@(?P<digest>{DIGEST}))?"
)
_DOMAIN = re.compile(DOMAIN)
_IDENTIFIER = re.compile(r"[a-f0-9]{64}")

_Wrong = tuple[str, int, int]


def is_domain(part: str) -> bool:
    """Say whether the part of a name before its first slash is a registry.

    As Docker decides it: it has a dot or a colon, is ``localhost``, or has an
    upper-case letter, which no repository may have.
    """
    return "." in part or ":" in part or part == "localhost" or part.lower() != part


def is_identifier(text: str) -> bool:
    """Say whether *text* is an image's own ID (64 hex digits), which is no reference."""
    return _IDENTIFIER.fullmatch(text) is not None


def normalise(name: str) -> tuple[str, str] | None:
    """Split a name by the grammar into registry and path, as Docker and containerd do.

    ``nginx`` is ``docker.io/library/nginx``, ``docker.io/nginx`` too, and
    ``index.docker.io`` is ``docker.io``.

    Returns:
        ``None`` where what stands for the registry is none (``my_host.example/app``,
        which the grammar alone would read as a path), or the path is too long.
    """
    registry, slash, path = name.partition("/")
    if not slash or not is_domain(registry):
        registry, path = DOCKER_HUB, name
    elif not _DOMAIN.fullmatch(registry):
        return None
    elif registry == _LEGACY_HUB:
        registry = DOCKER_HUB
    if registry == DOCKER_HUB and "/" not in path:
        path = f"library/{path}"
    return None if len(path) > MAX_PATH_LENGTH else (registry, path)


def what_is_wrong(text: str) -> tuple[str, int, int]:
    """Explain why *text* is no image reference.

    Returns:
        What is wrong and what was expected, and the span of *text* it is about:
        an empty one where something is missing.
    """
    return _wrong_from_outside(text, "an image ID") or _wrong_reference(text)


def what_is_wrong_with_name(text: str) -> tuple[str, int, int]:
    """Explain why *text* is no repository's name, which has neither tag nor digest.

    Returns:
        As `what_is_wrong` does.
    """
    return (
        _wrong_from_outside(text, "a repository's name")
        or _too_much_for_a_name(text)
        or _wrong_reference(text)
    )


def _wrong_from_outside(text: str, expected: str) -> _Wrong | None:
    if not text:
        return f"{expected} was expected, and nothing stands here", 0, 0
    space = re.search(r"\s", text)
    if space:
        return f"{expected} holds no white space", space.start(), space.end()
    scheme = re.match(r"[a-zA-Z][a-zA-Z0-9+.-]{0,30}://", text)
    if scheme:
        return f"{expected} has no scheme such as '{scheme[0]}'", 0, scheme.end()
    return None


def _too_much_for_a_name(text: str) -> _Wrong | None:
    match = REFERENCE.fullmatch(text)
    if match is None or match.end("name") == len(text):
        return None
    start = match.end("name")
    if match["tag"] is not None:
        return "a repository's name has no tag", start, match.end("tag")
    return "a repository's name has no digest", start, len(text)


def _wrong_reference(text: str) -> _Wrong:
    name, at, digest = text.partition("@")
    wrong = _wrong_digest(digest, len(name) + 1) if at else None
    wrong = wrong or _wrong_name(name)
    if wrong is None and is_identifier(text):
        wrong = ("64 hex digits are an image's own ID, not a repository", 0, len(text))
    # Not reached: the parts above are the whole grammar, and a property test says so.
    return wrong or ("this is not an image ID", 0, len(text))


def _wrong_digest(digest: str, start: int) -> _Wrong | None:
    if re.fullmatch(DIGEST, digest):
        return None
    end = start + len(digest)
    if not digest:
        return "a digest was expected after '@'", start, end
    algorithm, colon, hex_digits = digest.partition(":")
    expected = DIGEST_HEX_DIGITS.get(algorithm)
    if not colon or expected is None:
        return "a digest begins with 'sha256:' or 'sha512:'", start, end
    start += len(algorithm) + 1
    bad = re.search(r"[^0-9a-f]", hex_digits)
    if bad:
        start += bad.start()
        return "the hex digits of a digest are 0-9 and a-f, in lower case", start, start + 1
    message = f"a {algorithm} digest has {expected} hex digits, and this one has {len(hex_digits)}"
    return message, start, end


def _wrong_name(name: str) -> _Wrong | None:
    first, slash, rest = name.partition("/")
    offset = 0
    path_and_tag = name
    if slash and is_domain(first):
        if not _DOMAIN.fullmatch(first):
            return "the part before the first '/' is not a registry's host name", 0, len(first)
        offset, path_and_tag = len(first) + 1, rest
    path, colon, tag = path_and_tag.partition(":")
    wrong = _wrong_path(path, offset)
    if wrong is None and normalise(name[: offset + len(path)]) is None:
        message = f"a repository's name has at most {MAX_PATH_LENGTH} characters"
        wrong = (message, offset, offset + len(path))
    if wrong is None and colon:
        wrong = _wrong_tag(tag, offset + len(path) + 1)
    return wrong


def _wrong_path(path: str, offset: int) -> _Wrong | None:
    if re.fullmatch(PATH, path):
        return None
    if not path:
        return "a repository's name was expected here", offset, offset
    for part in path.split("/"):
        if not part:
            return "a '/' joins two names, and one of them is missing here", offset, offset
        if not re.fullmatch(_PATH_COMPONENT, part):
            return _wrong_component(part, offset)
        offset += len(part) + 1
    return None


def _wrong_component(part: str, offset: int) -> _Wrong:
    matched = re.match(_PATH_COMPONENT, part)
    good = matched.end() if matched else 0
    upper = re.match(r"[._-]*+[A-Z]", part[good:])
    if upper:
        start = offset + good + upper.end() - 1
        return "a repository's name is in lower case", start, start + 1
    message = (
        "a repository's name is made of lower-case letters and digits, "
        "joined by '.', '_', '__', '-' or '/'"
    )
    return message, offset + good, offset + good + 1


def _wrong_tag(tag: str, start: int) -> _Wrong | None:
    if re.fullmatch(TAG, tag):
        return None
    if not tag:
        return "a tag was expected after ':'", start, start
    bad = re.search(r"[^A-Za-z0-9_.-]", tag)
    if bad:
        start += bad.start()
        return "a tag is made of letters, digits, '_', '.' and '-'", start, start + 1
    if tag[0] in ".-":
        return "a tag begins with a letter, a digit or '_'", start, start + 1
    return f"a tag has at most {MAX_TAG_LENGTH} characters", start, start + len(tag)
