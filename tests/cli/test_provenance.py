"""Where images come from, as the reports of the commands tell it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from imagelock.cli.main import main

SCHEMA = json.loads((Path(__file__).parents[2] / "docs/report.schema.json").read_text("utf-8"))
A, B = "sha256:" + "a" * 64, "sha256:" + "b" * 64
IMAGES = (f"redis:7@{A}", "acme.example/api:1", f"quay.io/x/old@{B}", "busybox", "gke.gcr.io/pause")
LOCK = f"docker.io/library/redis:7@{A}\nacme.example/api:1@{B}\nquay.io/x/old@{B}\n"


class Asked:
    """A project in the working folder, and what a command tells of it as JSON."""

    def __init__(self, capfd: pytest.CaptureFixture[str]) -> None:
        self._capfd = capfd

    def __call__(self, *arguments: str) -> dict[str, Any]:
        main([*arguments, "--format", "json"])
        report: dict[str, Any] = json.loads(self._capfd.readouterr().out)
        jsonschema.Draft202012Validator(SCHEMA).validate(report)
        return report


@pytest.fixture
def ask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Asked:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CI_REGISTRY", raising=False)
    write("images.lock", LOCK)
    write("external_images", f"redis:7@{A}\n")
    write("acme-images", "api\n")
    write("imagelock.toml", 'registries = ["acme.example"]\npresets = ["gke"]\n')
    write("pods.json", json.dumps({"kind": "PodList", "items": list(map(pod_with, IMAGES))}))
    write("pods.yaml", "\n---\n".join(map(manifest_with, IMAGES)))
    return Asked(capfd)


def write(name: str, text: str) -> None:
    Path(name).write_text(text)


def pod_with(image: str) -> dict[str, Any]:
    return {
        "metadata": {"name": "a", "namespace": "kube-system"},
        "spec": {"containers": [{"name": "c", "image": image}]},
    }


def manifest_with(image: str) -> str:
    return json.dumps({"apiVersion": "v1", "kind": "Pod", **pod_with(image)})


def origins(report: dict[str, Any]) -> dict[str, str]:
    return {use["image"].partition("@")[0]: use["origin"] for use in report["images"]}


ALL_KNOWN = {
    "redis:7": "external",
    "acme.example/api:1": "self-built",
    "quay.io/x/old": "locked",
    "busybox": "unknown",
    "gke.gcr.io/pause": "exempt",
}


@pytest.mark.parametrize(
    "command",
    [
        ("verify", "--from", "pods.json"),
        ("check", "pods.yaml"),
        ("override", "pods.yaml", "--diff", "--report", "json=report.json"),
    ],
)
def test_every_command_says_where_images_come_from(command: tuple[str, ...], ask: Asked) -> None:
    if command[0] == "override":
        main([*command])
        report = json.loads(Path("report.json").read_text("utf-8"))
    else:
        report = ask(*command)

    assert origins(report) == ALL_KNOWN


def test_the_lock_says_who_built_what(ask: Asked) -> None:
    Path("image_references").mkdir()
    write("image_references/build-api", f"acme.example/api:1@{B}\n")

    assert origins(ask("lock")) == {
        "docker.io/library/redis:7": "external",
        "acme.example/api:1": "self-built",
    }


def test_without_the_lists_the_lock_knows_the_image_and_nobody_knows_who_built_it(
    ask: Asked,
) -> None:
    Path("external_images").unlink()
    Path("acme-images").unlink()

    assert origins(ask("verify", "--from", "pods.json")) == ALL_KNOWN | {
        "redis:7": "locked",
        "acme.example/api:1": "locked",
    }


def test_the_registry_of_the_job_is_where_bare_names_are(
    ask: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("imagelock.toml", "")
    monkeypatch.setenv("CI_REGISTRY", "other.example")

    assert origins(ask("check", "pods.yaml"))["acme.example/api:1"] == "locked"


def test_two_lists_that_may_be_the_allow_list_are_none(ask: Asked) -> None:
    write("other-images", "api\n")

    assert origins(ask("check", "pods.yaml"))["acme.example/api:1"] == "locked"


def test_a_broken_list_is_named_and_keeps_nothing_from_being_told(ask: Asked) -> None:
    write("external_images", "redis:7\nredis:8\n")

    report = ask("verify", "--from", "pods.json", "--strict")

    assert origins(report)["redis:7"] == "locked"
    (told,) = [one for one in report["coverage"]["skipped"] if one["what"] == "external_images"]
    assert told["reason"].startswith("it cannot say where images come from: ")


@pytest.mark.parametrize(
    ("command", "subject", "policy"),
    [
        (("verify", "--from", "pods.json"), "pods.json", "pinned"),
        (
            ("check", "--policy", "locked", "pods.yaml", "pods.yaml"),
            "pods.yaml, pods.yaml",
            "locked",
        ),
        (("override", "--in-place", "--allow-findings", "pods.yaml"), "pods.yaml", ""),
    ],
)
def test_a_report_says_what_it_is_about(
    command: tuple[str, ...], subject: str, policy: str, ask: Asked
) -> None:
    report = ask(*command)

    assert (report["subject"], report["policy"]) == (subject, policy)
    assert report["made"].endswith("Z")


def test_images_are_not_looked_up_for_a_format_that_does_not_tell_them(
    ask: Asked, capfd: pytest.CaptureFixture[str]
) -> None:
    assert origins(ask("check", "pods.yaml"))
    write("external_images", "redis:7\n")

    main(["check", "pods.yaml"])

    assert "external_images" not in capfd.readouterr().out
