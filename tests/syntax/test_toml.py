"""imagelock.toml: what it can say, and what it is told when it says something else."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

import imagelock
from imagelock.core.config import Config
from imagelock.core.exemption import Exemption
from imagelock.core.place import FilePlace, Source
from imagelock.errors import InputError, InputErrors
from imagelock.syntax.toml import parse_config

EVERYTHING = """\
external-images = "lists/external_images"
self-built = "lists/acme-images"
references = "build/references"
lock = "/abs/images.lock"
registries = ["registry.gitlab.example:5050", "index.docker.io"]
policy = "locked"
strict = true
presets = ["gke", "otc"]

[find]
include = ["spec.backup.image", "**.sidecar"]
forbid = ["spec.build.output.image"]

[[exemptions]]
repository = "gke.gcr.io/x"
namespaces = ["kube-system", "gke-*"]
reason = "Google brings it"

[[exemptions]]
repository = "redis"
namespaces = ["*"]
reason = "for now"
owner = "platform"
until = 2027-12-31
"""


def read(text: str, folder: str = ".") -> Config:
    return parse_config(Source("imagelock.toml", text), folder=folder)


def refused(text: str) -> InputError:
    with pytest.raises(InputError) as caught:
        read(text)
    return caught.value


def test_an_empty_file_says_nothing() -> None:
    assert read("") == read("# nothing\n") == Config()


def test_everything_that_can_be_said_is_read() -> None:
    assert read(EVERYTHING) == Config(
        external_images="lists/external_images",
        self_built="lists/acme-images",
        references="build/references",
        lock="/abs/images.lock",
        registries=("registry.gitlab.example:5050", "docker.io"),
        policy="locked",
        strict=True,
        presets=("gke", "otc"),
        find_keys=("spec.backup.image", "**.sidecar"),
        forbid_keys=("spec.build.output.image",),
        exemptions=(
            Exemption(
                repository="gke.gcr.io/x",
                namespaces=("kube-system", "gke-*"),
                reason="Google brings it",
                place=FilePlace("imagelock.toml", 14, 3),
            ),
            Exemption(
                repository="docker.io/library/redis",
                namespaces=("*",),
                reason="for now",
                owner="platform",
                until=date(2027, 12, 31),
                place=FilePlace("imagelock.toml", 19, 3),
            ),
        ),
    )


def test_paths_the_default_ones_too_are_relative_to_the_file() -> None:
    config = read('references = "refs"\nlock = "/abs/lock"\n', folder="team/project/")

    assert config.external_images == "team/project/external_images"
    assert config.references == "team/project/refs"
    assert config.lock == "/abs/lock"
    assert config.self_built is None


def test_windows_line_ends_are_read() -> None:
    assert read(EVERYTHING.replace("\n", "\r\n")) == read(EVERYTHING)


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("external_images", "external-images"),
        ("external-image", "external-images"),
        ("exemption", "exemptions"),
        ("registry", "registries"),
        ("self_build", "self-built"),
        ("polici", "policy"),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest_known_one(key: str, meant: str) -> None:
    error = refused(f"\n{key} = 1\n")

    assert error.problem == f"there is no key '{key}' here"
    assert str(error.place) == "imagelock.toml:2:1"
    assert f"Did you mean '{meant}'?" in error.hint


def test_a_key_that_is_like_no_other_is_refused_with_the_list_of_keys() -> None:
    error = refused("xyzzy = 1\n")

    assert error.hint.startswith("The keys are external-images, self-built,")


def test_a_table_that_nobody_knows_is_refused_at_its_header() -> None:
    assert str(refused("[fond]\ninclude = 1\n").place) == "imagelock.toml:1:2"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("lock = 1", "lock: text in quotes was expected, and this is a number"),
        ("lock = ['x']", "lock: text in quotes was expected, and this is an array"),
        ("lock = ' '", "lock: something was expected between the quotes"),
        ('lock = "a\\u0000"', "lock: a path was expected, and this holds characters"),
        ("strict = 'yes'", "strict: true or false (without quotes) was expected, and this is text"),
        ("strict = 1", "strict: true or false (without quotes) was expected, and this is a number"),
        ("policy = 'lock'", "policy: one of pinned, locked was expected"),
        ("policy = []", "policy: one of pinned, locked was expected"),
        ("presets = ['gek']", "presets: there is no preset 'gek'"),
        ("presets = 'gke'", "presets: an array of texts was expected, and this is text"),
        ("presets = [1]", "presets: text in quotes was expected, and this is a number"),
        ("registries = []", "registries: the array is empty"),
        ("registries = ['https://r.example']", "registries: 'https://r.example' is no registry"),
        ("registries = ['r.example/group']", "registries: 'r.example/group' is no registry"),
        ("find = 1", "find: a table was expected, and this is a number"),
        ("find.include = ['a..b']", "include: 'a..b' is no path of keys"),
        ("exemptions = 1.5", "exemptions: an array of tables was expected, and this is a number"),
        ("exemptions = [true]", "exemptions: a table was expected, and this is true or false"),
        ("lock = 2027-01-01", "lock: text in quotes was expected, and this is a date"),
        ("lock = 10:00:00", "lock: text in quotes was expected, and this is a time"),
    ],
)
def test_a_value_of_another_kind_is_refused_at_its_key(line: str, problem: str) -> None:
    error = refused(f"# settings\n{line}\n")

    assert error.problem.startswith(problem)
    assert isinstance(error.place, FilePlace)
    assert error.place.line == 2
    assert error.excerpt.startswith(f"    {line.partition('=')[0].strip()}")


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ("repository = 'redis:7'", "repository: 'redis:7' is no repository"),
        ("namespaces = 'kube-system'", "namespaces: an array of texts was expected"),
        ("namespaces = []", "namespaces: the array is empty"),
        ("namespaces = ['Kube']", "namespaces: 'Kube' is no namespace"),
        ("reason = ''", "reason: something was expected between the quotes"),
        ("until = '2027-12-31'", "until: a date was expected, and this is text"),
        ("until = 2027-12-31T10:00:00", "until: a date was expected, and this is a date with"),
        ("expires = 2027-12-31", "there is no key 'expires' here"),
    ],
)
def test_an_exemption_is_read_as_strictly(lines: str, problem: str) -> None:
    key = lines.partition(" ")[0]
    rows = {
        "repository": "repository = 'redis'",
        "namespaces": "namespaces = ['*']",
        "reason": "reason = 'x'",
    }
    rows[key] = lines

    error = refused("[[exemptions]]\n" + "\n".join(rows.values()) + "\n")

    assert error.problem.startswith(problem)
    assert isinstance(error.place, FilePlace)
    assert error.place.line == 2 + list(rows).index(key)


@pytest.mark.parametrize("key", ["repository", "namespaces", "reason"])
def test_an_exemption_says_which_images_where_and_why(key: str) -> None:
    rows = {
        "repository": "repository = 'redis'",
        "namespaces": "namespaces = ['*']",
        "reason": "reason = 'x'",
    }
    del rows[key]

    error = refused("[[exemptions]]\n" + "\n".join(rows.values()) + "\n")

    assert error.problem == f"this exemption has no {key}"
    assert str(error.place) == "imagelock.toml:1:3"


def test_all_mistakes_of_the_file_are_told_in_their_order() -> None:
    with pytest.raises(InputErrors) as caught:
        read("polici = 1\nstrict = 1\n[[exemptions]]\nreason = ''\nrepository = 'X'\n")

    places = [str(error.place) for error in caught.value.errors]
    assert places == [f"imagelock.toml:{place}" for place in ("1:1", "2:1", "3:3", "4:1", "5:1")]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a = 1\nb =\n", "2:4"),
        ("policy = locked\n", "1:10"),
        ("[find\n", "1:6"),
        ("lock = 'a'\nlock = 'b'\n", "2:11"),
        ('lock = """', "1:11"),
        ("until = 2027-02-30\n", "1:9"),
    ],
)
def test_what_is_no_toml_is_refused_where_it_ends_to_be(text: str, place: str) -> None:
    error = refused(text)

    assert error.problem.startswith("this is not TOML: ")
    assert str(error.place) == f"imagelock.toml:{place}"
    assert "(at line" not in str(error)


@pytest.mark.parametrize("text", ["a = " + "[" * 100_000, "a = " + "1" * 10_000])
def test_a_hostile_file_is_refused(text: str) -> None:
    refused(text)


def test_a_merge_conflict_is_told_as_one() -> None:
    assert "merge conflict" in refused("<<<<<<< HEAD\n").problem


def test_another_encoding_is_named() -> None:
    with pytest.raises(InputError, match="UTF-16"):
        parse_config(Source("imagelock.toml", "a = 1", encoding="utf-16-le"))


def test_the_example_of_the_documentation_is_read() -> None:
    page = Path(__file__).parents[2] / "docs" / "configuration.md"
    [example] = re.findall(r"```toml\n(.*?)```", page.read_text("utf-8"), re.DOTALL)

    assert read(example).exemptions[0].owner == "team legacy"


@pytest.mark.parametrize("place", ["cli/init_files/imagelock.toml", "demo_example/imagelock.toml"])
def test_the_settings_that_we_bring_are_read(place: str) -> None:
    read((Path(imagelock.__file__).parent / place).read_text("utf-8"))


def test_the_settings_of_a_new_project_are_read_when_their_comments_are_taken_away() -> None:
    text = (Path(imagelock.__file__).parent / "cli/init_files/imagelock.toml").read_text("utf-8")

    config = read(re.sub(r"^# (?=[a-z-]+ = |\[)", "", text, flags=re.MULTILINE))

    assert config.self_built
    assert config.exemptions[0].until
