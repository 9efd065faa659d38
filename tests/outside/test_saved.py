"""What kubectl saved of a cluster, in files and on standard input."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from imagelock.errors import InputError
from imagelock.outside.saved import saved_pages
from imagelock.syntax.pieces import PIECE
from imagelock.syntax.selectors import parse_selector

if TYPE_CHECKING:
    from pathlib import Path

PODS = json.dumps({"kind": "PodList", "items": [{"metadata": {"name": "a"}}]})


def test_a_selector_is_evaluated_on_saved_files(tmp_path: Path) -> None:
    def pod(name: str, **labels: str) -> dict[str, Any]:
        return {"kind": "Pod", "metadata": {"name": name, "labels": labels or None}}

    node = {"kind": "Node", "metadata": {"name": "n"}}
    listing = {"kind": "List", "items": [pod("a", app="shop"), pod("b", app="x"), pod("c"), node]}
    (tmp_path / "list").write_text(json.dumps(listing))
    (tmp_path / "one").write_text(json.dumps(pod("d", app="x")))
    files = [str(tmp_path / "list"), str(tmp_path / "one")]

    pages = list(saved_pages(files, selector=parse_selector("app=shop")))

    assert [pod.name for page in pages for pod in page.pods] == ["a"]
    assert [len(page.nodes) for page in pages] == [1, 0]
    assert [page.unselected for page in pages] == [2, 1]


def test_saved_files_are_pages_in_the_order_given(tmp_path: Path) -> None:
    for name in ("b", "a"):
        (tmp_path / name).write_text(PODS.replace('"a"', f'"{name}"'))

    pages = saved_pages([str(tmp_path / "b"), str(tmp_path / "a")])

    assert [page.pods[0].name for page in pages] == ["b", "a"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_file_that_a_powershell_wrote_is_read(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "pods.json"
    file.write_text(PODS.replace(", ", ",\r\n"), encoding=encoding, newline="")

    (page,) = saved_pages([str(file)])

    assert page.pods[0].name == "a"


def test_standard_input_is_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(PODS.encode())))

    (page,) = saved_pages(["-"])

    assert (page.name, page.pods[0].name) == ("<stdin>", "a")


def test_standard_input_can_be_named_once() -> None:
    with pytest.raises(InputError, match="once only"):
        list(saved_pages(["-", "-"]))


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="this is a folder"):
        list(saved_pages([str(tmp_path)]))


def test_standard_input_that_is_closed_is_told() -> None:
    program = (
        "import sys; sys.stdin = None\n"
        "from imagelock.outside.saved import saved_pages\n"
        "from imagelock.errors import InputError\n"
        "try: next(saved_pages(['-']))\n"
        "except InputError as error: print(error)"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout == "<stdin>: standard input is closed\n"


def test_a_large_file_comes_in_several_pages(tmp_path: Path) -> None:
    pod = {"metadata": {"name": "a", "annotations": {"x": "y" * 100_000}}}
    items = [pod] * (5 * PIECE // 100_000)
    file = tmp_path / "pods.json"
    file.write_text(json.dumps({"kind": "PodList", "items": items}, indent=4))

    pages = list(saved_pages([str(file)]))

    assert len(pages) > 3
    assert sum(len(page.pods) for page in pages) == len(items)
