"""imagelock save, as a build job runs it."""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    Project = Any  # the fixture of conftest.py

A = "sha256:" + "a" * 64
B = "sha256:" + "b" * 64
APP = "quay.io/acme/app:1"
JOB = {"CI_JOB_NAME": "build-app", "CI_JOB_NAME_SLUG": "build-app"}
METADATA = json.dumps({"containerimage.digest": A, "image.name": APP})
INSPECT = json.dumps([{"RepoTags": [APP], "RepoDigests": [f"quay.io/acme/app@{A}"]}])


def test_an_image_with_its_digest_is_published_under_the_jobs_name(project: Project) -> None:
    done = project.run("save", f"{APP}@{A}", **JOB)

    assert done.returncode == 0
    assert project.names("image_references") == ["build-app"]
    assert project.read("image_references/build-app") == f"{APP}@{A}\n"
    assert done.stdout == ""
    assert done.stderr == f"image_references/build-app: written: {APP}@{A}\n"


@pytest.mark.parametrize(
    ("option", "content", "images"),
    [
        ("--metadata-file", METADATA, []),
        ("--metadata-file", METADATA, [APP]),
        ("--digest-file", A, [APP]),
        ("--image-name-with-digest-file", f"quay.io/acme/app@{A}\n", [APP]),
        ("--image-name-tag-with-digest-file", f"{APP}@{A}\n", []),
        ("--inspect", INSPECT, [APP]),
    ],
)
def test_the_digest_comes_from_what_the_builder_left(
    project: Project, option: str, content: str, images: list[str]
) -> None:
    project.write("left", content)

    done = project.run("save", *images, option, "left", "--name", "app")

    assert done.returncode == 0, done.stderr
    assert project.read("image_references/app") == f"{APP}@{A}\n"


def test_a_file_can_come_from_a_pipe(project: Project) -> None:
    done = project.run("save", APP, "--inspect", "-", "--name", "app", stdin=INSPECT)

    assert done.returncode == 0
    assert project.read("image_references/app") == f"{APP}@{A}\n"


def test_several_images_are_published_at_once(project: Project) -> None:
    project.run("save", f"{APP}@{A}", f"quay.io/acme/db@{B}", "--name", "all")

    assert project.read("image_references/all") == f"{APP}@{A}\nquay.io/acme/db@{B}\n"


def test_the_folder_can_be_named_and_is_made(project: Project) -> None:
    project.write("imagelock.toml", 'references = "from/settings"\n')

    project.run("save", f"{APP}@{A}", "--name", "a")
    project.run("save", f"{APP}@{A}", "--name", "a", "--references", "from/option")

    assert project.read("from/settings/a") == project.read("from/option/a") == f"{APP}@{A}\n"


def test_lock_reads_what_save_wrote(project: Project) -> None:
    project.write("external_images", "")
    project.write("acme-images", "acme/app\n")
    project.run("save", f"{APP}@{A}", **JOB)

    assert project.run("lock").returncode == 0
    assert project.read("images.lock") == f"{APP}@{A}\n"


def test_jobs_that_share_a_slug_write_two_files(project: Project) -> None:
    for job in ("build app", "build:app", "build-app"):
        project.run("save", f"{APP}@{A}", CI_JOB_NAME=job, CI_JOB_NAME_SLUG="build-app")

    fingerprints = [
        hashlib.sha256(job.encode()).hexdigest()[:8] for job in ("build app", "build:app")
    ]
    assert project.names("image_references") == sorted(
        ["build-app", *(f"build-app-{fingerprint}" for fingerprint in fingerprints)]
    )


def test_parallel_jobs_write_a_file_each(project: Project) -> None:
    for index in ("1", "2"):
        project.run(
            *("save", f"{APP}@{A}"),
            CI_JOB_NAME=f"build {index}/2",
            CI_JOB_NAME_SLUG=f"build-{index}-2",
            CI_NODE_INDEX=index,
            CI_NODE_TOTAL="2",
        )

    names = project.names("image_references")
    assert [name.rpartition("-")[2] for name in names] == ["1", "2"]


def test_a_job_that_is_alone_has_no_index(project: Project) -> None:
    project.run("save", f"{APP}@{A}", **JOB, CI_NODE_INDEX="1", CI_NODE_TOTAL="1")

    assert project.names("image_references") == ["build-app"]


def test_a_second_call_of_a_job_adds_its_image(project: Project) -> None:
    project.run("save", f"{APP}@{A}", **JOB)
    project.run("save", f"quay.io/acme/db:1@{A}", **JOB)

    assert project.read("image_references/build-app") == f"{APP}@{A}\nquay.io/acme/db:1@{A}\n"


def test_a_retried_job_replaces_its_digest(project: Project) -> None:
    project.run("save", f"{APP}@{A}", **JOB)
    done = project.run("save", f"{APP}@{B}", **JOB)

    assert done.returncode == 0
    assert project.read("image_references/build-app") == f"{APP}@{B}\n"


def test_the_same_again_changes_nothing(project: Project) -> None:
    project.run("save", f"{APP}@{A}", "--name", "app")
    done = project.run("save", f"{APP}@{A}", "--name", "app")

    assert done.returncode == 0
    assert "image_references/app: unchanged: " in done.stderr


def test_a_name_that_another_job_may_have_taken_is_refused_with_both_images(
    project: Project,
) -> None:
    project.run("save", f"{APP}@{A}", "--name", "app")

    told = project.refuses("save", f"{APP}@{B}", "--name", "app")

    assert told.startswith("error: image_references/app: this file is there")
    assert A in told
    assert B in told


def test_force_replaces_it(project: Project) -> None:
    project.run("save", f"{APP}@{A}", "--name", "app")
    done = project.run("save", f"{APP}@{B}", "--name", "app", "--force")

    assert done.returncode == 0
    assert project.read("image_references/app") == f"{APP}@{B}\n"


def test_outside_a_gitlab_job_the_file_needs_a_name(project: Project) -> None:
    assert "Give --name NAME" in project.refuses("save", f"{APP}@{A}")


@pytest.mark.parametrize(
    "name", ["", "a/b", "../x", ".hidden", "-x", "a b", "ä", "x" * 201, "a\nb", "/etc/passwd"]
)
def test_a_name_that_is_no_plain_file_name_is_refused(project: Project, name: str) -> None:
    assert "is no name for a file" in project.refuses("save", f"{APP}@{A}", f"--name={name}")


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ([], "what did this job push?"),
        ([APP], f"'{APP}' has no digest"),
        (["quay.io/Acme/app:1"], "in lower case"),
        ([f"{APP}@{A[:-1]}"], "this one has 63"),
        ([APP, "--digest-file", "missing"], "missing: there is no such file"),
        ([APP, "--digest-file", "."], "a file was expected, and this is a folder"),
        ([APP, "--digest-file", "empty"], "a digest was expected, and this file is empty"),
        ([APP, "--digest-file", "words"], "is not a digest"),
        ([APP, "--metadata-file", "words"], "this is no JSON"),
        ([APP, "--metadata-file", "unpushed.json"], "there is no 'containerimage.digest'"),
        ([APP, "--inspect", "local.json"], "it was not pushed"),
        ([APP, "--inspect", "elsewhere.json"], f"'{APP}' has no digest"),
        ([f"{APP}@{B}", "--digest-file", "digest"], "has 2 digests"),
        (["--digest-file", "digest"], "which image has it?"),
        ([APP, "--digest-file", "-", "--inspect", "-"], "'-' is given twice"),
    ],
)
def test_what_gives_no_digest_is_refused(
    project: Project, arguments: list[str], problem: str
) -> None:
    project.write("digest", A)
    project.write("empty", "")
    project.write("words", "not\nwhat was asked for\n")
    project.write("unpushed.json", json.dumps({"containerimage.config.digest": A}))
    project.write("local.json", json.dumps([{"Id": A, "RepoTags": [APP], "RepoDigests": []}]))
    project.write("elsewhere.json", INSPECT.replace("quay.io", "ghcr.io"))

    told = project.refuses("save", *arguments, "--name", "app")

    assert problem in told
    assert "image_references" not in project.names()


def test_what_stands_in_the_way_is_named(project: Project) -> None:
    folder = project.folder / "image_references"
    (folder / "folder").mkdir(parents=True)
    (folder / "link").symlink_to("../elsewhere")
    project.write("image_references/garbage", "{}\n")

    assert "this is a folder" in project.refuses("save", f"{APP}@{A}", "--name", "folder")
    for force in ([], ["--force"]):
        told = project.refuses("save", f"{APP}@{A}", "--name", "link", *force)
        assert "a link stands where" in told
    assert "not an image ID" in project.refuses("save", f"{APP}@{A}", "--name", "garbage")


@pytest.mark.parametrize("name", ["image_references", "image_references/"])
def test_a_folder_that_is_a_link_is_not_followed(name: str, project: Project) -> None:
    (project.folder / "elsewhere").mkdir()
    (project.folder / "image_references").symlink_to("elsewhere")

    told = project.refuses("save", f"{APP}@{A}", "--name", "app", "--references", name)

    assert "error: image_references: a link stands where" in told
    assert project.names("elsewhere") == []


def test_a_file_where_the_folder_is_expected_is_named(project: Project) -> None:
    project.write("image_references", "")

    told = project.refuses("save", f"{APP}@{A}", "--name", "app")

    assert "a folder was expected, and this is a file" in told


def test_no_permission_is_told(open_project: Project) -> None:
    (open_project.folder / "image_references").mkdir(mode=0o555)

    done = open_project.run_without_rights("save", f"{APP}@{A}", "--name", "app")

    assert done.returncode == 2
    assert "no permission to write it" in done.stderr.splitlines()[0]
    assert done.stderr.splitlines()[-1] == "imagelock save: nothing was written"


def test_a_disk_that_fills_leaves_nothing(project: Project) -> None:
    images = [f"quay.io/acme/app{number}:1@{A}" for number in range(200)]

    done = project.run_in_shell('ulimit -f 8 && exec "$@"', "save", *images, "--name", "app")

    assert done.returncode == 3
    assert project.names("image_references") == []


def test_the_shell_script_and_this_command_agree_on_the_name_and_the_file(
    project: Project,
) -> None:
    script = os.path.realpath(f"{__file__}/../../../scripts/save-image-reference.sh")
    job = {"CI_JOB_NAME": "build: [a, b]", "CI_JOB_NAME_SLUG": "build-a-b"}
    job |= {"CI_NODE_INDEX": "2", "CI_NODE_TOTAL": "3"}
    project.run("save", f"{APP}@{A}", **job)
    [name] = project.names("image_references")
    written = project.read(f"image_references/{name}")
    (project.folder / "image_references" / name).unlink()

    project.run_program("sh", script, IMAGELOCK_IMAGE=f"{APP}@{A}", **job)

    assert project.names("image_references") == [name]
    assert project.read(f"image_references/{name}") == written
