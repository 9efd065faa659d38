"""Images of pods that an exemption covers, or should never cover."""

from __future__ import annotations

from tests.cli.audited.cluster import APP, EVIL, Case, Object, case, pod


def in_system(image: str, name: str, told: str = "", image_id: str = "") -> Case:
    """Return a pod in kube-system, where providers run theirs."""
    state: Object = {"waiting": {}} if not image_id else {"running": {}}
    return case(
        f"kube-system/{name}",
        pod(image, image_id, name=name, state=state, namespace="kube-system"),
        told=told and f"{told} Pod/{name} container c",
    )


def anywhere(namespace: str, image: str, told: str = "") -> Case:
    """Return a pod that waits."""
    return case(
        namespace, pod(image, "", state={"waiting": {}}), told=told and f"{told} Pod/p container c"
    )


TAG = "not-pulled-by-digest"
CASES = (
    in_system("gke.gcr.io/pause:3", "gke"),
    in_system("gke.gcr.io/a/b/c:1", "gke-deep"),
    in_system("gke.gcr.io.evil.example/pause:3", "gke-evil", TAG),
    in_system("gke.gcr.io-evil.example/pause:3", "gke-dash", TAG),
    in_system("xgke.gcr.io/pause:3", "gke-before", TAG),
    in_system("GKE.GCR.IO/pause:3", "gke-capitals", TAG),
    in_system("gke.gcr.io:443/pause:3", "gke-port", TAG),
    in_system("gke.gcr.io@evil", "gke-at", "not-a-reference"),
    in_system("gke.gcr.io/../evil.example/x", "gke-dots", "not-a-reference"),
    in_system("gke.gcr.io//x:1", "gke-slashes", "not-a-reference"),
    in_system("gke.gcr.\u0456o/pause:3", "gke-cyrillic", "not-a-reference"),
    in_system("gke.gcr.io\u2044x/pause:3", "gke-fraction", "not-a-reference"),
    in_system("user@gke.gcr.io/pause:3", "gke-user", "not-a-reference"),
    in_system("docker.io/gke.gcr.io/pause:3", "gke-inside", TAG),
    in_system("evil.example/gke.gcr.io/pause:3", "gke-behind", TAG),
    in_system("gke.gcr.io", "gke-alone", TAG),
    in_system("gke.gcr.io\n/pause:3", "gke-line", "not-a-reference"),
    in_system("gcr.io/gke-release/x:1", "release"),
    in_system("gcr.io/gke-release-evil/x:1", "release-evil", TAG),
    in_system("europe-west3-artifactregistry.gcr.io/gke-release/gke-release/x:1", "region"),
    in_system("a.b-artifactregistry.gcr.io/gke-release/gke-release/x:1", "region-dot", TAG),
    in_system(
        "evil.example/x-artifactregistry.gcr.io/gke-release/gke-release/x:1", "region-path", TAG
    ),
    in_system(
        "-artifactregistry.gcr.io/gke-release/gke-release/x:1", "region-none", "not-a-reference"
    ),
    in_system(
        f"gke.gcr.io/pause:3@{APP}", "gke-other", "running-other-digest", f"evil.example/x@{EVIL}"
    ),
    in_system(f"gke.gcr.io/pause:3@{APP}", "gke-pinned", "", f"gke.gcr.io/pause@{APP}"),
    anywhere("gke-managed-cim", "gke.gcr.io/pause:3"),
    anywhere("gke-managed", "gke.gcr.io/pause:3", TAG),
    anywhere("kube-system-2", "gke.gcr.io/pause:3", TAG),
    anywhere("sandbox-1", "quay.io/debug/tool:1"),
    anywhere("sandbox-2", "quay.io/debug-evil/tool:1", TAG),
    anywhere("sandbox-3", "quay.io/debug:1"),
    anywhere("sandbox-4", "quay.io/debugger:1", TAG),
    anywhere("sandbox-5", "quay.io:443/debug/tool:1", TAG),
    anywhere("sandbox", "quay.io/debug/tool:1", TAG),
    anywhere("the-sandbox-1", "quay.io/debug/tool:1", TAG),
    anywhere("expired", "quay.io/old/tool:1", TAG),
)
