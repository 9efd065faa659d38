"""Folder trees: listed, copied whole or not at all, changed where they lie."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from imagelock.errors import InputError
from imagelock.outside.folders import is_manifest, list_tree, write_changes, write_copy

if TYPE_CHECKING:
    from collections.abc import Iterator

# Runs in a process of its own, as the user nobody, and prints what was refused.
PROGRAM = """
import os, sys, shutil
from pathlib import Path
from imagelock.outside import folders
from imagelock.errors import InputError
os.getuid() or [os.setgroups([]), os.setgid(65534), os.setuid(65534)]
os.chdir(sys.argv[1])
try:
    {}
except InputError as error:
    print(error)
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """Return a folder that everybody may write to."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name)
        path.chmod(0o777)
        yield path
        subprocess.run(["chmod", "-R", "u+rwx", name], check=True)


@pytest.fixture
def app(folder: Path) -> Path:
    """Return a small app-of-apps in it."""
    app = folder / "app"
    (app / "charts").mkdir(parents=True)
    (app / "a.yaml").write_text("image: nginx:1\n")
    (app / "charts/b.yml").write_text("image: redis:7\n")
    (app / "charts/run.sh").write_text("#!/bin/sh\n")
    (app / "charts/run.sh").chmod(0o755)
    (app / "again.yaml").symlink_to("a.yaml")
    return app


def as_nobody(call: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(call), str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def files_in(folder: Path) -> dict[str, str]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): path.read_text() for path in files}


@pytest.mark.parametrize("name", ["a.yaml", "x/b.YML", "c.json", "k/Kustomization"])
def test_a_manifest_is_told_by_its_name(name: str) -> None:
    assert is_manifest(name)


@pytest.mark.parametrize("name", ["values.yaml.gotmpl", "yaml", "README.md"])
def test_other_names_are_no_manifests(name: str) -> None:
    assert not is_manifest(name)


def test_a_tree_names_what_it_holds_and_what_is_not_looked_at(app: Path) -> None:
    (app / ".git").mkdir()
    (app / ".git/config.yaml").write_text("")
    (app / "charts/old.tgz").write_bytes(b"")
    (app / "out.yaml").symlink_to("/etc/hostname")
    os.mkfifo(app / "pipe.yaml")

    tree = list_tree(app)

    assert tree.manifests == ("a.yaml", "charts/b.yml")
    assert tree.others == ("charts/old.tgz", "charts/run.sh")
    assert tree.links == ("again.yaml", "out.yaml")
    assert tree.folders == ("charts",)
    assert [Path(skipped.what).name for skipped in tree.skipped] == [
        "old.tgz",
        "out.yaml",
        "pipe.yaml",
    ]


def test_a_link_behind_which_nothing_is_looked_at_is_told(app: Path) -> None:
    (app / "gone.yaml").symlink_to("nowhere.yaml")
    (app / "round.yaml").symlink_to("round.yaml")
    (app / "script.yaml").symlink_to("charts/run.sh")
    (app / "up").symlink_to(".")

    assert {Path(one.what).name: one.reason for one in list_tree(app).skipped} == {
        "gone.yaml": "it is a link that leads nowhere",
        "round.yaml": "it is a link that leads nowhere",
        "script.yaml": "it is a link to a file that is not looked at under its own name",
    }


def test_the_output_is_no_part_of_the_input_that_it_lies_in(app: Path) -> None:
    write_copy(list_tree(app), app / "out", {}, force=False)

    assert list_tree(app, without=app / "out").manifests == ("a.yaml", "charts/b.yml")


def test_a_copy_differs_in_what_was_changed_and_in_nothing_else(app: Path) -> None:
    (app / "charts").chmod(0o550)
    copy = app.parent / "copy"

    write_copy(list_tree(app), copy, {"a.yaml": b"image: nginx:2\n"}, force=False)

    assert files_in(copy) == files_in(app) | {
        "a.yaml": "image: nginx:2\n",
        "again.yaml": "image: nginx:2\n",
    }
    assert (copy / "again.yaml").readlink() == Path("a.yaml")
    for name in (".", "charts", "charts/run.sh"):
        assert stat.S_IMODE((copy / name).stat().st_mode) == stat.S_IMODE(
            (app / name).stat().st_mode
        )
    assert sorted(path.name for path in app.parent.iterdir()) == ["app", "copy"]


def test_a_folder_that_is_not_empty_is_replaced_only_if_that_was_asked_for(app: Path) -> None:
    target = app.parent / "out"
    target.mkdir()
    (target / "old.yaml").write_text("")

    with pytest.raises(InputError, match="not empty"):
        write_copy(list_tree(app), target, {}, force=False)
    write_copy(list_tree(app), target, {}, force=True)

    assert files_in(target) == files_in(app)


@pytest.mark.parametrize("name", [".", "..", "../app", "../link-to-app"])
def test_what_is_read_is_never_replaced(app: Path, name: str) -> None:
    (app.parent / "link-to-app").symlink_to("app")
    before = files_in(app.parent)

    with pytest.raises(InputError, match="cannot take the place of the folder that is read"):
        write_copy(list_tree(app), app / name, {}, force=True)

    assert files_in(app.parent) == before


def test_a_git_repository_is_never_replaced(app: Path) -> None:
    (app.parent / "repository/.git").mkdir(parents=True)

    with pytest.raises(InputError, match="is a git repository"):
        write_copy(list_tree(app), app.parent / "repository", {}, force=True)

    assert (app.parent / "repository/.git").is_dir()


def test_a_folder_that_is_not_there_cannot_hold_the_copy(app: Path) -> None:
    with pytest.raises(InputError, match="the folder that it should be in is not there"):
        write_copy(list_tree(app), app.parent / "missing/out", {}, force=False)


@pytest.mark.parametrize(("root", "shown"), [("../app", "../app/secret.txt"), (".", "secret.txt")])
def test_a_file_that_cannot_be_copied_is_named_and_nothing_is_written(
    root: str, shown: str, app: Path
) -> None:
    (app / "secret.txt").write_text("")
    (app / "secret.txt").chmod(0)

    told = as_nobody(
        f"folders.write_copy(folders.list_tree(Path('{root}')), Path('../out'), {{}}, force=False)",
        app,
    )

    assert told.startswith(f"{shown}: no permission to read it\n")
    assert not (app.parent / "out").exists()
    assert len(list(app.parent.iterdir())) == 1


def test_a_folder_that_may_not_be_written_to_is_named_as_it_was_given(app: Path) -> None:
    app.chmod(0o555)

    told = as_nobody(
        "folders.write_copy(folders.list_tree(Path('app')), Path('app/out'), {}, force=False)",
        app.parent,
    )

    assert told.startswith("app/out: no permission to write it\n")


def test_files_are_changed_where_they_lie_with_their_modes(app: Path) -> None:
    (app / "a.yaml").chmod(0o640)

    write_changes(app, {"a.yaml": b"1", "charts/b.yml": b"2"})

    assert (app / "a.yaml").read_bytes() == b"1"
    assert (app / "charts/b.yml").read_bytes() == b"2"
    assert stat.S_IMODE((app / "a.yaml").stat().st_mode) == 0o640
    assert sorted(path.name for path in app.iterdir()) == ["a.yaml", "again.yaml", "charts"]


def test_one_file_that_cannot_be_changed_leaves_all_as_they_are(app: Path) -> None:
    app.chmod(0o777)
    (app / "charts").chmod(0o555)
    before = files_in(app)

    told = as_nobody(
        "folders.write_changes(Path('app'), {'a.yaml': b'1', 'charts/b.yml': b'2'})", app.parent
    )

    assert told.startswith("app/charts/b.yml: no permission to write it\n")
    assert files_in(app) == before
    assert sorted(path.name for path in app.iterdir()) == ["a.yaml", "again.yaml", "charts"]


def test_what_was_changed_before_a_failure_is_told(app: Path) -> None:
    # Not even a rename is certain: between the two steps a folder may take the file's place.
    class Meddling(dict[str, bytes]):
        def items(self):  # type: ignore[no-untyped-def]  # noqa: ANN202
            yield from super().items()
            (app / "charts/b.yml").unlink()
            (app / "charts/b.yml").mkdir()

    with pytest.raises(InputError) as caught:
        write_changes(app, Meddling({"a.yaml": b"1", "charts/b.yml": b"2"}))

    assert caught.value.undone == "only 1 of 2 files were changed"
    assert (app / "a.yaml").read_bytes() == b"1"
