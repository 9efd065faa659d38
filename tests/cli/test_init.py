from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from imagelock.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

WRITTEN = {
    "external_images",
    "acme-images",
    "imagelock.toml",
    ".gitlab-ci.imagelock.yml",
    ".gitlab-ci.yml",
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name in ("CI_PROJECT_ROOT_NAMESPACE", "CI_PROJECT_DIR", "CI_REGISTRY"):
        monkeypatch.delenv(name, raising=False)
    return folder


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_an_empty_project_gets_every_file(project: Path) -> None:
    assert main(["init", "--organisation", "acme"]) == 0
    assert names_in(project) == WRITTEN


def test_lock_succeeds_on_what_was_written(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["init", "--organisation", "acme"])
    assert main(["lock"]) == 0, capsys.readouterr().err
    assert (project / "images.lock").exists()


def test_every_setting_shown_in_the_comments_is_a_setting(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["init", "--organisation", "acme"])
    file = project / "imagelock.toml"
    lines = file.read_text().splitlines()
    settings = [line[2:] for line in lines if " = " in line or line.startswith("# [[")]
    assert len(settings) > 10
    file.write_text("\n".join(settings))
    assert main(["lock"]) == 0, capsys.readouterr().err


def test_the_pipeline_that_was_written_includes_the_jobs_that_were_written(project: Path) -> None:
    main(["init"])
    pipeline = yaml.safe_load((project / ".gitlab-ci.yml").read_text())
    (included,) = (row["local"] for row in pipeline["include"])
    jobs = yaml.safe_load((project / included).read_text())
    assert "create-images-lock-file" in jobs
    assert set(pipeline["variables"]) <= set(jobs["variables"])


def test_a_file_that_is_there_is_left_as_it_is(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in WRITTEN:
        (project / name).write_text(f"mine: {name}")
    assert main(["init", "--organisation", "acme"]) == 0
    assert all((project / name).read_text() == f"mine: {name}" for name in WRITTEN)
    told = capsys.readouterr().err
    assert all(f"{name}: is there, and was left as it is" in told for name in WRITTEN)


def test_a_project_with_a_pipeline_is_told_what_to_add(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / ".gitlab-ci.yml").write_text("stages: [build]\n")
    assert main(["init"]) == 0
    printed = capsys.readouterr().out
    assert "include:\n  - local: .gitlab-ci.imagelock.yml\n" in printed
    assert '- !reference [".build:save-image-reference", "script"]' in printed


def test_a_pipeline_that_includes_the_jobs_is_asked_for_nothing(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["init"])
    assert main(["init", str(project)]) == 0
    assert capsys.readouterr().out == ""


def test_a_list_with_another_name_stays_the_only_one(project: Path) -> None:
    (project / "eurodat-images").write_text("registry.example/api\n")
    main(["init", "--organisation", "acme"])
    assert not (project / "acme-images").exists()
    assert main(["lock"]) == 0


def test_in_gitlab_the_top_group_names_the_list(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI_PROJECT_ROOT_NAMESPACE", "acme")
    main(["init"])
    assert "acme-images" in names_in(project)
    assert "acme-images" in (project / "imagelock.toml").read_text()


def test_without_a_name_the_list_is_called_self_built(project: Path) -> None:
    main(["init"])
    assert "self-built-images" in names_in(project)


def test_another_folder_is_made(project: Path) -> None:
    assert main(["init", "new/shop", "--organisation", "acme"]) == 0
    assert names_in(project / "new" / "shop") == WRITTEN


def test_running_it_twice_changes_nothing(project: Path) -> None:
    main(["init"])
    before = {path: path.read_bytes() for path in project.iterdir()}
    assert main(["init"]) == 0
    assert {path: path.read_bytes() for path in project.iterdir()} == before


@pytest.mark.parametrize("name", ["", "a/b", "../x", ".hidden", "-x", "a b", "a\nb", "x" * 200])
def test_a_name_that_is_no_file_name_is_refused(
    project: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", f"--organisation={name}"]) == 2
    assert "was expected" in capsys.readouterr().err
    assert names_in(project) == set()


def test_a_file_where_the_folder_should_be_is_told(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "taken").write_text("")
    assert main(["init", "taken"]) == 2
    told = capsys.readouterr().err.splitlines()
    assert "taken" in told[0]
    assert told[-1] == "imagelock init: not every file was written"


def test_a_folder_where_a_file_should_be_is_told(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "imagelock.toml").mkdir()
    assert main(["init"]) == 2
    assert "this is a folder" in capsys.readouterr().err


def test_a_broken_link_is_not_written_through(project: Path) -> None:
    (project / "external_images").symlink_to(project / "elsewhere")
    main(["init"])
    assert not (project / "elsewhere").exists()
