"""What nodes say that runs, in every shape, and what must be told of it."""

from __future__ import annotations

from tests.cli.audited.cluster import (
    AMD,
    AMD_CONFIG,
    APP,
    ARM,
    ARM_CONFIG,
    ARM_V7,
    ATTESTATION,
    EVIL,
    HALF,
    HALF_IMAGE,
    NESTED_IMAGE,
    REDIS,
    REDIS_IMAGE,
    SINGLE_CONFIG,
    SINGLE_IMAGE,
    TOOL,
    TOOL_IMAGE,
    UNKNOWN,
    WINDOWS,
    case,
    pod,
    status,
)

HERE = f"quay.io/acme/app@{APP}"  # what a node says that runs APP_IMAGE

SHAPES = (
    case("docker", pod(image_id=f"docker-pullable://{HERE}")),
    case("docker-tag", pod(image_id=f"docker-pullable://quay.io/acme/app:1@{APP}")),
    case("docker-id", pod(image_id=f"docker://{UNKNOWN}"), told="cannot-compare Pod/p container c"),
    case("with-port", pod(TOOL_IMAGE, f"registry.example:5000/team/tool@{TOOL}")),
    case("with-tag-and-digest", pod(image_id=f"quay.io/acme/app:9@{APP}")),
    case("bare-digest", pod(image_id=APP)),
    case("crio-hex", pod(image_id=APP.removeprefix("sha256:"))),
    case("crio-other-hex", pod(image_id="f" * 64), told="cannot-compare Pod/p container c"),
    case(
        "id-is-a-tag", pod(image_id="quay.io/acme/app:1"), told="cannot-compare Pod/p container c"
    ),
    case(
        "id-in-capitals",
        pod(image_id=f"quay.io/acme/app@sha256:{'A' * 64}"),
        told="cannot-compare Pod/p container c",
    ),
    case("id-with-space", pod(image_id=f"{HERE} "), told="cannot-compare Pod/p container c"),
    case(
        "id-of-two-digests",
        pod(image_id=f"quay.io/acme/app@{UNKNOWN}@{APP}"),
        told="cannot-compare Pod/p container c",
    ),
    case("mirror", pod(image_id=f"mirror.example:5000/acme/app@{APP}")),
    case(
        "mirror-other",
        pod(image_id=f"mirror.example:5000/acme/app@{UNKNOWN}"),
        told="running-other-digest Pod/p container c",
    ),
    case(
        "same-repository",
        pod(image_id=f"quay.io/acme/app@{UNKNOWN}"),
        told="cannot-compare Pod/p container c",
    ),
    case(
        "updated-in-place",
        pod(
            told={
                "containerStatuses": [
                    status(f"quay.io/acme/app@{UNKNOWN}", image=f"quay.io/acme/app@{UNKNOWN}")
                ]
            }
        ),
        told="cannot-compare Pod/p container c",
    ),
    case(
        "updated-in-place-proven",
        pod(
            REDIS_IMAGE,
            told={
                "containerStatuses": [
                    status(f"docker.io/library/redis@{UNKNOWN}", image="docker.io/library/redis:6")
                ]
            },
        ),
        told="running-other-digest Pod/p container c",
    ),
)

PROOFS = (
    case("index", pod(REDIS_IMAGE, f"docker.io/library/redis@{REDIS}", node="arm")),
    case("amd", pod(REDIS_IMAGE, f"docker.io/library/redis@{AMD}")),
    case("arm", pod(REDIS_IMAGE, f"docker.io/library/redis@{ARM}", node="arm")),
    case(
        "arm-runs-amd",
        pod(REDIS_IMAGE, f"docker.io/library/redis@{AMD}", node="arm"),
        told="cannot-compare Pod/p container c",
    ),
    case("pi", pod(REDIS_IMAGE, f"docker.io/library/redis@{ARM_V7}", node="pi")),
    case("windows", pod(REDIS_IMAGE, f"docker.io/library/redis@{WINDOWS}", node="win")),
    case(
        "attestation",
        pod(REDIS_IMAGE, f"docker.io/library/redis@{ATTESTATION}"),
        told="running-other-digest Pod/p container c",
    ),
    case(
        "not-in-the-index",
        pod(REDIS_IMAGE, f"docker.io/library/redis@{EVIL}"),
        told="running-other-digest Pod/p container c",
    ),
    case("child-under-a-mirror", pod(REDIS_IMAGE, f"mirror.example/redis@{AMD}")),
    case("unknown-node", pod(REDIS_IMAGE, f"docker.io/library/redis@{AMD}", node="gone")),
    case("nested", pod(NESTED_IMAGE, f"quay.io/acme/nested@{AMD}")),
    case(
        "nested-other",
        pod(NESTED_IMAGE, f"quay.io/acme/nested@{ARM}"),
        told="running-other-digest Pod/p container c",
    ),
    case(
        "half", pod(HALF_IMAGE, f"quay.io/acme/half@{AMD}"), told="cannot-compare Pod/p container c"
    ),
    case("half-itself", pod(HALF_IMAGE, f"quay.io/acme/half@{HALF}")),
    case("config", pod(REDIS_IMAGE, AMD_CONFIG)),
    case("config-of-arm", pod(REDIS_IMAGE, f"docker://{ARM_CONFIG}", node="arm")),
    case("config-of-single", pod(SINGLE_IMAGE, SINGLE_CONFIG.removeprefix("sha256:"))),
    case(
        "config-of-another",
        pod(SINGLE_IMAGE, AMD_CONFIG),
        told="running-other-digest Pod/p container c",
    ),
    case(
        "config-of-which-not-all-are-known",
        pod(REDIS_IMAGE, EVIL, node="pi"),
        told="cannot-compare Pod/p container c",
    ),
)

CASES = (*SHAPES, *PROOFS)
