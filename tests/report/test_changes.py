"""Changes as lines: for people, and for programs."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from msgspec.structs import replace

from imagelock.core.change import Change, Regarding
from imagelock.core.finding import Finding, Skipped
from imagelock.core.place import ClusterPlace
from imagelock.report.changes import began_line, json_line, text_line, whole_line

TIME = "2026-03-01T09:30:00Z"
PLACE = ClusterPlace(namespace="shop", kind="Deployment", name="api", container="container app")
FINDING = Finding.of(
    "not-pulled-by-digest", PLACE, "asked for without a digest", image="nginx:1", help="Pin it."
)
APPEARED = Change("appeared", FINDING, Regarding("Deployment", "shop", "api", "uid"))
WENT = replace(APPEARED, what="went")
SCHEMA = Path(__file__).parents[2] / "docs" / "report.schema.json"


def test_a_person_reads_when_what_where_and_why() -> None:
    assert text_line(APPEARED, time=TIME) == (
        "2026-03-01T09:30:00Z appeared shop/Deployment/api container app: error: "
        "'nginx:1': asked for without a digest [not-pulled-by-digest]\n"
    )


def test_what_went_stands_under_what_appeared() -> None:
    appeared, went = text_line(APPEARED, time=TIME), text_line(WENT, time=TIME)

    assert went == appeared.replace("appeared", "went    ")


def test_colours_change_no_letter() -> None:
    import re

    coloured = text_line(APPEARED, time=TIME, colour=True)

    assert re.sub(r"\x1b\[\d+m", "", coloured) == text_line(APPEARED, time=TIME)
    assert coloured != text_line(APPEARED, time=TIME)


def test_a_program_reads_a_finding_as_in_every_report() -> None:
    document = json.loads(json_line(APPEARED, time=TIME))
    schema = json.loads(SCHEMA.read_text("utf-8"))

    assert (document["version"], document["time"], document["change"]) == (1, TIME, "appeared")
    jsonschema.Draft202012Validator({**schema, **schema["$defs"]["finding"]}).validate(
        document["finding"]
    )


def test_a_program_reads_where_it_begins_and_when_everything_was_listed() -> None:
    assert json.loads(began_line(time=TIME)) == {"version": 1, "time": TIME, "change": "began"}
    skipped = [Skipped("namespace dev", "this namespace is left out (--exclude)")]
    whole = json.loads(whole_line({"errors": 2, "warnings": 1}, skipped, time=TIME))
    assert whole["standing"] == {"errors": 2, "warnings": 1}
    assert whole["skipped"] == [
        {"what": "namespace dev", "reason": "this namespace is left out (--exclude)"}
    ]


@pytest.mark.parametrize("name", ["a\x1b[31mb", "a\nb", "a\u2028b", "\ud800"])
def test_what_others_wrote_is_one_harmless_line(name: str) -> None:
    place = replace(PLACE, name=name)
    change = replace(APPEARED, finding=replace(FINDING, place=place, image=f"{name}:1"))

    for line in (json_line(change, time=TIME), text_line(change, time=TIME)):
        assert line.removesuffix("\n").isprintable()
        assert line.endswith("\n")
    assert json.loads(json_line(change, time=TIME))["finding"]["location"]["name"] == name
