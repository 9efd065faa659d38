"""What tells one finding from another, in this report and in the next one."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, assert_never

from imagelock.core.place import ClusterPlace, FilePlace

if TYPE_CHECKING:
    from collections.abc import Iterable

    from imagelock.core.finding import Finding
    from imagelock.core.place import Place

__all__ = ["filed_under", "fingerprints"]


def fingerprints(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Return a name for every finding that stays when its line moves.

    It is made of the rule, the file or object, the path of keys in it and the
    image; findings that share all of these are told apart by their order.
    """
    # Only some formats ask, and OpenSSL takes its time to come.
    from hashlib import sha256

    seen: Counter[tuple[str, ...]] = Counter()
    names = []
    for finding in findings:
        identity = _identity(finding)
        seen[identity] += 1
        text = "\0".join((*identity, str(seen[identity])))
        names.append(sha256(text.encode("utf-8", "backslashreplace")).hexdigest())
    return tuple(names)


def filed_under(place: Place) -> str:
    """Return the path that a tool for files shows: an object of a cluster gets one too.

    ``cluster/<namespace>/<kind>/<name>``, without the namespace where there is none. A
    pod is filed under its workload: the names of pods change with every deployment.
    """
    match place:
        case FilePlace(file=file):
            return file
        case ClusterPlace():
            told = place.deployed
            parts = (told.namespace, told.kind, told.name)
            # A saved answer of a cluster can say anything: a name must not climb.
            return "/".join(("cluster", *(_one_part(part) for part in parts if part)))
        case never:
            assert_never(never)


def _identity(finding: Finding) -> tuple[str, ...]:
    place = finding.place
    inside = place.path if isinstance(place, FilePlace) else place.container
    what = finding.image if inside or finding.image else finding.message
    return finding.rule.name, filed_under(place), inside, what


def _one_part(name: str) -> str:
    return "_" if name in {".", ".."} else name.replace("/", "_")
