"""Lists of a cluster, page by page: one is decoded while the next ones come.

The beginning of a page holds the token of the next one, which so is asked for before
this one is decoded.
"""

from __future__ import annotations

import re
from contextlib import closing
from itertools import cycle
from mmap import mmap
from typing import TYPE_CHECKING, Protocol, TypeVar

from imagelock.errors import ClusterError
from imagelock.outside.ahead import ahead
from imagelock.outside.refusals import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping

    from imagelock.outside.kubernetes_api import Api

__all__ = ["LIMIT", "Page", "Reader", "list_pages"]

LIMIT = 500  # objects of one page, as kubectl asks for
_EXPIRED = 410
_PATIENCE = 5  # times that a list may expire before one page of it has come
_ROOM = 32 * 1024 * 1024  # bytes, of which only those count that are used: mostly 6 MB
_ROOMS = 3  # one is decoded, one waits, and one is being filled
_HEAD = 4_096  # bytes at the beginning of a list that hold its metadata
_TOKEN = re.compile(rb'"metadata":\{[^{}]*?"continue":"([A-Za-z0-9_=-]+)"')


class Page(Protocol):
    """What a decoded page must tell: where the next one begins, or nothing."""

    @property
    def continue_token(self) -> str:
        """The server's token for the next page; empty at the last one."""


PageT = TypeVar("PageT", bound=Page)


def list_pages(
    api: Api,
    path: str,
    decode: Callable[[bytes | memoryview], PageT],
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
        decode: Makes a page of an answer, of which it must not hold on to anything: a
            later one comes to the same memory.
        limit: The objects of one page.
        params: Further parameters, such as a ``labelSelector``.

    Raises:
        ClusterError: A page did not come, or is not what a page is. What was
            yielded before is then no whole list.
    """
    reader = Reader(api, path, limit=limit, params=params)
    token = ""
    while True:
        with closing(ahead(_by_guesses(reader, token), name="next-page")) as answers:
            for data, guess in answers:
                page = api.read(data, decode)
                token = reader.follow(page)
                yield page
                if token != guess:  # what was got since is no page of this list
                    break
        if not token:
            return


def _by_guesses(reader: Reader, token: str) -> Generator[tuple[bytes | memoryview, str]]:
    """Yield the answers from a token on, each with the token that it seems to give for the next."""
    for room in cycle([_room() for _ in range(_ROOMS)]):
        data = reader.fetch_into(room, token)
        token = _next_token(data)
        yield data, token
        if not token:
            return


def _room() -> memoryview:
    try:
        return memoryview(mmap(-1, _ROOM))
    except OSError:  # no more memory is allowed: every page gets what it needs
        return memoryview(b"")


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
        self._has_expired = False

    def fetch_into(self, room: memoryview, token: str) -> bytes | memoryview:
        """Return the page that a token stands for, or where it has expired, the one after.

        It is a part of *room*, if there is enough of it.

        Raises:
            ClusterError: It did not come, or the list expires faster than it is read.
        """
        for _ in range(_PATIENCE):
            params = {**self._params, **({"continue": token} if token else {})}
            try:
                return self._api.get_into(room, self._path, params)
            except ApiError as error:
                fresh = error.status.continue_token if error.status else ""
                if error.code != _EXPIRED or not fresh:
                    raise
                token = fresh
                self._tell_that_it_expired()
        raise ClusterError(
            f"{self._api.host}{self._path}: the list expires faster than it can be read",
            hint="The server forgets its past too early (etcd compaction): try again later.",
        )

    def _tell_that_it_expired(self) -> None:
        """Tell it once: a long list on a busy cluster can expire at every page."""
        if not self._has_expired:
            self._api.notice(
                f"the list {self._path} expired while it was read: what follows is newer than "
                "what came before, so an object that changed in between may be missing or "
                "come twice"
            )
        self._has_expired = True

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


def _next_token(data: bytes | memoryview) -> str:
    """Guess the next page's token without decoding; what is decoded decides."""
    match = _TOKEN.search(data, 0, _HEAD)
    return match[1].decode() if match else ""
