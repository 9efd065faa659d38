"""Ask once more about a refusal that an API server may only give while it is being started."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from imagelock.outside.refusals import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable

    from imagelock.outside.kubernetes_api import Api

__all__ = ["doubting"]

AnswerT = TypeVar("AnswerT")


def doubting(api: Api, ask: Callable[[], AnswerT]) -> AnswerT:
    """Return what *ask* answers; a refusal is doubted as far as the cluster's client does so.

    Raises:
        ClusterError: As *ask* does.
    """
    while True:
        try:
            return ask()
        except ApiError as error:
            if not api.doubts(error):
                raise
