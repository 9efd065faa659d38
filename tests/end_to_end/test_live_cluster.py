"""The client against a real API server: the one that IMAGELOCK_TEST_KUBECONFIG names.

Nothing is changed in it: objects are applied as a dry run.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from imagelock.cli.main import main
from imagelock.outside.cluster import list_pages
from imagelock.outside.kubernetes_api import connect
from imagelock.outside.refusals import ApiError
from imagelock.syntax.kubernetes import parse_page

if TYPE_CHECKING:
    from imagelock.outside.kubernetes_api import Api

VARIABLE = "IMAGELOCK_TEST_KUBECONFIG"


@pytest.fixture
def kubeconfig() -> Path:
    if VARIABLE not in os.environ:
        pytest.skip(f"needs a real API server: name its kubeconfig in {VARIABLE}")
    return Path(os.environ[VARIABLE])


@pytest.fixture
def api(kubeconfig: Path) -> Api:
    return connect(kubeconfig, None)


def test_a_list_in_small_pages_is_the_same_as_in_one(api: Api) -> None:
    decode = partial(parse_page, name="pods")
    whole, small = (
        [pod for page in list_pages(api, "/api/v1/pods", decode, limit=limit) for pod in page.pods]
        for limit in (100_000, 3)
    )

    assert {pod.name for pod in small} == {pod.name for pod in whole}


def test_what_is_not_there_is_a_refusal_with_its_reason(api: Api) -> None:
    with pytest.raises(ApiError) as caught:
        api.get("/api/v1/namespaces/default/configmaps/imagelock-is-not-there")

    assert caught.value.code == 404
    assert "not found" in str(caught.value)


def test_a_dry_run_is_accepted(
    kubeconfig: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    metadata = {"name": "imagelock-test", "namespace": "default"}
    document = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"a": "b"}}
    (tmp_path / "x.json").write_text(json.dumps(document))

    status = main(["deploy", str(tmp_path), "--kubeconfig", str(kubeconfig), "--dry-run"])

    assert status == 0
    assert "ConfigMap default/imagelock-test: would be applied" in capsys.readouterr().err


def test_an_object_that_is_wrong_is_the_fault_of_the_file(
    kubeconfig: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    metadata = {"name": "imagelock-test", "namespace": "default"}
    document = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "nonsense": 1}
    (tmp_path / "x.json").write_text(json.dumps(document))

    status = main(["deploy", str(tmp_path), "--kubeconfig", str(kubeconfig), "--dry-run"])

    assert status == 2
    assert "nonsense" in capsys.readouterr().err


def test_a_live_cluster_is_watched_until_somebody_stops_it(kubeconfig: Path) -> None:
    command = [sys.executable, "-m", "imagelock", "watch", "--format", "json", "--quiet"]
    with subprocess.Popen(
        [*command, "--kubeconfig", str(kubeconfig)], stdout=subprocess.PIPE, text=True
    ) as watch:
        assert watch.stdout is not None
        told = []
        for line in watch.stdout:
            told.append(json.loads(line)["change"])
            if told[-1] == "whole":
                watch.send_signal(signal.SIGTERM)

    assert watch.returncode == 0
    assert told[0] == "began"
    assert told[-1] == "whole"
