"""The presets: the provider's images in the provider's namespaces, and nothing beside them."""

from __future__ import annotations

import pytest

from imagelock.core.presets import PRESETS, exemptions_of
from imagelock.core.reference import ImageReference, Repository
from imagelock.errors import InputError


def is_exempt(preset: str, image: str, namespace: str | None) -> bool:
    repository = ImageReference.parse(image).repository
    return any(row.covers(repository, namespace) for row in PRESETS[preset])


@pytest.mark.parametrize(
    ("preset", "image", "namespace"),
    [
        ("gke", "gke.gcr.io/k8s-dns-kube-dns:1.23.0-gke.9", "kube-system"),
        ("gke", "gke.gcr.io/prometheus-engine/operator:v0.8", "gmp-system"),
        ("gke", "gke.gcr.io/kube-state-metrics:v2", "gke-managed-cim"),
        (
            "gke",
            "europe-west3-artifactregistry.gcr.io/gke-release/gke-release/pause:3.8",
            "kube-system",
        ),
        ("eks", "602401143452.dkr.ecr.eu-central-1.amazonaws.com/eks/coredns:v1", "kube-system"),
        ("eks", "900612956339.dkr.ecr.eu-central-2.amazonaws.com/amazon-k8s-cni:v1", "kube-system"),
        ("aks", "mcr.microsoft.com/oss/kubernetes/coredns:v1.9.4", "kube-system"),
        ("aks", "mcr.microsoft.com/oss/v2/kubernetes/coredns:v1.13.1-20", "kube-system"),
        ("aks", "mcr.microsoft.com/aks/command/runtime:master.240118.1", "aks-command"),
        ("otc", "100.125.7.25:20202/hwofficial/cce-coredns-linux-amd64:1.2", "kube-system"),
        ("otc", "swr.eu-nl.otc.t-systems.com/cce-addons/autoscaler:1.29.17", "kube-system"),
    ],
)
def test_a_providers_own_image_is_exempt(preset: str, image: str, namespace: str) -> None:
    assert is_exempt(preset, image, namespace)


@pytest.mark.parametrize(
    ("preset", "image", "namespace"),
    [
        ("gke", "gke.gcr.io.evil.example/k8s-dns-kube-dns:1", "kube-system"),
        ("gke", "gke.gcr.io/k8s-dns-kube-dns:1", "default"),
        ("gke", "gke.gcr.io/k8s-dns-kube-dns:1", None),
        ("gke", "gcr.io/gke-release-staging/x:1", "kube-system"),
        ("gke", "registry.k8s.io/pause:3.9", "kube-system"),
        (
            "eks",
            "602401143452.dkr.ecr.eu-central-1.amazonaws.com.evil.example/eks/coredns:v1",
            "kube-system",
        ),
        ("eks", "602401143453.dkr.ecr.eu-central-1.amazonaws.com/eks/coredns:v1", "kube-system"),
        ("eks", "602401143452.dkr.ecr.evil-1.amazonaws.com/eks/coredns:v1", "kube-system"),
        ("eks", "602401143452.dkr.ecr.eu-central-1.amazonaws.com/eks/coredns:v1", "default"),
        ("aks", "mcr.microsoft.com/dotnet/aspnet:8.0", "kube-system"),
        ("aks", "mcr.microsoft.com/oss-evil/x:1", "kube-system"),
        ("aks", "mcr.microsoft.com/oss/kubernetes/coredns:v1.9.4", "shop"),
        ("otc", "100.125.7.25:20202/my-organisation/app:1", "kube-system"),
        ("otc", "100.125.7.25/hwofficial/app:1", "kube-system"),
        ("otc", "swr.eu-de.otc.t-systems.com/hwofficial-evil/app:1", "kube-system"),
    ],
)
def test_what_only_looks_like_it_is_not_exempt(
    preset: str, image: str, namespace: str | None
) -> None:
    assert not is_exempt(preset, image, namespace)


@pytest.mark.parametrize("name", PRESETS)
def test_every_row_of_a_preset_is_narrow_and_says_why(name: str) -> None:
    for row in PRESETS[name]:
        assert row.preset == name
        assert row.reason
        assert "*" not in row.namespaces
        one = Repository.parse(f"{row.repository}/y".replace("*", "x"))
        assert str(one) == f"{row.repository}/y".replace("*", "x")
        assert "." in one.registry


def test_a_preset_that_is_named_twice_counts_once() -> None:
    assert exemptions_of(["gke", "eks", "gke"]) == (*PRESETS["gke"], *PRESETS["eks"])


def test_an_unknown_preset_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(InputError, match="there is no preset 'gek'") as refused:
        exemptions_of(["gek"])

    assert "Did you mean 'gke'?" in refused.value.hint
