"""Which cluster, and as whom: kubeconfig files, or the service account of a pod."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from imagelock.core.place import FilePlace
from imagelock.document.data import load_documents
from imagelock.errors import InputError
from imagelock.outside.files import read_source
from imagelock.syntax.kubeconfig import Chosen, Cluster, User, choose, parse_kubeconfig

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imagelock.syntax.kubeconfig import Kubeconfig

__all__ = ["SERVICE_ACCOUNT", "choose_cluster"]

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


def choose_cluster(
    kubeconfig: Path | None, context: str | None, *, service_account: Path = SERVICE_ACCOUNT
) -> Chosen:
    """Find out which cluster is meant, in kubectl's order.

    The file that is named; the files of ``$KUBECONFIG``, of which some may be
    missing; ``~/.kube/config``; the service account of the pod that this runs in.

    Args:
        kubeconfig: A file that must be there, or ``None``.
        context: A context's name, or ``None`` for the current one.
        service_account: The folder in which a pod finds its token.

    Raises:
        InputError: None of them is there, or the one that is there is broken.
    """
    files, origin = _files(kubeconfig)
    if files:
        return choose([_read(file) for file in files], context, origin=origin)
    if not os.environ.get("KUBERNETES_SERVICE_HOST"):
        raise InputError(
            f"no kubeconfig: {origin} is not there, and this runs in no pod of a cluster",
            hint="Name one with --kubeconfig FILE or $KUBECONFIG.",
        )
    if context is not None:
        raise InputError(
            f"there is no context '{context}': {origin} is not there, and a pod's service "
            "account has no contexts"
        )
    return _of_the_pod(service_account)


def _files(kubeconfig: Path | None) -> tuple[Sequence[Path], str]:
    """Return the files that count, and what to call them."""
    if kubeconfig is not None:
        return (kubeconfig,), str(kubeconfig)
    named = os.environ.get("KUBECONFIG", "")
    if named:
        paths = (Path(part).expanduser() for part in named.split(os.pathsep) if part)
        return tuple(path for path in paths if path.exists()), f"$KUBECONFIG ({named})"
    usual = Path("~/.kube/config").expanduser()
    return ((usual,) if usual.exists() else ()), str(usual)


def _read(file: Path) -> Kubeconfig:
    source = read_source(file)
    try:
        documents = load_documents(source)
    except InputError as error:
        # The line that is broken may hold a token: it is not shown.
        raise InputError(error.problem, place=error.place, hint=error.hint) from None
    return parse_kubeconfig(documents[0] if documents else None, file=str(file.absolute()))


def _of_the_pod(folder: Path) -> Chosen:
    host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ.get("KUBERNETES_SERVICE_PORT")
    token, authority, namespace = folder / "token", folder / "ca.crt", folder / "namespace"
    for file in (token, authority):
        if not file.exists():
            raise InputError(
                "there is no such file, though $KUBERNETES_SERVICE_HOST says that this runs in "
                "a pod",
                place=FilePlace(str(file)),
                hint="Does the pod have automountServiceAccountToken: false? Otherwise name a "
                "kubeconfig with --kubeconfig FILE.",
            )
    host = f"[{host}]" if ":" in host else host
    return Chosen(
        context="in-cluster",
        namespace=read_source(namespace).text.strip() if namespace.exists() else "",
        cluster=Cluster(
            server=f"https://{host}:{port or 443}", certificate_authority=str(authority)
        ),
        user=User(token_file=str(token)),
    )
