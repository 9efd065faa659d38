"""The script for build images and ``imagelock save`` are two ways to one file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from imagelock.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

    from tests.scripts.conftest import Job

DIGEST = "sha256:4c49d8f65e5ab8e46ae44d40a11bd4d7a0d1d3cfb0a0f5f9d5f3b6e4c2a19b07"
IMAGE = "registry.gitlab.example/acme/shop/api:1.4.0"
METADATA = {
    "containerimage.digest": DIGEST,
    "image.name": f"{IMAGE},registry.gitlab.example/acme/shop/api:latest",
}
JOBS = (
    {"CI_JOB_NAME": "build-api", "CI_JOB_NAME_SLUG": "build-api"},
    {"CI_JOB_NAME": "build:api", "CI_JOB_NAME_SLUG": "build-api"},
    {
        "CI_JOB_NAME": "build 2/3",
        "CI_JOB_NAME_SLUG": "build-2-3",
        "CI_NODE_INDEX": "2",
        "CI_NODE_TOTAL": "3",
    },
    {"CI_JOB_NAME": "Bau: ä", "CI_JOB_NAME_SLUG": "bau"},
)


def files_in(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in (folder / "image_references").iterdir()}


@pytest.fixture
def beside(job: Job, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a second folder, in which the command runs."""
    folder = job.folder.parent / "beside"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name in ("CI_JOB_NAME", "CI_JOB_NAME_SLUG", "CI_NODE_INDEX", "CI_NODE_TOTAL"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.mark.parametrize("named", JOBS, ids=lambda named: named["CI_JOB_NAME"])
def test_both_name_the_file_alike(
    job: Job, beside: Path, named: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in named.items():
        monkeypatch.setenv(name, value)
    assert job.run(IMAGELOCK_IMAGE=f"{IMAGE}@{DIGEST}", **named).returncode == 0
    assert main(["save", f"{IMAGE}@{DIGEST}"]) == 0
    assert files_in(job.folder) == files_in(beside)


@pytest.mark.parametrize(
    ("variable", "option", "text"),
    [
        ("IMAGELOCK_DIGEST_FILE", "--digest-file", DIGEST),
        ("IMAGELOCK_METADATA_FILE", "--metadata-file", json.dumps(METADATA)),
        (
            "IMAGELOCK_IMAGE_NAMES_FILE",
            "--image-name-tag-with-digest-file",
            f"{IMAGE}@{DIGEST}\n",
        ),
    ],
)
def test_both_read_what_a_builder_left_alike(
    job: Job, beside: Path, variable: str, option: str, text: str
) -> None:
    file = job.folder / job.file("left", text)
    assert job.run(IMAGELOCK_IMAGE=IMAGE, **{variable: str(file)}).returncode == 0
    assert main(["save", IMAGE, option, str(file), "--name", "build-api"]) == 0
    assert files_in(job.folder) == files_in(beside)


def test_both_take_every_tag_that_buildx_pushed(job: Job, beside: Path) -> None:
    file = job.folder / job.file("left", json.dumps(METADATA, indent=2))
    assert job.run(IMAGELOCK_METADATA_FILE=str(file)).returncode == 0
    assert main(["save", "--metadata-file", str(file), "--name", "build-api"]) == 0
    assert files_in(job.folder) == files_in(beside)
