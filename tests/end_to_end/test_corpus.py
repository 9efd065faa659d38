"""Override of real files, held to labels that were given by reading them."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from msgspec import Struct, convert

from imagelock import api
from imagelock.core.lock import Lock, LockEntry
from imagelock.core.place import FilePlace, Source
from imagelock.core.reference import Digest, ImageReference

if TYPE_CHECKING:
    from imagelock.core.finding import Finding

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"
INSERTED = re.compile(r"@?(?:sha256:)?[0-9a-f]{64}")

PART = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\['((?:[^'\\]|\\.)*)'\]")
LIST = re.compile(r"(.*)\[(\d+(?:,\d+)+)\]")
TEMPLATE = re.compile(r"\{\{.*?\}\}", re.DOTALL)
ESCAPES = {r"\n": "\n", r"\t": "\t", r"\r": "\r", r"\\": "\\"}


class Row(Struct, frozen=True, kw_only=True):
    """One labelled place."""

    id: str
    file: str
    doc: str
    json_path: str
    line: int
    form: str
    text: str
    normalized: str
    tag: str
    digest: str
    override: str


def read_rows() -> list[Row]:
    """Return every row of TRUTH.tsv."""
    with (CORPUS / "TRUTH.tsv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    fields = Row.__struct_fields__
    return [
        convert({name: unescaped(row[name]) for name in fields}, Row, strict=False) for row in table
    ]


def read_index() -> list[str]:
    """Return every file of the corpus, as INDEX.tsv names them."""
    with (CORPUS / "INDEX.tsv").open(encoding="utf-8", newline="") as file:
        return [row["path"] for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]


def unescaped(field: str) -> str:
    return re.sub(r"\\[ntr\\]", lambda found: ESCAPES[found[0]], field)


pytestmark = pytest.mark.skipif(
    not CORPUS.exists(), reason="needs ../shared/corpus, which is not on this machine"
)

ROWS = read_rows() if CORPUS.exists() else []
FILES = read_index() if CORPUS.exists() else []
INSERTED = re.compile(r"@?(?:sha256:)?[0-9a-f]{64}")


def rows_to(*overrides: str) -> list[Any]:
    return [pytest.param(row, id=row.id) for row in ROWS if row.override in overrides]


@cache
def overridden(path: str) -> api.Override:
    read = source(path)
    assert read is not None
    return api.override(read, lock())


def before(row: Row) -> Any:
    read = source(row.file)
    assert read is not None
    return value_at(read.text, row)


def after(row: Row) -> Any:
    return value_at(overridden(row.file).text, row)


def findings_at(row: Row) -> list[Finding]:
    """Return the findings on the lines of a row's mapping, or of its one scalar."""
    lines = range(row.line, row.line + (6 if row.form in {"map", "embedded"} else 1))
    return [
        finding
        for finding in overridden(row.file).report.findings
        if getattr(finding.place, "line", 0) in lines
    ]


def digest_for(row: Row) -> str:
    """Return what the matching rule says: without a tag the first entry of the repository."""
    image = ImageReference.parse(row.normalized)
    entries = lock().entries_of(image.repository)
    fitting = [entry for entry in entries if image.tag in {None, entry.reference.tag}]
    return str(fitting[0].digest)


@pytest.mark.parametrize("row", rows_to("yes"))
def test_every_image_that_is_to_be_pinned_has_its_digest_at_its_place(row: Row) -> None:
    was, now = before(row), after(row)
    digest = digest_for(row)

    if isinstance(was, dict):
        changed = {key for key in was if was[key] != now[key]}
        assert len(changed) == 1
        (key,) = changed
        part = key.rpartition(".")[2]
        if part in {"digest", "sha"}:
            assert now[key] == (digest if part == "digest" else digest.removeprefix("sha256:"))
        else:
            assert now[key] == f"{was[key]}@{digest}"
            assert part in {"tag", "newTag", "version"}
    elif row.form == "line":
        assert now == was.replace(row.text, f"{row.text}@{digest}")
    else:
        assert now == f"{was}@{digest}"


@pytest.mark.parametrize("row", rows_to("pinned", "no"))
def test_what_is_pinned_or_is_no_image_stays_as_it_is(row: Row) -> None:
    if "text:" in row.json_path:
        pytest.skip("it is a part of a text that is nothing but prose")

    assert after(row) == before(row)


@pytest.mark.parametrize("row", rows_to("needs-tag", "placeholder", "unsafe"))
def test_what_cannot_be_pinned_is_reported_and_not_edited(row: Row) -> None:
    assert after(row) == before(row)
    assert findings_at(row)


@pytest.mark.parametrize("path", FILES)
def test_taking_the_digests_out_again_gives_the_file_back(path: str) -> None:
    read = source(path)
    if read is None:
        pytest.skip("it is no UTF-8, which the command reports")
    result = overridden(path)

    assert without_new_digests(result.text) == without_new_digests(read.text)
    if result.report.summary["pinned now"] == 0:
        assert result.text == read.text
    else:
        assert len(result.text) > len(read.text)


@pytest.mark.parametrize("path", FILES)
def test_overriding_twice_is_overriding_once(path: str) -> None:
    if source(path) is None:
        pytest.skip("it is no UTF-8, which the command reports")
    once = overridden(path)

    twice = api.override(once.text, lock())

    assert twice.text == once.text
    assert twice.report.summary["pinned now"] == 0


@pytest.mark.parametrize("path", FILES)
def test_a_yaml_parser_accepts_what_it_accepted_before(path: str) -> None:
    read = source(path)
    if read is None:
        pytest.skip("it is no UTF-8, which the command reports")

    assert parses(overridden(path).text) == parses(read.text)


def test_every_file_that_cannot_be_read_is_reported() -> None:
    for path in FILES:
        read = source(path)
        if read is None:
            continue
        told = {finding.rule.name for finding in overridden(path).report.findings}
        is_read = parses(masked(read.text)) or "{{" in read.text

        assert is_read or "not-read" in told, path


def test_the_labels_hold_every_form() -> None:
    forms = {row.form for row in ROWS}

    assert forms == {"scalar", "map", "embedded", "params", "line"}
    assert all(json.loads(row.text) for row in ROWS if row.form in {"map", "params"})


def without_new_digests(text: str) -> str:
    known = {entry.digest.hex for entry in lock()}

    def shortened(found: re.Match[str]) -> str:
        return "" if found[0][-64:] in known else found[0]

    return INSERTED.sub(shortened, text)


def parses(text: str) -> bool:
    try:
        for _ in yaml.parse(text, Loader=yaml.CSafeLoader):
            pass
    except yaml.YAMLError:
        return False
    return True


@cache
def lock() -> Lock:
    """Return the lock that the labels make: an entry for every image that is to be pinned.

    Images without a tag come first. Without a tag, the first entry of a
    repository counts, whatever its tag is (DESIGN §4, rule 3), so elsewhere in
    the list they would be pinned to the digest of a tag.
    """
    wanted = dict.fromkeys(row.normalized for row in ROWS if row.override == "yes")
    ordered = sorted(wanted, key=lambda name: ":" in name.rpartition("/")[2])
    return Lock(
        LockEntry(ImageReference.parse(f"{name}@{digest_of(name)}"), FilePlace("labels", line))
        for line, name in enumerate(ordered, 1)
    )


def digest_of(normalised: str) -> Digest:
    """Return the digest that an image has in these tests."""
    return Digest("sha256", hashlib.sha256(normalised.encode()).hexdigest())


@cache
def source(path: str) -> Source | None:
    """Read a file as it is, or return ``None`` where it is no UTF-8."""
    raw = (CORPUS / path).read_bytes()
    try:
        return Source(path, raw.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return None


def value_at(text: str, row: Row) -> Any:
    """Return what stands at the place of a row: a text, a mapping, or the parts of an image."""
    if row.json_path.startswith("line:"):
        return text.splitlines()[int(row.json_path.removeprefix("line:")) - 1]
    outer, *inner = row.json_path.split(" >> ")
    documents = list(yaml.compose_all(masked(text), Loader=yaml.CSafeLoader))
    value = constructed(documents[int(row.doc)])
    grouped = LIST.fullmatch(outer)
    if grouped:
        items = follow(value, grouped[1])
        return {items[int(i)]["name"]: items[int(i)]["value"] for i in grouped[2].split(",")}
    value = follow(value, outer)
    for step in inner:
        language, _, path = step.partition(":")
        value = follow(loaded(language, value), path)
    return value


def loaded(language: str, text: str) -> Any:
    if language == "toml":
        return tomllib.loads(text)
    if language == "json":
        return json.loads(text)
    return yaml.load(masked(text), Loader=yaml.CBaseLoader)  # noqa: S506  (texts only)


def follow(value: Any, path: str) -> Any:
    for key, index, quoted in PART.findall("." + path if path[:1] not in "$." else path):
        if key and key != "$":
            value = value[key]
        elif index:
            value = value[int(index)]
        elif quoted:
            value = value[quoted.replace(r"\'", "'").replace(r"\\", "\\")]
    return value


def masked(text: str) -> str:
    """Replace templates by letters, so that YAML reads what is around them."""
    return TEMPLATE.sub(lambda found: re.sub(r"\S", "x", found[0]), text)


def constructed(node: Any) -> Any:
    """Make texts, lists and mappings of nodes: types do not matter here."""
    if isinstance(node, yaml.MappingNode):
        return {constructed(key): constructed(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [constructed(item) for item in node.value]
    return node.value if node is not None else None
