"""Pods, and what must be told of them."""

from __future__ import annotations

from tests.cli.audited.cluster import (
    AMD,
    APP,
    APP_IMAGE,
    CRASHING,
    ENDED,
    EVIL,
    HARD,
    LOST,
    PULLING,
    REDIS,
    REDIS_IMAGE,
    TOOL_IMAGE,
    UNKNOWN,
    Object,
    case,
    container,
    owned,
    pod,
    status,
    volume,
)

HERE = f"quay.io/acme/app@{APP}"  # what a node says that runs APP_IMAGE
SIDECAR = {"restartPolicy": "Always"}


def init(image: str, image_id: str, **more: str) -> Object:
    """Return the keywords of a pod with an init container."""
    return {
        "spec": {"initContainers": [container(image, "setup", **more)]},
        "told": {"initContainerStatuses": [status(image_id, name="setup")]},
    }


def debugger(image: str, image_id: str | None = None) -> Object:
    """Return the keywords of a pod that somebody debugs."""
    statuses = [] if image_id is None else [status(image_id, name="dbg")]
    return {
        "spec": {"ephemeralContainers": [container(image, "dbg", targetContainerName="c")]},
        "told": {"ephemeralContainerStatuses": statuses},
    }


def mounting(image: str, *image_refs: str) -> Object:
    """Return the keywords of a pod that mounts an image, once for each that its node tells of."""
    mounts: list[Object] = [
        {"name": "data", "mountPath": "/data", "volumeStatus": {"image": {"imageRef": one}}}
        for one in image_refs
    ]
    return {
        "spec": {"volumes": [{"name": "tmp", "emptyDir": {}}, volume(image)]},
        "told": {
            "containerStatuses": [
                {**status(HERE), "volumeMounts": mounts or [{"name": "data", "mountPath": "/data"}]}
            ]
        },
    }


KINDS_OF_CONTAINERS = (
    case("right", pod()),
    case(
        "init-by-tag",
        pod(**init("busybox:1", f"docker.io/library/busybox@{EVIL}")),
        told="not-pulled-by-digest Pod/p init container setup",
    ),
    case("sidecar-right", pod(**init(APP_IMAGE, HERE, **SIDECAR))),
    case(
        "sidecar-by-tag",
        pod(**init("envoy:1", f"docker.io/library/envoy@{EVIL}", **SIDECAR)),
        told="not-pulled-by-digest Pod/p init container setup",
    ),
    case(
        "sidecar-runs-other",
        pod(**init(APP_IMAGE, f"evil.example/app@{EVIL}", **SIDECAR)),
        told="running-other-digest Pod/p init container setup",
    ),
    case(
        "debugged-by-tag",
        pod(**debugger("busybox", f"docker.io/library/busybox@{EVIL}")),
        told="not-pulled-by-digest Pod/p ephemeral container dbg",
    ),
    case("debugged-right", pod(**debugger(APP_IMAGE, HERE))),
    case("debugger-begins", pod(**debugger(APP_IMAGE))),
    case("volume-right", pod(**mounting(APP_IMAGE, HERE))),
    case("volume-not-told", pod(**mounting(APP_IMAGE))),
    case(
        "volume-by-tag",
        pod(**mounting("quay.io/acme/model:1")),
        told="not-pulled-by-digest Pod/p volume data",
    ),
    case(
        "volume-is-other",
        pod(**mounting(APP_IMAGE, f"evil.example/model@{EVIL}")),
        told="running-other-digest Pod/p volume data",
    ),
    case(
        "volume-is-other-in-the-second-mount",
        pod(**mounting(APP_IMAGE, HERE, f"evil.example/app@{EVIL}")),
        told="running-other-digest Pod/p volume data",
    ),
    case(
        "volume-is-other-where-the-first-mount-tells-nothing",
        pod(**mounting(APP_IMAGE, "", f"evil.example/app@{EVIL}")),
        told="running-other-digest Pod/p volume data",
    ),
    case(
        "volume-is-a-manifest",
        pod(**mounting(APP_IMAGE, f"quay.io/acme/app@{UNKNOWN}")),
        told="cannot-compare Pod/p volume data",
    ),
    case("volume-of-nothing", pod(**mounting("")), told="not-a-reference Pod/p volume data"),
    case(
        "all-at-once",
        pod(
            "nginx:1",
            f"docker.io/library/nginx@{EVIL}",
            spec={
                "initContainers": [container("a:1", "one"), container("b:1", "two", **SIDECAR)],
                "ephemeralContainers": [container("d:1", "dbg")],
                "volumes": [volume("e:1")],
            },
        ),
        told="""
            not-pulled-by-digest Pod/p container c
            not-pulled-by-digest Pod/p init container one
            not-pulled-by-digest Pod/p init container two
            not-pulled-by-digest Pod/p ephemeral container dbg
            not-pulled-by-digest Pod/p volume data
        """,
    ),
    case(
        "two-of-three",
        pod(
            spec={
                "containers": [
                    container(APP_IMAGE, "a"),
                    container(REDIS_IMAGE, "b"),
                    container(TOOL_IMAGE, "c"),
                ]
            },
            told={
                "containerStatuses": [
                    status(HERE, name="a"),
                    status(f"evil.example/redis@{EVIL}", name="b"),
                    status(f"registry.example:5000/team/tool@{UNKNOWN}", name="c"),
                ]
            },
        ),
        told="""
            running-other-digest Pod/p container b
            cannot-compare Pod/p container c
        """,
    ),
    case(
        "no-ordinary-container",
        pod(
            spec={"containers": [], "initContainers": [container(APP_IMAGE, "setup")]},
            told={"initContainerStatuses": [status(HERE, name="setup")]},
        ),
        told="not-read Pod/p",
    ),
    case(
        "no-containers",
        pod(spec={"containers": None}, told={"containerStatuses": None}),
        told="not-read Pod/p",
    ),
)

ASKED = (
    case("locked-other-tag", pod(f"quay.io/acme/app:other@{APP}")),
    case("locked-without-tag", pod(f"quay.io/acme/app@{APP}")),
    case("short-name", pod(f"redis@{REDIS}", f"docker.io/library/redis@{REDIS}")),
    case("old-hub", pod(f"index.docker.io/library/redis:7@{REDIS}", f"redis@{REDIS}")),
    case("hub-without-library", pod(f"docker.io/redis:7@{REDIS}", f"redis@{REDIS}")),
    case(
        "another-registry-of-the-hub",
        pod(f"registry-1.docker.io/library/redis@{REDIS}", f"redis@{REDIS}"),
        told="not-in-lock Pod/p container c",
    ),
    case(
        "digest-not-locked",
        pod(f"quay.io/acme/app@{UNKNOWN}", f"quay.io/acme/app@{UNKNOWN}"),
        told="not-in-lock Pod/p container c",
    ),
    case(
        "locked-elsewhere",
        pod(f"mirror.example/app@{APP}", HERE),
        told="not-in-lock Pod/p container c",
    ),
    case(
        "child-of-locked", pod(f"redis@{AMD}", f"redis@{AMD}"), told="not-in-lock Pod/p container c"
    ),
    case("hardcoded", pod(f"quay.io/hard/coded:1@{HARD}", f"quay.io/hard/coded@{HARD}")),
    case(
        "hardcoded-elsewhere",
        pod(f"quay.io/hard/other@{HARD}", f"quay.io/hard/other@{HARD}"),
        told="not-in-lock Pod/p container c",
    ),
    case(
        "hardcoded-runs-other",
        pod(f"quay.io/hard/coded:1@{HARD}", f"evil.example/x@{EVIL}"),
        told="running-other-digest Pod/p container c",
    ),
    case(
        "by-tag",
        pod("redis:7", f"docker.io/library/redis@{REDIS}"),
        told="not-pulled-by-digest Pod/p container c",
    ),
    case(
        "by-nothing",
        pod("redis", f"docker.io/library/redis@{REDIS}"),
        told="not-pulled-by-digest Pod/p container c",
    ),
    case(
        "by-id",
        pod(f"sha256:{'a' * 64}", f"sha256:{'a' * 64}"),
        told="not-pulled-by-digest Pod/p container c",
    ),
    case("by-hex", pod("a" * 64, f"sha256:{'a' * 64}"), told="not-a-reference Pod/p container c"),
    case(
        "in-capitals",
        pod(f"quay.io/acme/app@sha256:{'A' * 64}", HERE),
        told="not-a-reference Pod/p container c",
    ),
    case("with-space", pod(f"{APP_IMAGE} ", HERE), told="not-a-reference Pod/p container c"),
    case(
        "of-another-algorithm",
        pod(f"quay.io/acme/app@md5:{'a' * 32}", HERE),
        told="not-a-reference Pod/p container c",
    ),
    case("cut-digest", pod(APP_IMAGE[:-1], HERE), told="not-a-reference Pod/p container c"),
    case("two-digests", pod(f"{APP_IMAGE}@{APP}", HERE), told="not-a-reference Pod/p container c"),
    case("empty", pod("", HERE), told="not-a-reference Pod/p container c"),
    case(
        "with-scheme", pod(f"https://{APP_IMAGE}", HERE), told="not-a-reference Pod/p container c"
    ),
)

PHASES = (
    case("pending", pod(phase="Pending", node="", told={"containerStatuses": None})),
    case(
        "pending-by-tag",
        pod("nginx:1", phase="Pending", node="", told={"containerStatuses": None}),
        told="not-pulled-by-digest Pod/p container c",
    ),
    case("evicted", pod(phase="Failed", told={"containerStatuses": None, "reason": "Evicted"})),
    case(
        "succeeded-without-status",
        pod(phase="Succeeded", told={"containerStatuses": None}),
        told="cannot-compare Pod/p container c",
    ),
    case(
        "sidecar-without-status",
        pod(spec={"initContainers": [container(APP_IMAGE, "setup", **SIDECAR)]}),
        told="cannot-compare Pod/p init container setup",
    ),
    case("succeeded", pod(phase="Succeeded", state=ENDED)),
    case(
        "succeeded-other",
        pod(APP_IMAGE, f"evil.example/x@{EVIL}", phase="Succeeded", state=ENDED),
        told="running-other-digest Pod/p container c",
    ),
    case(
        "failed-by-tag",
        pod("nginx:1", "", phase="Failed", state=ENDED),
        told="not-pulled-by-digest Pod/p container c",
    ),
    case("cannot-pull", pod(APP_IMAGE, "", phase="Pending", state=PULLING)),
    case(
        "cannot-pull-by-tag",
        pod("nginx:1", "", phase="Pending", state=PULLING),
        told="not-pulled-by-digest Pod/p container c",
    ),
    case("crashes", pod(state=CRASHING)),
    case(
        "crashes-other",
        pod(APP_IMAGE, f"evil.example/x@{EVIL}", state=CRASHING),
        told="running-other-digest Pod/p container c",
    ),
    case(
        "lost",
        pod(APP_IMAGE, "", phase="Failed", state=LOST),
        told="cannot-compare Pod/p container c",
    ),
    case("runs-and-says-nothing", pod(APP_IMAGE, ""), told="cannot-compare Pod/p container c"),
    case(
        "runs-without-status",
        pod(told={"containerStatuses": None}),
        told="cannot-compare Pod/p container c",
    ),
    case(
        "runs-with-status-of-another",
        pod(told={"containerStatuses": [status(HERE, name="x")]}),
        told="cannot-compare Pod/p container c",
    ),
    case(
        "static",
        pod(
            "registry.k8s.io/etcd:3.5",
            f"registry.k8s.io/etcd@{EVIL}",
            name="etcd-amd",
            ownerReferences=owned("Node", "amd"),
        ),
        told="not-pulled-by-digest StaticPod/etcd container c",
    ),
    case("static-right", pod(name="etcd-amd", ownerReferences=owned("Node", "amd"))),
)

CASES = (*KINDS_OF_CONTAINERS, *ASKED, *PHASES)
