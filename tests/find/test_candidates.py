"""No document that has a site is passed over before it is parsed."""

from __future__ import annotations

from pathlib import Path

import pytest

from imagelock.core.lock import Lock, LockEntry
from imagelock.core.place import FilePlace, Source
from imagelock.core.reference import Digest, ImageReference
from imagelock.document.yaml import chunks
from imagelock.find.candidates import Candidates
from imagelock.find.sites import Knowledge, find_sites

CASES = Path(__file__).resolve().parents[1] / "cases" / "find"
CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"
IMAGES = (
    "quay.io/known/repository:1",
    "docker.io/library/nginx:1.27",
    "registry.k8s.io/sig-storage/csi-provisioner:v6.2.0",
    "quay.io/cephcsi/cephcsi:v3.17.0",
)
KNOWLEDGE = Knowledge(
    Lock(
        LockEntry(ImageReference.parse(f"{image}@{Digest('sha256', 'a' * 64)}"), FilePlace("x"))
        for image in IMAGES
    )
)


def passed_over(text: str) -> list[str]:
    """Return the documents that are passed over and have a site all the same."""
    candidates = Candidates(KNOWLEDGE)
    documents = [text[chunk.start : chunk.end] for chunk in chunks(text)]
    return [
        document
        for document in documents
        if not candidates.may_name_an_image(document)
        and find_sites(Source("x", document), KNOWLEDGE).sites
    ]


@pytest.mark.parametrize("path", sorted(CASES.glob("*.yaml")), ids=lambda path: path.stem)
def test_no_form_of_an_image_is_passed_over(path: Path) -> None:
    assert passed_over(path.read_text(encoding="utf-8")) == []


def test_no_file_of_the_corpus_is_passed_over() -> None:
    if not CORPUS.exists():
        pytest.skip("needs ../shared/corpus, which is not on this machine")
    for path in sorted(CORPUS.rglob("*.y*ml")):
        text = path.read_bytes().decode("utf-8", errors="replace").removeprefix("\ufeff")
        assert passed_over(text) == [], path


@pytest.mark.parametrize(
    "text",
    [
        "args: [--run=quay.io/known/repository]\n",
        "command: [run, quay.io/known/repository]\n",
        "x: quay.io/known/repository:1\n",
        "x: ${Y:-nginx:1.27}\n",
        f"x: quay.io/known/repository@sha256:{'b' * 64}\n",
        'x: "quay.io/known/\\u0072epository:1"\n',
        "x: 'a,nginx:1.27'\n",
        "agentRepository: quay.io/example/agent\nagentTag: v1\n",
        "literals: [AGENT=quay.io/known/repository]\n",
    ],
)
def test_what_has_no_other_word_is_not_passed_over(text: str) -> None:
    assert find_sites(Source("x", text), KNOWLEDGE).sites
    assert Candidates(KNOWLEDGE).may_name_an_image(text)


def test_documents_without_a_word_of_images_are_passed_over() -> None:
    candidates = Candidates(KNOWLEDGE)

    assert not candidates.may_name_an_image("kind: Service\nspec: {ports: [{port: 80}]}\n")
    assert not candidates.may_name_an_image("a: other:1\nb: my-nginx:1.27\n" + "a-" * 50_000)


@pytest.mark.parametrize(
    "broken",
    [
        "kind: Role\nrules: [\n",
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec: {a: b: c}\n",
        "a: *nowhere\n",
        "a: \x07\n",
    ],
)
def test_what_is_broken_is_told_even_where_no_image_can_stand(broken: str) -> None:
    before = "a: b\n---\n" * 10_000

    found = find_sites(Source("a.yaml", f"{before}{broken}---\nc: d\n"), KNOWLEDGE)

    [unread] = found.unread
    assert len(before) <= unread.offset <= len(before) + len(broken)
