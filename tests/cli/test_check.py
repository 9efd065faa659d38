"""imagelock check, as it is called."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from imagelock.cli.main import main

if TYPE_CHECKING:
    import pytest

DIGEST = "sha256:" + "a" * 64
OTHER = "sha256:" + "b" * 64


def _write(text: str, name: str = "pod.yaml") -> None:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(text)


def test_everything_pinned_is_clean_and_says_what_was_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    _write(f"image: nginx:1.27@{DIGEST}\n")

    status = main(["check", "pod.yaml"])

    assert status == 0
    assert "1 file looked at" in capsys.readouterr().out


def test_an_image_without_a_digest_is_a_finding_and_nothing_is_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    _write("image: nginx:1.27\n", "app/pod.yaml")

    status = main(["check", "app"])

    assert status == 1
    assert "app/pod.yaml:1:8: error: 'nginx:1.27' has no digest" in capsys.readouterr().out
    assert Path("app/pod.yaml").read_text() == "image: nginx:1.27\n"


def test_a_digest_that_the_lock_does_not_have_is_allowed_by_pinned_and_not_by_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    _write(f"image: nginx:1.27@{OTHER}\n")
    _write(f"docker.io/library/nginx:1.27@{DIGEST}\n", "images.lock")

    assert main(["check", "pod.yaml"]) == 0
    assert main(["check", "--policy", "locked", "pod.yaml"]) == 1
    assert "not-in-lock" in capsys.readouterr().out


def test_policy_locked_needs_the_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    _write(f"image: nginx:1.27@{OTHER}\n")

    assert main(["check", "--policy", "locked", "pod.yaml"]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == "imagelock check: nothing was checked"


def test_an_exemption_needs_the_namespace_it_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    _write(
        '[[exemptions]]\nrepository = "quay.io/tools"\nnamespaces = ["tools"]\nreason = "theirs"\n',
        "imagelock.toml",
    )
    pod = (
        "kind: Pod\napiVersion: v1\nmetadata: {namespace: %s}\nspec: {containers: [{image: %s}]}\n"
    )
    _write(pod % ("tools", "quay.io/tools/a:1"), "exempt.yaml")
    _write(pod % ("other", "quay.io/tools/a:1"), "elsewhere.yaml")
    _write(pod % ("tools", "quay.io/tools-evil/a:1"), "evil.yaml")

    assert main(["check", "exempt.yaml"]) == 0
    assert main(["check", "elsewhere.yaml"]) == 1
    assert main(["check", "evil.yaml"]) == 1


def test_a_folder_without_manifests_is_not_clean_in_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("app").mkdir()

    main(["check", "app"])

    told = capsys.readouterr().out
    assert "nothing was looked at" in told
    assert "clean" not in told


def test_a_folder_without_manifests_is_an_error_for_who_is_strict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("rendered").mkdir()

    assert main(["check", "rendered"]) == 0
    assert "rendered: no file with YAML or JSON is in it" in capsys.readouterr().out
    assert main(["check", "rendered", "--strict"]) == 1
    assert "rendered: error: was not looked at" in capsys.readouterr().out


def test_a_byte_that_is_no_text_is_named_with_its_column(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("pod.yaml").write_bytes(
        "a: ü\nbé: x\xff\n".encode("latin-1")
        .replace(b"\xfc", "ü".encode())
        .replace(b"\xe9", "é".encode())
    )

    assert main(["check", "pod.yaml"]) == 2
    assert capsys.readouterr().err.startswith("error: pod.yaml:2:6: this is not UTF-8 text")


def test_each_use_of_an_exemption_is_counted_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    _write(
        '[[exemptions]]\nrepository = "quay.io/acme"\nnamespaces = ["*"]\nreason = "by hand"\n',
        "imagelock.toml",
    )
    _write("image: quay.io/acme/a:1\n", "app/a.yaml")
    _write("image: quay.io/acme/b:1\n---\nimage: quay.io/acme/b:2\n", "app/b.yaml")
    _write("", "images.lock")

    assert main(["check", "app"]) == 0
    assert "quay.io/acme in * (3 images): by hand" in capsys.readouterr().out
    assert main(["override", "app", "--diff"]) == 0
    assert "quay.io/acme in * (3 images): by hand" in capsys.readouterr().err
    assert main(["check", "app", "--format", "json"]) == 0
    (use,) = json.loads(capsys.readouterr().out)["exemptions"]
    assert (use["repository"], use["images"]) == ("quay.io/acme", 3)
