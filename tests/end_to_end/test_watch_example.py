"""examples/watch: what it deploys is what the documentation says, and no more than is needed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from imagelock.cli.gauges import Gauges
from imagelock.cli.main import main, parser_of
from imagelock.core.resources import RESOURCES

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "watch"
MANIFEST = EXAMPLE / "watch.yaml"
A = "sha256:" + "a" * 64


def objects(kind: str, file: Path = MANIFEST) -> Iterator[dict[str, Any]]:
    for document in yaml.safe_load_all(file.read_text("utf-8")):
        if document["kind"] == kind:
            yield document


def container() -> dict[str, Any]:
    (found,) = next(objects("Deployment"))["spec"]["template"]["spec"]["containers"]
    assert isinstance(found, dict)
    return found


def test_the_image_without_a_digest_is_the_only_finding(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(EXAMPLE)]) == 1

    assert capsys.readouterr().out.count(": error: ") == 1


def test_override_pins_it_with_a_lock_that_has_the_image(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("images.lock").write_text(f"{container()['image']}@{A}\n")

    assert main(["override", str(MANIFEST), "--output", "pinned.yaml"]) == 0
    assert main(["check", "pinned.yaml"]) == 0
    assert "clean" in capsys.readouterr().out


def test_it_is_called_with_options_that_there_are() -> None:
    parser = parser_of("watch")

    args = parser.parse_args(container()["args"][1:])

    assert args.lease == ("imagelock", "imagelock-watch")
    assert args.events


def test_its_permissions_are_those_that_it_needs_and_no_more() -> None:
    granted = {
        (group, resource): set(rule["verbs"])
        for kind in ("ClusterRole", "Role")
        for role in objects(kind)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        if kind == "ClusterRole"
    }

    needed = {(one.group, one.plural): {"list", "watch"} for one in RESOURCES}
    needed["events.k8s.io", "events"] = {"create", "get", "patch"}
    assert granted == needed


def test_it_runs_without_root_without_writing_and_without_privileges() -> None:
    pod = next(objects("Deployment"))["spec"]["template"]["spec"]

    assert pod["securityContext"]["runAsNonRoot"]
    context = container()["securityContext"]
    assert context["readOnlyRootFilesystem"]
    assert not context["allowPrivilegeEscalation"]
    assert context["capabilities"]["drop"] == ["ALL"]


def test_probes_ask_for_pages_that_there_are() -> None:
    paths = {container()[name]["httpGet"]["path"] for name in container() if "Probe" in name}

    assert paths == {"/healthz", "/readyz"}


def test_alerts_and_documentation_know_the_metrics_by_their_names() -> None:
    served = set(re.findall(r"^# TYPE (\S+)", Gauges().render(), re.MULTILINE))
    documented = set(re.findall(r"`(imagelock_\w+)", (ROOT / "docs/watch.md").read_text("utf-8")))
    (rules,) = objects("PrometheusRule", EXAMPLE / "alerts.yaml")
    expressions = " ".join(rule["expr"] for rule in rules["spec"]["groups"][0]["rules"])

    assert documented == served
    assert set(re.findall(r"imagelock_\w+", expressions)) <= served
