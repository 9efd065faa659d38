"""What looks like an image and is none, or is one that nothing will pull."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imagelock.document.nodes import Mapping, Scalar, Sequence

if TYPE_CHECKING:
    from imagelock.find.site import Path

__all__ = ["keys_to_skip", "wants"]

_EVERYTHING = None
# Written by the cluster or by kubectl, read back by nobody.
_RECORDS = frozenset(
    ("managedFields", "kubectl.kubernetes.io/last-applied-configuration", "openAPIV3Schema")
)
# Kinds whose image is a repository to be watched, not one to be pulled.
_WATCHED = frozenset(("ImageRepository", "ImagePolicy", "ImageUpdateAutomation"))
_TRIGGERS = frozenset(
    (*_RECORDS, "kind", "output", "dependencies", "asserts", "tests", "questions", "version")
)


def wants(key: str) -> bool:
    """Say whether a mapping with this key may have parts that are to be skipped."""
    return key in _TRIGGERS


def keys_to_skip(mapping: Mapping, path: Path) -> frozenset[str] | None:
    """Return the keys below which nothing is an input; ``None`` means every key."""
    kind = mapping.text_of("kind")
    api_version = mapping.text_of("apiVersion") or ""
    if path is None and _is_no_manifest(mapping, kind):
        return _EVERYTHING
    skip = set(_RECORDS)
    if kind is not None and api_version:
        if kind == "CustomResourceDefinition":
            return _EVERYTHING
        skip.add("status")
        if kind in _WATCHED and api_version.startswith("image.toolkit.fluxcd.io/"):
            skip.add("spec")
    if path is not None and path[1] == "build":
        skip.add("output")  # where a build pushes to
    return frozenset(skip)


def _is_no_manifest(mapping: Mapping, kind: str | None) -> bool:
    return kind is None and (
        _is_chart(mapping) or _is_chart_test(mapping) or _is_questionnaire(mapping)
    )


def _is_chart(mapping: Mapping) -> bool:
    """Chart.yaml: its annotations name images for scanners; values.yaml decides."""
    return mapping.text_of("apiVersion") in {"v1", "v2"} and all(
        mapping.text_of(key) is not None for key in ("name", "version")
    )


def _is_chart_test(mapping: Mapping) -> bool:
    """A helm-unittest suite: its values are inputs of tests."""
    tests = mapping.get("tests")
    return isinstance(tests, Sequence) and any(
        isinstance(test, Mapping) and test.get("asserts") is not None for test in tests.items
    )


def _is_questionnaire(mapping: Mapping) -> bool:
    """Rancher's questions.yaml: defaults shown in a form."""
    questions = mapping.get("questions")
    return isinstance(questions, Sequence) and any(
        isinstance(question, Mapping) and isinstance(question.get("variable"), Scalar)
        for question in questions.items
    )
