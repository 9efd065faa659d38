"""What the walk passes over as dull holds no image: the same sites as when all is walked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagelock.core.lock import Lock, LockEntry
from imagelock.core.place import FilePlace, Source
from imagelock.core.reference import Digest, ImageReference
from imagelock.find.site import Unwritable, format_path
from imagelock.find.sites import Knowledge, find_sites

if TYPE_CHECKING:
    from imagelock.find.sites import FoundSites

SHARED = Path(__file__).resolve().parents[3] / "shared"
CASES = Path(__file__).resolve().parents[1] / "cases"
LOCK = Lock(
    LockEntry(ImageReference.parse(f"{image}@{Digest('sha256', 'a' * 64)}"), FilePlace("x"))
    for image in ("quay.io/known/repository:1", "docker.io/library/nginx:1.27", "nginx:1")
)
# A key path that leads nowhere: all is walked then.
WALKS_ALL = Knowledge(LOCK, find_keys=("there.is.no.such.key",))

KEYS = (
    *("image", "fooImage", "images", "name", "value", "repository", "tag", "version", "registry"),
    *("containers", "env", "args", "helm", "values", "parameters", "global", "kind", "digest"),
    *("metadata", "namespace", "from", "op", "path", "<<", "spec", "apiVersion", "data", "status"),
    *("params", "default", "set", "options", "url", "variant", "dockerImage", "repositoryAndTag"),
    *("flavour", "steps", "plugin", "script", "literals", "operatorTag", "operatorRepository"),
    *("kustomize", "newName", "newTag", "valuesObject", "FOO_IMAGE", "hub", "x", "config.yaml"),
)
SCALARS = (
    *("nginx", "nginx:1", "nginx:1.27", "quay.io/known/repository", "quay.io/known/repository:1"),
    *("FOO_IMAGE", "RELATED_IMAGE_X", "1", "", "v1", "Deployment", "Application", "apps/v1"),
    *("argoproj.io/v1alpha1", "DockerImage", "replace", "/spec/image", "library/nginx", "~"),
    *("--image=nginx:1", "--solver-image", "image.tag", "[nginx]", "{a: b}", "image: nginx:1"),
    *("|\n image: nginx:1\n x: y\n", '"image: nginx:1\\nb: c"', "quay.io", "{{ .Values.x }}"),
    *("'[\"quay.io/known/repository:1\"]'", "A=nginx:1 B=quay.io/known/repository:1"),
)


def documents() -> st.SearchStrategy[object]:
    return st.recursive(
        st.sampled_from(SCALARS),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)
        ),
        max_leaves=14,
    )


def written(node: object, indent: str = "") -> str:
    if isinstance(node, dict) and node:
        return "".join(f"\n{indent}{key}: {written(node[key], indent + '  ')}" for key in node)
    if isinstance(node, list) and node:
        return "".join(f"\n{indent}- {written(item, indent + '  ')}" for item in node)
    return str(node or "~").replace("\n", f"\n{indent}")


def told(found: FoundSites) -> object:
    sites = [
        (
            *(site.start, site.text, site.found_by, format_path(site.path)),
            *(site.problem, site.namespace, isinstance(site.pin, Unwritable)),
        )
        for site in found.sites
    ]
    return sites, found.unread, found.templated


def same(text: str) -> bool:
    source = Source("a.yaml", text)
    return told(find_sites(source, Knowledge(LOCK))) == told(find_sites(source, WALKS_ALL))


@given(documents())
def test_no_document_has_other_sites_when_all_is_walked(node: object) -> None:
    assert same(written(node).lstrip("\n") + "\n")


@pytest.mark.parametrize(
    "text",
    [
        "env:\n- name: RELATED_IMAGE_X\n  value: quay.io/known/repository\n",
        "env:\n- name: FOO_IMAGE\n  value: {{ .Values.x }}\n",
        "args: [--solver-image, quay.io/known/repository]\n",
        "args:\n- --solver-image=quay.io/known/repository\n",
        "a: {b: {c: [{image: nginx}]}}\n",
        "a: &x {repository: nginx, tag: v1}\nb:\n  image: *x\n",
        "a: &x {tag: v1}\nb: {image: {<<: *x, repository: nginx}}\n",
        "a: '[\"quay.io/known/repository:1\"]'\n",
        "a: |\n  sandbox_image = 'quay.io/known/repository'\n  [a]\n  b = 1\n",
        "global: {imageRegistry: quay.io}\nb: {image: {repository: known/repository, tag: v1}}\n",
        "op: replace\npath: /spec/image\nvalue: nginx\n",
        "helm: {parameters: [{name: image.tag, value: v1}, {name: image.repository, value: a}]}\n",
        "metadata: {namespace: a}\napiVersion: v1\nspec: {containers: [{image: nginx}]}\n",
        "from: {kind: DockerImage, name: nginx}\n",
        "kind: X\napiVersion: a/v1\nstatus: {now: &x nginx}\nspec: {image: *x}\n",
        "items:\n- {apiVersion: v1, kind: Event, note: &x nginx}\n- {image: *x}\n",
        "kind: X\napiVersion: a/v1\nstatus: &y {now: nginx}\nspec: {image: {<<: *y, tag: a}}\n",
        "images: [{name: nginx, newName: a/b, newTag: c}]\n",
    ],
)
def test_no_form_has_other_sites_when_all_is_walked(text: str) -> None:
    assert same(text)
    assert same(f"{text}# {'x' * 66_000}\n")  # large enough for the system's libyaml
    assert told(find_sites(Source("a.yaml", text), Knowledge(LOCK))) != ([], (), 0)


@pytest.mark.parametrize("path", sorted(CASES.rglob("*.yaml")), ids=lambda path: path.stem)
def test_no_case_has_other_sites_when_all_is_walked(path: Path) -> None:
    assert same(path.read_text(encoding="utf-8"))


def test_no_real_file_has_other_sites_when_all_is_walked() -> None:
    corpus = SHARED / "corpus"
    if not corpus.exists():
        pytest.skip("needs ../shared/corpus, which is not on this machine")
    for path in sorted(corpus.rglob("*.y*ml")):
        text = path.read_bytes().decode("utf-8", errors="replace").removeprefix("\ufeff")
        assert same(text), path
