from __future__ import annotations

import pytest

from imagelock.core.lock import Lock
from imagelock.core.place import Source
from imagelock.core.reference import Digest
from imagelock.document.splice import Splice
from imagelock.find.site import Append, FillKey, Unwritable
from imagelock.find.sites import Knowledge, find_sites


def pin_of(text: str) -> object:
    (site,) = find_sites(Source("values.yaml", text), Knowledge(Lock(()))).sites
    return site.pin


@pytest.mark.parametrize(
    ("beside", "reason"),
    [
        pytest.param("tagSuffix: jmx", "'tagSuffix: jmx' is joined to its tag", id="suffix"),
        pytest.param("tagPrefix: v", "'tagPrefix: v' is joined to its tag", id="prefix"),
        pytest.param(
            f"hash: sha256:{'a' * 64}",
            "the chart takes its digest from 'hash'",
            id="a digest under an unknown key",
        ),
        pytest.param("flavour: ubi", "'flavour: ubi' is joined to its tag", id="flavour"),
        pytest.param(
            f"genericDigest: sha256:{'a' * 64}",
            "the chart takes its digest from 'genericDigest'",
            id="digests of variants",
        ),
    ],
)
def test_an_image_that_is_joined_to_more_than_its_tag_is_not_pinned_there(
    beside: str, reason: str
) -> None:
    text = f"image:\n  repository: registry.example/app\n  tag: '7'\n  {beside}\n"

    assert pin_of(text) == Unwritable(reason)


@pytest.mark.parametrize("beside", ["tagSuffix: ''", "flavour:", "genericDigest: ''"])
def test_what_is_empty_is_joined_to_nothing(beside: str) -> None:
    text = f"image:\n  repository: registry.example/app\n  tag: '7'\n  {beside}\n"

    assert isinstance(pin_of(text), Append)


def test_a_digest_has_its_own_key_whatever_is_joined_to_the_tag() -> None:
    text = "image: {repository: registry.example/app, tag: '7', tagSuffix: jmx, digest: ''}\n"

    assert isinstance(pin_of(text), FillKey)


@pytest.mark.parametrize("key", ["imageDigest", "sha256"])
def test_a_key_for_the_digest_is_filled_whatever_its_name(key: str) -> None:
    pin = pin_of(f"image: {{repository: registry.example/app, tag: '7', {key}: ''}}\n")

    assert isinstance(pin, FillKey)
    assert pin.bare_hex is (key == "sha256")


@pytest.mark.parametrize(
    "text",
    [
        '{"image": {"repository": "registry.example/app", "tag": 1.2}}\n',
        'data: \'{"image": {"repository": "registry.example/app", "tag": 1.2}}\'\n',
        '\n  [{"images": [{"repository": "registry.example/app", "tag":1.2}]}]\n',
        "data: |\n  [image]\n  repository = 'registry.example/app'\n  tag = 1.2\n",
    ],
)
def test_a_number_in_json_or_toml_takes_no_digest(text: str) -> None:
    (site,) = find_sites(Source("values.json", text), Knowledge(Lock(()))).sites

    told = site.pinned_to(Digest("sha256", "a" * 64))

    assert told == Unwritable("it is a number: write it in quotes")


@pytest.mark.parametrize(
    "text",
    [
        '{image: {repository: "registry.example/app", tag: 1.2}}\n',
        '"image":\n  "repository": registry.example/app\n  "tag": 1.2\n',
    ],
)
def test_a_number_in_yaml_becomes_a_text_with_a_digest(text: str) -> None:
    (site,) = find_sites(Source("values.yaml", text), Knowledge(Lock(()))).sites

    assert isinstance(site.pinned_to(Digest("sha256", "a" * 64)), Splice)


def test_the_digest_of_a_version_is_written_behind_it() -> None:
    text = "image_name: registry.example/app\nimage_version: v1\nimage_digest: ''\n"

    assert isinstance(pin_of(text), Append)
