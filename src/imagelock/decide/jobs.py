"""Which CronJob the pods of a Job are of: the Job says so, and where it was not seen, its name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from imagelock.core.cluster import Workload
    from imagelock.core.place import ClusterPlace

__all__ = ["Jobs"]

# The controller of CronJobs names a Job after the minute, since 1970, that it is for. It began
# to in 2021, at 26.9 million: a date, such as report-20260301, is none of its numbers.
_OF_A_CRON_JOB = re.compile(r"(.+)-(?:2[6-9]|[3-9][0-9])[0-9]{6}")


class Jobs:
    """The Jobs that were seen, and whose they are."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], str] = {}

    def know(self, job: Workload) -> None:
        """Note a Job."""
        self._known[job.namespace, job.name] = job.workload

    def forget(self, namespace: str, name: str) -> None:
        """Forget a Job that is gone."""
        self._known.pop((namespace, name), None)

    def keep(self, is_there: Callable[[str, str], bool]) -> None:
        """Forget the Jobs that are not there, by namespace and name."""
        self._known = {job: whose for job, whose in self._known.items() if is_there(*job)}

    def told(self, place: ClusterPlace) -> ClusterPlace:
        """Return a place with the CronJob of a Job's pod as its workload: a pod does not know."""
        kind, _, name = place.workload.partition("/")
        if kind != "Job" or place.kind != "Pod":
            return place
        whose = self._known.get((place.namespace, name))
        made = _OF_A_CRON_JOB.fullmatch(name)
        if whose is None and made is not None:
            whose = f"CronJob/{made[1]}"
        return place if whose is None else replace(place, workload=whose)
