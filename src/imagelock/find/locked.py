"""What the lock knows by name.

No key says that these texts are images; the lock does. So the criterion is
narrow, and docs/finding-images.md gives its reasons: a text names an image of
the lock when it has that image's registry, repository and a tag, or its
repository and the very tag of an entry.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from imagelock.core import grammar
from imagelock.core.lock import Missing
from imagelock.core.reference import ImageReference
from imagelock.find.site import Append

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagelock.document.nodes import Scalar
    from imagelock.find.site import Path, Site
    from imagelock.find.visit import Visit

NAME = "lock"

# An image ID with a tag or a digest that is not a part of a longer word or of
# an address: what may stand before it and behind it.
_TOKEN = re.compile(
    r"(?<![A-Za-z0-9_./:@%~+-])"
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{1,5})?/)?"
    r"[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*"
    r"(?::(?:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))"
    rf"(?:@(?:{grammar.DIGEST}))?"
    r"(?![A-Za-z0-9_/@:-])"
)


def may_name_an_image(value: str) -> bool:
    """Say quickly whether a text is worth a closer look."""
    return ":" in value and len(value) > len("a:b")


def find(scalar: Scalar, path: Path, visit: Visit) -> Iterator[Site]:
    """Find every image of the lock that a scalar's text names."""
    for match in _TOKEN.finditer(scalar.value):
        text = match[0].rstrip(".")
        image = ImageReference.try_parse(text)
        if image is not None and _is_known(image, visit):
            if scalar.is_templated:
                visit.templated += 1
                return
            yield visit.site(
                scalar,
                image,
                path,
                NAME,
                text=text,
                pin=Append(scalar, match.start() + len(text)),
                offset=match.start(),
            )


def _is_known(image: ImageReference, visit: Visit) -> bool:
    if not visit.lock.entries_of(image.repository):
        return False
    first = image.text.partition("/")[0]
    if "/" in image.text and grammar.is_domain(first):
        return True
    return image.tag is not None and not isinstance(visit.lock.match(image), Missing)
