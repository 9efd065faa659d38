"""GitLab runs the lines of the script in the shell of the job's own lines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.scripts.conftest import Job

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "save-image-reference.sh"
BODY = SCRIPT.read_text()
HEX = "4c49d8f65e5ab8e46ae44d40a11bd4d7a0d1d3cfb0a0f5f9d5f3b6e4c2a19b07"
DIGEST = f"sha256:{HEX}"
IMAGE = "registry.gitlab.example/acme/shop/api:1.4.0"


def test_it_leaves_no_trace_in_that_shell(job: Job) -> None:
    lines = f"""
        images=mine; name=mine; fail() {{ echo mine; }}; trap 'echo bye' EXIT
        {BODY}
        echo "$images $name [$-] ${{digest-unset}} ${{newline-unset}} $undefined"; fail; pwd
    """
    done = job.run_lines(lines, IMAGELOCK_IMAGE=IMAGE, IMAGELOCK_DIGEST=DIGEST)
    assert done.returncode == 0, done.stderr
    *_, state, mine, folder, bye = done.stdout.splitlines()
    first, second, flags, third, fourth = state.split()
    assert (first, second, third, fourth) == ("mine", "mine", "unset", "unset")
    assert not set(flags) & set("eufC")
    assert (mine, folder, bye) == ("mine", str(job.folder), "bye")


@pytest.mark.parametrize("options", ["", "set -e", "set -eu", "set -C", "set -f; IFS=:"])
def test_a_failure_fails_the_job_whatever_its_shell_is_set_to(job: Job, options: str) -> None:
    lines = f"{options}\n{BODY}\necho still here"
    done = job.run_lines(lines, IMAGELOCK_IMAGE=IMAGE, IMAGELOCK_DIGEST="none")
    assert done.returncode == 2
    assert "still here" not in done.stdout


@pytest.mark.parametrize("options", ["set -e", "set -eu", "set -C", "set -f; IFS=:/"])
def test_it_works_whatever_the_shell_of_the_job_is_set_to(job: Job, options: str) -> None:
    lines = f"{options}\n{BODY}\necho still here"
    done = job.run_lines(lines, IMAGELOCK_IMAGE=IMAGE, IMAGELOCK_DIGEST=DIGEST)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("still here\n")
    assert job.lines() == [f"{IMAGE}@{DIGEST}"]


def test_it_works_where_a_pipe_fails_with_its_first_part(job: Job) -> None:
    lines = f"(set -o pipefail) 2>/dev/null && set -o pipefail\n{BODY}"
    file = job.file("metadata.json", json.dumps({"containerimage.digest": DIGEST}))
    done = job.run_lines(lines, IMAGELOCK_IMAGE=IMAGE, IMAGELOCK_METADATA_FILE=file)
    assert done.returncode == 0, done.stderr
