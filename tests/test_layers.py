from __future__ import annotations

import os
from pathlib import Path

import pytest

lint_imports = pytest.importorskip(
    "importlinter.cli", reason="import-linter, of the development requirements, is not installed"
).lint_imports

ROOT = Path(__file__).parents[1]


def test_every_floor_imports_only_what_its_contracts_allow(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    # The paths that import-linter adds must not stay for the tests that follow.
    monkeypatch.syspath_prepend(str(ROOT / "src"))

    status = lint_imports(config_filename=".importlinter", cache_dir=None)

    assert status == os.EX_OK, capsys.readouterr().out
