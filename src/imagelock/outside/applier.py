"""Apply objects by server-side apply; objects that do not need each other, several at once."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import quote

import msgspec
from msgspec import Struct

from imagelock.core.place import printable
from imagelock.errors import ClusterError, InputError
from imagelock.outside.doubts import doubting
from imagelock.outside.refusals import ApiError
from imagelock.syntax.argocd import API_VERSION, Key

if TYPE_CHECKING:
    from imagelock.outside.kubernetes_api import Api
    from imagelock.syntax.manifests import Manifest

__all__ = ["Applier", "How"]

_APPLY = "application/apply-patch+yaml"
_NOT_FOUND, _CONFLICT = 404, 409
_ESTABLISHED = 30.0  # seconds in which a new definition of a kind must be served
_PAUSE = 0.5  # seconds between two looks at it


class How(Struct, frozen=True, kw_only=True):
    """How objects are applied."""

    namespace: str
    field_manager: str
    force: bool = False
    dry_run: bool = False


class _Resource(Struct, frozen=True):
    name: str
    kind: str
    namespaced: bool


class _Resources(Struct, frozen=True):
    resources: tuple[_Resource, ...] = ()


class _Kinds:
    """What the cluster calls each kind; asked once for each API version."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._known: dict[str, dict[str, _Resource]] = {}

    def find(self, manifest: Manifest) -> _Resource | None:
        """Return what the cluster calls an object's kind, or nothing if it does not know it.

        Raises:
            ClusterError: The cluster did not say.
        """
        version = manifest.api_version
        known = self._known.get(version)
        if known is None:
            known = self._known[version] = self._ask(version)
        return known.get(manifest.kind)

    def forget(self) -> None:
        """Ask again from now on: kinds were added."""
        self._known.clear()

    def _ask(self, version: str) -> dict[str, _Resource]:
        try:
            data = doubting(self._api, partial(self._api.get, _root(version)))
        except ApiError as error:
            if error.code == _NOT_FOUND:
                return {}
            raise
        found = self._api.read(data, _decode_resources)
        # A name with a slash is a part of an object, such as deployments/scale.
        return {one.kind: one for one in found.resources if "/" not in one.name}


class Applier:
    """Applies objects; several threads may ask it to at once."""

    def __init__(self, api: Api, how: How) -> None:
        self._api = api
        self._how = how
        self._kinds = _Kinds(api)
        self._made: set[str] = set()  # namespaces that are among the manifests

    @property
    def is_dry(self) -> bool:
        """Whether nothing is really changed."""
        return self._how.dry_run

    def check(self, manifests: tuple[Manifest, ...]) -> None:
        """Check that the cluster knows every kind, before anything is applied.

        Raises:
            ClusterError: It does not know one that no manifest defines.
        """
        defined = {one.defines for one in manifests}
        for one in manifests:
            if (one.group, one.kind) in defined:
                continue
            if self._kinds.find(one) is None:
                self._unknown(one)

    def key(self, manifest: Manifest) -> Key:
        """Return the name under which an Application or a set of them is watched."""
        return Key(manifest.namespace or self._how.namespace, manifest.name, manifest.kind)

    def apply(self, manifest: Manifest) -> bool:
        """Apply one object; say whether that could be done.

        It cannot in a dry run, where what it stands on is not made either.

        Raises:
            InputError: The cluster says that the object is wrong.
            ClusterError: It refuses, or another manager owns a field of it.
        """
        resource = self._resource(manifest)
        if resource is None:
            return False
        path = _path(manifest, resource, self._how.namespace)
        patch = partial(
            self._api.patch,
            path,
            msgspec.json.encode(self._placed(manifest, resource)),
            content_type=_APPLY,
            params=self._parameters(),
        )
        try:
            doubting(self._api, patch)
        except ApiError as error:
            if error.code == _NOT_FOUND and self._how.dry_run and self._is_made(manifest):
                return False
            _refuse(error, manifest)
        if manifest.kind == "Namespace":
            self._made.add(manifest.name)
        if any(manifest.defines) and not self._how.dry_run:
            self._await_definition(path, manifest)
        return True

    def _is_made(self, manifest: Manifest) -> bool:
        """Say whether the namespace of an object would be made before it."""
        return (manifest.namespace or self._how.namespace) in self._made

    def _resource(self, manifest: Manifest) -> _Resource | None:
        resource = self._kinds.find(manifest)
        if resource is None and not self._how.dry_run:
            # Just defined: discovery follows a moment after the definition.
            deadline = time.monotonic() + _ESTABLISHED
            while resource is None and time.monotonic() < deadline:
                time.sleep(_PAUSE)
                self._kinds.forget()
                resource = self._kinds.find(manifest)
            if resource is None:
                self._unknown(manifest)
        return resource

    def _placed(self, manifest: Manifest, resource: _Resource) -> dict[str, object]:
        if manifest.namespace or not resource.namespaced:
            return manifest.body
        metadata = {**manifest.body["metadata"], "namespace": self._how.namespace}
        return {**manifest.body, "metadata": metadata}

    def _parameters(self) -> dict[str, str]:
        parameters = {"fieldManager": self._how.field_manager, "fieldValidation": "Strict"}
        if self._how.force:
            parameters["force"] = "true"
        if self._how.dry_run:
            parameters["dryRun"] = "All"
        return parameters

    def _await_definition(self, path: str, manifest: Manifest) -> None:
        deadline = time.monotonic() + _ESTABLISHED
        get = partial(doubting, self._api, partial(self._api.get, path))
        while not _is_established(self._api.read(get(), _decode_definition)):
            if time.monotonic() >= deadline:
                raise ClusterError(
                    f"{manifest}: the cluster does not serve this kind {_ESTABLISHED:.0f} s after "
                    "it was defined",
                    hint="See its status: kubectl describe crd",
                )
            time.sleep(_PAUSE)
        self._kinds.forget()

    def _unknown(self, manifest: Manifest) -> NoReturn:
        is_argo = manifest.api_version == API_VERSION
        raise ClusterError(
            f"{manifest.place}: {self._api.host} knows no {printable(manifest.kind)} of "
            f"{printable(manifest.api_version)}",
            hint="Is Argo CD installed in this cluster? Name the right one with --context."
            if is_argo
            else "Is what defines it installed in this cluster, or in these manifests?",
        )


class _Condition(Struct, frozen=True):
    type: str = ""
    status: str = ""


class _DefinitionStatus(Struct, frozen=True):
    conditions: tuple[_Condition, ...] | None = None


class _Definition(Struct, frozen=True):
    status: _DefinitionStatus = _DefinitionStatus()


def _is_established(definition: _Definition) -> bool:
    conditions = definition.status.conditions or ()
    return any(one.type == "Established" and one.status == "True" for one in conditions)


def _decode_resources(data: bytes) -> _Resources:
    return msgspec.json.decode(data, type=_Resources)


def _decode_definition(data: bytes) -> _Definition:
    return msgspec.json.decode(data, type=_Definition)


def _refuse(error: ApiError, manifest: Manifest) -> NoReturn:
    told = error.status.message if error.status else ""
    if error.blames_object:
        raise InputError(
            f"the cluster does not accept {manifest}: {printable(told)}",
            place=manifest.place,
            hint="Mend the manifest.",
        ) from error
    if error.code == _CONFLICT:
        causes = error.status.causes if error.status else ()
        fields = [f"    {printable(one.field)}: {printable(one.message)}" for one in causes]
        raise ClusterError(
            "\n".join(
                (f"{manifest.place}: another manager owns fields of {manifest}:", *fields)
                if fields
                else (f"{manifest.place}: {manifest}: {printable(told)}",)
            ),
            hint="Take them over with --force-conflicts, or leave them out of the manifest.",
        ) from error
    hint = error.hint
    if error.code == _NOT_FOUND and told.startswith("namespaces "):
        hint = "Make its namespace first, or put it among the manifests."
    raise ClusterError(
        f"{manifest.place}: {manifest} was not applied: {error.problem}", hint=hint
    ) from error


def _path(manifest: Manifest, resource: _Resource, default_namespace: str) -> str:
    within = ""
    if resource.namespaced:
        within = f"namespaces/{quote(manifest.namespace or default_namespace, safe='')}/"
    name = quote(manifest.name, safe="")
    return f"{_root(manifest.api_version)}/{within}{resource.name}/{name}"


def _root(api_version: str) -> str:
    return f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
