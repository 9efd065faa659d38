"""Pod, Container, Workload, Node, Page: what was seen in a cluster."""

from __future__ import annotations

from msgspec import Struct

from imagelock.core.container import Container, State
from imagelock.core.finding import Skipped
from imagelock.core.workflow import Workflow

__all__ = ["Alike", "Container", "Node", "Owner", "Page", "Pod", "State", "Workload"]

# `gc=False`: nothing here refers back, and a cluster has a hundred thousand of them.


class Owner(Struct, frozen=True, gc=False):
    """The object that made another: a ReplicaSet its pods, a Node its static pods."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"


class Pod(Struct, frozen=True, kw_only=True, gc=False):
    """A pod: everything that it asks for, and what its node made of it.

    A static pod is seen through its mirror, which its Node owns. *template_hash*
    and *rollout_hash* are the labels by which the controllers of Deployments and
    of Argo Rollouts tell their ReplicaSets apart.
    """

    namespace: str
    name: str
    containers: tuple[Container, ...]
    owner: Owner | None = None
    node: str = ""
    phase: str = ""
    uid: str = ""
    template_hash: str = ""
    rollout_hash: str = ""

    @property
    def has_run(self) -> bool:
        """Whether all of its containers have started, whatever is said of each."""
        return self.phase in {"Running", "Succeeded"}

    @property
    def workload(self) -> str:
        """What somebody deployed to get this pod, as ``Deployment/api``; see docs/verify.md."""
        owner = self.owner
        if owner is None:
            return f"Pod/{self.name}"
        if owner.kind == "ReplicaSet":
            # Both controllers name a ReplicaSet after its owner and this label.
            if self.template_hash and owner.name.endswith(f"-{self.template_hash}"):
                return f"Deployment/{owner.name.removesuffix(f'-{self.template_hash}')}"
            if self.rollout_hash and owner.name.endswith(f"-{self.rollout_hash}"):
                return f"Rollout/{owner.name.removesuffix(f'-{self.rollout_hash}')}"
        if owner.kind == "Node":
            # The kubelet names the mirror after the file's pod and the node.
            return f"StaticPod/{self.name.removesuffix(f'-{owner.name}')}"
        return str(owner)


class Workload(Struct, frozen=True, kw_only=True, gc=False):
    """An object with a pod template: what will be pulled tomorrow.

    *texts* are what it holds as text and a controller reads, each with its key (such as
    ``podSpecPatch``) and the name of what holds it. *workflow* is what it says of a
    workflow, where it does.
    """

    kind: str
    namespace: str
    name: str
    containers: tuple[Container, ...]
    owner: Owner | None = None
    replicas: int | None = None
    uid: str = ""
    texts: tuple[tuple[str, str, str], ...] = ()
    workflow: Workflow | None = None

    @property
    def workload(self) -> str:
        """What somebody deployed: a Job's CronJob, a ReplicaSet's Deployment, or itself."""
        if self.owner is not None and self.kind in {"Job", "ReplicaSet"}:
            return str(self.owner)
        return f"{self.kind}/{self.name}"

    @property
    def is_history(self) -> bool:
        """Whether it is the ReplicaSet of an earlier revision, kept for a roll-back."""
        return self.kind == "ReplicaSet" and self.owner is not None and self.replicas == 0


class Node(Struct, frozen=True, kw_only=True, gc=False):
    """A node: its architecture, and the names of each image that it holds."""

    name: str
    architecture: str = ""
    images: tuple[tuple[str, ...], ...] = ()


class Alike(Struct, frozen=True, gc=False):
    """Pods of a namespace that ask for the same and run the same, and that nothing is told of."""

    namespace: str
    containers: tuple[Container, ...]
    uids: tuple[str, ...]


class Page(Struct, frozen=True, kw_only=True):
    """One answer of a cluster, which may be a part of a list.

    *alike* are the pods that are only counted; each pod is there or in *pods*.
    *continue_token* asks for the next part and is empty on the last one,
    *remaining* is how many objects are still to come (0 where the server does
    not say), *version* the moment of the cluster that it shows. *others* counts
    the objects of kinds that were not read, *unselected* those that a label selector
    left out; *unseen* says what could not be listed.
    """

    kind: str
    name: str = ""
    pods: tuple[Pod, ...] = ()
    alike: tuple[Alike, ...] = ()
    workloads: tuple[Workload, ...] = ()
    nodes: tuple[Node, ...] = ()
    continue_token: str = ""
    remaining: int = 0
    version: str = ""
    others: tuple[tuple[str, int], ...] = ()
    unselected: int = 0
    unseen: tuple[Skipped, ...] = ()

    @property
    def pod_count(self) -> int:
        """How many pods are on it."""
        return len(self.pods) + sum(len(alike.uids) for alike in self.alike)

    @property
    def object_count(self) -> int:
        """How many objects are on it, of all kinds that are read."""
        return self.pod_count + len(self.workloads) + len(self.nodes)
