"""Lists of a cluster, page by page: the next page is on its way while one is decoded."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Protocol, TypeVar

from imagelock.errors import ClusterError
from imagelock.outside.refusals import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from imagelock.outside.kubernetes_api import Api

__all__ = ["Page", "list_pages"]

_EXPIRED = 410
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
    decode: Callable[[bytes], PageT],
    *,
    limit: int = 500,
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
    fetch = _Fetch(api, path, {**(params or {}), "limit": str(limit)})
    data, token = fetch(""), ""
    while True:
        guess = _peek(data)
        ahead = _Ahead(fetch, guess) if guess else None
        page = api.read(data, decode)
        if page.continue_token and page.continue_token == token:
            raise ClusterError(f"{api.host}{path}: the server gives the same page for ever")
        token = page.continue_token
        yield page
        if not token:
            return
        data = ahead.result() if ahead and guess == token else fetch(token)


class _Fetch:
    """Gets the page that a token stands for."""

    def __init__(self, api: Api, path: str, params: Mapping[str, str]) -> None:
        self._api = api
        self._path = path
        self._params = params

    def __call__(self, token: str) -> bytes:
        try:
            return self._get(token)
        except ApiError as error:
            fresh = error.status.continue_token if error.status else ""
            if error.code != _EXPIRED or not fresh:
                raise
        self._api.notice(
            f"the list {self._path} expired while it was read: what follows is newer than what "
            "came before, so an object that changed in between may be missing or come twice"
        )
        return self._get(fresh)

    def _get(self, token: str) -> bytes:
        more = {"continue": token} if token else {}
        return self._api.get(self._path, {**self._params, **more})


class _Ahead:
    """Gets one page while something else is done.

    The thread is a daemon, unlike an executor's: whoever interrupts the command
    does not wait for a page that nobody wants any more.
    """

    def __init__(self, fetch: _Fetch, token: str) -> None:
        self._fetch = fetch
        self._token = token
        self._data = b""
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="next-page", daemon=True)
        self._thread.start()

    def result(self) -> bytes:
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._data

    def _run(self) -> None:
        try:
            self._data = self._fetch(self._token)
        except BaseException as error:  # noqa: BLE001  (raised again where it is waited for)
            self._error = error


def _peek(data: bytes) -> str:
    """Guess the next page's token without decoding; what is decoded decides."""
    match = _TOKEN.search(data, 0, _HEAD)
    return match[1].decode() if match else ""
