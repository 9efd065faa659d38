"""imagelock lock on bad input: one message, the right status, nothing half-written."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    Project = Any  # the fixture of conftest.py

A = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("name", "content", "place", "problem"),
    [
        ("external_images", "nginx:1\n", "1:8", "this image ID has no digest"),
        ("external_images", f"Nginx@{A}\n", "1:1", "in lower case"),
        ("external_images", f"nginx@{A[:-1]}\n", "1:14", "64 hex digits, and this one has 63"),
        ("external_images", f"<<<<<<< HEAD\nnginx@{A}\n", "1:1", "a merge conflict"),
        ("external_images", "nginx # für\n".encode("latin-1"), "1:10", "not UTF-8 text"),
        ("external_images", "nginx".encode("utf-16"), "", "this file is in UTF-16"),
        ("external_images", b"\x7fELF\x00", "1:5", "a binary file"),
        ("external_images", "n" * 100_000, "1:1", "at most 1,024 characters"),
        ("acme-images", "acme/app:1\n", "1:9", "a repository's name has no tag"),
        ("acme-images", f"acme/app@{A}\n", "1:9", "a repository's name has no digest"),
        ("acme-images", "Acme/App\n", "1:6", "in lower case"),
        ("image_references/build-app", "{}\n", "1:1", "not an image ID"),
        ("image_references/build-app", "\x1b[2Jevil\n", "1:1", "a character that cannot be seen"),
        ("imagelock.toml", "registrie = []\n", "1:1", "there is no key 'registrie' here"),
    ],
)
def test_a_file_that_is_wrong_is_refused_at_its_place(
    whole: Project, name: str, content: str | bytes, place: str, problem: str
) -> None:
    whole.write(name, content)

    told = whole.refuses("lock")

    assert told.startswith(f"error: {name}:{place}")
    assert problem in told.splitlines()[0]
    assert "\x1b" not in told


def test_an_unreadable_list_names_its_place_and_its_mistakes_once(whole: Project) -> None:
    whole.write("external_images", "nginx\nredis\n")

    told = whole.refuses("lock")

    assert told.count("has no digest") == 2


def a_folder(project: Project, name: str) -> None:
    (project.folder / name).unlink(missing_ok=True)
    (project.folder / name).mkdir()


def nothing(project: Project, name: str) -> None:
    (project.folder / name).unlink(missing_ok=True)


def a_link_to_itself(project: Project, name: str) -> None:
    (project.folder / name).unlink(missing_ok=True)
    (project.folder / name).symlink_to(name)


@pytest.mark.parametrize(
    ("name", "put", "problem"),
    [
        ("external_images", nothing, "there is no such file"),
        ("external_images", a_folder, "a file was expected, and this is a folder"),
        ("external_images", a_link_to_itself, "too many links"),
        ("images.lock", a_folder, "a file was expected, and this is a folder"),
        ("imagelock.toml", a_folder, "a file was expected, and this is a folder"),
    ],
)
def test_what_is_no_file_is_named(
    whole: Project, name: str, put: Callable[[Project, str], None], problem: str
) -> None:
    put(whole, name)

    assert whole.refuses("lock").startswith(f"error: {name}: {problem}")


def test_a_file_where_the_folder_of_references_is_expected_is_named(whole: Project) -> None:
    whole.write("references", "")

    told = whole.refuses("lock", "--references", "references")

    assert "references: a folder was expected, and this is a file" in told


@pytest.mark.parametrize(
    ("name", "mode", "verb"),
    [
        ("external_images", 0o000, "read"),
        ("acme-images", 0o000, "read"),
        ("image_references", 0o000, "read"),
        ("image_references/build-app", 0o000, "read"),
        (".", 0o555, "write"),
    ],
)
def test_no_permission_is_told(open_project: Project, name: str, mode: int, verb: str) -> None:
    open_project.write("external_images", f"nginx:1@{A}\n")
    open_project.write("acme-images", "acme/app\n")
    open_project.write("image_references/build-app", f"acme/app:1@{A}\n")
    open_project.folder.chmod(0o777)
    (open_project.folder / name).chmod(mode)

    done = open_project.run_without_rights("lock")

    (open_project.folder / "image_references").chmod(0o755)
    assert done.returncode == 2
    assert f"no permission to {verb} it" in done.stderr.splitlines()[0]
    assert "images.lock" not in open_project.names()


def test_a_full_disk_is_told(whole: Project) -> None:
    done = whole.run("lock", "-o", "/dev/full")

    assert done.returncode == 3
    assert done.stderr.splitlines()[0] == (
        "error: /dev/full: cannot write this file: the disk is full"
    )
    assert done.stderr.splitlines()[-1] == "imagelock lock: images.lock was not written"


def test_a_disk_that_fills_in_the_middle_leaves_the_old_lock(whole: Project) -> None:
    whole.write("images.lock", "old\n")
    whole.write("external_images", "".join(f"app{n}:1@{A}\n" for n in range(1_000)))

    command = 'ulimit -f 8 && exec "$@"'  # blocks of 512 bytes or 1024
    done = whole.run_in_shell(command, "lock")

    assert done.returncode == 3
    assert "File too large" in done.stderr
    assert whole.read("images.lock") == "old\n"
    assert not [name for name in whole.names() if name.startswith(".")]


def test_ctrl_c_in_the_middle_leaves_the_old_lock(whole: Project) -> None:
    whole.write("images.lock", "old\n")
    (whole.folder / "external_images").unlink()
    os.mkfifo(whole.folder / "external_images")
    process = whole.start("lock")
    # Opening it for writing returns when the command has opened it for reading.
    writer = os.open(whole.folder / "external_images", os.O_WRONLY)
    os.write(writer, f"nginx:1@{A}\n".encode())

    # Pressed again, as a person would: a signal that comes between two reads is only
    # seen when the second one ends.
    for _ in range(30):
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=2)
            break
    os.close(writer)
    _, told = process.communicate()

    assert process.returncode == 130
    assert told.splitlines() == [
        "error: interrupted",
        "imagelock lock: images.lock was not written",
    ]
    assert whole.read("images.lock") == "old\n"


@pytest.mark.parametrize(
    "name", ["external_images", "acme-images", "./acme-images", "imagelock.toml"]
)
def test_what_the_lock_is_made_from_is_never_written_over(whole: Project, name: str) -> None:
    whole.write("imagelock.toml", 'policy = "locked"\n')
    before = whole.read(name)

    for option in ("-o", "--lock"):
        assert "would be written over" in whole.refuses("lock", option, name)
    assert "would be written over" in whole.refuses("lock", "--report", f"json={name}")
    assert whole.read(name) == before


def test_nothing_but_build_jobs_writes_among_the_references(whole: Project) -> None:
    for option in ("--output=", "--lock=", "--report=json="):
        told = whole.refuses("lock", f"{option}image_references/other")
        assert "what build jobs publish stands in image_references" in told


def test_a_broken_link_to_the_settings_is_told(whole: Project) -> None:
    (whole.folder / "imagelock.toml").symlink_to("nowhere")

    assert whole.refuses("lock").startswith("error: imagelock.toml: there is no such file\n")


def test_a_report_is_a_file_and_not_standard_output(whole: Project) -> None:
    told = whole.refuses("lock", "--report", "junit=-")

    assert "a file was expected" in told
    assert "--format junit" in told


def test_an_empty_file_of_a_build_job_is_told(whole: Project) -> None:
    whole.write("image_references/broken", "\n")

    done = whole.run("lock")

    assert done.returncode == 0
    assert "warning: image_references/broken: no image is named in this file" in done.stderr


@pytest.mark.parametrize("name", ["image_references", "image_references/"])
def test_a_folder_of_references_that_is_a_link_is_not_followed(name: str, whole: Project) -> None:
    (whole.folder / "image_references").rename(whole.folder / "elsewhere")
    (whole.folder / "image_references").symlink_to("elsewhere")

    assert "a folder was expected, and this is a link" in whole.refuses(
        "lock", "--references", name
    )


@pytest.mark.parametrize("option", ["--config", "--external-images", "--self-built"])
def test_a_file_without_end_is_refused(option: str, whole: Project) -> None:
    assert "which is more than any such file needs" in whole.refuses("lock", option, "/dev/zero")
