"""The benchmarks work; what they measure is never asserted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from tests.end_to_end.local_cluster import PROGRAMS, is_installed

VARIABLE = "IMAGELOCK_TEST_KUBECONFIG"
ROOT = Path(__file__).resolve().parents[2]


def run(*arguments: str, environment: dict[str, str] | None = None) -> str:
    # A cluster that is there for tests need not be filled with pods.
    inherited = {key: value for key, value in os.environ.items() if key != VARIABLE}
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        env=inherited | (environment or {}),
        capture_output=True,
        text=True,
        check=True,
    ).stdout


@pytest.mark.parametrize("mix", ["corpus", "dense"])
def test_the_input_is_yaml_of_the_size_that_was_asked_for(mix: str, tmp_path: Path) -> None:
    run("benchmarks.make_input", str(tmp_path), "--megabytes", "0.3", "--mix", mix)

    text = (tmp_path / "manifests.yaml").read_text()
    kinds = {document["kind"] for document in yaml.safe_load_all(text)}

    assert 300_000 <= len(text) < 600_000
    assert {"Deployment", "Application", "ConfigMap"} <= kinds
    assert ("CustomResourceDefinition" in kinds) == (mix == "corpus")


def test_the_same_input_is_made_again(tmp_path: Path) -> None:
    for name in ("one", "two"):
        folder = str(tmp_path / name)
        environment = {"PYTHONHASHSEED": "1" if name == "one" else "2"}
        run("benchmarks.make_input", folder, "--megabytes", "0.2", environment=environment)

    for file in sorted((tmp_path / "one").iterdir()):
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes()


def test_a_tiny_run_prints_its_tables_and_writes_its_figures(tmp_path: Path) -> None:
    peer = tmp_path / "peer"
    peer.write_text("#!/bin/sh\ncat >/dev/null\n")
    peer.chmod(0o755)
    figures = tmp_path / "figures.json"

    printed = run(
        "benchmarks.run",
        *("startup", "override", "verify"),
        "--tiny",
        "--json",
        str(figures),
        environment={"IMAGELOCK_BENCH_KBLD": str(peer)},
    )

    document = json.loads(figures.read_text())
    assert [table["name"] for table in document["tables"]] == ["startup", "override", "verify"]
    for table in document["tables"]:
        assert table["title"] in printed
        assert all(len(row) == len(table["columns"]) for row in table["rows"])
    programs = {row[1] for row in document["tables"][1]["rows"]}
    assert programs == {"limit", "imagelock", "kbld"}
    programs = {row[1] for row in document["tables"][2]["rows"]}
    ways = ("", ", TLS", ", slow")
    assert programs == {f"{name}{way}" for name in ("limit", "imagelock") for way in ways}


def test_without_a_real_server_its_benchmark_says_what_is_missing(tmp_path: Path) -> None:
    printed = run("benchmarks.run", "--tiny", "server", environment={"PATH": str(tmp_path)})

    assert "not measured: there is no real API server" in printed


def test_a_real_server_is_measured_where_there_is_one(tmp_path: Path) -> None:
    if not is_installed():
        pytest.skip(f"needs {' and '.join(PROGRAMS)} on PATH")
    figures = tmp_path / "figures.json"

    run("benchmarks.run", "--tiny", "server", "--json", str(figures))

    [table] = json.loads(figures.read_text())["tables"]
    assert {"limit", "imagelock"} <= {row[1] for row in table["rows"]}
