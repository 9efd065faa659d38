"""imagelock rbac: print the permissions that the other commands need."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imagelock.cli.arguments import given_name
from imagelock.errors import InputError
from imagelock.syntax.patterns import parse_namespace
from imagelock.syntax.rbac import (
    Subject,
    deploy_role,
    render_roles,
    verify_roles,
    watch_roles,
)

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator

    from imagelock.cli.console import Console
    from imagelock.syntax.rbac import Role

__all__ = ["DESCRIPTION", "EXAMPLES", "UNDONE", "add_arguments", "run"]

DESCRIPTION = """\
Print the permissions that verify, watch or deploy need in a cluster, as YAML to
apply. Nothing is applied, and no cluster is asked.

Without an option it is what 'imagelock verify' needs: to list, and no more."""
EXAMPLES = """\
examples:
  imagelock rbac | kubectl apply -f -
  imagelock rbac --service-account ci/imagelock | kubectl apply -f -
  imagelock rbac --verify --namespace shop --group auditors
  imagelock rbac --watch --lease-namespace imagelock --service-account imagelock/watch
  imagelock rbac --deploy --argocd-namespace argocd --user gitlab

See docs/cluster-access.md."""
UNDONE = "nothing was printed"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command's options."""
    group = parser.add_argument_group("commands")
    group.add_argument("--verify", action="store_true", help="for imagelock verify (default)")
    group.add_argument("--watch", action="store_true", help="for imagelock watch")
    group.add_argument("--deploy", action="store_true", help="for imagelock deploy")
    group = parser.add_argument_group("where")
    group.add_argument(
        "--namespace",
        action="append",
        type=parse_namespace,
        default=[],
        metavar="NAME",
        help="verify and watch this namespace only; may be given again (default: the cluster)",
    )
    group.add_argument(
        "--lease-namespace",
        type=parse_namespace,
        default="imagelock",
        metavar="NAME",
        help="where 'watch --lease' keeps its Lease (default: %(default)s)",
    )
    group.add_argument(
        "--argocd-namespace",
        type=parse_namespace,
        default="argocd",
        metavar="NAME",
        help="where Argo CD and its Applications are (default: %(default)s)",
    )
    group = parser.add_argument_group("to whom")
    for option, name in (
        ("--service-account", "NAMESPACE/NAME"),
        ("--user", "NAME"),
        ("--group", "NAME"),
    ):
        made = "make it, and bind" if name != "NAME" else "bind"
        group.add_argument(
            option,
            type=given_name,
            action="append",
            default=[],
            metavar=name,
            help=f"{made} the permissions to it; may be given again",
        )


def run(args: Namespace, console: Console) -> int:
    """Print the roles, and who has them."""
    console.result(render_roles(_roles(args), tuple(_subjects(args))))
    return 0


def _roles(args: Namespace) -> Iterator[Role]:
    if args.verify or not (args.watch or args.deploy):
        yield from verify_roles(args.namespace)
    if args.watch:
        yield from watch_roles(args.namespace, lease_namespace=args.lease_namespace)
    if args.deploy:
        yield deploy_role(args.argocd_namespace)


def _subjects(args: Namespace) -> Iterator[Subject]:
    for text in args.service_account:
        namespace, _, name = text.partition("/")
        if not namespace or not name or "/" in name:
            raise InputError(f"--service-account '{text}': NAMESPACE/NAME was expected")
        yield Subject("ServiceAccount", name, parse_namespace(namespace))
    yield from (Subject("User", name) for name in args.user)
    yield from (Subject("Group", name) for name in args.group)
