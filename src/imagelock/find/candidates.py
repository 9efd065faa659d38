"""Which documents may name an image: a scan that cannot miss one.

Parsing is by far the slowest part of finding. A document without any of the
words that a finder looks for, and without the name and tag of an image of the
lock, has no site; nor has the schema of a custom resource. Both are decided on
the text alone, and only in ways that are certain: tests compare with parsing
everything.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imagelock.find.visit import Knowledge

__all__ = ["Candidates"]

# Every finder but `lock` and `config` needs one of these in a key or a kind: the
# second row is for arguments without a tag. A backslash may spell any letter in
# a quoted key.
_WORDS = (
    *("mage", "MAGE", "repo", "Repo", "registry", "helm", "hub", "\\"),
    *("args", "rguments", "ARGS", "RGUMENTS", "Args", "command", "literals"),
)
# The last part of a name, with what follows it in an image ID that has a tag or
# a digest; after the colon of a key there is a space.
_NAME = re.compile(r"(?<![a-z0-9._-])[a-z0-9._-]++(?=:[A-Za-z0-9_]|@sha)")
# How every generator begins one; what is written otherwise is parsed.
_SCHEMA = re.compile(
    r"(?:---[ \t]*\r?\n)?(?>(?:[ \t]*(?:\#[^\n]*)?\r?\n)*)"
    r"(?:apiVersion:[ ]apiextensions\.k8s\.io/v1(?:beta1)?\r?\n"
    r"kind:[ ]CustomResourceDefinition\r?\n"
    r"|kind:[ ]CustomResourceDefinition\r?\n"
    r"apiVersion:[ ]apiextensions\.k8s\.io/v1(?:beta1)?\r?\n)",
    re.VERBOSE,
)
# Any line at the margin that could be another key of the root, or another kind.
_OTHER_ROOT_KEY = re.compile(r"\n(?!(?:metadata|spec|status):|[ \t\r\n#]|\Z)")


class Candidates:
    """Says which documents are worth parsing, for one lock and one configuration."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._parses_all = bool(knowledge.find_keys)
        self._names = frozenset(
            repository.path.rpartition("/")[2] for repository in knowledge.lock.repositories
        )

    def may_name_an_image(self, content: str) -> bool:
        """Say whether a document may hold a site; ``False`` is certain."""
        if self._parses_all:
            return True
        # Schemas first: they are most of what a cluster's manifests weigh.
        if _is_schema(content):
            return False
        return any(word in content for word in _WORDS) or self._mentions_the_lock(content)

    def _mentions_the_lock(self, content: str) -> bool:
        return any(name[0].lstrip("._-") in self._names for name in _NAME.finditer(content))


def _is_schema(content: str) -> bool:
    """Say whether a document is a CustomResourceDefinition, in which nothing is an input."""
    head = _SCHEMA.match(content)
    return head is not None and _OTHER_ROOT_KEY.search(content, head.end() - 1) is None
