"""The five GitLab jobs, from the build jobs to the verification, run by gitlab-ci-local.

The builders are stand-ins that write what kaniko and buildx write, the deployment goes to
a small API server in this process, and what runs afterwards is read from recorded answers.
"""

from __future__ import annotations

import json
import ssl
from base64 import b64encode
from typing import TYPE_CHECKING, Any, NamedTuple
from xml.etree import ElementTree as ET

import pytest
import trustme
import yaml
from tests.simulators.api_server import ApiServer
from tests.simulators.argo_cluster import CORE, ArgoCluster, namespace
from tests.simulators.kubeconfigs import write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.end_to_end.conftest import Pipeline

API = "registry.example.com/acme/shop/api:1.4.0"
WEB = "registry.example.com/acme/shop/web:1.4.0"
API_DIGEST = "sha256:6d840cf06ce4c57ef299e461a2f25451d7501fc6f8a2841caa0cbee43c0e98f6"
WEB_DIGEST = "sha256:c141bfc4b47c36320092fbbad6a602ea841aa17d8fc7d18fb396dab0a4ce0e2b"
CLEAN = {"VERIFY_CONTEXT": "", "VERIFY_OPTIONS": "--policy locked --from recordings/clean.json"}
# The same pipeline by the file to include: variables in place of inputs, and stages by job.
JOBS_BY_INCLUDE = {
    "include": [{"local": "templates/include/imagelock.gitlab-ci.yml"}],
    "create-images-lock-file": {"stage": "pin"},
    "override-dev-image-refs": {"stage": "pin"},
    "verify-digest-usage-in-cluster": {"stage": "verify"},
}
VARIABLES_BY_INCLUDE = {
    "IMAGELOCK_JOB_IMAGE": "registry.example.com/tools/imagelock:1.0.0",
    "IMAGELOCK_DEPLOY_PATH": "modified-app-of-apps/root",
    "IMAGELOCK_DEPLOY_CONTEXT": "$DEPLOY_CONTEXT",
    "IMAGELOCK_DEPLOY_OPTIONS": "$DEPLOY_OPTIONS",
    "IMAGELOCK_VERIFY_CONTEXT": "$VERIFY_CONTEXT",
    "IMAGELOCK_VERIFY_OPTIONS": "$VERIFY_OPTIONS",
}


class Ran(NamedTuple):
    """A pipeline that ran from its beginning to its end."""

    pipeline: Pipeline
    cluster: ArgoCluster
    told: str

    def left(self, job: str, name: str) -> Path:
        return self.pipeline.left_by(job) / name


@pytest.fixture(scope="module", params=["component", "include"])
def ran(
    request: pytest.FixtureRequest, example: Pipeline, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ran]:
    if request.param == "include":
        use_the_file_to_include(example)
    cluster = argo_cluster()
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with ApiServer(cluster, tls=context) as server:
        file = write(
            tmp_path_factory.mktemp("cluster"),
            server.url,
            cluster={"certificate-authority-data": b64encode(authority.cert_pem.bytes()).decode()},
            user={"token": "of-the-pipeline"},
            context="management",
        )
        variables = CLEAN | {"KUBECONFIG": str(file), "DEPLOY_OPTIONS": "--poll 0.1s --timeout 60s"}
        yield Ran(example, cluster, example.run(variables=variables))


def argo_cluster() -> ArgoCluster:
    """Return a cluster in which Argo CD finds everything in order as soon as it is asked."""
    cluster = ArgoCluster()
    cluster.usual = cluster.looks(conditions=[{"type": "ResourcesUpToDate", "status": "True"}])
    for name in ("platform", "shop"):
        cluster.objects[f"{CORE}/namespaces/{name}"] = namespace(name)
    return cluster


def use_the_file_to_include(example: Pipeline) -> None:
    file = example.folder / ".gitlab-ci.yml"
    head, _, rest = file.read_text("utf-8").partition("\ninclude:")
    _, _, jobs = rest.partition("\nvariables:\n")
    variables = "".join(f"  {name}: {text}\n" for name, text in VARIABLES_BY_INCLUDE.items())
    text = f"{head}\n{yaml.safe_dump(JOBS_BY_INCLUDE)}\nvariables:\n{variables}{jobs}"
    file.write_text(text, "utf-8")
    example.commit()


def lines_of(file: Path) -> list[str]:
    return file.read_text("utf-8").splitlines()


def object_of(file: Path) -> dict[str, Any]:
    value: dict[str, Any] = yaml.safe_load(file.read_text("utf-8"))
    return value


def test_each_build_job_publishes_what_it_pushed(ran: Ran) -> None:
    api = ran.left("build-api", "image_references/build-api")
    web = ran.left("build-web", "image_references/build-web")
    assert lines_of(api) == [f"{API}@{API_DIGEST}"]
    assert lines_of(web) == [f"{WEB}@{WEB_DIGEST}"]


def test_the_lock_has_the_external_images_then_those_of_the_build_jobs(ran: Ran) -> None:
    listed = lines_of(ran.pipeline.folder / "external_images")
    external = [line.split()[0] for line in listed if line and not line.startswith("#")]
    lock = lines_of(ran.left("create-images-lock-file", "images.lock"))
    assert lock == [*external, f"{API}@{API_DIGEST}", f"{WEB}@{WEB_DIGEST}"]


def test_every_image_of_the_modified_app_of_apps_has_its_digest(ran: Ran) -> None:
    root = ran.left("override-dev-image-refs", "modified-app-of-apps/root")
    values = yaml.safe_load(object_of(root / "shop.yaml")["spec"]["source"]["helm"]["values"])
    assert values["api"]["image"] == f"{API}@{API_DIGEST}"
    assert values["web"]["image"]["tag"] == f"1.4.0@{WEB_DIGEST}"
    pod = object_of(root / "landing-page.yaml")["spec"]["template"]["spec"]
    assert [one["image"] for one in pod["containers"]] == [f"{WEB}@{WEB_DIGEST}"]
    assert "20 pinned now, 0 pinned before, 0 exempt, 0 left with findings" in ran.told


def test_no_file_of_the_app_of_apps_is_missing(ran: Ran) -> None:
    before = ran.pipeline.folder / "app-of-apps"
    after = ran.left("override-dev-image-refs", "modified-app-of-apps")
    assert {path.relative_to(after) for path in after.rglob("*")} == {
        path.relative_to(before) for path in before.rglob("*")
    }


def test_what_is_deployed_has_digests(ran: Ran) -> None:
    assert ran.cluster.refused == []
    assert set(ran.cluster.applied("Application")) == {"shop", "cache", "monitoring", "ingress"}
    assert set(ran.cluster.applied("ApplicationSet")) == {"previews"}
    cleanup = json.dumps(ran.cluster.applied("CronJob")["cleanup"])
    assert '"image": "docker.io/library/busybox:1.36@sha256:' in cleanup


def test_what_runs_is_verified_against_the_lock(ran: Ran) -> None:
    report = json.loads(
        ran.left("verify-digest-usage-in-cluster", "imagelock-reports/verify.json").read_text()
    )
    assert report["command"] == "verify"
    assert [row for row in report["findings"] if row["severity"] != "note"] == []
    assert "14 pods, 20 images asked for, 19 allowed, 1 exempt, 19 running as asked" in ran.told


@pytest.mark.parametrize(
    ("job", "name"),
    [
        ("create-images-lock-file", "lock"),
        ("override-dev-image-refs", "override"),
        ("verify-digest-usage-in-cluster", "verify"),
    ],
)
def test_gitlab_gets_a_junit_report_of_each_job_that_finds_something(
    ran: Ran, job: str, name: str
) -> None:
    report = ET.parse(ran.left(job, f"imagelock-reports/{name}.junit.xml"))  # noqa: S314  (ours)
    assert report.getroot().tag == "testsuites"
    assert report.findall(".//failure") == []


@pytest.mark.parametrize(
    ("job", "name"), [("create-images-lock-file", "lock"), ("override-dev-image-refs", "override")]
)
def test_gitlab_gets_what_it_shows_beside_the_lines(ran: Ran, job: str, name: str) -> None:
    report = ran.left(job, f"imagelock-reports/{name}.codequality.json")
    assert json.loads(report.read_text("utf-8")) == []
