"""A finding as an Event of events.k8s.io/v1, on the object that it is about."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct
from msgspec.json import Decoder

from imagelock.core.place import ClusterPlace
from imagelock.core.resources import RESOURCES

if TYPE_CHECKING:
    from imagelock.core.change import Change

__all__ = ["COMPONENT", "event_name", "event_namespace", "render_event", "render_series", "times"]

COMPONENT = "imagelock.watch"
_API_VERSIONS = {
    resource.kind: f"{resource.group}/{resource.version}".lstrip("/") for resource in RESOURCES
}
_LONGEST_NOTE = 1024  # bytes: what the API server accepts
_LONGEST_NAME = 253 - 17  # characters that an object's name leaves for the rest


def event_namespace(change: Change) -> str:
    """Return where the Event belongs: beside its object, in ``default`` for a node."""
    return change.regarding.namespace or "default"


def event_name(change: Change) -> str:
    """Return a name that is the same for the same finding, whoever tells it and when."""
    finding = change.finding
    place = finding.place
    container = place.container if isinstance(place, ClusterPlace) else ""
    about = change.regarding
    identity = (finding.rule.name, about.kind, about.name, about.uid, container, finding.image)
    digest = sha256("\0".join(identity).encode("utf-8", "backslashreplace")).hexdigest()
    return f"{about.name[:_LONGEST_NAME].rstrip('.')}.{digest[:16]}"


def render_event(change: Change, *, instance: str, now: str) -> bytes:
    """Write the Event of a finding that appeared.

    Args:
        change: What appeared.
        instance: Which replica of us says so.
        now: The time, as Kubernetes writes it.
    """
    about, finding = change.regarding, change.finding
    return msgspec.json.encode(
        {
            "apiVersion": "events.k8s.io/v1",
            "kind": "Event",
            "metadata": {"name": event_name(change), "namespace": event_namespace(change)},
            "eventTime": now,
            "reportingController": COMPONENT,
            "reportingInstance": instance[:128],
            "action": "Verify",
            "reason": "".join(word.capitalize() for word in finding.rule.name.split("-")),
            "regarding": {
                "apiVersion": _API_VERSIONS[about.kind],
                "kind": about.kind,
                "namespace": about.namespace,
                "name": about.name,
                "uid": about.uid,
            },
            "note": _note(change),
            "type": "Warning",
        }
    )


class _Series(Struct):
    count: int = 1


class _Event(Struct):
    series: _Series | None = None


_EVENT = Decoder(_Event)


def times(data: bytes) -> int:
    """Read how often an Event was told.

    Raises:
        msgspec.DecodeError: It is none.
    """
    series = _EVENT.decode(data).series
    return series.count if series is not None else 1


def render_series(count: int, *, now: str) -> bytes:
    """Write what is merged into an Event that is told again."""
    return msgspec.json.encode({"series": {"count": count, "lastObservedTime": now}})


def _note(change: Change) -> str:
    finding = change.finding
    place = finding.place
    container = place.container if isinstance(place, ClusterPlace) else ""
    note = f"{container}: {finding.sentence}" if container else finding.sentence
    data = f"{note} [{finding.rule.name}]".encode("utf-8", "backslashreplace")
    return data[:_LONGEST_NOTE].decode("utf-8", "ignore")
