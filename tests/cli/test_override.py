"""imagelock override, as it is called."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

DIGEST = "sha256:" + "a" * 64
LOCK = f"docker.io/library/nginx:1.27@{DIGEST}\n"
POD = """\
# a pod
apiVersion: v1
kind: Pod
spec:
  containers:
    - name: web
      image: nginx:1.27   # the web server
"""
PINNED_POD = POD.replace("nginx:1.27", f"nginx:1.27@{DIGEST}")
UNKNOWN_POD = POD.replace("nginx:1.27", "nginx:1.28")


class Folder:
    """A project's folder, and the command run in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.write("images.lock", LOCK)

    def write(self, name: str, text: str | bytes) -> Path:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode() if isinstance(text, str) else text)
        return file

    def read(self, name: str) -> str:
        return (self.path / name).read_bytes().decode()

    def run(self, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "imagelock", *arguments],
            cwd=self.path,
            input=stdin,
            capture_output=True,
            check=False,
            env={**os.environ, "NO_COLOR": "1"},
        )
        return subprocess.CompletedProcess(
            done.args, done.returncode, done.stdout.decode(), done.stderr.decode()
        )


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_a_file_goes_to_standard_output_with_its_digests_and_the_summary_to_stderr(
    folder: Folder,
) -> None:
    folder.write("pod.yaml", POD)

    done = folder.run("override", "pod.yaml")

    assert done.returncode == 0
    assert done.stdout == PINNED_POD
    assert "1 site, 1 pinned now" in done.stderr
    assert folder.read("pod.yaml") == POD


def test_standard_input_is_a_dash(folder: Folder) -> None:
    done = folder.run("override", "-", stdin=POD.encode())

    assert done.stdout == PINNED_POD


def test_in_place_changes_the_file_and_keeps_its_mode(folder: Folder) -> None:
    file = folder.write("pod.yaml", POD)
    file.chmod(0o640)

    done = folder.run("override", "--in-place", "pod.yaml")

    assert done.returncode == 0
    assert folder.read("pod.yaml") == PINNED_POD
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


def test_a_file_that_needs_no_change_is_not_written(folder: Folder) -> None:
    file = folder.write("pod.yaml", PINNED_POD)
    before = file.stat()

    folder.run("override", "--in-place", "pod.yaml")

    assert (file.stat().st_mtime_ns, file.stat().st_ino) == (before.st_mtime_ns, before.st_ino)


def test_an_image_that_the_lock_does_not_know_stops_the_writing(folder: Folder) -> None:
    folder.write("pod.yaml", UNKNOWN_POD)

    done = folder.run("override", "pod.yaml", "--output", "out.yaml")

    assert done.returncode == 1
    assert "pod.yaml:7:14" in done.stdout
    assert "'nginx:1.28' is not in images.lock" in done.stdout
    assert "1.27 (images.lock:1:1)" in done.stdout
    assert done.stderr.splitlines()[-1].startswith("imagelock override: nothing was written")
    assert not (folder.path / "out.yaml").exists()


def test_the_nearest_entry_is_named_where_a_person_chose_it(folder: Folder) -> None:
    folder.write("pod.yaml", UNKNOWN_POD)
    folder.write("external_images", f"# the web server\nnginx:1.27@{DIGEST}\n")

    for command in (("override", "pod.yaml"), ("check", "pod.yaml", "--policy", "locked")):
        assert folder.run(*command).returncode == 1
    assert "1.27 (external_images:2:1)" in folder.run("override", "pod.yaml").stderr


def test_a_list_that_chose_another_digest_is_not_named(folder: Folder) -> None:
    folder.write("pod.yaml", UNKNOWN_POD)
    folder.write("external_images", f"nginx:1.27@sha256:{'b' * 64}\n")

    assert "1.27 (images.lock:1:1)" in folder.run("override", "pod.yaml").stderr


def test_findings_can_be_allowed_and_are_told_all_the_same(folder: Folder) -> None:
    folder.write("pod.yaml", UNKNOWN_POD + "---\n" + POD)

    done = folder.run("override", "pod.yaml", "--output", "out.yaml", "--allow-findings")

    assert done.returncode == 1
    assert "nginx:1.28" in done.stdout
    assert folder.read("out.yaml") == UNKNOWN_POD + "---\n" + PINNED_POD


def test_a_folder_is_copied_with_its_other_files_modes_and_links(folder: Folder) -> None:
    folder.write("app/apps/pod.yaml", POD)
    folder.write("app/README.md", "image: nginx:1.27\n")
    script = folder.write("app/run.sh", "#!/bin/sh\n")
    script.chmod(0o755)
    (folder.path / "app/link.yaml").symlink_to("apps/pod.yaml")
    (folder.path / "app/empty").mkdir()
    folder.write("app/.git/config", "secret\n")

    done = folder.run("override", "app", "-o", "out")

    assert done.returncode == 0, done.stderr
    assert folder.read("out/apps/pod.yaml") == PINNED_POD
    assert folder.read("out/README.md") == "image: nginx:1.27\n"
    assert os.access(folder.path / "out/run.sh", os.X_OK)
    assert (folder.path / "out/link.yaml").readlink() == Path("apps/pod.yaml")
    assert (folder.path / "out/empty").is_dir()
    assert not (folder.path / "out/.git").exists()
    assert folder.read("app/apps/pod.yaml") == POD
    assert "out: 1 of 1 manifests changed" in done.stderr


def test_an_output_folder_inside_the_input_is_not_read_as_input(folder: Folder) -> None:
    folder.write("app/pod.yaml", POD)
    folder.write("app/out/old.yaml", UNKNOWN_POD)

    done = folder.run("override", "app", "-o", "app/out", "--force")

    assert done.returncode == 0, done.stderr
    assert sorted(p.name for p in (folder.path / "app/out").iterdir()) == ["pod.yaml"]


def test_an_output_folder_that_is_not_empty_is_left_alone(folder: Folder) -> None:
    folder.write("app/pod.yaml", POD)
    folder.write("out/mine.txt", "mine\n")

    done = folder.run("override", "app", "-o", "out")

    assert done.returncode == 2
    assert "out: this folder is not empty" in done.stderr
    assert [p.name for p in (folder.path / "out").iterdir()] == ["mine.txt"]


def test_force_replaces_the_whole_output_folder(folder: Folder) -> None:
    folder.write("app/pod.yaml", POD)
    folder.write("out/stale.yaml", UNKNOWN_POD)

    done = folder.run("override", "app", "-o", "out", "--force")

    assert done.returncode == 0
    assert [p.name for p in (folder.path / "out").iterdir()] == ["pod.yaml"]
    assert sorted(p.name for p in folder.path.iterdir()) == ["app", "images.lock", "out"]


def test_one_finding_keeps_the_whole_folder_from_being_written(folder: Folder) -> None:
    folder.write("app/a.yaml", POD)
    folder.write("app/b.yaml", UNKNOWN_POD)

    in_place = folder.run("override", "app", "--in-place")
    elsewhere = folder.run("override", "app", "-o", "out")

    assert (in_place.returncode, elsewhere.returncode) == (1, 1)
    assert folder.read("app/a.yaml") == POD
    assert not (folder.path / "out").exists()


def test_a_folder_cannot_go_to_standard_output(folder: Folder) -> None:
    folder.write("app/pod.yaml", POD)

    done = folder.run("override", "app")

    assert done.returncode == 2
    assert "Name a folder with --output" in done.stderr


def test_a_file_of_a_folder_that_is_not_text_is_a_finding_with_its_place(folder: Folder) -> None:
    folder.write("app/good.yaml", POD)
    folder.write("app/latin.yaml", "name: ok\ntown: M\xfcnchen\n".encode("latin-1"))

    done = folder.run("override", "app", "-o", "out")

    assert done.returncode == 1
    assert "app/latin.yaml:2:8" in done.stdout
    assert "UTF-8" in done.stdout
    assert not (folder.path / "out").exists()


def test_a_file_that_is_not_yaml_is_a_finding_where_reading_stopped(folder: Folder) -> None:
    folder.write("broken.yaml", "a: 1\nb: [1, 2\nimage: nginx:1.27\n")

    done = folder.run("override", "broken.yaml", "--output", "out.yaml")

    assert done.returncode == 1
    assert "broken.yaml:3:" in done.stdout
    assert "not-read" in done.stdout
    assert not (folder.path / "out.yaml").exists()


def test_crlf_a_byte_order_mark_and_utf_16_come_out_as_they_went_in(folder: Folder) -> None:
    text = POD.replace("\n", "\r\n")
    for name, encoding in (("bom.yaml", "utf-8-sig"), ("wide.yaml", "utf-16")):
        file = folder.write(name, text.encode(encoding))

        done = folder.run("override", "--in-place", name)

        assert done.returncode == 0, done.stderr
        expected = text.replace("nginx:1.27", f"nginx:1.27@{DIGEST}")
        assert file.read_bytes() == expected.encode(encoding)


def test_the_diff_is_printed_and_nothing_is_written(folder: Folder) -> None:
    folder.write("app/pod.yaml", POD)

    done = folder.run("override", "app", "--diff")

    assert done.returncode == 0
    assert "-      image: nginx:1.27   # the web server\n" in done.stdout
    assert f"+      image: nginx:1.27@{DIGEST}   # the web server\n" in done.stdout
    assert folder.read("app/pod.yaml") == POD


def test_the_diff_of_a_file_without_a_final_newline_says_so(folder: Folder) -> None:
    folder.write("pod.yaml", POD.rstrip("\n"))

    done = folder.run("override", "pod.yaml", "--diff")

    assert done.stdout.count("\\ No newline at end of file") == 2


def test_twice_is_once(folder: Folder) -> None:
    folder.write("pod.yaml", POD)
    once = folder.run("override", "pod.yaml").stdout

    twice = folder.run("override", "-", stdin=once.encode())

    assert twice.stdout == once
    assert "0 pinned now, 1 pinned before" in twice.stderr


def test_json_tells_every_site(folder: Folder) -> None:
    folder.write("pod.yaml", POD)

    done = folder.run("override", "pod.yaml", "-o", "out.yaml", "--format", "json")

    (site,) = json.loads(done.stdout)["sites"]
    assert site["rule"] == "position"
    assert site["status"] == "pinned-now"
    assert site["image"] == "nginx:1.27"
    assert site["location"] == {
        "file": "pod.yaml",
        "line": 7,
        "column": 14,
        "path": "$.spec.containers[0].image",
    }


def test_reports_are_written_beside_the_manifests(folder: Folder) -> None:
    folder.write("pod.yaml", UNKNOWN_POD)

    folder.run("override", "pod.yaml", "-o", "out.yaml", "--report", "junit=report.xml")

    assert "nginx:1.28" in folder.read("report.xml")


def test_a_missing_lock_says_how_to_make_one(folder: Folder) -> None:
    folder.write("pod.yaml", POD)
    (folder.path / "images.lock").unlink()

    done = folder.run("override", "pod.yaml")

    assert done.returncode == 2
    assert "images.lock: there is no such file" in done.stderr
    assert "imagelock lock" in done.stderr
    assert done.stderr.splitlines()[-1] == "imagelock override: nothing was written"
    assert done.stdout == ""


def test_a_lock_with_a_merge_conflict_is_refused(folder: Folder) -> None:
    folder.write("pod.yaml", POD)
    folder.write("images.lock", f"<<<<<<< HEAD\n{LOCK}=======\n{LOCK}>>>>>>> branch\n")

    done = folder.run("override", "pod.yaml")

    assert done.returncode == 2
    assert "images.lock:1:1" in done.stderr
    assert "merge" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("path", ["missing.yaml", "missing/", "images.lock/pod.yaml"])
def test_a_path_that_is_not_there_is_one_clear_message(folder: Folder, path: str) -> None:
    done = folder.run("override", path)

    assert done.returncode == 2
    assert path.rstrip("/") in done.stderr
    assert done.stderr.splitlines()[-1] == "imagelock override: nothing was written"


def test_a_full_disk_leaves_nothing_behind(folder: Folder) -> None:
    folder.write("app/pod.yaml", POD * 2000)
    script = (
        "import resource, runpy, signal, sys;"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096));"
        "sys.argv = ['imagelock', 'override', 'app', '-o', 'out'];"
        "runpy.run_module('imagelock', run_name='__main__')"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder.path, capture_output=True, check=False, text=True
    )

    assert done.returncode == 3, done.stderr
    assert done.stderr.splitlines()[-1] == "imagelock override: nothing was written"
    assert sorted(p.name for p in folder.path.iterdir()) == ["app", "images.lock"]


def test_a_full_disk_behind_standard_output_is_told(folder: Folder) -> None:
    folder.write("pod.yaml", POD)
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "imagelock", "override", "pod.yaml"],
            cwd=folder.path,
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            text=True,
        )

    assert done.returncode == 3
    assert "the disk is full" in done.stderr
    assert "Traceback" not in done.stderr


def test_ctrl_c_in_the_middle_writes_nothing(folder: Folder) -> None:
    folder.write("app/a.yaml", POD)
    os.mkfifo(folder.path / "lock.pipe")
    running = subprocess.Popen(
        [sys.executable, "-m", "imagelock", "override", "app", "-o", "out", "--lock", "lock.pipe"],
        cwd=folder.path,
        stderr=subprocess.PIPE,
        text=True,
    )
    # It waits for the other end of the pipe; opening it shows that it is there.
    with (folder.path / "lock.pipe").open("w"):
        time.sleep(0.2)
        running.send_signal(signal.SIGINT)
        _, messages = running.communicate(timeout=20)

    assert running.returncode == 130
    assert messages.splitlines()[-1] == "imagelock override: nothing was written"
    assert "Traceback" not in messages
    assert not (folder.path / "out").exists()


def test_hostile_names_do_not_reach_the_terminal_raw(folder: Folder) -> None:
    folder.write("pod.yaml", POD.replace("nginx:1.27   ", '"nginx\\e[31m:1"'))

    done = folder.run("override", "pod.yaml", "--strict")

    assert done.returncode == 1
    assert "\x1b" not in done.stderr
    assert "\\x1b[31m" in done.stderr


def test_a_long_stream_comes_out_whole_and_in_order(folder: Folder) -> None:
    filler = f"# {'x' * 70}\n" * 30
    pods = [POD.replace("name: web", f"name: web-{n}") + filler for n in range(2500)]
    stream = "---\n".join(pods)
    assert len(stream) > 5_000_000

    done = folder.run("override", "-", stdin=stream.encode())

    assert done.returncode == 0, done.stderr
    assert done.stdout == stream.replace("nginx:1.27", f"nginx:1.27@{DIGEST}")
    assert "2,500 sites, 2,500 pinned now" in done.stderr
    assert "1 file looked at" in done.stderr


def test_a_finding_late_in_a_long_stream_keeps_all_of_it_back_and_names_its_line(
    folder: Folder,
) -> None:
    filler = f"# {'x' * 70}\n" * 30
    stream = "---\n".join([POD + filler] * 2500 + [UNKNOWN_POD])

    done = folder.run("override", "-", stdin=stream.encode())

    assert done.returncode == 1
    assert done.stdout == ""
    line = stream[: stream.index("nginx:1.28")].count("\n") + 1
    assert f"<stdin>:{line}:14" in done.stderr


def test_a_large_folder_gives_the_same_as_its_files_one_by_one(folder: Folder) -> None:
    filler = f"# {'x' * 70}\n" * 400
    for number in range(100):
        folder.write(f"app/{number:03}.yaml", POD + filler)
    folder.write("app/latin.yaml", b"town: M\xfcnchen\n")

    done = folder.run("override", "app", "-o", "out", "--allow-findings")

    assert done.returncode == 1
    assert "app/latin.yaml:1:8" in done.stdout
    assert "100 sites, 100 pinned now" in done.stdout
    for number in range(100):
        assert folder.read(f"out/{number:03}.yaml") == PINNED_POD + filler


def test_a_folder_with_images_is_not_said_to_name_none(folder: Folder) -> None:
    folder.write("app/pod.yaml", POD)
    folder.write("app/service.yaml", "kind: Service\n")

    done = folder.run("override", "app", "-o", "out")

    assert "2 files looked at\n" in done.stdout


@pytest.mark.parametrize("arguments", [[], ["--format", "json"]])
def test_a_file_without_an_image_is_not_called_clean(folder: Folder, arguments: list[str]) -> None:
    folder.write("service.yaml", "kind: Service\n")

    done = folder.run("override", "service.yaml", "-o", "out.yaml", *arguments)

    assert done.returncode == 0
    assert "clean" not in done.stdout
    if not arguments:
        assert "no image is named there" in done.stdout


def test_a_dash_as_the_output_is_standard_output(folder: Folder) -> None:
    folder.write("pod.yaml", POD)
    folder.write("app/pod.yaml", POD)

    assert folder.run("override", "pod.yaml", "--output", "-").stdout == PINNED_POD
    assert folder.run("override", "app", "--output", "-").returncode == 2
    assert not (folder.path / "-").exists()
