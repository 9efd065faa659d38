"""Context: what a document says of all its images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from imagelock.document.nodes import Mapping, Node, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["NO_CONTEXT", "Context", "context_of"]

# At the root of values: for every image that has none of its own.
_REGISTRIES = ("imageRegistry", "registry", "defaultRegistry", "defaultImageRegistry")
_TAGS = ("tag", "imageTag", "image_tag", "dockerTag", "docker_tag", "imageVersion")
_VERSIONS = ("versions", "tags", "imageTags", "image_tags", "imageVersions")
_MACHINES = ("infrastructure.cluster.x-k8s.io/", "machine.openshift.io/", "kops.k8s.io/")


class Context(Struct, frozen=True, kw_only=True):
    """What a document says of all its images, empty where it says nothing.

    *registry*, *tag* and *hub* stand in a chart's ``global`` or at the root of
    its values; *replaces* is set where that registry goes before an image's own.
    *shared_tag* is a tag that stands at the root of values, or in their ``global``,
    with its key: an image without a tag may be joined to it. So may one that stands
    under a key in *tagged*, which has its tag in a mapping such as ``versions``.
    *base* is what goes before a repository that begins with a slash, and nothing else.
    *is_values* is set for what is no Kubernetes object: whoever reads
    it may join a tag to a name. *has_machines* is set for the machines of
    Cluster API, OpenShift and kOps, whose images are mostly disks.
    """

    registry: str = ""
    tag: str = ""
    hub: str = ""
    base: str = ""
    shared_tag: str = ""
    tagged: frozenset[str] = frozenset()
    replaces: bool = False
    is_values: bool = False
    has_machines: bool = False


NO_CONTEXT = Context()
_NOTHING = Mapping((), 0)


def context_of(root: Node, outer: Context) -> Context:
    """Return what a document says; *outer* holds for a text inside it that says nothing."""
    if not isinstance(root, Mapping):
        return outer
    kind = root.text_of("kind")
    own = _shared(root, kind)
    api_version = root.text_of("apiVersion") or ""
    return Context(
        registry=own.registry or outer.registry,
        tag=own.tag or outer.tag,
        hub=own.hub or outer.hub,
        base=_base(root) or outer.base,
        tagged=(frozenset() if kind else frozenset(_tagged(root))) or outer.tagged,
        shared_tag=("" if kind else _shared_tag(root)) or outer.shared_tag,
        replaces=own.replaces if own.registry else outer.replaces,
        is_values=kind is None,
        has_machines=api_version.startswith(_MACHINES),
    )


def _shared_tag(root: Mapping) -> str:
    """Return ``imageTag: v1``, where values say it for more than one image."""
    shared = root.get("global")
    for mapping in (root, shared) if isinstance(shared, Mapping) else (root,):
        for key in _TAGS:
            if tag := mapping.text_of(key):
                return f"{key}: {tag}"
    return ""


def _tagged(root: Mapping) -> Iterator[str]:
    """Yield the names that ``versions: {nginx: "1.27"}`` has a tag for."""
    for key in _VERSIONS:
        tags = root.get(key)
        for name, tag in tags.pairs if isinstance(tags, Mapping) else ():
            if type(name) is Scalar and type(tag) is Scalar:
                yield name.value


def _base(root: Mapping) -> str:
    """Return ``image.baseRepo``, which the charts of CSI drivers have for all their images."""
    image = root.get("image")
    return (image.text_of("baseRepo") or "") if isinstance(image, Mapping) else ""


def _shared(root: Mapping, kind: str | None) -> Context:
    shared = root.get("spec" if kind == "IstioOperator" else "global")
    if not isinstance(shared, Mapping):
        if kind:
            return NO_CONTEXT
        shared = _NOTHING
    image = shared.get("image")
    nested = image if isinstance(image, Mapping) else _NOTHING
    hub = shared.text_of("hub") or ""
    at_root, tag_at_root = (None, None) if kind else _at_root(root)
    in_global = shared.text_of("imageRegistry") or nested.text_of("registry")
    in_global = in_global or shared.text_of("registry") or ""
    return Context(
        hub=hub,
        registry=in_global or at_root or "",
        # Where one has a path, each image has its own below it, or another registry.
        replaces=bool(in_global) and "/" not in in_global,
        tag=shared.text_of("imageTag")
        or nested.text_of("tag")
        or ((hub or in_global) and shared.text_of("tag"))
        or tag_at_root
        or "",
    )


def _at_root(root: Mapping) -> tuple[str | None, str | None]:
    """Return the registry and the tag that stand at the root of values, or in its ``images``."""
    images = root.get("images")
    if not isinstance(images, Mapping):
        images = _NOTHING
    registry = next(filter(None, map(root.text_of, _REGISTRIES)), None)
    space = root.text_of("defaultImageRepository")
    if registry and space:
        # Strimzi's, for what has no registry and no repository of its own.
        registry = f"{registry}/{space}"
    tag = images.text_of("tag") or root.text_of("defaultImageTag")
    return registry or images.text_of("registry"), tag
