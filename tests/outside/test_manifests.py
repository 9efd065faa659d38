from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from imagelock.errors import InputError, InputErrors
from imagelock.outside.manifests import read_documents

if TYPE_CHECKING:
    from pathlib import Path


def test_a_folder_is_read_with_its_folders_in_the_order_of_names(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text("b: 1\n---\nb: 2\n")
    (tmp_path / "a.json").write_text('{"a": 1}')
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "c.yml").write_text("c: 1")
    (tmp_path / "README.md").write_text("no: manifest")
    (tmp_path / ".hidden.yaml").write_text("no: manifest")

    assert read_documents(str(tmp_path)) == [
        (f"{tmp_path}/a.json", [{"a": 1}]),
        (f"{tmp_path}/b.yaml", [{"b": 1}, {"b": 2}]),
        (f"{tmp_path}/more/c.yml", [{"c": 1}]),
    ]


def test_a_file_is_read_whatever_it_is_called(tmp_path: Path) -> None:
    (tmp_path / "apps").write_text("a: 1")

    assert read_documents(str(tmp_path / "apps")) == [(f"{tmp_path}/apps", [{"a": 1}])]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Chart.yaml", "a Helm chart: render it first"),
        ("kustomization.yaml", "a Kustomization: build it first"),
        ("kustomization.yml", "a Kustomization: build it first"),
    ],
)
def test_what_must_be_rendered_first_is_refused(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / name).write_text("name: x")

    with pytest.raises(InputError) as caught:
        read_documents(str(tmp_path))

    assert str(caught.value).startswith(f"{tmp_path}/in: this folder cannot be applied as it is")
    assert message in str(caught.value)


def test_all_the_broken_files_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: [")
    (tmp_path / "b.yaml").write_text("good: 1")
    (tmp_path / "c.yaml").write_text("{{ template }}: [")

    with pytest.raises(InputErrors) as caught:
        read_documents(str(tmp_path))

    assert "a.yaml" in str(caught.value)
    assert "c.yaml" in str(caught.value)


@pytest.mark.parametrize("text", ["", "---\n---\n", "# nothing\n"])
def test_nothing_to_apply_is_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.yaml").write_text(text)

    with pytest.raises(InputError, match="no objects to apply are here"):
        read_documents(str(tmp_path))


def test_what_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_documents(str(tmp_path / "missing"))


def test_a_link_that_leads_out_of_the_folder_is_refused_and_another_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "app"
    folder.mkdir()
    (tmp_path / "secret.yaml").write_text("token: hush\n")
    (folder / "a.yaml").write_text("kind: A\n")
    (folder / "b.yaml").symlink_to("a.yaml")
    assert len(read_documents(str(folder))) == 2

    (folder / "c.yaml").symlink_to("../secret.yaml")
    with pytest.raises(InputError, match="leads out of the folder") as caught:
        read_documents(str(folder))
    assert "hush" not in str(caught.value)
