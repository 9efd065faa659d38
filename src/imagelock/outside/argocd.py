"""Look at Applications and what makes them, and ask Argo CD to do so."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec

from imagelock.outside.cluster import list_pages
from imagelock.outside.doubts import doubting
from imagelock.outside.refusals import ApiError
from imagelock.syntax.argocd import (
    API_VERSION,
    APPLICATION_SET,
    REFRESH,
    Application,
    ApplicationSet,
    Key,
    parse_application,
    parse_application_set,
    parse_applications,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from imagelock.outside.kubernetes_api import Api

__all__ = ["applications_in", "ask_to_look", "look_at"]

_MERGE = "application/merge-patch+json"
_NOT_FOUND = 404


def look_at(api: Api, key: Key) -> Application | ApplicationSet | None:
    """Return an Application or a set of them as it is now; nothing if it is not there.

    Raises:
        ClusterError: No whole answer came.
    """
    parse: Callable[[bytes], Application | ApplicationSet] = parse_application
    if key.kind == APPLICATION_SET:
        parse = parse_application_set
    try:
        data = doubting(api, partial(api.get, _path(key)))
    except ApiError as error:
        if error.code == _NOT_FOUND:
            return None
        raise
    return api.read(data, parse)


def applications_in(api: Api, namespace: str) -> tuple[Application, ...]:
    """Return the Applications of a namespace: each names the set that made it.

    Raises:
        ClusterError: No whole list came.
    """
    path = f"/apis/{API_VERSION}/namespaces/{quote(namespace, safe='')}/applications"

    def listed() -> tuple[Application, ...]:
        pages = list_pages(api, path, parse_applications, limit=100)
        return tuple(one for page in pages for one in page.items)

    return doubting(api, listed)


def ask_to_look(api: Api, key: Key, field_manager: str) -> None:
    """Ask Argo CD to compare it now; Argo CD removes the request when it has.

    Raises:
        ClusterError: It may not be asked.
    """
    name, value = REFRESH[key.kind]
    body = msgspec.json.encode({"metadata": {"annotations": {name: value}}})
    params = {"fieldManager": field_manager}
    doubting(api, partial(api.patch, _path(key), body, content_type=_MERGE, params=params))


def _path(key: Key) -> str:
    plural = f"{key.kind.lower()}s"
    namespace, name = quote(key.namespace, safe=""), quote(key.name, safe="")
    return f"/apis/{API_VERSION}/namespaces/{namespace}/{plural}/{name}"
