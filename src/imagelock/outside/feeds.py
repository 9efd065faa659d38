"""Everything of a cluster that is followed: one thread for each list, one stream of news."""

from __future__ import annotations

import queue
import threading
import time
from typing import TYPE_CHECKING
from urllib.parse import quote

from msgspec import Struct

from imagelock.core.change import Feed
from imagelock.core.resources import NODES, PODS, RESOURCES
from imagelock.outside.watch import Message, Pace, Watch

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from imagelock.core.resources import Resource
    from imagelock.outside.kubernetes_api import Api
    from imagelock.syntax.selectors import Selector

__all__ = ["Feeds", "News"]

# Pages and events that wait to be looked at; the server waits for whoever is slower.
_WAITING = 32


class News(Struct, frozen=True):
    """What happened to a feed, and when it came (by the monotonic clock).

    An error stands for the end of a feed.
    """

    feed: Feed
    what: Message | BaseException
    at: float


class Feeds:
    """Follows nodes, pods and workloads: of a cluster, of some namespaces, of some labels."""

    def __init__(
        self,
        api: Api,
        namespaces: Sequence[str] = (),
        *,
        selector: Selector | None = None,
        pace: Pace | None = None,
    ) -> None:
        selected = {"labelSelector": selector.text} if selector else {}
        self._stopped = False
        self._queue: queue.Queue[News] = queue.Queue(_WAITING)
        # What the server refuses is not looked at, and told; without pods there is no answer.
        self._watches = {
            Feed(resource.kind, namespace): Watch(
                api,
                _path(resource, namespace),
                # Nodes hold the images of all labels.
                params={} if resource is NODES else selected,
                needed=resource is PODS,
                expected=_expected(resource, namespaces),
                pace=pace,
            )
            for resource in RESOURCES
            if resource.is_namespaced or not (resource.is_custom and namespaces)
            for namespace in (namespaces if resource.is_namespaced and namespaces else ("",))
        }

    @property
    def feeds(self) -> tuple[Feed, ...]:
        """What is followed."""
        return tuple(self._watches)

    def start(self, feeds: Iterable[Feed]) -> None:
        """Begin to follow some of them."""
        for feed in feeds:
            # Daemons: whoever ends the command does not wait for a silent server.
            thread = threading.Thread(target=self._follow, args=(feed,), daemon=True)
            thread.name = f"watch-{feed}"
            thread.start()

    def next(self, timeout: float) -> News | None:
        """Return the next news, or nothing if none came in time (seconds)."""
        try:
            return self._queue.get(timeout=timeout)
        except queue.Empty:
            return None

    def relist(self, kind: str = "") -> None:
        """List everything again, or the objects of one kind."""
        for feed, watch in self._watches.items():
            if kind in {"", feed.kind}:
                watch.relist()

    def stop(self) -> None:
        """End it; what comes after is not told any more."""
        self._stopped = True
        for watch in self._watches.values():
            watch.stop()

    def _follow(self, feed: Feed) -> None:
        try:
            for message in self._watches[feed].messages():
                self._put(News(feed, message, time.monotonic()))
        except BaseException as error:  # noqa: BLE001  (raised again where news are read)
            self._put(News(feed, error, time.monotonic()))

    def _put(self, news: News) -> None:
        while not self._stopped:
            try:
                self._queue.put(news, timeout=1.0)
            except queue.Full:
                continue
            return


def _expected(resource: Resource, namespaces: Sequence[str]) -> frozenset[int]:
    """Return the HTTP statuses that are no news: no such kind (404), no permission (403)."""
    if resource.is_custom:
        return frozenset({404})
    # Whoever may look at one namespace mostly may not look at nodes.
    return frozenset({403}) if namespaces and not resource.is_namespaced else frozenset()


def _path(resource: Resource, namespace: str) -> str:
    inside = f"/namespaces/{quote(namespace, safe='')}" if namespace else ""
    return f"{resource.path}{inside}/{resource.plural}"
