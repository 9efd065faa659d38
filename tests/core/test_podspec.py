"""The table of pod-spec fields, and that the reader of API objects reads all of them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from imagelock.core.cluster import Pod, Workload
from imagelock.core.podspec import IMAGE_FIELDS, POD_SPECS, ImageField
from imagelock.syntax.kinds import read_object


def nested(keys: tuple[str, ...], value: Any) -> Any:
    for key in reversed(keys):
        value = {key: value}
    return value


@pytest.mark.parametrize("row", IMAGE_FIELDS, ids=lambda row: row.key)
@pytest.mark.parametrize("kind", POD_SPECS)
def test_every_field_of_the_table_is_read_in_every_kind(kind: str, row: ImageField) -> None:
    item = {"name": "one", **nested(row.image, "quay.io/acme/app:1")}
    found = nested(POD_SPECS[kind], {row.key: [item]})
    found.setdefault("metadata", {"name": "it", "namespace": "shop"})

    read = read_object(kind, msgspec.json.encode(found))

    assert isinstance(read, Pod | Workload)
    assert [(one.kind, one.name, one.image) for one in read.containers] == [
        (row.noun, "one", "quay.io/acme/app:1")
    ]


@pytest.mark.parametrize(
    "row", [row for row in IMAGE_FIELDS if row.status], ids=lambda row: row.key
)
def test_every_status_of_the_table_is_joined_with_what_was_asked(row: ImageField) -> None:
    asked = {"name": "one", **nested(row.image, "redis:7")}
    told = {"name": "one", "imageID": "redis@sha256:" + "a" * 64, "state": {"running": {}}}
    pod = {"spec": {row.key: [asked]}, "status": {row.status: [told]}}

    read = read_object("Pod", msgspec.json.encode(pod))

    assert isinstance(read, Pod)
    assert [(one.image_id, one.state) for one in read.containers] == [
        ("redis@sha256:" + "a" * 64, "running")
    ]
