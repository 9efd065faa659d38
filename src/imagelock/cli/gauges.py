"""What `watch` tells Prometheus (docs/watch.md, "Metrics")."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from imagelock import __version__
from imagelock.core.place import ClusterPlace
from imagelock.serve.metrics import Family, Metrics

if TYPE_CHECKING:
    from imagelock.core.change import Change

__all__ = ["Gauges"]

_FAMILIES = (
    Family("imagelock_build_info", "gauge", "The version that runs; always 1.", ("version",)),
    Family(
        "imagelock_findings",
        "gauge",
        "Findings that stand now, by workload.",
        ("rule", "severity", "namespace"),
    ),
    Family("imagelock_objects", "gauge", "Objects that are followed.", ("kind",)),
    Family("imagelock_images", "gauge", "Images that these objects ask for."),
    Family(
        "imagelock_unseen",
        "gauge",
        "1 where objects of a kind may not be listed: they are not looked at.",
        ("kind",),
    ),
    Family("imagelock_leader", "gauge", "1 where this replica works, 0 where it waits."),
    Family(
        "imagelock_watch_last_contact_timestamp_seconds",
        "gauge",
        "When the API server was last heard of a kind; quiet is about a minute.",
        ("kind",),
    ),
    Family(
        "imagelock_watch_lag_seconds",
        "gauge",
        "How long the last news of a kind waited until they were looked at.",
        ("kind",),
    ),
    Family("imagelock_relists_total", "counter", "Lists after the first one.", ("kind",)),
    Family(
        "imagelock_watch_failures_total",
        "counter",
        "Lists and watches that broke, or that the server refused.",
        ("kind",),
    ),
    Family("imagelock_lock_entries", "gauge", "Entries of images.lock as it was last read."),
    Family(
        "imagelock_inputs_loaded_timestamp_seconds",
        "gauge",
        "When images.lock and the settings were last read.",
    ),
    Family(
        "imagelock_inputs_failures_total",
        "counter",
        "Changed files that could not be read: what was read before still counts.",
    ),
    Family("imagelock_events_total", "counter", "Events that were told.", ("result",)),
)


class Gauges:
    """Everything that is measured."""

    def __init__(self) -> None:
        self._metrics = Metrics(_FAMILIES)
        self._metrics.set("imagelock_build_info", 1, __version__)

    def render(self) -> str:
        """Return the page."""
        return self._metrics.render()

    def change(self, change: Change) -> None:
        """Count a finding in or out."""
        finding = change.finding
        namespace = finding.place.namespace if isinstance(finding.place, ClusterPlace) else ""
        amount = 1 if change.what == "appeared" else -1
        labels = (finding.rule.name, finding.severity, namespace)
        self._metrics.add("imagelock_findings", amount, *labels)

    def heard(self, kind: str, lag: float) -> None:
        """Note that something came."""
        self._metrics.set("imagelock_watch_last_contact_timestamp_seconds", time.time(), kind)
        self._metrics.set("imagelock_watch_lag_seconds", round(lag, 6), kind)

    def objects(self, kind: str, count: int, images: int) -> None:
        """Note how much is followed."""
        self._metrics.set("imagelock_objects", count, kind)
        self._metrics.set("imagelock_images", images)

    def unseen(self, kind: str, *, is_unseen: bool) -> None:
        """Note whether a kind may be listed."""
        self._metrics.set("imagelock_unseen", int(is_unseen), kind)

    def listed_again(self, kind: str) -> None:
        """Count a list after the first."""
        self._metrics.add("imagelock_relists_total", 1, kind)

    def failed(self, kind: str) -> None:
        """Count a failure."""
        self._metrics.add("imagelock_watch_failures_total", 1, kind)

    def leads(self, *, leads: bool) -> None:
        """Note whether this replica works; one that waits knows of no findings."""
        self._metrics.set("imagelock_leader", int(leads))
        if not leads:
            for name in ("imagelock_findings", "imagelock_objects", "imagelock_images"):
                self._metrics.clear(name)

    def loaded(self, entries: int) -> None:
        """Note that the inputs were read."""
        self._metrics.set("imagelock_lock_entries", entries)
        self._metrics.set("imagelock_inputs_loaded_timestamp_seconds", time.time())

    def not_loaded(self) -> None:
        """Count inputs that could not be read."""
        self._metrics.add("imagelock_inputs_failures_total", 1)

    def events(self, sent: int, dropped: int) -> None:
        """Note how many Events were told, and how many were not."""
        self._metrics.set("imagelock_events_total", sent, "sent")
        self._metrics.set("imagelock_events_total", dropped, "dropped")
