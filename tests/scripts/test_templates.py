"""The component, its copies, and the page about them say the same."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
COMPONENT = ROOT / "templates" / "imagelock" / "template.yml"
INCLUDE = ROOT / "templates" / "include" / "imagelock.gitlab-ci.yml"
SCRIPT = ROOT / "scripts" / "save-image-reference.sh"
PAGE = ROOT / "docs" / "gitlab.md"
JOBS = (
    "create-images-lock-file",
    "override-dev-image-refs",
    "app-of-apps",
    "verify-digest-usage-in-cluster",
)
HEADER, _, BODY = COMPONENT.read_text("utf-8").partition("\n---\n")
INPUTS: dict[str, Any] = yaml.safe_load(HEADER)["spec"]["inputs"]
BY_INPUT: dict[str, Any] = yaml.safe_load(BODY)
BY_VARIABLE: dict[str, Any] = yaml.safe_load(INCLUDE.read_text("utf-8"))


def variable_of(name: str) -> str:
    return f"IMAGELOCK_{name.upper().replace('-', '_')}"


def without_inputs(value: Any) -> Any:
    """Return a value with each input as the file to include has it, but for the stages."""
    if isinstance(value, dict):
        return {key: without_inputs(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [without_inputs(inner) for inner in value]
    if isinstance(value, str) and "-stage ]]" not in value:
        return re.sub(r"\$\[\[ inputs\.([a-z-]+) \]\]", lambda m: f"${variable_of(m[1])}", value)
    return value


def test_every_copy_is_up_to_date() -> None:
    rendered = runpy.run_path(str(ROOT / "scripts" / "render_templates.py"))["rendered"]()
    assert len(rendered) == 3
    stale = [path.name for path, text in rendered.items() if path.read_text("utf-8") != text]
    assert stale == [], "run: make docs"


@pytest.mark.parametrize("text", [BY_INPUT, BY_VARIABLE], ids=["component", "include"])
def test_the_script_for_build_jobs_is_the_one_that_is_tested(text: dict[str, Any]) -> None:
    (block,) = text[".build:save-image-reference"]["script"]
    script = SCRIPT.read_text("utf-8")
    assert script.endswith(f"\n\n{block}")
    assert all(not line or line.startswith("#") for line in script[: -len(block)].splitlines())


@pytest.mark.parametrize("name", INPUTS)
def test_no_input_can_end_the_text_that_it_stands_in(name: str) -> None:
    allowed = re.compile(INPUTS[name]["regex"])

    assert all(allowed.search(text) for text in ("", "a/b c", "$NAME", "--policy 'locked'", "*"))
    assert not any(allowed.search(text) for text in ('a"', "a\\", 'a"\nscript: x', "a\nb"))


@pytest.mark.parametrize("job", [".build:save-image-reference", ".imagelock", *JOBS])
def test_the_jobs_are_the_same_by_input_and_by_variable(job: str) -> None:
    ours, theirs = without_inputs(BY_INPUT[job]), dict(BY_VARIABLE[job])
    ours.pop("variables", None)
    if "stage" in ours:
        name = re.fullmatch(r"\$\[\[ inputs\.([a-z-]+) \]\]", ours.pop("stage"))
        assert name is not None
        assert theirs.pop("stage") == INPUTS[name[1]]["default"]
    assert ours == theirs


def test_both_have_the_same_variables_with_the_same_defaults() -> None:
    given = BY_INPUT["variables"] | BY_INPUT[".imagelock"]["variables"]
    defaults = {name: rules.get("default", "") for name, rules in INPUTS.items()}
    expected = {
        name: default
        for name, default in ((variable_of(n), d) for n, d in defaults.items())
        if name in given or name in {"IMAGELOCK_JOB_IMAGE", "IMAGELOCK_DEPLOY_RESOURCE_GROUP"}
    }
    assert BY_VARIABLE["variables"] == expected


@pytest.mark.parametrize("job", JOBS)
def test_no_input_is_inserted_into_a_script(job: str) -> None:
    script = "\n".join(BY_INPUT[job]["script"])
    assert "$[[" not in script
    # Every variable stands in quotes, but for the options, which are to be split.
    bare = re.sub(r'"[^"]*"', "", script)
    assert re.findall(r"\$IMAGELOCK_\w+", bare) == re.findall(r"\$IMAGELOCK_\w+_OPTIONS", script)


@pytest.mark.parametrize("name", INPUTS)
def test_every_input_is_used_and_documented(name: str) -> None:
    assert f"$[[ inputs.{name} ]]" in BODY
    assert f"`{name}`" in PAGE.read_text("utf-8")
    assert INPUTS[name]["description"].endswith(".")


def test_every_variable_of_the_script_is_documented() -> None:
    script = SCRIPT.read_text("utf-8")
    used = set(re.findall(r"\$\{(IMAGELOCK_\w+)", script))
    comment = script.partition("\n( #")[0]
    page = PAGE.read_text("utf-8")
    assert used == set(re.findall(r"^# (IMAGELOCK_\w+) ", comment, re.MULTILINE))
    assert [name for name in sorted(used) if f"| `{name}` |" not in page] == []


@pytest.mark.parametrize("job", [*JOBS[:2], JOBS[3]])
def test_reports_are_kept_when_a_job_fails(job: str) -> None:
    artifacts = BY_INPUT[job]["artifacts"]
    assert artifacts["when"] == "always"
    assert "junit" in artifacts["reports"]
