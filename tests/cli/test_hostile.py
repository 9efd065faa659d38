"""Input that is made to be slow or large: each ends soon, in little memory, with a clear answer.

Every call is a process of its own that may not have more than `MEMORY`; that it
ends is the bound on its time.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from imagelock.errors import InputError
from imagelock.outside.saved import saved_pages

if TYPE_CHECKING:
    from pathlib import Path

MEMORY = 768 * 1024 * 1024  # bytes of addresses, of which Python itself takes 100 MB
DIGEST = f"sha256:{'a' * 64}"
IMAGE = "image: nginx:1\n"
DEEP = 100_000
MANY = 10_000


def run(
    folder: Path, *args: str, stdin: str | None = None, memory: int = MEMORY
) -> subprocess.CompletedProcess[str]:
    (folder / "images.lock").write_text(f"docker.io/library/nginx:1@{DIGEST}\n")
    return subprocess.run(
        [sys.executable, "-m", "imagelock", *args],
        cwd=folder,
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (memory, memory)),
    )


def override(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    (folder / "a.yaml").write_text(text)
    done = run(folder, "override", "a.yaml")
    assert "Traceback" not in done.stderr
    return done


def _bomb() -> str:
    levels = [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 60)]
    return "a0: &a0 {image: nginx:1}\n" + "".join(levels)


def _in_json(text: str, levels: int) -> str:
    for _ in range(levels):
        text = json.dumps({"a": text})
    return text


@pytest.mark.parametrize(
    ("text", "images"),
    [
        pytest.param(_bomb(), 1, id="alias bomb"),
        pytest.param(IMAGE + "a: " + "x" * 20_000_000 + "\n", 1, id="plain scalar"),
        pytest.param(IMAGE + 'a: "' + "x" * 20_000_000 + '"\n', 1, id="quoted scalar"),
        pytest.param(IMAGE + "a: |\n" + "  xxxxxxxxx\n" * 2_000_000, 1, id="block scalar"),
        pytest.param(IMAGE + "? '" + "k" * 10_000_000 + "'\n: nginx:1\n", 2, id="key of 10 MB"),
        pytest.param("".join(f"k{i}: v\n" for i in range(100_000)) + IMAGE, 1, id="many keys"),
        pytest.param(IMAGE + "a:\n" + "- \n" * 100_000, 1, id="many items"),
        pytest.param("---\n" * 100_000 + IMAGE, 1, id="many documents"),
        pytest.param(
            '{"image":"nginx:1","b":[' + '{"c":"d","e":[1]},' * 100_000 + "1]}", 1, id="one line"
        ),
        pytest.param(
            "".join(f"a{i}: &a{i} nginx:1\nb{i}: *a{i}\n" for i in range(MANY)), MANY, id="anchors"
        ),
        pytest.param(IMAGE + "a: '" + "{{" * 1_000_000 + "'\n", 1, id="braces"),
        pytest.param(_in_json(IMAGE, 4), 1, id="texts in texts"),
        pytest.param(_in_json(IMAGE, 12), 0, id="deeper than is looked"),
    ],
)
def test_what_is_large_and_yaml_is_overridden(tmp_path: Path, text: str, images: int) -> None:
    done = override(tmp_path, text)

    assert done.returncode == 0
    assert done.stdout.count(DIGEST) == images
    assert done.stdout.replace(f"@{DIGEST}", "") == text


@pytest.mark.parametrize(
    ("text", "place"),
    [
        pytest.param("[" * DEEP + "{image: nginx:1}" + "]" * DEEP, "a.yaml:1:201", id="flow"),
        pytest.param("[" * DEEP + "{image: nginx:1}", "a.yaml:1:201", id="flow without an end"),
        pytest.param("- " * DEEP + IMAGE, "a.yaml:1:401", id="lists"),
        pytest.param('{"image":' * DEEP + '"nginx:1"' + "}" * DEEP, "a.yaml:1:1801", id="JSON"),
        pytest.param(
            "".join(" " * i + "image:\n" for i in range(3_000)), "a.yaml:201:201", id="block"
        ),
    ],
)
def test_what_is_nested_without_end_is_named_with_its_place(
    tmp_path: Path, text: str, place: str
) -> None:
    done = override(tmp_path, text)

    assert done.returncode == 1
    assert f"{place}: error: this is not YAML: it is nested more than 200 levels" in done.stderr
    assert "nothing was written" in done.stderr


def test_a_key_longer_than_yaml_allows_is_named_with_its_place(tmp_path: Path) -> None:
    done = override(tmp_path, IMAGE + "k" * 10_000_000 + ": nginx:1\n")

    assert done.returncode == 1
    assert "a.yaml:2" in done.stderr


@pytest.mark.parametrize("command", ["override", "check"])
@pytest.mark.parametrize("path", ["/dev/zero", "-"])
def test_a_document_without_an_end_is_refused(tmp_path: Path, command: str, path: str) -> None:
    stdin = "x" * 135_000_000 if path == "-" else None

    done = run(tmp_path, command, path, stdin=stdin)

    assert done.returncode == 2
    assert "this document has more than 134,217,728 characters" in done.stderr


def test_a_machine_with_too_little_memory_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(IMAGE + "a:\n" + "- \n" * 3_000_000)

    done = run(tmp_path, "override", "a.yaml", memory=200 * 1024 * 1024)

    assert done.returncode == 3
    assert "a.yaml:1: there is not enough memory" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_of_a_folder_that_is_too_large_is_named_and_the_others_are_read(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "apps"
    folder.mkdir()
    (folder / "a.yaml").write_text(IMAGE)
    with (folder / "b.yaml").open("wb") as large:
        large.truncate(1_000_000_000)

    done = run(tmp_path, "check", "apps")

    assert done.returncode == 1
    assert "apps/b.yaml: error: this file has more than 134,217,728 bytes" in done.stdout
    assert "1 site" in done.stdout + done.stderr


@pytest.mark.parametrize("command", ["diff", "lock", "deploy"])
def test_no_other_file_is_read_without_an_end(tmp_path: Path, command: str) -> None:
    calls = {
        "diff": ("diff", "/dev/zero", "images.lock"),
        "lock": ("lock", "--external-images", "/dev/zero"),
        "deploy": ("deploy", "/dev/zero"),
    }

    done = run(tmp_path, *calls[command])

    assert done.returncode == 2
    assert "bytes, which is more than any such file needs" in done.stderr


def test_a_saved_list_without_an_end_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imagelock.syntax.pieces.LARGEST_WHOLE", 100_000)
    (tmp_path / "a.json").write_bytes(b"\0" * 200_000)

    with pytest.raises(InputError, match="more than 100,000 bytes, and is no list"):
        list(saved_pages([str(tmp_path / "a.json")]))


def test_random_bytes_are_told_with_the_place_of_the_first_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"a: 1\n" * 1_000_000 + b"\xa1\xf0\x00" * 1_000_000)

    done = run(tmp_path, "override", "a.yaml")

    assert done.returncode == 2
    assert "a.yaml:1000001:1: this is not UTF-8 text: byte 0xa1" in done.stderr
