"""What the script for build images refuses: one message, exit status 2, nothing written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.scripts.conftest import Job

HEX = "4c49d8f65e5ab8e46ae44d40a11bd4d7a0d1d3cfb0a0f5f9d5f3b6e4c2a19b07"
DIGEST = f"sha256:{HEX}"
OTHER = f"sha256:{HEX[::-1]}"
IMAGE = "registry.gitlab.example/acme/shop/api:1.4.0"


class TestBadInput:
    @pytest.mark.parametrize(
        "image",
        [
            "registry.example/Acme/api:1",
            "https://registry.example/acme/api:1",
            "registry.example/acme/api:",
            "registry.example/acme/api:1:2",
            "registry.example/acme//api",
            "registry.example/acme/api:1@sha256:abc",
            f"registry.example/acme/api:1@{DIGEST}0",
            f"registry.example/acme/api:1@{DIGEST.upper()}",
            "-v",
            "$(touch owned)",
            "`touch owned`",
            "a;touch owned",
            "registry.example/acme/ä:1",
            "a" * 1000,
        ],
    )
    def test_what_is_no_image_id_is_refused(self, job: Job, image: str) -> None:
        message = job.refuses(IMAGELOCK_IMAGE=image, IMAGELOCK_DIGEST=DIGEST)
        assert "IMAGELOCK_IMAGE is '" in message
        assert not (job.folder / "owned").exists()

    @pytest.mark.parametrize("space", [" ", "\t", "\r"])
    def test_white_space_in_an_image_id_is_refused(self, job: Job, space: str) -> None:
        message = job.refuses(IMAGELOCK_IMAGE=f"{IMAGE}{space}b", IMAGELOCK_DIGEST=DIGEST)
        assert "no white space" in message

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "\n",
            HEX,
            DIGEST[:-1],
            DIGEST + "0",
            DIGEST.upper(),
            f"sha256:{HEX[:-1]}G",
            f" {DIGEST}",
            f"{DIGEST} ",
            f"{DIGEST}\n{OTHER}",
            f"{DIGEST}\n$(touch owned)",
            "$(touch owned)",
            "`touch owned`",
            "';touch owned;'",
            "\x1b]0;owned\x07",
            f"{DIGEST}\0",
            "sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709",
        ],
    )
    def test_a_digest_file_that_holds_no_digest_is_refused(self, job: Job, text: str) -> None:
        file = job.file("digest", text)
        message = job.refuses(IMAGELOCK_IMAGE=IMAGE, IMAGELOCK_DIGEST_FILE=file)
        assert "which is no digest" in message
        assert message.isprintable()
        assert not (job.folder / "owned").exists()

    def test_a_digest_file_of_a_megabyte_is_refused(self, job: Job) -> None:
        file = job.file("digest", b"x" * 1_000_000)
        message = job.refuses(IMAGELOCK_IMAGE=IMAGE, IMAGELOCK_DIGEST_FILE=file)
        assert "more than 1024 bytes" in message
        assert len(message) < 200

    @pytest.mark.parametrize(
        "variable",
        ["IMAGELOCK_DIGEST_FILE", "IMAGELOCK_IMAGE_NAMES_FILE", "IMAGELOCK_METADATA_FILE"],
    )
    def test_a_file_that_is_not_there_is_named(self, job: Job, variable: str) -> None:
        job.file("image.digest", DIGEST)
        message = job.refuses(IMAGELOCK_IMAGE=IMAGE, **{variable: "no such file"})
        assert "there is no file 'no such file'" in message

    def test_a_digest_that_is_none_is_refused(self, job: Job) -> None:
        assert "IMAGELOCK_DIGEST holds" in job.refuses(
            IMAGELOCK_IMAGE=IMAGE, IMAGELOCK_DIGEST="latest"
        )

    def test_an_image_without_any_digest_is_refused(self, job: Job) -> None:
        job.docker_prints("")
        assert "was it pushed?" in job.refuses(IMAGELOCK_IMAGE=IMAGE)

    def test_an_image_that_docker_does_not_know_is_refused(self, job: Job) -> None:
        job.docker_prints("Error: No such image", status=1)
        assert "docker does not know" in job.refuses(IMAGELOCK_IMAGE=IMAGE)

    def test_two_digests_of_one_repository_are_refused(self, job: Job) -> None:
        repository = IMAGE.rpartition(":")[0]
        job.docker_prints(f"{repository}@{OTHER}\n{repository}@{DIGEST}")
        assert "several digests" in job.refuses(IMAGELOCK_IMAGE=IMAGE)

    def test_nothing_at_all_is_refused(self, job: Job) -> None:
        assert "nothing says what was pushed" in job.refuses()

    def test_a_digest_without_an_image_is_refused(self, job: Job) -> None:
        assert "set IMAGELOCK_IMAGE" in job.refuses(IMAGELOCK_DIGEST=DIGEST)

    def test_names_of_another_repository_are_refused(self, job: Job) -> None:
        file = job.file("names", f"quay.io/acme/other@{DIGEST}\n")
        message = job.refuses(IMAGELOCK_IMAGE=IMAGE, IMAGELOCK_IMAGE_NAMES_FILE=file)
        assert "does not name the repository" in message

    @pytest.mark.parametrize("text", ["", "quay.io/acme/api:1\n", f"Quay/api:1@{DIGEST}:x\n"])
    def test_names_that_are_none_are_refused(self, job: Job, text: str) -> None:
        file = job.file("names", text)
        job.refuses(IMAGELOCK_IMAGE_NAMES_FILE=file)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "{}",
            "not JSON",
            json.dumps({"containerimage.config.digest": DIGEST, "image.name": IMAGE}),
            json.dumps({"containerimage.digest": DIGEST}),
            json.dumps({"containerimage.digest": "sha256:$(touch owned)", "image.name": IMAGE}),
            json.dumps({"containerimage.digest": DIGEST, "image.name": "$(touch owned)"}),
            json.dumps({"containerimage.digest": [DIGEST], "image.name": IMAGE}),
            json.dumps({"note": f'"containerimage.digest": "{DIGEST}"', "image.name": IMAGE}),
        ],
    )
    def test_metadata_without_a_digest_and_a_name_are_refused(self, job: Job, text: str) -> None:
        file = job.file("metadata.json", text)
        job.refuses(IMAGELOCK_METADATA_FILE=file)
        assert not (job.folder / "owned").exists()

    def test_metadata_of_several_images_are_refused(self, job: Job) -> None:
        bake = {
            "api": {"containerimage.digest": DIGEST, "image.name": IMAGE},
            "worker": {"containerimage.digest": OTHER, "image.name": "quay.io/acme/worker:1"},
        }
        file = job.file("metadata.json", json.dumps(bake))
        assert "several digests" in job.refuses(IMAGELOCK_METADATA_FILE=file)

    @pytest.mark.parametrize("name", ["../x", ".hidden", "-x", "a b", "$(touch owned)", "a\nb"])
    def test_a_name_that_is_no_file_name_is_refused(self, job: Job, name: str) -> None:
        message = job.refuses(
            IMAGELOCK_IMAGE=IMAGE, IMAGELOCK_DIGEST=DIGEST, IMAGELOCK_REFERENCE_NAME=name
        )
        assert "is no name for a file" in message

    def test_a_file_where_the_folder_should_be_is_told(self, job: Job) -> None:
        job.file("image_references", "")
        message = job.refuses(IMAGELOCK_IMAGE=IMAGE, IMAGELOCK_DIGEST=DIGEST)
        assert "cannot be made" in message

    def test_a_link_that_an_earlier_job_left_is_not_followed(self, job: Job) -> None:
        secret = job.folder / "secret"
        secret.write_text("of the runner\n")
        (job.folder / "image_references").mkdir()
        (job.folder / "image_references" / "build-api").symlink_to(secret)

        done = job.run(IMAGELOCK_IMAGE=IMAGE, IMAGELOCK_DIGEST=DIGEST)

        assert done.returncode == 2
        assert "error: 'image_references/build-api' is a link" in done.stderr
        assert (job.folder / "image_references" / "build-api").is_symlink()
        assert secret.read_text() == "of the runner\n"

    @pytest.mark.parametrize("given", ["references", "references/"])
    def test_a_folder_that_is_a_link_is_not_followed(self, job: Job, given: str) -> None:
        (job.folder / "elsewhere").mkdir()
        (job.folder / "references").symlink_to("elsewhere")

        message = job.refuses(
            IMAGELOCK_IMAGE=IMAGE, IMAGELOCK_DIGEST=DIGEST, IMAGELOCK_REFERENCES=given
        )

        assert "'references' is a link" in message
        assert list((job.folder / "elsewhere").iterdir()) == []

    def test_a_full_disk_is_told_and_the_old_file_stays(self, job: Job) -> None:
        job.saves(IMAGELOCK_IMAGE=IMAGE, IMAGELOCK_DIGEST=DIGEST)
        # What a full disk does to a write, without one: no file may have a single byte, and
        # the signal that tells of it (25, SIGXFSZ) is ignored, so that the write fails.
        lines = f"trap '' 25; ulimit -f 0 && . '{job.script}'"
        done = job.run_lines(lines, IMAGELOCK_IMAGE=IMAGE, IMAGELOCK_DIGEST=OTHER)
        assert done.returncode == 2
        assert "is the disk full?" in done.stderr
        assert job.lines() == [f"{IMAGE}@{DIGEST}"]
        assert job.names() == ["build-api"]
