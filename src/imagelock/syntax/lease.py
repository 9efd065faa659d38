"""A Lease of coordination.k8s.io/v1 <-> who holds it."""

from __future__ import annotations

import msgspec
from msgspec import Struct, field
from msgspec.json import Decoder

from imagelock.core.lease import Record

__all__ = ["parse_lease", "render_lease"]


class _Metadata(Struct, rename="camel"):
    resource_version: str = ""


class _Spec(Struct, rename="camel"):
    holder_identity: str | None = None
    lease_duration_seconds: int | None = None
    acquire_time: str | None = None
    renew_time: str | None = None
    lease_transitions: int | None = None


class _Lease(Struct):
    metadata: _Metadata = field(default_factory=_Metadata)
    spec: _Spec = field(default_factory=_Spec)


_LEASE = Decoder(_Lease)


def parse_lease(data: bytes) -> Record:
    """Read a Lease.

    Raises:
        msgspec.DecodeError: It is none.
    """
    lease = _LEASE.decode(data)
    spec = lease.spec
    return Record(
        holder=spec.holder_identity or "",
        duration=spec.lease_duration_seconds or 0,
        acquired=spec.acquire_time or "",
        renewed=spec.renew_time or "",
        transitions=spec.lease_transitions or 0,
        version=lease.metadata.resource_version,
    )


def render_lease(record: Record, name: str) -> bytes:
    """Write a Lease, or what is merged into one of the record's version.

    With a version, a server refuses what would overwrite a newer one (409).
    """
    metadata = {"name": name} | ({"resourceVersion": record.version} if record.version else {})
    return msgspec.json.encode(
        {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": metadata,
            "spec": {
                "holderIdentity": record.holder,
                "leaseDurationSeconds": record.duration,
                "acquireTime": record.acquired or None,
                "renewTime": record.renewed or None,
                "leaseTransitions": record.transitions,
            },
        }
    )
