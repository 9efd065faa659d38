"""imagelock lock, as a person runs it: what it makes, and what it finds."""

from __future__ import annotations

import json
import os
import stat
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    Project = Any  # the fixture of conftest.py

A = "sha256:" + "a" * 64
B = "sha256:" + "b" * 64
GITLAB = "registry.gitlab.example:5050"
LOCK = f"docker.io/library/nginx:1@{A}\nquay.io/a/b@{B}\n{GITLAB}/acme/app:1@{A}\n"


def test_the_lock_is_written_and_it_says_what_is_in_it(whole: Project) -> None:
    done = whole.run("lock")

    assert done.returncode == 0
    assert whole.read("images.lock") == LOCK
    assert done.stdout == ""
    assert done.stderr == "images.lock: written: 3 images, 2 external, 1 self-built\n"


def test_a_lock_that_would_not_change_is_not_written(whole: Project) -> None:
    whole.run("lock")
    before = (whole.folder / "images.lock").stat()

    done = whole.run("lock")

    assert done.stderr.startswith("images.lock: unchanged: 3 images")
    after = (whole.folder / "images.lock").stat()  # not whole: reading it changes its atime
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_what_was_not_built_is_named(whole: Project) -> None:
    whole.write("acme-images", "acme/app\nacme/db\nr.example/tx\n")

    done = whole.run("lock")

    assert done.returncode == 0
    assert done.stderr.endswith("; 2 not built in this pipeline: acme/db, r.example/tx\n")


def test_of_many_repositories_that_were_not_built_ten_are_named(whole: Project) -> None:
    whole.write("acme-images", "".join(f"acme/app{number}\n" for number in range(12)))
    (whole.folder / "image_references" / "build-app").unlink()

    assert "12 not built in this pipeline: acme/app0" in whole.run("lock").stderr
    assert "acme/app9 and 2 more\n" in whole.run("lock").stderr


def test_quiet_says_nothing_where_nothing_is_wrong(whole: Project) -> None:
    whole.write("image_references/.kept", "")
    done = whole.run("lock", "--quiet")

    assert (done.stdout, done.stderr) == ("", "")
    assert whole.read("images.lock") == LOCK


def test_bare_names_are_at_the_registry_of_gitlab(whole: Project) -> None:
    assert whole.run("lock", CI_REGISTRY=GITLAB).returncode == 0
    done = whole.run("lock", CI_REGISTRY="registry.other.example")

    assert done.returncode == 1
    assert "registry.other.example only" in done.stdout


def test_the_settings_say_where_bare_names_are_before_gitlab_does(whole: Project) -> None:
    whole.write("imagelock.toml", f'registries = ["{GITLAB}"]\n')

    assert whole.run("lock", CI_REGISTRY="registry.other.example").returncode == 0


def test_a_registry_of_gitlab_that_is_none_is_told(whole: Project) -> None:
    told = whole.refuses("lock", CI_REGISTRY="https://registry.example/x")

    assert "$CI_REGISTRY is 'https://registry.example/x'" in told


def test_other_files_can_be_named(project: Project) -> None:
    project.write("lists/ext", f"nginx:1@{A}\n")
    project.write("lists/own", "acme/app\n")
    project.write("refs/a", f"acme/app:1@{A}\n")

    done = project.run(
        *("lock", "--external-images", "lists/ext", "--self-built", "lists/own"),
        *("--references", "refs", "--lock", "the.lock"),
    )

    assert done.returncode == 0
    assert project.read("the.lock").splitlines()[1] == f"docker.io/acme/app:1@{A}"


def test_the_settings_name_files_beside_themselves(project: Project) -> None:
    project.write("team/imagelock.toml", 'external-images = "lists/ext"\n')
    project.write("team/lists/ext", f"nginx:1@{A}\n")

    done = project.run("lock", "--config", "team/imagelock.toml")

    assert done.returncode == 0
    assert project.read("team/images.lock") == f"docker.io/library/nginx:1@{A}\n"


def test_standard_input_and_output_can_stand_for_files(project: Project) -> None:
    done = project.run("lock", "--external-images", "-", "-o", "-", stdin=f"nginx:1@{A}\n")

    assert done.returncode == 0
    assert done.stdout == f"docker.io/library/nginx:1@{A}\n"
    assert project.names() == []


def test_crlf_a_bom_comments_and_blank_lines_are_accepted(whole: Project) -> None:
    whole.write("external_images", f"\ufeff# ours\r\n\r\nnginx:1@{A}\r\nquay.io/a/b@{B} # x\r\n")
    whole.write("acme-images", "\ufeffacme/app\r\n")
    whole.write("image_references/build-app", f"\ufeff{GITLAB}/acme/app:1@{A}\r\n")

    assert whole.run("lock").returncode == 0
    assert whole.read("images.lock") == LOCK


def test_a_project_without_build_jobs_needs_no_list_of_them(project: Project) -> None:
    project.write("external_images", f"nginx:1@{A}\n")

    done = project.run("lock")

    assert done.returncode == 0
    assert "image_references: there is no such folder" in done.stderr


def test_references_without_an_allow_list_are_refused(whole: Project) -> None:
    (whole.folder / "acme-images").unlink()

    assert "there is no file *-images" in whole.refuses("lock")


def test_two_allow_lists_are_refused_by_name(whole: Project) -> None:
    whole.write("other-images", "")

    told = whole.refuses("lock")

    assert "acme-images, other-images" in told
    assert "--self-built" in told
    assert whole.run("lock", "--self-built", "acme-images").returncode == 0


def test_external_images_are_no_allow_list_whatever_they_are_called(project: Project) -> None:
    project.write("external-images", f"nginx:1@{A}\n")
    project.write(".hidden-images", "x\n")
    (project.folder / "folder-images").mkdir()

    assert project.run("lock", "--external-images", "external-images").returncode == 0


def test_only_regular_files_of_references_count_and_the_others_are_named(whole: Project) -> None:
    folder = whole.folder / "image_references"
    (folder / "link").symlink_to("build-app")
    (folder / "folder").mkdir()
    os.mkfifo(folder / "pipe")
    whole.write("image_references/.hidden", "this is no reference")

    done = whole.run("lock")

    assert done.returncode == 0
    assert whole.read("images.lock") == LOCK
    for name, reason in [
        ("link", "it is a link"),
        ("folder", "it is a folder"),
        ("pipe", "it is a named pipe"),
        (".hidden", "its name begins with a dot"),
    ]:
        assert f"image_references/{name}: {reason}" in done.stdout


def test_strict_accepts_nothing_that_was_not_looked_at_but_what_is_hidden(whole: Project) -> None:
    whole.write("image_references/.gitkeep", "")
    assert whole.run("lock", "--strict").returncode == 0
    (whole.folder / "image_references" / "link").symlink_to("build-app")

    done = whole.run("lock", "--strict", "--lock", "other.lock")

    assert done.returncode == 1
    assert "other.lock" not in whole.names()


def test_a_list_that_names_nothing_is_told(project: Project) -> None:
    project.write("external_images", "# nothing yet\n")
    project.write("acme-images", "")

    done = project.run("lock")

    assert done.returncode == 0
    assert project.read("images.lock") == ""
    assert "external_images: no image is named in this file" in done.stderr
    assert "acme-images: no repository is named in this file" in done.stderr
    assert "images.lock: written: it is empty" in done.stderr


def test_check_is_silent_about_a_lock_that_is_up_to_date(whole: Project) -> None:
    whole.run("lock")

    done = whole.run("lock", "--check")

    assert done.returncode == 0
    assert done.stdout == ""
    assert done.stderr.startswith("images.lock: up to date: 3 images")


def test_check_shows_what_would_change_and_writes_nothing(whole: Project) -> None:
    whole.write("images.lock", LOCK.replace(f"nginx:1@{A}", f"nginx:1@{B}"))
    before = whole.read("images.lock")

    done = whole.run("lock", "--check")

    assert done.returncode == 1
    assert f"\n-docker.io/library/nginx:1@{B}\n" in done.stdout
    assert f"\n+docker.io/library/nginx:1@{A}\n" in done.stdout
    assert "[out-of-date]" in done.stderr
    assert whole.read("images.lock") == before


def test_check_of_a_lock_that_is_not_there_shows_all_of_it(whole: Project) -> None:
    done = whole.run("lock", "--check")

    assert done.returncode == 1
    assert "there is no such file" in done.stderr
    assert done.stdout.count("\n+") == 4
    assert "images.lock" not in whole.names()


def test_check_tells_a_lock_with_windows_line_ends(whole: Project) -> None:
    whole.write("images.lock", LOCK.replace("\n", "\r\n"))

    assert whole.run("lock", "--check").returncode == 1


def test_check_tells_machines_without_a_diff(whole: Project) -> None:
    done = whole.run("lock", "--check", "--format", "json")

    assert done.returncode == 1
    assert [one["rule"] for one in json.loads(done.stdout)["findings"]] == ["out-of-date"]


def test_check_writes_no_output(whole: Project) -> None:
    assert "--check writes nothing" in whole.refuses("lock", "--check", "-o", "x")


def test_findings_are_reported_to_gitlab(whole: Project) -> None:
    whole.write("image_references/x", f"evil.example/x@{A}\n")

    done = whole.run("lock", "--report", "junit=report.xml")

    assert done.returncode == 1
    assert "not-allow-listed" in whole.read("report.xml")


def fails(project: Project, *arguments: str) -> str:
    """Run what ends with findings and writes no lock; return what it printed."""
    done = project.run("lock", *arguments)
    assert done.returncode == 1, done.stderr
    assert done.stderr.splitlines()[-1] == "imagelock lock: images.lock was not written"
    assert "images.lock" not in project.names()
    return str(done.stdout)


def test_a_reference_outside_the_allow_list_is_a_finding(whole: Project) -> None:
    whole.write("image_references/x", f"# mine\nevil.example/x:1@{A}\n")

    told = fails(whole)

    assert "image_references/x:2:1: error: " in told
    assert "no line of acme-images allows evil.example/x [not-allow-listed]" in told


def test_one_tag_with_two_digests_is_a_finding_with_both_sources(whole: Project) -> None:
    whole.write("acme-images", "acme/app\nquay.io/a/b\n")
    whole.write("external_images", f"quay.io/a/b:1@{A}\n")
    whole.write("image_references/build-b", f"quay.io/a/b:1@{B}\n")

    told = fails(whole)

    assert "image_references/build-b:1:1: error: " in told
    assert "external_images:1:1" in told
    assert "[conflicting-digests]" in told


def test_a_reference_without_a_digest_is_a_finding(whole: Project) -> None:
    whole.write("image_references/build-app", f"{GITLAB}/acme/app:1\n")

    assert "[no-digest]" in fails(whole)


def test_the_lock_keeps_its_mode(whole: Project) -> None:
    whole.write("images.lock", "").chmod(0o600)

    whole.run("lock")

    assert stat.S_IMODE((whole.folder / "images.lock").stat().st_mode) == 0o600


def test_the_allow_list_may_be_a_link(whole: Project) -> None:
    (whole.folder / "acme-images").rename(whole.folder / "shared")
    (whole.folder / "acme-images").symlink_to("shared")

    assert whole.run("lock").returncode == 0
