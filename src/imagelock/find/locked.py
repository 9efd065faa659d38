"""What the lock knows by name.

No key says that these texts are images; the lock does. So the criterion is
narrow, and docs/finding-images.md gives its reasons:

    (1) a word of the text is an image ID with a tag or a digest,
    (2) its repository is in the lock,
    (3) it spells its registry, or its tag is one that the lock has for it,
    (4) and the text is neither prose nor the target of a push.

In a script, a flag, a variable or a property right before it is as good as a
key, and then the lock need not know it: `kubectl run x --image=quay.io/x/y:1`,
or `image: quay.io/x/y:1` in a text that is no YAML as a whole.

Behind ``docker://`` stands an image ID, too, which whoever reads it (skopeo, CDI)
takes with a tag or with a digest, and never with both.

Arguments without a tag are in `imagelock.find.arguments`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from imagelock.core.lock import Ambiguous, Found, Missing
from imagelock.find.names import (
    SCHEME,
    TRANSPORT,
    is_image_flag,
    is_image_key,
    is_image_variable,
    is_push_flag,
    looks_like_no_picture,
    may_be_a_host,
    names_its_registry,
)
from imagelock.find.site import Append, Unwritable
from imagelock.find.tokens import addressed, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagelock.core.reference import ImageReference
    from imagelock.document.nodes import Scalar
    from imagelock.find.site import Path, Pin, Site
    from imagelock.find.tokens import Token
    from imagelock.find.visit import Visit

NAME = "lock"
KEY = "key"

# Texts for people, and queries, which compare with images. In a note, a whole
# image ID may be read by a program.
_PROSE = re.compile(
    r"^(?:description|summary|messages?|notes?|comments?|title|help|docs?|documentation"
    r"|changelog|changes|reason|releaseNotes|expr|expression|query|promql)$"
    r"|(?:Description|Message)$",
    re.IGNORECASE,
)
_NOTES = frozenset(("annotations", "labels"))
_LAST_WORD = re.compile(r"(?:^|[\s\"'(])([a-z-]+)[\s=]+\"?\Z")
# --image nginx:1        IMAGE=nginx:1        and where a line or an object begins:
# image: nginx:1         {"image": "nginx:1"
_TELLING = re.compile(
    r"(?:(?:^|[\s\"'({,])(?:(?P<flag>-[A-Za-z0-9_.-]+)[ \t]+"
    r"|(?P<name>[A-Za-z0-9_.-]+)[\"']?[ \t]*=[ \t]*)"
    r"|(?:^|[\n{,])[ \t]*(?:-[ ]+)?[\"']?(?P<key>[A-Za-z0-9_.-]+)[\"']?:[ \t]+)"
    r"[\"']?\Z"
)
_COMMENT = re.compile(r"(?:^|[\s;])(?:#|//)")
# BuildKit's: --output type=image,name=<image ID>,push=true
_OUTPUT = re.compile(r"\btype=(?:image|registry|docker|oci),(?:[^\s,]+,)*name=\"?\Z")
# Where another command begins in a script; a line that goes on does not.
_COMMAND_END = re.compile(r"(?<!\\)\n|;|&&|\|")
_WRITING = re.compile(r"\b(?:push|delete)\b")
_LONGEST_FLAG = 60  # characters
_LONGEST_LINE = 300  # characters, in which a comment may have begun


def find(scalar: Scalar, path: Path, visit: Visit) -> Iterator[Site]:
    """Find every image of the lock that a scalar's text names."""
    if _is_prose(path):
        return
    is_note = _is_note(path)
    for token in tokens(scalar):
        is_told = _is_told(scalar, token)
        if not is_told and not _is_known(token.image, visit):
            continue
        if is_note and len(token.image.text) < len(scalar.value.strip()):
            return
        if not _is_pushed(scalar, token):
            yield visit.site(
                scalar,
                token.image,
                path,
                KEY if is_told else NAME,
                text=token.image.text,
                pin=Append(scalar, token.end),
                offset=token.start,
            )
    if SCHEME in scalar.value and not is_note:
        yield from _addressed(scalar, path, visit)


def _addressed(scalar: Scalar, path: Path, visit: Visit) -> Iterator[Site]:
    """Find the images of the lock that are read, and not written, behind ``docker://``."""
    for token in addressed(scalar):
        if _is_known(token.image, visit) and not _is_written(scalar, token):
            yield visit.site(
                scalar,
                token.image,
                path,
                NAME,
                text=token.image.text,
                pin=_instead(scalar, token, visit),
                offset=token.start,
            )


def _is_written(scalar: Scalar, token: Token) -> bool:
    """Say whether a command pushes there, copies to there or deletes what is there."""
    start = max(token.start - _LONGEST_LINE, 0)
    command = _COMMAND_END.split(scalar.value[start : token.start - len(SCHEME)])[-1]
    return _WRITING.search(command) is not None or TRANSPORT.search(command) is not None


def _instead(scalar: Scalar, token: Token, visit: Visit) -> Pin:
    """Say what can be written where a tag and a digest do not go together."""
    image = token.image
    if image.tag is None or image.is_pinned:
        return Append(scalar, token.end)
    reason = "behind 'docker://' a tag and a digest do not go together"
    match visit.lock.match(image):
        case Found(digest=digest) | Ambiguous(digest=digest):
            name = image.text.removesuffix(f":{image.tag}")
            return Unwritable(f"{reason}; write 'docker://{name}@{digest}'")
        case Missing():
            return Unwritable(reason)


def _is_prose(path: Path) -> bool:
    return path is not None and isinstance(path[1], str) and _PROSE.search(path[1]) is not None


def _is_note(path: Path) -> bool:
    return path is not None and path[0] is not None and path[0][1] in _NOTES


def _is_known(image: ImageReference, visit: Visit) -> bool:
    if not visit.lock.entries_of(image.repository):
        return False
    if names_its_registry(image):
        return True
    return image.tag is not None and not isinstance(visit.lock.match(image), Missing)


def _is_told(scalar: Scalar, token: Token) -> bool:
    """Say whether a flag or a variable right before it says that it is an image."""
    start = max(token.start - _LONGEST_FLAG, 0)
    before = _TELLING.search(scalar.value, start, token.start)
    image = token.image
    if before is None or may_be_a_host(image) or not looks_like_no_picture(image):
        return False
    line = scalar.value.rfind("\n", max(token.start - _LONGEST_LINE, 0), token.start)
    if _COMMENT.search(scalar.value, max(line, 0), token.start):
        return False
    name = before["flag"] or before["name"] or before["key"]
    if name.startswith("-"):
        return is_image_flag(name)
    return is_image_key(name) or (name.isupper() and is_image_variable(name))


def _is_pushed(scalar: Scalar, token: Token) -> bool:
    """Say whether the word before it, in a script, is a command or a flag that pushes there."""
    start = max(token.start - _LONGEST_FLAG, 0)
    before = _LAST_WORD.search(scalar.value, start, token.start)
    if before is not None and is_push_flag(before[1]):
        return True
    return _OUTPUT.search(scalar.value, start, token.start) is not None
