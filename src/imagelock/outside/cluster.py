"""Lists of a cluster, page by page: the next page is on its way while one is decoded."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
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
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="next-page") as ahead:
        fetch = _Fetch(api, path, {**(params or {}), "limit": str(limit)})
        data, token = fetch(""), ""
        while True:
            guess = _peek(data)
            coming = ahead.submit(fetch, guess) if guess else None
            page = api.read(data, decode)
            if page.continue_token and page.continue_token == token:
                raise ClusterError(f"{api.host}{path}: the server gives the same page for ever")
            token = page.continue_token
            yield page
            if not token:
                return
            data = coming.result() if coming and guess == token else fetch(token)


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


def _peek(data: bytes) -> str:
    """Guess the next page's token without decoding; what is decoded decides."""
    match = _TOKEN.search(data, 0, _HEAD)
    return match[1].decode() if match else ""
