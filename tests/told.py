"""What a page holds, whichever of its pods were only counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from imagelock.core.cluster import Container, Page

__all__ = ["some_are_plain", "told"]


def some_are_plain(namespace: str, containers: tuple[Container, ...]) -> bool:
    """Call half of what may be asked for plain."""
    return (len(namespace) + len(containers)) % 2 == 0


def told(page: Page) -> Any:
    """Return the page as a value to compare, where `some_are_plain` said what is plain."""
    plain = [(one.namespace, one.containers, one_uid) for one in page.alike for one_uid in one.uids]
    odd = []
    for pod in page.pods:
        if some_are_plain(pod.namespace, pod.containers):
            plain.append((pod.namespace, pod.containers, pod.uid))
        else:
            odd.append(pod)
    head = (page.kind, page.name, page.continue_token, page.version, page.remaining)
    return *head, sorted(map(repr, odd)), sorted(map(repr, plain))
