from __future__ import annotations

import json
from argparse import Namespace
from typing import TYPE_CHECKING

import pytest

from imagelock.cli.console import Console
from imagelock.cli.main import main
from imagelock.cli.reporting import tell
from imagelock.core.finding import Coverage, Finding, Report, Skipped
from imagelock.core.place import ClusterPlace, FilePlace
from imagelock.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path


def options(
    *, shape: str = "text", report: tuple[tuple[str, Path], ...] = (), strict: bool = False
) -> Namespace:
    return Namespace(format=shape, report=list(report), strict=strict)


def report_with(*findings: Finding, skipped: tuple[Skipped, ...] = ()) -> Report:
    return Report(command="check", findings=findings, coverage=Coverage(3, "images", skipped))


def finding_in(file: str, rule: str = "unpinned") -> Finding:
    return Finding.of(rule, FilePlace(file, 2, 3), "no digest", image="nginx:1")


@pytest.fixture
def console() -> Console:
    return Console()


def test_a_clean_report_is_printed_and_ends_with_0(
    console: Console, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tell(report_with(), options(), console) == 0
    assert capsys.readouterr().out == "clean: 3 images looked at\n"


def test_a_finding_ends_with_1(console: Console, capsys: pytest.CaptureFixture[str]) -> None:
    assert tell(report_with(finding_in("a.yaml")), options(), console) == 1
    assert "a.yaml:2:3: error: 'nginx:1': no digest" in capsys.readouterr().out


@pytest.mark.parametrize("by_settings", [True, False])
def test_strict_makes_errors_of_warnings(
    console: Console, *, by_settings: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    warned = report_with(finding_in("a.yaml", "ambiguous"))

    assert tell(warned, options(), console) == 0
    assert tell(warned, options(strict=not by_settings), console, strict=by_settings) == 1
    assert "error: 'nginx:1'" in capsys.readouterr().out


def test_strict_makes_an_error_of_what_was_left_out(
    console: Console, capsys: pytest.CaptureFixture[str]
) -> None:
    report = report_with(
        skipped=(Skipped("nodes", "no permission"), Skipped(".x", "its name", expected=True))
    )

    assert tell(report, options(), console) == 0
    assert tell(report, options(strict=True), console) == 1
    out = capsys.readouterr().out
    assert "nodes: error: was not looked at: no permission [not-looked-at]" in out
    assert out.count("  .x: its name") == 2


def test_the_report_goes_to_stderr_where_stdout_holds_the_result(
    console: Console, capsys: pytest.CaptureFixture[str]
) -> None:
    tell(report_with(), options(), console, result_taken=True)

    assert capsys.readouterr() == ("", "clean: 3 images looked at\n")


def test_quiet_says_only_what_is_wrong(
    console: Console, capsys: pytest.CaptureFixture[str]
) -> None:
    console.configure(quiet=True, verbose=False)

    tell(report_with(), options(), console)
    assert capsys.readouterr().out == ""
    tell(report_with(finding_in("a.yaml")), options(), console)
    assert "nginx:1" in capsys.readouterr().out


def test_a_note_alone_is_nothing_wrong(
    console: Console, capsys: pytest.CaptureFixture[str]
) -> None:
    console.configure(quiet=True, verbose=False)

    tell(report_with(finding_in("a.yaml", "placeholder")), options(), console)

    assert capsys.readouterr().out == ""


def test_quiet_leaves_a_document_for_a_machine(
    console: Console, capsys: pytest.CaptureFixture[str]
) -> None:
    console.configure(quiet=True, verbose=False)

    tell(report_with(), options(shape="json"), console)

    assert json.loads(capsys.readouterr().out)["findings"] == []


@pytest.mark.parametrize(
    ("name", "beginning"),
    [
        ("text", "a.yaml:2:3: error"),
        ("json", '{\n  "version": 1,'),
        ("junit", "<?xml"),
        ("codequality", "[\n"),
        ("sarif", '{\n  "version": "2.1.0"'),
        ("markdown", "## ❌ imagelock check: 1 error\n"),
        ("html", "<!DOCTYPE html>\n"),
    ],
)
def test_every_format_is_printed_and_written(
    name: str,
    beginning: str,
    console: Console,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "report"
    report = report_with(finding_in("a.yaml"))

    tell(report, options(shape=name, report=((name, file),)), console)

    written = file.read_text("utf-8")
    assert written.startswith(beginning)
    assert written == capsys.readouterr().out


def test_a_report_that_cannot_be_written_is_an_error(console: Console, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="this is a folder"):
        tell(report_with(), options(report=(("json", tmp_path),)), console)


@pytest.mark.parametrize("named", ["CI_PROJECT_DIR", ".git", "nothing"])
def test_paths_for_gitlab_start_at_the_root_of_the_repository(
    named: str,
    console: Console,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / "deploy"
    folder.mkdir()
    monkeypatch.chdir(folder if named != "nothing" else tmp_path)
    monkeypatch.delenv("CI_PROJECT_DIR", raising=False)
    if named == "CI_PROJECT_DIR":
        monkeypatch.setenv(named, str(tmp_path))
    if named == ".git":
        (tmp_path / ".git").mkdir()
    given = ("app.yaml", "./app.yaml", str(folder / "app.yaml"))
    if named == "nothing":
        given = ("deploy/app.yaml", "deploy/../deploy/app.yaml", str(folder / "app.yaml"))

    for file in given:
        tell(report_with(finding_in(file)), options(shape="codequality"), console)
        (issue,) = json.loads(capsys.readouterr().out)
        assert issue["location"]["path"] == "deploy/app.yaml"


def test_a_file_outside_the_repository_keeps_its_name(
    console: Console,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("CI_PROJECT_DIR", str(tmp_path / "work"))

    for file in ("<stdin>", "../other.yaml"):
        tell(report_with(finding_in(file)), options(shape="codequality"), console)
        (issue,) = json.loads(capsys.readouterr().out)
        assert issue["location"]["path"] == file


def test_text_and_json_keep_the_names_that_were_given(
    console: Console, capsys: pytest.CaptureFixture[str]
) -> None:
    tell(report_with(finding_in("./a.yaml")), options(shape="json"), console)

    (found,) = json.loads(capsys.readouterr().out)["findings"]
    assert found["location"]["file"] == "./a.yaml"


def test_three_hundred_pods_of_a_deployment_are_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    owner = {"kind": "ReplicaSet", "name": "api-7c9d8", "controller": True}
    pods = [
        {
            "metadata": {
                "name": f"api-7c9d8-{number:03}",
                "namespace": "shop",
                "labels": {"pod-template-hash": "7c9d8"},
                "ownerReferences": [owner],
            },
            "spec": {"containers": [{"name": "api", "image": "redis:7"}]},
        }
        for number in range(300)
    ]
    (tmp_path / "pods.json").write_text(json.dumps({"kind": "PodList", "items": pods}))

    status = main(["verify", "--from", "pods.json"])

    assert status == 1
    lines = capfd.readouterr().out.splitlines()
    assert lines[0] == (
        "shop/Deployment/api container api: error: 'redis:7': asked for without a digest, "
        "in 300 pods, e.g. api-7c9d8-000 [not-pulled-by-digest]"
    )
    assert lines[-1] == "300 errors on 1 line: 300 pods looked at (exit status 1)"


def pod(namespace: str, name: str) -> dict[str, object]:
    metadata = {"namespace": namespace, "name": name}
    return {"metadata": metadata, "spec": {"containers": [{"name": "app", "image": "redis:7"}]}}


def job_of(namespace: str, name: str) -> dict[str, object]:
    template = {"spec": {"containers": [{"name": "app", "image": "redis:7"}]}}
    spec = {"jobTemplate": {"spec": {"template": template}}}
    return {"metadata": {"namespace": namespace, "name": name}, "spec": spec}


@pytest.mark.parametrize("sources", [["pods.json", "jobs.json"], ["jobs.json", "pods.json"]])
def test_what_one_namespace_has_to_mend_stands_together_in_whatever_order_it_was_read(
    sources: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    pods = [pod("shop", "b"), pod("bank", "z"), pod("shop", "a")]
    jobs = [job_of("bank", "nightly"), job_of("shop", "hourly")]
    for file, kind, items in (("pods.json", "Pod", pods), ("jobs.json", "CronJob", jobs)):
        (tmp_path / file).write_text(json.dumps({"kind": f"{kind}List", "items": items}))

    main(["verify", "--from", *sources, "--format", "json"])

    found = json.loads(capfd.readouterr().out)["findings"]
    places = [finding["location"] for finding in found]
    assert [f"{at['namespace']}/{at['kind']}/{at['name']}" for at in places] == [
        "bank/CronJob/nightly",
        "bank/Pod/z",
        "shop/CronJob/hourly",
        "shop/Pod/a",
        "shop/Pod/b",
    ]


def test_what_is_in_files_keeps_its_order_and_follows_what_is_in_the_cluster(
    console: Console, capsys: pytest.CaptureFixture[str]
) -> None:
    node = ClusterPlace(kind="Node", name="n1")
    at = ClusterPlace(namespace="shop", kind="Pod", name="web")
    found = [finding_in("z.yaml"), finding_in("a.yaml")]
    found += [Finding.of("unpinned", place, "no digest") for place in (node, at)]

    tell(report_with(*found), options(), console)

    lines = capsys.readouterr().out.splitlines()[:4]
    assert [line.split(": ")[0] for line in lines] == [
        "shop/Pod/web",
        "Node/n1",
        "z.yaml:2:3",
        "a.yaml:2:3",
    ]


def test_a_long_document_is_written_whole(
    console: Console, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "report.json"
    report = report_with(*(finding_in(f"{number}.yaml") for number in range(1_000)))

    tell(report, options(shape="json", report=(("json", file),)), console)

    assert len(json.loads(file.read_text("utf-8"))["findings"]) == 1_000
    assert capfd.readouterr().out == file.read_text("utf-8")
