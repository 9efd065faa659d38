"""The named presets (gke, eks, aks, otc): images that a cloud provider runs by itself.

Each row ties repositories of the provider to namespaces of the provider.
``docs/exemptions.md`` names the documents that the rows were taken from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from imagelock.core.exemption import Exemption
from imagelock.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["PRESETS", "exemptions_of"]


def exemptions_of(names: Iterable[str]) -> tuple[Exemption, ...]:
    """Return the exemptions of the presets *names*, each preset once.

    Raises:
        InputError: There is no preset of that name.
    """
    return tuple(row for name in dict.fromkeys(names) for row in _preset(name))


def _preset(name: str) -> tuple[Exemption, ...]:
    if name in PRESETS:
        return PRESETS[name]
    from difflib import get_close_matches

    near = get_close_matches(name, PRESETS, n=1)
    hint = f"Did you mean '{near[0]}'? " if near else ""
    raise InputError(
        f"there is no preset '{name}'", hint=f"{hint}The presets are {', '.join(PRESETS)}."
    )


def _rows(
    preset: str, repositories: Iterable[str], namespaces: tuple[str, ...], reason: str
) -> tuple[Exemption, ...]:
    return tuple(
        Exemption(repository=repository, namespaces=namespaces, reason=reason, preset=preset)
        for repository in repositories
    )


# Google Kubernetes Engine. Newer clusters pull from the registry of their region.
_GKE = _rows(
    "gke",
    (
        "gke.gcr.io",
        "gcr.io/gke-release",
        "*-artifactregistry.gcr.io/gke-release/gke-release",
    ),
    ("kube-system", "gke-system", "gke-managed-*", "gmp-system", "gke-gmp-system"),
    "Google installs and updates the system components of a GKE cluster",
)

# Amazon EKS: one account of Amazon for most regions, and one of its own for each newer region.
_EKS_ACCOUNTS = {
    "602401143452": (
        "ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-southeast-1 ap-southeast-2 "
        "ca-central-1 eu-central-1 eu-north-1 eu-west-1 eu-west-2 eu-west-3 sa-east-1 "
        "us-east-1 us-east-2 us-west-1 us-west-2"
    ),
    "877085696533": "af-south-1",
    "800184023465": "ap-east-1",
    "533267051163": "ap-east-1 ap-east-2",
    "900889452093": "ap-south-2",
    "296578399912": "ap-southeast-3",
    "491585149902": "ap-southeast-4",
    "151610086707": "ap-southeast-5",
    "333609536671": "ap-southeast-6",
    "121268973566": "ap-southeast-7",
    "761377655185": "ca-west-1",
    "900612956339": "eu-central-2",
    "590381155156": "eu-south-1",
    "455263428931": "eu-south-2",
    "066635153087": "il-central-1",
    "759879836304": "me-central-1",
    "558608220178": "me-south-1",
    "730335286997": "mx-central-1",
    "151742754352": "us-gov-east-1",
    "013241004608": "us-gov-west-1",
}
_EKS_OTHER_PARTITIONS = (
    "918309763551.dkr.ecr.cn-north-1.amazonaws.com.cn",
    "961992271922.dkr.ecr.cn-northwest-1.amazonaws.com.cn",
    "877088126301.dkr.ecr.eusc-de-east-1.amazonaws.eu",
)
_EKS = _rows(
    "eks",
    (
        *(
            f"{account}.dkr.ecr.{region}.amazonaws.com"
            for account, regions in _EKS_ACCOUNTS.items()
            for region in regions.split()
        ),
        *_EKS_OTHER_PARTITIONS,
    ),
    ("kube-system",),
    "Amazon publishes and updates the add-ons of an EKS cluster",
)

# Azure Kubernetes Service.
_AKS = (
    *_rows(
        "aks",
        (
            "mcr.microsoft.com/aks",
            "mcr.microsoft.com/azure-policy",
            "mcr.microsoft.com/azuremonitor",
            "mcr.microsoft.com/containernetworking",
            "mcr.microsoft.com/oss",
        ),
        ("kube-system",),
        "Microsoft installs and updates the system components of an AKS cluster",
    ),
    *_rows(
        "aks",
        ("mcr.microsoft.com/oss",),
        (
            "gatekeeper-system",
            "app-routing-system",
            "aks-istio-system",
            "aks-istio-ingress",
            "aks-istio-egress",
            "calico-system",
            "tigera-operator",
        ),
        "Microsoft installs and updates the managed add-ons of an AKS cluster",
    ),
    *_rows(
        "aks",
        ("mcr.microsoft.com/aks/command",),
        ("aks-command",),
        "'az aks command invoke' runs its pods from Microsoft's image",
    ),
)

# Open Telekom Cloud: Cloud Container Engine pulls its add-ons from two organisations of SWR,
# at an address inside the cloud or at the public one, depending on region and age.
_OTC = _rows(
    "otc",
    tuple(
        f"{registry}/{organisation}"
        for registry in (
            "100.125.7.25:20202",
            "swr.eu-de.otc.t-systems.com",
            "swr.eu-nl.otc.t-systems.com",
            "swr.eu-ch2.sc.otc.t-systems.com",
        )
        for organisation in ("cce-addons", "hwofficial")
    ),
    ("kube-system",),
    "Open Telekom Cloud installs and updates the add-ons of a CCE cluster",
)

PRESETS = {"gke": _GKE, "eks": _EKS, "aks": _AKS, "otc": _OTC}
