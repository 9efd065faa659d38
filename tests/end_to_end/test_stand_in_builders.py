"""The example's stand-in builders make real images: a real registry takes them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BUILDER = Path(__file__).resolve().parents[2] / "examples/app-of-apps/ci/stand_in_builder.py"
IMAGE = "registry.example.com/acme/shop/api:1.4.0"
CONFIGURATION = """\
version: 0.1
log: {{level: info, formatter: json}}
storage: {{filesystem: {{rootdirectory: {root}}}}}
http: {{addr: "127.0.0.1:0", secret: of-the-test}}
"""


@pytest.fixture
def registry(tmp_path: Path, real_part: Callable[[str], str]) -> Iterator[str]:
    """Run Debian's docker-registry on a free port of loopback; return its address."""
    configuration = tmp_path / "registry.yml"
    configuration.write_text(CONFIGURATION.format(root=tmp_path / "registry"))
    command = [real_part("docker-registry"), "serve", str(configuration)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        try:
            yield _address(process)
        finally:
            process.terminate()
            process.communicate(timeout=30)


def _address(process: subprocess.Popen[bytes]) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        listening = re.search(rb"listening on (127\.0\.0\.1:\d+)", line)
        if listening:
            return listening[1].decode()
    pytest.fail("docker-registry ended before it listened")


def build(folder: Path, *arguments: str, registry: str = "") -> None:
    subprocess.run(
        [sys.executable, BUILDER, *arguments],
        cwd=folder,
        env={"EXAMPLE_REGISTRY": registry},
        check=True,
        capture_output=True,
    )


def test_the_registry_gives_the_digest_that_is_computed_without_one(
    tmp_path: Path, registry: str
) -> None:
    build(tmp_path, "kaniko", "--destination", IMAGE, "--digest-file", "with", registry=registry)
    build(tmp_path, "kaniko", "--destination", IMAGE, "--digest-file", "without")
    assert (tmp_path / "with").read_text() == (tmp_path / "without").read_text()


def test_buildx_and_kaniko_tell_the_same_digest_of_one_image(tmp_path: Path, registry: str) -> None:
    build(tmp_path, "kaniko", "--destination", IMAGE, "--digest-file", "digest", registry=registry)
    build(tmp_path, "buildx", "--tag", IMAGE, "--metadata-file", "metadata.json", registry=registry)
    metadata = json.loads((tmp_path / "metadata.json").read_text())
    assert metadata["containerimage.digest"] == (tmp_path / "digest").read_text()
    assert metadata["image.name"] == IMAGE
