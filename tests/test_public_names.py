"""The public API: from imagelock import …."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import imagelock

PACKAGE = Path(imagelock.__file__).parent


def test_no_public_name_is_that_of_a_module_which_would_take_its_place() -> None:
    modules = {path.stem for path in PACKAGE.iterdir()}

    assert not modules & set(imagelock.__all__)


def test_every_name_is_the_same_before_and_after_something_was_done() -> None:
    program = (
        "import imagelock\n"
        "imagelock.check('image: nginx', imagelock.Lock(()))\n"
        "from imagelock import *\n"
        "print(len(find_images('image: nginx').sites), callable(override), callable(check))\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout == "1 True True\n"


def test_help_lists_the_public_names() -> None:
    assert dir(imagelock) == sorted(imagelock.__all__)


def test_the_page_shows_what_its_example_prints() -> None:
    page = (PACKAGE.parents[1] / "docs/python.md").read_text("utf-8")
    program, printed = (
        page.split(f"```{kind}\n")[1].split("```")[0] for kind in ("python", "text")
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout == printed
