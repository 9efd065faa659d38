"""Lists of a cluster, page by page: the next page is on its way while one is decoded."""

from __future__ import annotations

import re
import threading
from functools import partial
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from imagelock.errors import ClusterError
from imagelock.outside.refusals import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from imagelock.outside.kubernetes_api import Api

__all__ = ["LIMIT", "Ahead", "Page", "Reader", "list_pages", "next_token"]

LIMIT = 500  # objects of one page, as kubectl asks for
_EXPIRED = 410
_PATIENCE = 5  # times that a list may expire before one page of it has come
_HEAD = 4_096  # bytes at the beginning of a list that hold its metadata
_TOKEN = re.compile(rb'"metadata":\{[^{}]*?"continue":"([A-Za-z0-9_=-]+)"')


class Page(Protocol):
    """What a decoded page must tell: where the next one begins, or nothing."""

    @property
    def continue_token(self) -> str:
        """The server's token for the next page; empty at the last one."""


PageT = TypeVar("PageT", bound=Page)
DataT = TypeVar("DataT")


def list_pages(
    api: Api,
    path: str,
    decode: Callable[[bytes], PageT],
    *,
    limit: int = LIMIT,
    params: Mapping[str, str] | None = None,
) -> Iterator[PageT]:
    """Yield the pages of a list, whole or not at all, and never all of them in memory.

    Where the list expires on the way (410), it goes on with the token that the
    server then gives: what comes after is newer than what came before. That is
    told through ``api.notice``.

    Args:
        api: The cluster.
        path: The list's path, such as ``/api/v1/pods``.
        decode: Makes a page of an answer.
        limit: The objects of one page.
        params: Further parameters, such as a ``labelSelector``.

    Raises:
        ClusterError: A page did not come, or is not what a page is. What was
            yielded before is then no whole list.
    """
    reader = Reader(api, path, limit=limit, params=params)
    data = reader.fetch("")
    while True:
        guess = next_token(data)
        ahead = Ahead(partial(reader.fetch, guess)) if guess else None
        page = api.read(data, decode)
        token = reader.follow(page)
        yield page
        if not token:
            return
        data = ahead.result() if ahead and guess == token else reader.fetch(token)


class Reader:
    """Gets the pages of one list, each by its token."""

    def __init__(
        self,
        api: Api,
        path: str,
        *,
        limit: int = LIMIT,
        params: Mapping[str, str] | None = None,
    ) -> None:
        self._api = api
        self._path = path
        self._params = {**(params or {}), "limit": str(limit)}
        self._followed: set[str] = set()

    def fetch(self, token: str) -> bytes:
        """Return the page that a token stands for, or where it has expired, the one after.

        Raises:
            ClusterError: It did not come, or the list expires faster than it is read.
        """
        return self._patiently(token, partial(self._api.get, self._path))

    def fetch_into(self, room: memoryview, token: str) -> bytes | memoryview:
        """Return a page as `fetch` does: as a part of *room*, if there is enough of it.

        Raises:
            ClusterError: It did not come, or the list expires faster than it is read.
        """
        return self._patiently(token, partial(self._api.get_into, room, self._path))

    def _patiently(self, token: str, get: Callable[[dict[str, str]], DataT]) -> DataT:
        for _ in range(_PATIENCE):
            try:
                return get({**self._params, **({"continue": token} if token else {})})
            except ApiError as error:
                fresh = error.status.continue_token if error.status else ""
                if error.code != _EXPIRED or not fresh:
                    raise
                token = fresh
                self._api.notice(
                    f"the list {self._path} expired while it was read: what follows is newer than "
                    "what came before, so an object that changed in between may be missing or "
                    "come twice"
                )
        raise ClusterError(
            f"{self._api.host}{self._path}: the list expires faster than it can be read",
            hint="The server forgets its past too early (etcd compaction): try again later.",
        )

    def follow(self, page: Page) -> str:
        """Return the token of the page after this one, or nothing at the end.

        Raises:
            ClusterError: It was followed before: the list would never end.
        """
        token = page.continue_token
        if token in self._followed:
            raise ClusterError(
                f"{self._api.host}{self._path}: the server gives the same pages for ever",
                hint="Look at what stands between, such as a proxy that keeps answers.",
            )
        if token:
            self._followed.add(token)
        return token


def next_token(data: bytes | memoryview) -> str:
    """Guess the next page's token without decoding; what is decoded decides."""
    match = _TOKEN.search(data, 0, _HEAD)
    return match[1].decode() if match else ""


class Ahead(Generic[DataT]):
    """Gets one thing while something else is done.

    The thread is a daemon, unlike an executor's: whoever interrupts the command
    does not wait for a page that nobody wants any more.
    """

    def __init__(self, get: Callable[[], DataT]) -> None:
        self._get = get
        self._got: list[DataT] = []
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="next-page", daemon=True)
        self._thread.start()

    def result(self) -> DataT:
        """Wait for it."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._got[0]

    def _run(self) -> None:
        try:
            self._got.append(self._get())
        except BaseException as error:  # noqa: BLE001  (raised again where it is waited for)
            self._error = error
