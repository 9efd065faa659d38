"""The namespace that an object's pods will run in, where its manifest says so."""

from __future__ import annotations

from imagelock.document.nodes import Mapping

__all__ = ["namespace_of"]


def namespace_of(mapping: Mapping) -> str | None:
    """Return the namespace of a Kubernetes object, or ``None`` where it names none.

    What an Argo CD Application deploys goes to its destination, not to the
    namespace that the Application itself is in.
    """
    if mapping.text_of("apiVersion") is None:
        return None
    spec = mapping.get("spec")
    destination = spec.get("destination") if isinstance(spec, Mapping) else None
    if isinstance(destination, Mapping):
        return destination.text_of("namespace")
    metadata = mapping.get("metadata")
    return metadata.text_of("namespace") if isinstance(metadata, Mapping) else None
