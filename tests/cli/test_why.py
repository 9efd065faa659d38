"""imagelock why, as it is called."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from imagelock.cli.main import main

A, B = ("sha256:" + letter * 64 for letter in "ab")


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("external_images").write_text(f"# ours\nnginx:1.27@{A}\nnginx:1.26@{B}\n")
    Path("image_references").mkdir()
    Path("image_references/build-app").write_text(f"quay.io/acme/app:1@{B}\n")
    Path("acme-images").write_text("quay.io/acme/app\n")
    Path("app").mkdir()
    Path("app/pod.yaml").write_text("image: nginx:1.27\n---\nimage: docker.io/nginx\n")
    Path("app/app.yaml").write_text(f"image: quay.io/acme/app:1@{B}\n")
    main(["lock", "--quiet"])


def test_an_external_image_is_traced_from_the_list_through_the_lock_to_its_use(
    capsys: pytest.CaptureFixture[str],
) -> None:
    capsys.readouterr()

    assert main(["why", "nginx:1.27", "app"]) == 0

    assert capsys.readouterr().out.splitlines() == [
        "chosen in:",
        f"  external_images:2:1: nginx:1.27@{A}",
        "      external image",
        "locked in:",
        f"  images.lock:1:1: docker.io/library/nginx:1.27@{A}",
        "used in:",
        "  app/pod.yaml:1:8: nginx:1.27",
        "      $.image, found by key, not pinned",
        "  app/pod.yaml:3:8: docker.io/nginx",
        "      $.image, found by key, not pinned",
    ]


def test_without_a_path_the_working_folder_is_looked_through(
    capsys: pytest.CaptureFixture[str],
) -> None:
    main(["why", "quay.io/acme/app"])

    told = capsys.readouterr().out
    assert "image_references/build-app:1:1" in told
    assert "published by a build job" in told
    assert "found by key, pinned" in told


def test_options_may_stand_between_the_image_and_the_paths(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["why", "nginx", "--lock", "images.lock", "app"]) == 0
    assert "app/pod.yaml:1:8" in capsys.readouterr().out


def test_an_image_that_is_named_nowhere_ends_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["why", "quay.io/who/knows", "app"]) == 1
    assert "named in no list" in capsys.readouterr().out


def test_json_names_every_step(capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    main(["why", "nginx:1.26", "app", "--format", "json"])

    document = json.loads(capsys.readouterr().out)
    assert document["locked"][0]["place"]["line"] == 2
    assert [step["place"]["line"] for step in document["used"]] == [3]


def test_what_is_no_image_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["why", "Nginx"]) == 2
    assert "lower case" in capsys.readouterr().err


def test_explain_tells_which_rule_found_each_place_and_why_it_is_not_pinned(
    capsys: pytest.CaptureFixture[str],
) -> None:
    capsys.readouterr()

    assert main(["check", "--explain", "app/pod.yaml"]) == 1

    assert capsys.readouterr().out.splitlines()[:4] == [
        "app/pod.yaml:1:8: nginx:1.27",
        "    at $.image",
        "    found by 'key': its key, its flag or its variable names an image",
        "    unpinned: 'nginx:1.27' has no digest",
    ]


def test_what_is_not_looked_at_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    Path("app/gone.yaml").symlink_to("nowhere")

    assert main(["why", "nginx:1.27", "app"]) == 0
    assert "warning: app/gone.yaml: not looked at: it is a link" in capsys.readouterr().err


def test_explain_as_json_is_one_document_that_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()

    assert main(["check", "--explain", "--format", "json", "app/pod.yaml"]) == 1

    out, err = capsys.readouterr()
    assert err == ""
    assert json.loads(out)["sites"][0]["why"] == (
        "its key, its flag or its variable names an image; unpinned: 'nginx:1.27' has no digest"
    )
