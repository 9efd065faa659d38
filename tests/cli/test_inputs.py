"""The files that a cluster is judged by: read again when they change, kept when they are wrong."""

from __future__ import annotations

import os
from argparse import Namespace
from datetime import date, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from imagelock.cli import inputs as module
from imagelock.cli.inputs import Inputs
from imagelock.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

A = "sha256:" + "a" * 64
ONE, TWO = f"quay.io/shop/api:1@{A}\n", f"quay.io/shop/web:1@{A}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def opened(**options: object) -> Inputs:
    given: dict[str, object] = {
        **dict.fromkeys(("config", "lock", "policy", "preset", "image_indexes")),
        "app_of_apps": [],
    }
    return Inputs(Namespace(**{**given, **options}))


def write(path: Path, text: str) -> None:
    """Write as programs do that mean it: another file takes the place of the old one."""
    path.with_suffix(".new").write_text(text)
    path.with_suffix(".new").rename(path)


def test_what_does_not_change_is_not_read_again(folder: Path) -> None:
    write(folder / "images.lock", ONE)
    inputs = opened()

    assert inputs.entries == 1
    assert not inputs.read_again()


def test_a_lock_that_changes_is_read_again_once(folder: Path) -> None:
    write(folder / "images.lock", ONE)
    inputs = opened()

    write(folder / "images.lock", ONE + TWO)

    assert inputs.read_again()
    assert inputs.entries == 2
    assert not inputs.read_again()


def test_a_lock_that_appears_and_goes_is_noticed(folder: Path) -> None:
    inputs = opened()
    assert inputs.entries == 0

    write(folder / "images.lock", ONE)
    assert inputs.read_again()
    assert inputs.entries == 1

    (folder / "images.lock").unlink()
    assert inputs.read_again()
    assert inputs.terms.lock is None


def test_a_lock_that_is_wrong_is_told_once_and_the_old_one_still_counts(folder: Path) -> None:
    write(folder / "images.lock", ONE)
    inputs = opened()

    write(folder / "images.lock", "no lock\n")
    with pytest.raises(InputError):
        inputs.read_again()

    assert inputs.entries == 1
    assert not inputs.read_again()


def test_a_lock_that_is_wanted_and_goes_is_an_error_and_still_counts(folder: Path) -> None:
    write(folder / "images.lock", ONE)
    inputs = opened(policy="locked")

    (folder / "images.lock").unlink()
    with pytest.raises(InputError):
        inputs.read_again()

    assert inputs.entries == 1


def test_settings_that_name_another_lock_are_followed(folder: Path) -> None:
    write(folder / "images.lock", ONE)
    write(folder / "other.lock", ONE + TWO)
    inputs = opened()

    write(folder / "imagelock.toml", 'lock = "other.lock"\npolicy = "locked"\n')
    assert inputs.read_again()
    assert (inputs.entries, inputs.terms.policy) == (2, "locked")

    inputs.read_again()  # now that it is the other lock that is looked at
    write(folder / "other.lock", ONE)
    assert inputs.read_again()
    assert inputs.entries == 1


def test_a_proof_that_is_added_is_read(folder: Path) -> None:
    (folder / "image_indexes").mkdir()
    inputs = opened()
    index = (
        b'{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}'
    )

    path = folder / "image_indexes" / f"sha256-{sha256(index).hexdigest()}.json"
    path.write_bytes(index)

    assert inputs.read_again()
    assert len(inputs.proofs) == 1


def test_a_new_day_counts_where_an_exemption_may_end(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Tomorrow(date):
        @classmethod
        def today(cls) -> Tomorrow:
            return cls.fromordinal((date.today() + timedelta(days=1)).toordinal())  # noqa: DTZ011

    exemption = '[[exemptions]]\nrepository = "quay.io/x"\nnamespaces = ["*"]\nreason = "old"\n'
    write(folder / "endless.toml", exemption)
    write(folder / "ending.toml", f"{exemption}until = 2999-01-01\n")
    endless, ending = opened(config="endless.toml"), opened(config="ending.toml")

    monkeypatch.setattr(module, "date", Tomorrow)

    assert not endless.read_again()
    assert ending.read_again()
    assert not ending.read_again()


def test_a_file_that_is_written_in_place_is_noticed(folder: Path) -> None:
    path = folder / "images.lock"
    path.write_text(ONE)
    inputs = opened()

    path.write_text(TWO)
    os.utime(path, ns=(1, 1))

    assert inputs.read_again()
