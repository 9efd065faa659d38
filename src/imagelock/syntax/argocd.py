"""Argo CD: what an Application and an ApplicationSet say about themselves."""

from __future__ import annotations

from typing import TypeVar

import msgspec
from msgspec import Struct

from imagelock.core.place import printable
from imagelock.errors import InputError

__all__ = [
    "API_VERSION",
    "APPLICATION",
    "APPLICATION_SET",
    "GROUP",
    "REFRESH",
    "Application",
    "ApplicationSet",
    "Applications",
    "Condition",
    "Key",
    "Resource",
    "parse_application",
    "parse_application_set",
    "parse_applications",
]

GROUP = "argoproj.io"
API_VERSION = f"{GROUP}/v1alpha1"
APPLICATION = "Application"
APPLICATION_SET = "ApplicationSet"

# A controller removes the annotation in the same patch in which it writes the status that
# it found after it had seen the annotation (argo-cd, persistAppStatus).
REFRESH = {
    APPLICATION: ("argocd.argoproj.io/refresh", "normal"),
    APPLICATION_SET: ("argocd.argoproj.io/application-set-refresh", "true"),
}
_SKIP = "argocd.argoproj.io/skip-reconcile"
_THIS_CLUSTER = {"https://kubernetes.default.svc", "in-cluster", ""}


class Key(Struct, frozen=True, order=True):
    """The name of an Application or an ApplicationSet."""

    namespace: str
    name: str
    kind: str = APPLICATION

    def __str__(self) -> str:
        set_of = f"{self.kind} " if self.kind != APPLICATION else ""
        return printable(f"{set_of}{self.namespace}/{self.name}")


class _Owner(Struct, frozen=True):
    kind: str = ""
    uid: str = ""


class _Metadata(Struct, frozen=True, rename="camel"):
    name: str
    namespace: str = ""
    uid: str = ""
    annotations: dict[str, str] | None = None
    deletion_timestamp: str | None = None
    owner_references: tuple[_Owner, ...] | None = None


class _Automated(Struct, frozen=True):
    prune: bool = False
    enabled: bool | None = None


class _SyncPolicy(Struct, frozen=True):
    automated: _Automated | None = None


class _Destination(Struct, frozen=True):
    server: str = ""
    name: str = ""


class _Spec(Struct, frozen=True, rename="camel"):
    sync_policy: _SyncPolicy | None = None
    destination: _Destination | None = None


class Condition(Struct, frozen=True):
    """Something that Argo CD wants to have said; *status* is used by ApplicationSets."""

    type: str = ""
    message: str = ""
    status: str = ""


class _Health(Struct, frozen=True):
    status: str = ""
    message: str = ""


class _Sync(Struct, frozen=True):
    status: str = ""


class Resource(Struct, frozen=True, rename="camel"):
    """One object that an Application is made of."""

    kind: str = ""
    name: str = ""
    namespace: str = ""
    group: str = ""
    status: str = ""
    requires_pruning: bool = False
    health: _Health | None = None


class _Result(Struct, frozen=True):
    kind: str = ""
    name: str = ""
    namespace: str = ""
    status: str = ""
    message: str = ""


class _SyncResult(Struct, frozen=True):
    resources: tuple[_Result, ...] | None = None


class _OperationState(Struct, frozen=True, rename="camel"):
    phase: str = ""
    message: str = ""
    finished_at: str | None = None
    sync_result: _SyncResult | None = None


class _Status(Struct, frozen=True, rename="camel"):
    sync: _Sync = _Sync()
    health: _Health = _Health()
    operation_state: _OperationState | None = None
    reconciled_at: str | None = None
    conditions: tuple[Condition, ...] | None = None
    resources: tuple[Resource, ...] | None = None


class _Object(Struct, frozen=True):
    metadata: _Metadata

    @property
    def uid(self) -> str:
        """What tells it from another of the same name."""
        return self.metadata.uid

    @property
    def is_deleted(self) -> bool:
        """Whether it is on its way out."""
        return self.metadata.deletion_timestamp is not None

    def _annotation(self, name: str) -> str | None:
        return (self.metadata.annotations or {}).get(name)


class Application(_Object, frozen=True):
    """An Application, as far as its progress is concerned."""

    spec: _Spec = _Spec()
    operation: dict[str, object] | None = None
    status: _Status = _Status()

    @property
    def key(self) -> Key:
        """Its name."""
        return Key(self.metadata.namespace, self.metadata.name)

    @property
    def owner_uids(self) -> frozenset[str]:
        """The ApplicationSets that made it."""
        owners = self.metadata.owner_references or ()
        return frozenset(owner.uid for owner in owners if owner.kind == APPLICATION_SET)

    @property
    def awaits_refresh(self) -> bool:
        """Whether Argo CD was asked to look at it and has not."""
        return self._annotation(REFRESH[APPLICATION][0]) is not None

    @property
    def is_skipped(self) -> bool:
        """Whether Argo CD was told not to look at it."""
        return self._annotation(_SKIP) in {"true", "True", "TRUE", "t", "T", "1"}

    @property
    def is_automated(self) -> bool:
        """Whether Argo CD syncs it by itself."""
        policy = self.spec.sync_policy
        return bool(policy and policy.automated and policy.automated.enabled is not False)

    @property
    def prunes(self) -> bool:
        """Whether an automated sync removes what is no longer wanted."""
        policy = self.spec.sync_policy
        return bool(policy and policy.automated and policy.automated.prune)

    @property
    def target(self) -> str:
        """The other cluster that it deploys to, or nothing."""
        destination = self.spec.destination or _Destination()
        named = destination.server.rstrip("/").removesuffix(":443") or destination.name
        return "" if named in _THIS_CLUSTER else named

    @property
    def is_syncing(self) -> bool:
        """Whether a sync was asked for or runs."""
        state = self.status.operation_state
        return self.operation is not None or (state is not None and not state.finished_at)

    @property
    def finished_at(self) -> str:
        """When the last sync ended, in a form that can be compared, or nothing."""
        state = self.status.operation_state
        return (state.finished_at or "") if state else ""

    @property
    def reconciled_at(self) -> str:
        """When Argo CD last compared it, in the same form."""
        return self.status.reconciled_at or ""

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """What Argo CD wants to have said about it."""
        return self.status.conditions or ()

    @property
    def resources(self) -> tuple[Resource, ...]:
        """The objects that it is made of."""
        return self.status.resources or ()

    @property
    def failures(self) -> tuple[_Result, ...]:
        """What the last sync could not do."""
        state = self.status.operation_state
        results = (state.sync_result.resources or ()) if state and state.sync_result else ()
        return tuple(one for one in results if one.status == "SyncFailed")


class _SetStatus(Struct, frozen=True):
    conditions: tuple[Condition, ...] | None = None


class ApplicationSet(_Object, frozen=True):
    """An ApplicationSet, as far as its progress is concerned."""

    status: _SetStatus = _SetStatus()

    @property
    def key(self) -> Key:
        """Its name."""
        return Key(self.metadata.namespace, self.metadata.name, APPLICATION_SET)

    @property
    def awaits_refresh(self) -> bool:
        """Whether Argo CD was asked to look at it and has not."""
        return self._annotation(REFRESH[APPLICATION_SET][0]) is not None

    def condition(self, name: str) -> Condition:
        """Return the condition of this type; an empty one where there is none."""
        conditions = self.status.conditions or ()
        return next((one for one in conditions if one.type == name), Condition())


class _ListMetadata(Struct, frozen=True, rename={"continue_token": "continue"}):
    continue_token: str = ""


class Applications(Struct, frozen=True):
    """A page of Applications."""

    items: tuple[Application, ...] = ()
    metadata: _ListMetadata = _ListMetadata()

    @property
    def continue_token(self) -> str:
        """The server's token for the next page."""
        return self.metadata.continue_token


def parse_application(data: bytes) -> Application:
    """Read an Application as the API server gives it.

    Raises:
        InputError: It is none; so for the two below.
    """
    return _decoded(data, Application)


def parse_application_set(data: bytes) -> ApplicationSet:
    """Read an ApplicationSet as the API server gives it."""
    return _decoded(data, ApplicationSet)


def parse_applications(data: bytes | memoryview) -> Applications:
    """Read a page of Applications as the API server gives it."""
    return _decoded(data, Applications)


_ReadT = TypeVar("_ReadT")


def _decoded(data: bytes | memoryview, form: type[_ReadT]) -> _ReadT:
    try:
        return msgspec.json.decode(data, type=form)
    except msgspec.DecodeError as error:
        raise InputError(f"this is not what Argo CD writes: {error}") from error
