from __future__ import annotations

import pytest

from imagelock.core.lock import Lock, LockEntry
from imagelock.core.place import FilePlace, Source
from imagelock.core.reference import Digest, ImageReference
from imagelock.decide.override import plan_override
from imagelock.find.placeholders import Replaced, is_kustomization, placeholders
from imagelock.find.sites import Knowledge, find_sites

BASE = "base/deployment.yaml"
OVERLAY = "resources: [../../base]\nimages: [{name: app, newName: quay.io/x/app, newTag: v1}]\n"
NEW = {"app": "quay.io/x/app:v1"}


def replaced(tree: dict[str, str]) -> dict[str, Replaced]:
    kustomizations = [
        (path, Source(path, text)) for path, text in tree.items() if is_kustomization(path)
    ]
    return placeholders(kustomizations, list(tree))


def test_a_folder_without_its_own_kustomization_is_all_deployed() -> None:
    tree = {"overlays/prod/kustomization.yaml": OVERLAY, BASE: "", "base/more/job.yaml": ""}

    assert replaced(tree) == {BASE: NEW, "base/more/job.yaml": NEW}


def test_replacements_reach_through_kustomizations() -> None:
    tree = {
        "overlays/prod/kustomization.yml": OVERLAY,
        "base/kustomization.yaml": "resources: [./deployment.yaml, ../base-2]\n",
        "base-2/kustomization.yaml": "resources: [cron.yaml]\n",
        BASE: "",
        "base/other.yaml": "",
        "base-2/cron.yaml": "",
    }

    assert replaced(tree) == {BASE: NEW, "base-2/cron.yaml": NEW}


def test_a_component_replaces_for_whoever_takes_it() -> None:
    tree = {
        "prod/kustomization.yaml": "resources: [../base]\ncomponents: [../images]\n",
        "images/kustomization.yaml": "images: [{name: app, newTag: v2}]\n",
        BASE: "",
    }

    assert replaced(tree)[BASE] == {"app": "app:v2"}


def test_what_one_of_two_deploys_as_it_is_is_no_placeholder() -> None:
    tree = {
        "overlays/prod/kustomization.yaml": OVERLAY,
        "overlays/dev/kustomization.yaml": "resources: [../../base]\n",
        BASE: "",
    }

    assert replaced(tree) == {BASE: {}}


@pytest.mark.parametrize(
    "images",
    ["[{name: app, newName: quay.io/x/app}]", "[app]", "{}", "[{newTag: v1}]", "[["],
)
def test_a_tag_that_stays_makes_no_placeholder(images: str) -> None:
    tree = {"prod/kustomization.yaml": f"resources: [../base]\nimages: {images}\n", BASE: ""}

    assert not replaced(tree).get(BASE)


def test_what_is_elsewhere_and_what_turns_in_circles_ends() -> None:
    tree = {
        "a/kustomization.yaml": "resources: [../b, https://git.invalid/x, ../../../../up]\n",
        "b/kustomization.yaml": "resources: [../c, x.yaml]\n",
        "c/kustomization.yaml": "resources: [../b]\nbases: [../c]\n",
    }

    assert replaced(tree) == {}


def test_a_placeholder_is_told_and_not_edited() -> None:
    digest = Digest("sha256", "a" * 64)
    lock = Lock((LockEntry(ImageReference.parse(f"app:latest@{digest}"), FilePlace("lock", 1)),))
    source = Source(BASE, "containers: [{image: app:latest}, {image: app}]\nimage: app:latest\n")

    found = find_sites(source, Knowledge(lock, replaced=NEW))

    from datetime import date

    from imagelock.api import terms_of
    from imagelock.core.config import Config

    plan = plan_override(source, found, terms_of(Config(), lock, date.max))
    assert [finding.rule.name for finding in plan.report.findings] == ["placeholder"] * 2
    assert "replaced by 'quay.io/x/app:v1'" in plan.report.findings[0].message
    assert len(plan.splices) == 1
    assert plan.report.exit_status == 0
