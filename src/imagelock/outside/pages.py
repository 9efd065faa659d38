"""The pages of a cluster, from its API server."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from imagelock.core.cluster import Page
from imagelock.core.finding import Skipped
from imagelock.core.resources import ARGO_GROUP, NODES, PODS, RESOURCES
from imagelock.errors import ClusterError, InputError
from imagelock.outside.cluster import list_pages
from imagelock.outside.doubts import doubting
from imagelock.outside.refusals import ApiError
from imagelock.syntax.kubernetes import parse_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from imagelock.core.resources import Resource
    from imagelock.outside.kubernetes_api import Api
    from imagelock.syntax.pods import IsPlain
    from imagelock.syntax.selectors import Selector

__all__ = ["live_pages"]

_FORBIDDEN, _UNKNOWN = 403, 404


def live_pages(
    api: Api,
    namespaces: Sequence[str] = (),
    *,
    selector: Selector | None = None,
    is_plain: IsPlain | None = None,
) -> Iterator[Page]:
    """Yield the nodes, pods and workloads of a cluster, or of some of its namespaces.

    What the user may not list, other than pods, becomes a page that says so. So does
    a list that expired while it was read.

    Args:
        api: The cluster.
        namespaces: Those that are meant; without any, all of them.
        selector: Which pods and workloads are meant; the server leaves out the others.
        is_plain: Which pods are only counted; without it, none.

    Raises:
        ClusterError: A list did not come whole.
    """
    argo = _served_by_argo(api)
    params = {"labelSelector": selector.text} if selector else {}
    for resource in RESOURCES:
        if resource.is_custom and argo is not None and resource.plural not in argo:
            continue
        parse = partial(_parse, kind=resource.kind, is_plain=is_plain)
        if resource.is_namespaced:
            for namespace in namespaces or ("",):
                yield from _listed(api, resource, namespace, params, parse)
        elif not (resource.is_custom and namespaces):  # what is in no namespace is not meant
            asked = {} if resource is NODES else params
            # Whoever may look at one namespace mostly may not look at nodes.
            yield from _listed(api, resource, "", asked, parse, optional=bool(namespaces))


def _listed(
    api: Api,
    resource: Resource,
    namespace: str,
    params: dict[str, str],
    parse: Callable[..., Page],
    *,
    optional: bool = False,
) -> Iterator[Page]:
    inside = f"/namespaces/{quote(namespace, safe='')}" if namespace else ""
    path = f"{resource.path}{inside}/{resource.plural}"
    seen, announced = 0, 0
    moments: set[str] = set()
    try:
        ask = partial(list_pages, api, path, partial(parse, path=path), params=params)
        for page in _doubted(api, ask, optional=optional):
            seen += page.object_count
            announced = max(announced, seen + page.remaining)
            moments.add(page.version)
            # A list comes to its end or to an error: whoever judges it need not count.
            yield replace(page, remaining=0)
    except ApiError as error:
        if resource is PODS or error.code not in {_FORBIDDEN, _UNKNOWN}:
            raise
        yield _unseen(resource, namespace, error.code, optional=optional)
    if len(moments) > 1:  # then what is announced is a guess
        yield _of_several_moments(resource, namespace, len(moments))
    elif seen < announced:
        raise ClusterError(
            f"{path}: the list ended after {seen:,} objects, and {announced:,} were announced",
            hint="Try again; if it stays, look at what stands between: proxy, load balancer.",
        )


def _doubted(api: Api, ask: Callable[[], Iterator[Page]], *, optional: bool) -> Iterator[Page]:
    """Yield the pages of a list; that it is refused at its beginning is asked about again."""
    while True:
        begun = False
        try:
            for page in ask():
                begun = True
                yield page
        except ApiError as error:
            if begun or optional or not api.doubts(error):
                raise
        else:
            return


def _parse(data: bytes | memoryview, *, path: str, kind: str, is_plain: IsPlain | None) -> Page:
    page = parse_answer(data, name=path, is_plain=is_plain)
    if page.kind != f"{kind}List":
        raise InputError(f"this holds '{page.kind}', and '{kind}List' was asked for")
    return page


class _Resource(Struct):
    name: str = ""


class _ResourceList(Struct):
    resources: tuple[_Resource, ...] | None = None


def _served_by_argo(api: Api) -> frozenset[str] | None:
    """Return Argo's kinds that a cluster has, or ``None`` where it does not say."""
    decoder = msgspec.json.Decoder(_ResourceList)
    path = next(one.path for one in RESOURCES if one.group == ARGO_GROUP)
    try:
        data = doubting(api, partial(api.get, path))
    except ApiError as error:
        if error.code == _UNKNOWN:
            return frozenset()
        if error.code == _FORBIDDEN:
            return None
        raise
    resources = api.read(data, decoder.decode).resources
    return frozenset(resource.name for resource in resources or ())


def _unseen(resource: Resource, namespace: str, code: int, *, optional: bool) -> Page:
    what = _described(resource, namespace)
    if code == _UNKNOWN and resource.is_custom:
        skipped = Skipped(what, "this cluster has no such kind", expected=True)
    elif code == _UNKNOWN:
        skipped = Skipped(what, f"this cluster does not serve them under {resource.path}")
    else:
        reason = "the permission to list them is missing (see: imagelock rbac --help)"
        skipped = Skipped(what, reason, expected=optional)
    return Page(kind=resource.plural, unseen=(skipped,))


def _of_several_moments(resource: Resource, namespace: str, moments: int) -> Page:
    skipped = Skipped(
        f"some {_described(resource, namespace)}",
        f"the list is of {moments} moments: one that changed in between may be missing",
    )
    return Page(kind=resource.plural, unseen=(skipped,))


def _described(resource: Resource, namespace: str) -> str:
    return f"{resource.plural} in namespace {namespace}" if namespace else resource.plural
