"""Files as they are: read, listed, written whole or not at all."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from imagelock.errors import DiskError, InputError
from imagelock.outside.files import (
    decode,
    is_present,
    make_folder,
    read_bytes,
    read_source,
    write_bytes,
    write_if_changed,
)
from imagelock.outside.listing import list_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

# Runs in a process of its own: prints what the call raised, or nothing.
PROGRAM = """
import resource, sys
from pathlib import Path
from imagelock.outside import files
from imagelock.errors import ImagelockError
{before}
try:
    {call}
except ImagelockError as error:
    print(type(error).__name__, error)
"""
# The administrator may read everything, so the program becomes the user nobody.
GIVE_UP_RIGHTS = "import os; os.getuid() or [os.setgroups([]), os.setgid(65534), os.setuid(65534)]"


def try_apart(call: str, *, before: str = "") -> str:
    """Return what a call raises in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(before=before, call=call)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return str(done.stdout).strip()


@pytest.fixture
def without_rights() -> Iterator[Path]:
    """Return a folder that everybody may enter, and whose files the test may close."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
        folder.chmod(0o755)  # so that it can be removed


@contextmanager
def socket_at(path: Path) -> Iterator[None]:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        yield


def refused(path: Path) -> InputError:
    with pytest.raises(InputError) as caught:
        read_bytes(path)
    return caught.value


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    ("data", "text", "encoding"),
    [
        (b"a\r\nb", "a\r\nb", "utf-8"),
        (b"\xef\xbb\xbfa", "a", "utf-8"),
        ("\ufeffé".encode("utf-16-le"), "é", "utf-16-le"),
        ("\ufeffé".encode("utf-16-be"), "é", "utf-16-be"),
        ("\ufeffé".encode("utf-32-le"), "é", "utf-32-le"),
        (b"", "", "utf-8"),
    ],
)
def test_a_text_is_read_as_it_is_and_its_mark_set_aside(
    tmp_path: Path, data: bytes, text: str, encoding: str
) -> None:
    (tmp_path / "file").write_bytes(data)

    source = read_source(tmp_path / "file")

    assert source.text == text
    assert source.encoding == encoding
    assert source.bom + source.text.encode(encoding) == data


def test_what_is_not_utf_8_is_refused_at_its_first_byte() -> None:
    with pytest.raises(InputError) as caught:
        decode("ä\nnginx # für\n".encode("latin-1").replace(b"\xe4", b"a"), name="list")

    assert str(caught.value) == (
        "list:2:10: this is not UTF-8 text: byte 0xfc was not expected here\n"
        "    nginx # f�r\n"
        "             ^\n"
        "  Save the file as UTF-8 (for a Latin-1 file: iconv -f latin1 -t utf-8)."
    )


def test_utf_16_that_ends_in_the_middle_of_a_character_is_refused() -> None:
    with pytest.raises(InputError, match="UTF-16-LE"):
        decode(b"\xff\xfea", name="list")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    error = refused(tmp_path / "missing")

    assert error.problem == "there is no such file"
    assert str(error.place) == str(tmp_path / "missing")


def test_a_folder_where_a_file_is_expected_is_named(tmp_path: Path) -> None:
    assert refused(tmp_path).problem == "a file was expected, and this is a folder"


def test_a_file_in_the_middle_of_a_path_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    assert "is a file and no folder" in refused(tmp_path / "file" / "x").problem


def test_a_link_to_itself_is_named(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("link")

    assert refused(tmp_path / "link").problem == "too many links"


def test_a_file_of_endless_length_is_refused_where_there_is_a_limit() -> None:
    with pytest.raises(InputError, match="more than 1,000 bytes"):
        read_bytes(Path("/dev/zero"), limit=1_000)


def test_a_file_as_long_as_its_limit_is_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"abc")

    assert read_bytes(tmp_path / "file", limit=3) == b"abc"


def test_a_file_that_may_not_be_read_is_named(without_rights: Path) -> None:
    path = without_rights / "file"
    path.touch(mode=0o000)

    told = try_apart(f"files.read_bytes(Path('{path}'))", before=GIVE_UP_RIGHTS)

    assert told.startswith(f"InputError {path}: no permission to read it")


def test_what_stands_behind_a_closed_folder_is_neither_there_nor_missing(
    without_rights: Path,
) -> None:
    path = without_rights / "file"
    without_rights.chmod(0o600)

    told = try_apart(f"files.is_present(Path('{path}'))", before=GIVE_UP_RIGHTS)

    assert "no permission to read it" in told


def test_standard_input_that_is_closed_is_told() -> None:
    told = try_apart("files.read_stdin()", before="sys.stdin = None")

    assert told == "InputError <stdin>: standard input is closed"


def test_a_broken_link_is_present(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("nowhere")

    assert is_present(tmp_path / "link")
    assert not is_present(tmp_path / "missing")
    assert not is_present(tmp_path / "missing" / "deeper")


def test_a_folders_files_come_in_byte_order_and_what_else_is_in_it_is_named(
    tmp_path: Path,
) -> None:
    for name in ("b", "a-1", "a", "B", "é", ".hidden"):
        (tmp_path / name).touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("a")
    os.mkfifo(tmp_path / "pipe")

    with socket_at(tmp_path / "socket"):
        folder = list_folder(tmp_path)

    assert [Path(file).name for file in folder.files] == ["B", "a", "a-1", "b", "é"]
    assert [(Path(one.what).name, one.reason, one.expected) for one in folder.skipped] == [
        (".hidden", "its name begins with a dot", True),
        ("folder", "it is a folder", False),
        ("link", "it is a link", False),
        ("pipe", "it is a named pipe", False),
        ("socket", "it is a socket", False),
    ]


def test_a_name_that_is_not_utf_8_is_listed(tmp_path: Path) -> None:
    path = os.fsdecode(os.fsencode(tmp_path) + b"/\xe9")
    Path(path).touch()

    assert list_folder(tmp_path).files == (path,)


def test_a_file_where_a_folder_is_expected_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    for call in (list_folder, make_folder):
        with pytest.raises(InputError, match="a folder was expected, and this is a file"):
            call(tmp_path / "file")


def test_a_folder_is_made_with_those_above_it(tmp_path: Path) -> None:
    make_folder(tmp_path / "a" / "b")
    make_folder(tmp_path / "a" / "b")

    assert (tmp_path / "a" / "b").is_dir()


def test_what_is_written_is_there_and_nothing_beside_it(tmp_path: Path) -> None:
    write_bytes(tmp_path / "file", b"new")

    assert (tmp_path / "file").read_bytes() == b"new"
    assert names_in(tmp_path) == ["file"]


def test_a_new_file_has_the_mode_of_the_umask_and_an_old_one_keeps_its_own(tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.touch()
    old.chmod(0o640)
    before = os.umask(0o027)
    try:
        write_bytes(tmp_path / "new", b"x")
        write_bytes(old, b"x")
    finally:
        os.umask(before)

    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o640
    assert stat.S_IMODE(old.stat().st_mode) == 0o640


def test_a_link_is_followed_and_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("folder/file")

    write_bytes(tmp_path / "link", b"new")

    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "folder" / "file").read_bytes() == b"new"


def test_what_is_no_file_is_written_to(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_bytes(tmp_path / "pipe", b"new")
        assert os.read(reader, 10) == b"new"
    finally:
        os.close(reader)


def test_standard_output_can_be_named_when_it_is_a_pipe_and_when_it_is_a_file(
    tmp_path: Path,
) -> None:
    call = "files.write_bytes(Path('/dev/stdout'), b'new')"
    program = PROGRAM.format(before="", call=call)

    assert try_apart(call) == "new"
    with (tmp_path / "file").open("wb") as file:
        subprocess.run([sys.executable, "-c", program], stdout=file, check=True)
    assert (tmp_path / "file").read_bytes() == b"new"
    assert names_in(tmp_path) == ["file"]


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        (".", "a file was expected, and this is a folder"),
        ("missing/file", "the folder of this file is not there"),
        ("there/file", "a part of this path is a file and no folder"),
        ("x" * 300, "cannot write this file"),
    ],
)
def test_where_nothing_can_be_written_is_named(tmp_path: Path, name: str, problem: str) -> None:
    (tmp_path / "there").touch()

    with pytest.raises(InputError) as caught:
        write_bytes(tmp_path / name, b"new")

    assert problem in caught.value.problem
    assert names_in(tmp_path) == ["there"]


def test_a_long_name_can_be_written(tmp_path: Path) -> None:
    write_bytes(tmp_path / ("x" * 255), b"new")

    assert names_in(tmp_path) == ["x" * 255]


def test_a_folder_that_may_not_be_written_to_is_named(without_rights: Path) -> None:
    path = without_rights / "file"
    path.write_bytes(b"old")
    without_rights.chmod(0o555)

    told = try_apart(f"files.write_bytes(Path('{path}'), b'new')", before=GIVE_UP_RIGHTS)

    assert told.startswith(f"InputError {path}: no permission to write it")
    assert path.read_bytes() == b"old"


def test_a_full_disk_is_told() -> None:
    with pytest.raises(DiskError, match="the disk is full"):
        write_bytes(Path("/dev/full"), b"new")


def test_a_disk_that_fills_in_the_middle_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    told = try_apart(
        f"files.write_bytes(Path('{path}'), b'n' * 100_000)",
        before="resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))",
    )

    assert told.startswith(f"DiskError {path}: cannot write this file: File too large")
    assert path.read_bytes() == b"old"
    assert names_in(tmp_path) == ["file"]


def test_the_same_content_is_not_written_again(tmp_path: Path) -> None:
    path = tmp_path / "file"

    assert write_if_changed(path, b"a")
    before = path.stat()
    assert not write_if_changed(path, b"a")
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert write_if_changed(path, b"b")
    assert path.read_bytes() == b"b"
