"""What the script for build images saves, and where the digest comes from."""

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
# As buildx writes it, with the provenance that repeats what it was called with.
METADATA = {
    "buildx.build.provenance": {
        "buildType": "https://build.example/buildkit@v1",
        "materials": [
            {
                "uri": "pkg:docker/docker/dockerfile@1.9",
                "digest": {"sha256": HEX[::-1]},
            }
        ],
        "invocation": {
            "parameters": {
                "args": {"label:note": f'"containerimage.digest": "{OTHER}"'},
            }
        },
    },
    "buildx.build.ref": "builder0/builder00/q4zn9mkb2z3l9dj6yc0nyyrpr",
    "containerimage.config.digest": OTHER,
    "containerimage.descriptor": {
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "digest": DIGEST,
        "size": 856,
    },
    "containerimage.digest": DIGEST,
    "image.name": f"{IMAGE},registry.gitlab.example/acme/shop/api:latest",
}


class TestWhereTheDigestComesFrom:
    def test_an_image_that_has_its_digest_is_saved_as_it_is(self, job: Job) -> None:
        assert job.saves(IMAGELOCK_IMAGE=f"{IMAGE}@{DIGEST}") == [f"{IMAGE}@{DIGEST}"]

    def test_sha512_is_a_digest_too(self, job: Job) -> None:
        image = f"quay.io/acme/api@sha512:{HEX}{HEX}"
        assert job.saves(IMAGELOCK_IMAGE=image) == [image]

    def test_the_digest_can_be_given(self, job: Job) -> None:
        assert job.saves(IMAGELOCK_IMAGE=IMAGE, IMAGELOCK_DIGEST=DIGEST) == [f"{IMAGE}@{DIGEST}"]

    @pytest.mark.parametrize("end", ["", "\n", "\r\n"], ids=["kaniko", "line feed", "CRLF"])
    def test_the_digest_file_of_kaniko_and_buildah_is_read(self, job: Job, end: str) -> None:
        file = job.file("digest", DIGEST + end)
        saved = job.saves(IMAGELOCK_IMAGE=IMAGE, IMAGELOCK_DIGEST_FILE=file)
        assert saved == [f"{IMAGE}@{DIGEST}"]

    def test_the_names_of_kaniko_without_tag_lend_their_digest_to_the_image(self, job: Job) -> None:
        file = job.file("names", f"{IMAGE.rpartition(':')[0]}@{DIGEST}\n")
        saved = job.saves(IMAGELOCK_IMAGE=IMAGE, IMAGELOCK_IMAGE_NAMES_FILE=file)
        assert saved == [f"{IMAGE}@{DIGEST}"]

    def test_the_names_of_kaniko_with_tags_need_no_image(self, job: Job) -> None:
        lines = [f"{IMAGE}@{DIGEST}", f"index.docker.io/acme/api:1@{DIGEST}"]
        file = job.file("names", "\n".join(lines) + "\n")
        assert job.saves(IMAGELOCK_IMAGE_NAMES_FILE=file) == lines

    def test_several_files_of_names_are_read(self, job: Job) -> None:
        first = job.file("first", f"{IMAGE}@{DIGEST}\n")
        second = job.file("second one", f"quay.io/acme/worker:2@{OTHER}\n")
        saved = job.saves(IMAGELOCK_IMAGE_NAMES_FILE=f"{first}\n{second}\n")
        assert saved == [f"{IMAGE}@{DIGEST}", f"quay.io/acme/worker:2@{OTHER}"]

    @pytest.mark.parametrize("indent", [2, None], ids=["as buildx writes it", "on one line"])
    def test_the_metadata_of_buildx_name_every_tag(self, job: Job, indent: int | None) -> None:
        file = job.file("metadata.json", json.dumps(METADATA, indent=indent))
        assert job.saves(IMAGELOCK_METADATA_FILE=file) == [
            f"{IMAGE}@{DIGEST}",
            f"registry.gitlab.example/acme/shop/api:latest@{DIGEST}",
        ]

    def test_the_metadata_of_buildx_serve_an_image_that_is_given(self, job: Job) -> None:
        file = job.file("metadata.json", json.dumps({"containerimage.digest": DIGEST}))
        saved = job.saves(IMAGELOCK_IMAGE=IMAGE, IMAGELOCK_METADATA_FILE=file)
        assert saved == [f"{IMAGE}@{DIGEST}"]

    def test_docker_is_asked_last(self, job: Job) -> None:
        repository = IMAGE.rpartition(":")[0]
        job.docker_prints(f"mirror.example/api@{OTHER}\n{repository}@{DIGEST}")
        assert job.saves(IMAGELOCK_IMAGE=IMAGE) == [f"{IMAGE}@{DIGEST}"]
        assert IMAGE in (job.folder / "docker.calls").read_text()

    def test_docker_shortens_the_names_of_docker_hub(self, job: Job) -> None:
        job.docker_prints(f"acme/api@{DIGEST}")
        image = "docker.io/acme/api:1"
        assert job.saves(IMAGELOCK_IMAGE=image) == [f"{image}@{DIGEST}"]

    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("image.digest", DIGEST),
            ("image.names", f"{IMAGE}@{DIGEST}\n"),
            ("image.metadata.json", json.dumps(METADATA)),
        ],
    )
    def test_a_file_with_the_usual_name_needs_no_variable(
        self, job: Job, name: str, text: str
    ) -> None:
        job.file(name, text)
        assert job.saves(IMAGELOCK_IMAGE=IMAGE) == [f"{IMAGE}@{DIGEST}"]

    def test_a_variable_goes_before_a_file_with_the_usual_name(self, job: Job) -> None:
        job.file("image.digest", OTHER)
        file = job.file("metadata.json", json.dumps(METADATA))
        saved = job.saves(IMAGELOCK_IMAGE=IMAGE, IMAGELOCK_METADATA_FILE=file)
        assert saved == [f"{IMAGE}@{DIGEST}"]

    def test_several_images_with_one_digest_stand_one_a_line(self, job: Job) -> None:
        images = f"{IMAGE}\nquay.io/acme/api:latest\n"
        assert job.saves(IMAGELOCK_IMAGE=images, IMAGELOCK_DIGEST=DIGEST) == [
            f"{IMAGE}@{DIGEST}",
            f"quay.io/acme/api:latest@{DIGEST}",
        ]

    @pytest.mark.parametrize(
        "image",
        [
            "nginx",
            "localhost:5000/api",
            "[fd00::1]:5000/acme/api:1",
            "quay.io/a__b/c.d/e-f--g:v1.0-rc.1_x",
            "127.0.0.1:5000/acme/api:latest",
        ],
    )
    def test_every_form_of_an_image_id_is_taken(self, job: Job, image: str) -> None:
        saved = job.saves(IMAGELOCK_IMAGE=image, IMAGELOCK_DIGEST=DIGEST)
        assert saved == [f"{image}@{DIGEST}"]


class TestTheFile:
    def test_a_name_that_is_no_slug_is_told_apart_from_one_that_is(self, job: Job) -> None:
        given = {"IMAGELOCK_IMAGE": IMAGE, "IMAGELOCK_DIGEST": DIGEST}
        job.run(**given, CI_JOB_NAME="build-api")
        job.run(**given, CI_JOB_NAME="build:api")
        job.run(**given, CI_JOB_NAME="build api")
        names = job.names()
        assert len(names) == 3
        assert all(name.startswith("build-api") for name in names)

    def test_jobs_that_run_in_parallel_have_a_file_each(self, job: Job) -> None:
        for index in ("1", "2"):
            job.run(
                IMAGELOCK_IMAGE=IMAGE,
                IMAGELOCK_DIGEST=DIGEST,
                CI_NODE_INDEX=index,
                CI_NODE_TOTAL="2",
            )
        assert job.names() == ["build-api-1", "build-api-2"]

    def test_a_job_alone_has_no_number(self, job: Job) -> None:
        job.saves(IMAGELOCK_IMAGE=IMAGE, IMAGELOCK_DIGEST=DIGEST, CI_NODE_TOTAL="1")
        assert job.names() == ["build-api"]

    def test_folder_and_name_can_be_chosen(self, job: Job) -> None:
        done = job.run(
            IMAGELOCK_IMAGE=IMAGE,
            IMAGELOCK_DIGEST=DIGEST,
            IMAGELOCK_REFERENCES="-out/of the way",
            IMAGELOCK_REFERENCE_NAME="api.txt",
        )
        assert done.returncode == 0
        assert (job.folder / "-out/of the way/api.txt").read_text() == f"{IMAGE}@{DIGEST}\n"

    def test_without_a_slug_the_name_of_the_job_serves(self, job: Job) -> None:
        job.run(
            IMAGELOCK_IMAGE=IMAGE,
            IMAGELOCK_DIGEST=DIGEST,
            CI_JOB_NAME="../../etc/passwd",
            CI_JOB_NAME_SLUG="",
        )
        (name,) = job.names()
        assert name.startswith("-") is False
        assert "/" not in name

    def test_a_second_call_in_a_job_adds_to_its_file(self, job: Job) -> None:
        job.saves(IMAGELOCK_IMAGE=IMAGE, IMAGELOCK_DIGEST=OTHER)
        job.saves(IMAGELOCK_IMAGE="quay.io/acme/worker:2", IMAGELOCK_DIGEST=OTHER)
        saved = job.saves(IMAGELOCK_IMAGE=IMAGE, IMAGELOCK_DIGEST=DIGEST)
        assert saved == [f"quay.io/acme/worker:2@{OTHER}", f"{IMAGE}@{DIGEST}"]

    def test_nothing_is_left_beside_it(self, job: Job) -> None:
        job.saves(IMAGELOCK_IMAGE=IMAGE, IMAGELOCK_DIGEST=DIGEST)
        assert job.names() == ["build-api"]

    def test_it_ends_in_one_line_feed(self, job: Job) -> None:
        job.saves(IMAGELOCK_IMAGE=f"{IMAGE}\n\n", IMAGELOCK_DIGEST=DIGEST)
        file = job.folder / "image_references" / "build-api"
        assert file.read_bytes() == f"{IMAGE}@{DIGEST}\n".encode()
