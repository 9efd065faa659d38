"""Ask once more about a refusal that an API server may only give while it is being started."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, TypeVar

from imagelock.outside.refusals import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable

    from imagelock.outside.kubernetes_api import Api

__all__ = ["doubting"]

AnswerT = TypeVar("AnswerT")

_FORBIDDEN = 403
_PAUSE = threading.Lock()  # held while somebody waits before asking once more


def doubting(api: Api, ask: Callable[[], AnswerT]) -> AnswerT:
    """Return what *ask* answers; a refusal is doubted as far as the cluster's client does so.

    Several threads are mostly refused together: one pause is then a pause for all of them.

    Raises:
        ClusterError: As *ask* does.
    """
    while True:
        try:
            return ask()
        except ApiError as error:
            if error.code != _FORBIDDEN or not _again(api, error):
                raise


def _again(api: Api, error: ApiError) -> bool:
    if not _PAUSE.acquire(blocking=False):
        with _PAUSE:
            return True
    try:
        return api.doubts(error)
    finally:
        _PAUSE.release()
