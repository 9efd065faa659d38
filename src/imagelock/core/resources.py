"""The kinds of a cluster that say what runs, or what will: the one table.

Who lists a cluster, who reads what was listed, and who writes down the permissions
for it read this table, so that a kind cannot be listed and not be read.
"""

from __future__ import annotations

from msgspec import Struct

__all__ = [
    "ARGO_GROUP",
    "NODES",
    "PODS",
    "RESOURCES",
    "TEMPLATED",
    "WORKLOADS",
    "Resource",
    "kind_of",
]

ARGO_GROUP = "argoproj.io"
# Kinds in which an image may be `{{inputs.parameters.image}}`.
TEMPLATED = frozenset({"WorkflowTemplate", "ClusterWorkflowTemplate", "CronWorkflow"})
# Groups that a kind stood in before Kubernetes 1.16; files may be as old.
_FORMER_GROUPS = {"extensions"}


class Resource(Struct, frozen=True, kw_only=True):
    """A kind, and where a cluster lists its objects.

    *is_custom* says that its fields are somebody's own, and that most clusters do
    not have it.
    """

    kind: str
    plural: str
    group: str = ""
    version: str = "v1"
    is_namespaced: bool = True
    is_custom: bool = False

    @property
    def path(self) -> str:
        """The path of the group and version that it is listed under."""
        return f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"


NODES = Resource(kind="Node", plural="nodes", is_namespaced=False)
PODS = Resource(kind="Pod", plural="pods")
WORKLOADS = (
    Resource(kind="Deployment", plural="deployments", group="apps"),
    Resource(kind="StatefulSet", plural="statefulsets", group="apps"),
    Resource(kind="DaemonSet", plural="daemonsets", group="apps"),
    Resource(kind="ReplicaSet", plural="replicasets", group="apps"),
    Resource(kind="ReplicationController", plural="replicationcontrollers"),
    Resource(kind="PodTemplate", plural="podtemplates"),
    Resource(kind="Job", plural="jobs", group="batch"),
    Resource(kind="CronJob", plural="cronjobs", group="batch"),
    *(
        Resource(
            kind=kind,
            plural=f"{kind.lower()}s",
            group=ARGO_GROUP,
            version="v1alpha1",
            is_namespaced=kind != "ClusterWorkflowTemplate",
            is_custom=True,
        )
        for kind in ("Rollout", "WorkflowTemplate", "ClusterWorkflowTemplate", "CronWorkflow")
    ),
)
# Nodes come first: what a pod runs may depend on the architecture of its node.
RESOURCES = (NODES, PODS, *WORKLOADS)

_GROUPS = {resource.kind: resource.group for resource in RESOURCES}


def kind_of(api_version: str, kind: str) -> str:
    """Return a kind as it is known here, or with its group where it is another's.

    Others have kinds of the same name: ``Job`` of ``batch.volcano.sh/v1alpha1`` is
    ``Job.batch.volcano.sh``, as kubectl writes it. An object without an
    *api_version* is what its kind says.
    """
    group = api_version.rpartition("/")[0]
    ours = _GROUPS.get(kind, group)
    if not api_version or group == ours or group in _FORMER_GROUPS:
        return kind
    return f"{kind}.{group}" if group else kind
