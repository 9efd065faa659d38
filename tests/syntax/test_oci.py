"""Documents of a registry, proven by their own digest."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from imagelock.core.proof import Child, Document, Index, Manifest
from imagelock.core.reference import Digest
from imagelock.errors import InputError
from imagelock.syntax.oci import parse_document

A = "sha256:" + "a" * 64
B = "sha256:" + "b" * 64


def parse(document: Any, algorithm: str = "sha256") -> Document:
    data = document if isinstance(document, bytes) else json.dumps(document, indent=3).encode()
    digest = Digest(algorithm, hashlib.new(algorithm, data).hexdigest())
    return parse_document(data, digest, name="index.json")


def index(*children: tuple[str, str]) -> dict[str, Any]:
    return {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [
            {"digest": digest, "size": 1, "platform": {"architecture": architecture, "os": "linux"}}
            for digest, architecture in children
        ],
    }


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_an_index_names_its_manifests_and_their_architectures(algorithm: str) -> None:
    assert parse(index((A, "amd64"), (B, "arm64")), algorithm) == Index(
        (Child(Digest.parse(A), "amd64"), Child(Digest.parse(B), "arm64"))
    )


def test_a_manifest_names_its_configuration() -> None:
    assert parse({"config": {"digest": A}, "layers": []}) == Manifest(Digest.parse(A))


def test_a_manifest_without_a_platform_has_no_architecture() -> None:
    assert parse({"manifests": [{"digest": A}]}) == Index((Child(Digest.parse(A), ""),))


@pytest.mark.parametrize("platform", [None, {}])
def test_a_platform_may_be_missing_in_any_way(platform: Any) -> None:
    document = {"manifests": [{"digest": A, "platform": platform}]}

    assert parse(document) == Index((Child(Digest.parse(A), ""),))


def test_an_attestation_is_no_platform() -> None:
    document = index((A, "amd64"), (B, "unknown"))
    document["manifests"][1]["platform"]["os"] = "unknown"

    assert parse(document) == Index((Child(Digest.parse(A), "amd64"),))


@pytest.mark.parametrize(
    "media_type",
    [
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
    ],
)
def test_an_index_in_an_index_is_known_as_one(media_type: str) -> None:
    document = {"manifests": [{"digest": A, "mediaType": media_type}]}

    assert parse(document) == Index((Child(Digest.parse(A), "", is_index=True),))


def test_one_byte_more_and_it_is_another_document() -> None:
    data = json.dumps(index((A, "amd64"))).encode()
    digest = Digest("sha256", hashlib.sha256(data).hexdigest())

    with pytest.raises(InputError, match="its bytes hash to sha256:") as refused:
        parse_document(data + b"\n", digest, name="index.json")

    assert "raw bytes" in refused.value.hint


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"manifests": [], "config": {"digest": A}},
        {"manifests": [{"digest": "sha256:short"}]},
        {"manifests": [{}]},
        {"manifests": 3},
        {"config": "x"},
        b"",
        b"[",
        b'{"a":' + b"[" * 100_000,
        b'{"config":{"digest":"\xff"}}',
    ],
)
def test_what_is_no_index_and_no_manifest_proves_nothing(document: Any) -> None:
    with pytest.raises(InputError) as refused:
        parse(document)

    assert str(refused.value).startswith("index.json")
