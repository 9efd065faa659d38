# ruff: noqa: INP001  (a script and no package)
"""Write the parts of templates/ that are copies of something else.

scripts/save-image-reference.sh ──► templates/imagelock/template.yml (the component)
                                        ├──► templates/include/imagelock.gitlab-ci.yml
                                        └──► the file that `imagelock init` writes
"""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import indent
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = ROOT / "scripts" / "save-image-reference.sh"
COMPONENT = ROOT / "templates" / "imagelock" / "template.yml"
INCLUDE = ROOT / "templates" / "include" / "imagelock.gitlab-ci.yml"
INIT = ROOT / "src" / "imagelock" / "cli" / "init_files" / "gitlab-ci.imagelock.yml"

_INPUT = re.compile(r"\$\[\[ inputs\.([a-z-]+) \]\]")
_BLOCK = re.compile(r"(?<=    - \|\n)(?:      .*\n|\n)*")
_VARIABLES = re.compile(
    r"(?:^# The script for build jobs reads it.*\n)?^( *)variables:\n(?:\1  IMAGELOCK_.*\n)+",
    re.MULTILINE,
)
# GitLab expands no variables here, so that the file says what the input's default is.
_LITERAL = re.compile(r"^  stage: ")
_INCLUDE_HEAD = """\
# Written by scripts/render_templates.py from templates/imagelock/template.yml, the CI/CD
# component with the same jobs. For projects that include a file:
#
#   include:
#     - project: …/imagelock
#       ref: …
#       file: templates/include/imagelock.gitlab-ci.yml
#
"""
_INIT_HEAD = """\
# Written by `imagelock init`: the jobs of imagelock, for .gitlab-ci.yml to include.
# To renew it, remove it and run `imagelock init` again.
#
"""
_HEAD = """\
# Set what differs under `variables:` in .gitlab-ci.yml, IMAGELOCK_JOB_IMAGE at
# least. A stage is no variable: to change one, say it again for the job, such as
#
#   app-of-apps:
#     stage: roll-out

variables:
"""


def main() -> None:
    """Write all of them."""
    for file, text in rendered().items():
        file.write_text(text, "utf-8")


def rendered() -> dict[Path, str]:
    """Return what each file should hold."""
    component = render_component(COMPONENT.read_text("utf-8"), SCRIPT.read_text("utf-8"))
    include = render_include(component)
    return {COMPONENT: component, INCLUDE: _INCLUDE_HEAD + include, INIT: _INIT_HEAD + include}


def render_component(component: str, script: str) -> str:
    """Put the script for build jobs where the component has it."""
    body = script[script.index("\n( #") + 1 :]
    return _BLOCK.sub(lambda _: indent(body, " " * 6), component, count=1)


def render_include(component: str) -> str:
    """Turn the component's inputs into variables."""
    header, _, jobs = component.partition("\n---\n")
    inputs: dict[str, Any] = yaml.safe_load(header)["spec"]["inputs"]
    jobs = _VARIABLES.sub("", jobs)
    lines = [_with_variables(line, inputs) for line in jobs.splitlines(keepends=True)]
    return "".join((_HEAD, *_declarations(inputs), "\n", *lines))


def _declarations(inputs: dict[str, Any]) -> list[str]:
    lines = []
    for name, rules in inputs.items():
        if not name.endswith("-stage"):
            lines.append(f"  # {rules['description']}\n")
            lines.append(f'  {_variable(name)}: "{rules.get("default", "")}"\n')
    return lines


def _with_variables(line: str, inputs: dict[str, Any]) -> str:
    if _LITERAL.match(line):
        return _INPUT.sub(lambda found: inputs[found[1]]["default"], line).replace('"', "")
    return _INPUT.sub(lambda found: f"${_variable(found[1])}", line)


def _variable(name: str) -> str:
    return f"IMAGELOCK_{name.upper().replace('-', '_')}"


if __name__ == "__main__":
    main()
