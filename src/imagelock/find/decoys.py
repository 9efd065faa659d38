"""What looks like an image and is none, or is one that nothing will pull.

records         what the cluster, kubectl or a scanner wrote: status, histories, reports
schemas         what an image field would look like: CRDs, JSON schemas, OpenAPI
descriptions    of packages: Chart.yaml, questions.yaml, chart tests
patterns        that images are compared with: policies, image policies, mirrors
targets         where a build pushes to
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from imagelock.document.nodes import Mapping, Scalar, Sequence
from imagelock.find.names import is_push_key

if TYPE_CHECKING:
    from imagelock.document.nodes import Node
    from imagelock.find.site import Path

__all__ = ["keys_to_skip", "wants"]

_EVERYTHING = None
# Argo CD Image Updater's annotations: which tags may come, not which one is there.
_UPDATER = "argocd-image-updater.argoproj.io/"
# kubeadm joins these with names that it knows.
_KUBEADM = ("imageRepository", "dns", "etcd")
# Written by the cluster or by kubectl and read back by nobody; schemas, examples
# and patterns, wherever they stand.
_ANYWHERE = frozenset(
    (
        "managedFields",
        "kubectl.kubernetes.io/last-applied-configuration",
        "openshift.io/imported-from",
        "openAPIV3Schema",
        "alm-examples",
        "verifyImages",
        "imageReferences",
        "anyPattern",
    )
)
# (API group, kind or "" for every kind): the keys below which nothing is pulled,
# or none for all of them.
_KINDS: dict[tuple[str, str], tuple[str, ...]] = {
    ("apiextensions.k8s.io", "CustomResourceDefinition"): (),
    ("apps", "ControllerRevision"): (),
    ("", "Event"): (),
    ("events.k8s.io", ""): (),
    ("aquasecurity.github.io", ""): (),
    ("wgpolicyk8s.io", ""): (),
    ("spdx.softwarecomposition.kubescape.io", ""): (),
    ("image.toolkit.fluxcd.io", ""): (),
    ("argocd-image-updater.argoproj.io", ""): (),
    ("constraints.gatekeeper.sh", ""): (),
    ("config.gatekeeper.sh", ""): (),
    ("policy.sigstore.dev", ""): (),
    ("policies.kyverno.io", ""): (),
    ("argoproj.io", "Application"): ("operation",),
    ("kubeadm.k8s.io", ""): _KUBEADM,
    ("kpack.io", "Image"): ("tag", "additionalTags"),
    ("skaffold", "Config"): ("build",),
}
_TRIGGERS = _ANYWHERE | {
    *("kind", "output", "pattern", "dependencies", "asserts", "tests", "questions", "version"),
    *("$schema", "openapi", "swagger", "imageRepository", "status"),
}


def wants(key: str) -> bool:
    """Say whether a mapping with this key may have parts that are to be skipped."""
    return key in _TRIGGERS or key.startswith(_UPDATER) or is_push_key(key)


def keys_to_skip(mapping: Mapping, path: Path) -> frozenset[str] | None:
    """Return the keys below which nothing is an input; ``None`` means every key."""
    kind = mapping.text_of("kind")
    if path is None and kind is None and _is_no_manifest(mapping):
        return _EVERYTHING
    keys = [key.value for key, _ in mapping.pairs if type(key) is Scalar]
    skip = {key for key in keys if is_push_key(key)}
    skip |= _ANYWHERE
    skip |= {key for key in keys if key.startswith(_UPDATER)}
    if path is not None and path[1] == "clusterConfiguration":
        skip.update(_KUBEADM)
    if _is_pushed_to(mapping.get("output"), path):
        skip.add("output")
    if isinstance(mapping.get("pattern"), Mapping | Sequence):
        skip.add("pattern")
    if kind is None and _is_item(path) and isinstance(mapping.get("metadata"), Mapping):
        # A server's list says once of which kind all its objects are.
        skip.add("status")
    known = _skipped_of_kind(kind, mapping.text_of("apiVersion"))
    return _EVERYTHING if known is _EVERYTHING else frozenset(skip | known)


def _is_item(path: Path) -> bool:
    return path is not None and path[0] is not None and path[0][1] == "items"


def _skipped_of_kind(kind: str | None, api_version: str | None) -> set[str] | None:
    if kind is None or not api_version:
        return set()
    group = api_version.rpartition("/")[0]
    skip = {"status"}
    for known in ((group, kind), (group, "")):
        keys = _KINDS.get(known)
        if keys == ():
            return _EVERYTHING
        skip.update(keys or ())
    return skip


def _is_pushed_to(output: Node | None, path: Path) -> bool:
    return isinstance(output, Mapping) and (
        (path is not None and path[1] == "build")
        or isinstance(output.get("image"), Scalar)
        or isinstance(output.get("to"), Mapping)
    )


def _is_no_manifest(mapping: Mapping) -> bool:
    return (
        _is_chart(mapping)
        or _is_chart_test(mapping)
        or _is_questionnaire(mapping)
        or _is_schema(mapping)
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


def _is_schema(mapping: Mapping) -> bool:
    """A JSON schema, such as values.schema.json, or the description of an API."""
    if "json-schema" in (mapping.text_of("$schema") or ""):
        return True
    is_api = mapping.text_of("openapi") or mapping.text_of("swagger")
    return bool(is_api) and isinstance(mapping.get("paths"), Mapping)
