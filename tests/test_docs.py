"""What the documentation says is so: each page is held to the code."""

from __future__ import annotations

import argparse
import json
import re
import shlex
import tomllib
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

from imagelock import errors
from imagelock.cli import main as shell
from imagelock.cli.arguments import FORMATS
from imagelock.core.rules import RULES
from imagelock.syntax import toml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(
    page
    for page in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md"))
)
KEYS = sorted({*toml._SETTINGS, *toml._FIND, *toml._EXEMPTION})
COMMANDS = pytest.mark.parametrize("name", shell.COMMANDS)


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


EVERY_PAGE = pytest.mark.parametrize("page", PAGES, ids=name_of)


def text_of(name: str) -> str:
    page = ROOT / name
    assert page.exists(), f"{name} is missing"
    return page.read_text("utf-8")


@pytest.fixture(scope="module")
def render() -> ModuleType:
    spec = spec_from_file_location("render_docs", ROOT / "scripts" / "render_docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def commands_in(page: Path) -> Iterator[str]:
    """Yield every call of imagelock that the page shows, in code blocks and in sentences."""
    text = page.read_text("utf-8")
    for block in re.findall(r"^ *```\w*\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            yield from calls_in(line)
    for code in re.findall(r"`(imagelock [^`]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL)):
        yield from calls_in(code)


def calls_in(line: str) -> Iterator[str]:
    """Find ``imagelock …`` where a shell would: at a beginning, after a sign, in a substitution."""
    for found in re.finditer(r"(?:^\s*(?:- |\$ )?|[|&;(] *|exec )imagelock +([^|&;)>#]*)", line):
        call = re.split(r"\s{2,}", found[1].strip())[0]
        if re.match(r"[a-z-]+(?!:)\b", call):
            yield call


def what_is_wrong_with(call: str) -> str:
    """Say which command or option of a call does not exist, or nothing."""
    words = [word.partition("=")[0] for word in shlex.split(call.replace("'", ""))]
    name, *rest = words
    if name in {"--help", "--version", "-h", "help"}:
        return ""
    if name not in shell.COMMANDS:
        return f"there is no command {name}"
    if not find_spec(f"imagelock.cli.{name}"):
        return f"src/imagelock/cli/{name}.py is missing"
    known = set(shell.parser_of(name)._option_string_actions)
    unknown = [word for word in rest if word.startswith("--") and word not in known]
    return f"imagelock {name} has no {', '.join(unknown)}" if unknown else ""


@pytest.mark.parametrize("name", ["rules.md", "cli.md"])
def test_rendered_pages_are_what_the_code_says_now(name: str, render: ModuleType) -> None:
    assert text_of(f"docs/{name}") == render.PAGES[name](), "run: make docs"


@COMMANDS
def test_every_command_is_documented_with_every_option(name: str) -> None:
    page = text_of("docs/cli.md")
    assert f"\n## imagelock {name}\n" in page
    section = page.partition(f"\n## imagelock {name}\n")[2].partition("\n## ")[0]

    for action in shell.parser_of(name)._actions:
        for option in action.option_strings:
            if not isinstance(action, argparse._HelpAction) and action.help != argparse.SUPPRESS:
                assert re.search(rf"`[^`]*(?<![\w-]){re.escape(option)}(?![\w-])", section), option


@COMMANDS
def test_every_command_shows_examples_that_it_takes(name: str) -> None:
    assert find_spec(f"imagelock.cli.{name}"), f"src/imagelock/cli/{name}.py is missing"
    examples = shell._command(name).EXAMPLES

    calls = [call for line in examples.splitlines() for call in calls_in(line)]

    assert calls
    assert [wrong for call in calls if (wrong := what_is_wrong_with(call))] == []


@COMMANDS
def test_the_readme_names_every_command(name: str) -> None:
    assert f"`imagelock {name}" in text_of("README.md")


@pytest.mark.parametrize("name", RULES)
def test_every_rule_is_documented(name: str) -> None:
    section = text_of("docs/rules.md").partition(f"\n## {name}\n")[2].partition("\n## ")[0]

    for part in ("Why it matters", "How to mend it", "How to allow it"):
        assert f"**{part}.**" in section


def test_every_exit_status_is_documented() -> None:
    statuses = {0, 1, shell.INTERRUPTED, shell.BROKEN_PIPE, shell.OUR_FAULT}
    statuses |= {getattr(errors, name).exit_status for name in errors.__all__}

    documented = re.findall(r"^\| (\d+) \|", text_of("docs/exit-status.md"), re.MULTILINE)

    assert {int(status) for status in documented} == statuses


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_documented(name: str) -> None:
    page = text_of("docs/reports.md")

    assert f"\n## {name}\n" in page
    assert f"| `{name}` |" in page


def test_the_document_that_is_shown_is_as_the_schema_says() -> None:
    shown = re.findall(r"```json\n(.*?)```", text_of("docs/reports.md"), re.DOTALL)

    assert shown
    for document in shown:
        jsonschema.Draft202012Validator(json.loads(text_of("docs/report.schema.json"))).validate(
            json.loads(document)
        )


@pytest.mark.parametrize("name", KEYS)
def test_every_key_of_the_settings_is_documented(name: str) -> None:
    assert f"`{name}`" in text_of("docs/configuration.md")


@EVERY_PAGE
def test_every_call_that_a_page_shows_exists(page: Path) -> None:
    assert [wrong for call in commands_in(page) if (wrong := what_is_wrong_with(call))] == []


@EVERY_PAGE
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8"))

    for link in links:
        file, _, anchor = link.partition("#")
        if "://" in file or file.startswith("mailto:"):
            continue
        target = page.parent / file if file else page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors_of(target), link


def anchors_of(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@EVERY_PAGE
def test_a_page_begins_with_its_title_and_has_short_lines_but_for_tables(page: Path) -> None:
    lines = page.read_text("utf-8").splitlines()

    assert lines[0].startswith("# ")
    assert not [line for line in lines if line != line.rstrip()]


def test_the_index_names_every_page() -> None:
    index = text_of("docs/README.md")

    for page in DOCS.glob("**/*.md"):
        if page != DOCS / "README.md":
            assert f"]({page.relative_to(DOCS)})" in index, page.name


def test_every_dependency_has_its_reason() -> None:
    page = text_of("docs/dependencies.md")
    for file in ("runtime", "extras", "dev"):
        for line in text_of(f"requirements/{file}.in").splitlines():
            name = re.match(r"[A-Za-z0-9_.-]+", line)
            if name and not line.startswith("-"):
                assert f"`{name[0]}`" in page, line


def test_what_users_install_by_hash_is_what_the_tests_run_with() -> None:
    pinned = {
        file: set(
            re.findall(r"^[a-z0-9-]+==\S+", text_of(f"requirements/{file}.txt"), re.MULTILINE)
        )
        for file in ("runtime", "extras", "dev")
    }
    extras = tomllib.loads(text_of("pyproject.toml"))["project"]["optional-dependencies"]
    wanted = {re.split(r"[ >=]", one)[0] for group in extras.values() for one in group}

    assert pinned["runtime"] < pinned["extras"] < pinned["dev"]
    assert {one.split("==")[0] for one in pinned["extras"] - pinned["runtime"]} == wanted
