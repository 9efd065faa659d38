"""What is read is not written over by a report, or by the output."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from imagelock.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Callable

DIGEST = "sha256:" + "a" * 64
POD = f"image: nginx:1.27@{DIGEST}\n"
FILES = {
    "images.lock": f"docker.io/library/nginx:1.27@{DIGEST}\n",
    "external_images": f"nginx:1.27@{DIGEST}\n",
    "acme-images": "app\n",
    "imagelock.toml": 'self-built = "acme-images"\n',
    "deploy/pod.yaml": POD,
    "pods.json": json.dumps({"kind": "PodList", "apiVersion": "v1", "items": []}),
}


@pytest.fixture
def refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., str]:
    """Run a command that has to end with 2 and to leave every file as it is."""
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(text)

    def call(*arguments: str) -> str:
        assert main([*arguments]) == 2
        assert {name: Path(name).read_text() for name in FILES} == FILES
        return capsys.readouterr().err

    return call


@pytest.mark.parametrize("name", [*FILES, "./deploy/../images.lock"])
@pytest.mark.parametrize(
    "command",
    [
        ("check", "deploy", "pods.json"),
        ("verify", "--from", "pods.json", "--app-of-apps", "deploy"),
    ],
)
def test_a_report_is_not_written_over_what_is_read(
    refused: Callable[..., str], command: tuple[str, ...], name: str
) -> None:
    told = refused(*command, "--report", f"json={name}")

    assert f"error: {name}: this file is read, and would be written over" in told


@pytest.mark.parametrize(
    "name", ["images.lock", "external_images", "acme-images", "imagelock.toml"]
)
def test_manifests_are_not_written_over_the_files_of_the_project(
    refused: Callable[..., str], name: str
) -> None:
    assert "would be written over" in refused("override", "deploy/pod.yaml", "--output", name)


@pytest.mark.usefixtures("refused")
def test_a_manifest_may_be_its_own_output() -> None:
    Path("deploy/pod.yaml").write_text("image: nginx:1.27\n")

    assert main(["override", "deploy/pod.yaml", "--output", "deploy/pod.yaml"]) == 0
    assert Path("deploy/pod.yaml").read_text() == POD


def test_two_reports_are_two_files(refused: Callable[..., str]) -> None:
    told = refused("check", "deploy", "--report", "json=report", "--report", "html=./report")

    assert "two reports would be written to this file" in told
    assert not Path("report").exists()


@pytest.mark.usefixtures("refused")
def test_a_report_beside_the_manifests_and_two_to_nowhere_are_fine() -> None:
    again = ["check", "deploy", "--report", "junit=deploy/junit.xml"]

    assert (main(again), main(again)) == (0, 0)
    assert main(["check", "deploy", *(["--report", "json=/dev/null"] * 2)]) == 0
