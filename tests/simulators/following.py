"""A watch in a thread of its own."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, TypeVar

from tests.simulators.live_cluster import eventually

from imagelock.errors import ClusterError
from imagelock.outside.watch import (
    Begun,
    Listed,
    Message,
    Watch,
    Whole,
)
from imagelock.syntax.watch import Changed, Deleted

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulators.api_server import ApiServer

    from imagelock.outside.kubernetes_api import Api

    Serve = Callable[..., ApiServer]
    Reach = Callable[..., Api]
    Follow = Callable[..., "Following"]


MessageT = TypeVar("MessageT", bound=Message)


class Following:
    """A watch in a thread of its own, and everything that it said."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.messages: list[Message] = []
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def until(self, kind: type[MessageT], *, times: int = 1) -> list[MessageT]:
        """Wait until messages of this kind came so often."""

        def came() -> list[MessageT]:
            return [one for one in self.messages if isinstance(one, kind)]

        eventually(lambda: len(came()) >= times)
        return came()

    @property
    def pods(self) -> set[str]:
        """The pods that are there, by what was said."""
        there: set[str] = set()
        listed: set[str] = set()
        for message in self.messages:
            match message:
                case Begun():
                    listed = set()
                case Listed(page):
                    listed |= {one.name for one in page.pods}
                case Whole():
                    there = listed
                case Changed(page, _):
                    there |= {one.name for one in page.pods}
                case Deleted(_, name, _):
                    there.discard(name)
        return there

    def end(self) -> None:
        self.watch.stop()
        self._thread.join(10)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        try:
            for message in self.watch.messages():
                self.messages.append(message)
        except ClusterError as error:
            self.error = error
