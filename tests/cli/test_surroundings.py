"""What override and check know about a file from the other files of its folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from imagelock.cli.main import main

DIGEST = "sha256:" + "a" * 64


@pytest.fixture(autouse=True)
def _lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("images.lock").write_text(
        f"docker.io/library/app:latest@{DIGEST}\nquay.io/x/app:v1@{DIGEST}\n"
    )


def _write(name: str, text: str) -> None:
    file = Path("app", name)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def _deployment(image: str) -> str:
    return f"kind: Deployment\nspec:\n  containers:\n  - image: {image}\n"


def test_a_placeholder_that_a_kustomization_replaces_is_told_and_left_alone(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _write("base/kustomization.yaml", "resources: [deployment.yaml]\n")
    _write("base/deployment.yaml", _deployment("app:latest"))
    _write(
        "prod/kustomization.yaml",
        "resources: [../base]\nimages:\n- name: app\n  newName: quay.io/x/app\n  newTag: v1\n",
    )

    main(["override", "app", "-o", "out", "--allow-findings"])

    assert "placeholder" in capsys.readouterr().out
    assert Path("out/base/deployment.yaml").read_text() == _deployment("app:latest")
    assert f"newTag: v1@{DIGEST}" in Path("out/prod/kustomization.yaml").read_text()


def test_a_tag_that_its_chart_puts_into_a_label_is_told_and_left_alone(
    capsys: pytest.CaptureFixture[str],
) -> None:
    values = "image:\n  repository: quay.io/x/app\n  tag: v1\n"
    _write("Chart.yaml", "apiVersion: v2\nname: app\nversion: 1.0.0\n")
    _write("values.yaml", values)
    _write(
        "templates/_helpers.tpl",
        "app.kubernetes.io/version: {{ .Values.image.tag | quote }}\n",
    )

    status = main(["override", "app", "-o", "out", "--allow-findings"])

    assert status == 1
    told = capsys.readouterr().out
    assert "app/values.yaml:2:15" in told
    assert "goes into a label too" in told
    assert "app/templates/_helpers.tpl:1:1" in told
    assert Path("out/values.yaml").read_text() == values
