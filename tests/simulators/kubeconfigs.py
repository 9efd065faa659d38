"""Kubeconfigs for tests."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


def document(
    server: str,
    *,
    cluster: Any = None,
    user: Any = None,
    namespace: str = "",
    context: str = "here",
) -> Any:
    """Return a kubeconfig of one context."""
    both = {"cluster": "c", "user": "u"} | ({"namespace": namespace} if namespace else {})
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": context,
        "contexts": [{"name": context, "context": both}],
        "clusters": [{"name": "c", "cluster": {"server": server, **(cluster or {})}}],
        "users": [{"name": "u", "user": user or {}}],
    }


def write(folder: Path, server: str, **more: Any) -> Path:
    """Write such a kubeconfig (JSON is YAML) and return its path."""
    path = folder / "kubeconfig"
    path.write_text(json.dumps(document(server, **more)))
    return path
