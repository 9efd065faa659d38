"""What stops the pipeline, what is left of it then, and what init makes."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from tests.end_to_end.conftest import Pipeline

DIGEST = "sha256:6d840cf06ce4c57ef299e461a2f25451d7501fc6f8a2841caa0cbee43c0e98f6"
RECORDED = "--policy locked --from recordings/not-clean.json"
# The jobs that need the cluster of Argo CD, left out.
WITHOUT_DEPLOYMENT = """
app-of-apps:
  rules:
    - when: never
"""


def test_a_build_job_may_not_publish_what_is_not_on_the_list(example: Pipeline) -> None:
    told = example.run(
        "override-dev-image-refs",
        variables={"IMAGELOCK_IMAGE": f"quay.io/evil/api:1@{DIGEST}"},
        status=1,
    )
    assert "not-allow-listed" in told
    left = example.left_by("create-images-lock-file")
    assert not (left / "images.lock").exists()
    report = ET.parse(left / "imagelock-reports" / "lock.junit.xml")  # noqa: S314  (ours)
    assert len(report.findall(".//failure")) > 0
    assert not example.left_by("override-dev-image-refs").exists()


def test_a_builder_that_leaves_no_digest_fails_its_own_job(example: Pipeline) -> None:
    told = example.run("build-api", variables={"IMAGELOCK_DIGEST_FILE": "other"}, status=1)
    assert "there is no file 'other'" in told
    assert not (example.left_by("build-api") / "image_references").exists()


def test_a_manifest_whose_image_nobody_pinned_stops_the_pipeline(example: Pipeline) -> None:
    told = example.run("override-dev-image-refs", variables={"RELEASE": "1.5.0"}, status=1)
    assert "tag-not-in-lock" in told
    left = example.left_by("override-dev-image-refs")
    assert not (left / "modified-app-of-apps").exists()
    report = left / "imagelock-reports" / "override.codequality.json"
    findings = json.loads(report.read_text("utf-8"))
    assert {row["check_name"] for row in findings} == {"tag-not-in-lock"}
    assert all(row["location"]["path"].startswith("app-of-apps/") for row in findings)


def test_a_cluster_that_is_not_as_asked_fails_the_verification(example: Pipeline) -> None:
    file = example.folder / ".gitlab-ci.yml"
    file.write_text(file.read_text("utf-8") + WITHOUT_DEPLOYMENT, "utf-8")
    example.commit()
    told = example.run(
        "verify-digest-usage-in-cluster",
        variables={"VERIFY_CONTEXT": "", "VERIFY_OPTIONS": RECORDED},
        status=1,
    )
    assert "shop/Pod/debug container debug" in told
    left = example.left_by("verify-digest-usage-in-cluster") / "imagelock-reports"
    report = ET.parse(left / "verify.junit.xml")  # noqa: S314  (ours)
    assert len(report.findall(".//failure")) >= 2


def test_what_init_writes_is_a_pipeline_with_our_jobs(empty_repository: Pipeline) -> None:
    folder = empty_repository.folder
    subprocess.run([sys.executable, "-m", "imagelock", "init"], cwd=folder, check=True)
    empty_repository.commit()
    jobs = json.loads(empty_repository.call("--list-json"))
    assert [job["name"] for job in jobs] == [
        "create-images-lock-file",
        "override-dev-image-refs",
        "app-of-apps",
        "verify-digest-usage-in-cluster",
    ]
