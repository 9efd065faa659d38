from __future__ import annotations

import json

import msgspec
import pytest

from imagelock.core.lease import Record
from imagelock.syntax.lease import parse_lease, render_lease

RECORD = Record("pod-a_1", 15, "2026-03-01T09:30:00.000000Z", "2026-03-01T09:31:00.000000Z", 2, "7")


def test_what_is_written_is_what_is_read() -> None:
    assert parse_lease(render_lease(RECORD, "watch")) == RECORD


def test_a_lease_that_nobody_ever_held_is_read() -> None:
    assert parse_lease(b'{"kind":"Lease","metadata":{"resourceVersion":"1"}}') == Record(
        version="1"
    )


def test_fields_that_are_null_are_read_as_nothing() -> None:
    nulls = {"holderIdentity": None, "leaseDurationSeconds": None, "renewTime": None}

    assert parse_lease(json.dumps({"metadata": {}, "spec": nulls}).encode()) == Record()


def test_a_lease_that_is_new_names_no_version() -> None:
    document = json.loads(render_lease(Record("a", 15, "now", "now"), "watch"))

    assert document["metadata"] == {"name": "watch"}
    assert document["kind"] == "Lease"


def test_a_record_of_a_version_replaces_no_newer_one() -> None:
    assert json.loads(render_lease(RECORD, "watch"))["metadata"]["resourceVersion"] == "7"


def test_what_is_no_lease_is_an_error() -> None:
    with pytest.raises(msgspec.DecodeError):
        parse_lease(b'{"spec":{"leaseDurationSeconds":"15"}}')
