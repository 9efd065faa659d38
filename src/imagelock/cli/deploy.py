"""Apply manifests, and wait until every Argo CD Application in them is as it should be."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from imagelock.cli.arguments import add_cluster, duration, given_name
from imagelock.cli.waiting import Pace, Wait, count
from imagelock.outside.applier import Applier, How
from imagelock.outside.kubernetes_api import connect
from imagelock.outside.manifests import read_documents
from imagelock.outside.side_by_side import each
from imagelock.syntax.argocd import API_VERSION, APPLICATION, APPLICATION_SET
from imagelock.syntax.manifests import in_order, in_waves, parse_manifests
from imagelock.syntax.patterns import parse_namespace

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

    from imagelock.cli.console import Console
    from imagelock.outside.kubernetes_api import Api
    from imagelock.syntax.argocd import Key
    from imagelock.syntax.manifests import Manifest

__all__ = ["DESCRIPTION", "EXAMPLES", "UNDONE", "add_arguments", "run"]

DESCRIPTION = """\
Apply an app-of-apps by server-side apply, then wait until every Argo CD
Application in it, and every Application that those create, is Synced and
Healthy. If that does not come about, say which is not, and why.

PATH is a file or a folder of manifests (YAML or JSON), or - for standard
input. It is checked whole before anything is applied."""
EXAMPLES = """\
examples:
  imagelock deploy app-of-apps/
  imagelock override app-of-apps.yaml | imagelock deploy - --context argo-prod
  imagelock deploy app-of-apps/ --dry-run

exit status:
  3 also when an Application is not Synced and Healthy in time
"""
UNDONE = "nothing was applied"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("path", metavar="PATH", help="the manifests: a file, a folder, or -")
    add_cluster(parser)
    group = parser.add_argument_group("applying")
    group.add_argument(
        "-n",
        "--namespace",
        type=parse_namespace,
        metavar="NAME",
        help="for objects that name none (default: the context's)",
    )
    group.add_argument(
        "--dry-run",
        action="store_true",
        help="let the cluster check everything, change nothing, wait for nothing",
    )
    group.add_argument(
        "--field-manager",
        type=given_name,
        default="imagelock",
        metavar="NAME",
        help="who owns the fields that are applied (default: imagelock)",
    )
    group.add_argument(
        "--force-conflicts",
        action="store_true",
        help="take fields over that another manager owns",
    )
    group = parser.add_argument_group("waiting")
    group.add_argument(
        "--timeout",
        type=duration,
        default=600.0,
        metavar="TIME",
        help="how long to wait, such as 90s, 10m or 1h (default: 10m; 0: do not wait)",
    )
    group.add_argument(
        "--poll",
        type=duration,
        default=2.0,
        metavar="TIME",
        help="the pause between two looks at the cluster (default: 2s)",
    )


def run(args: Namespace, console: Console) -> int:
    """Apply, then wait."""
    # More questions at once than its pool keeps connections: no news for anybody.
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    manifests = in_order(parse_manifests(read_documents(args.path)))
    api = connect(args.kubeconfig, args.context, notice=console.warn)
    how = _how(args, api)
    applier = Applier(api, how)
    _announce(manifests, api, how, console)
    applier.check(manifests)
    applied: list[Manifest] = []
    try:
        _apply(applier, manifests, applied, console)
        if args.timeout and not args.dry_run:
            watched = [applier.key(one) for one in manifests if _is_watched(one)]
            pace = Pace(timeout=args.timeout, poll=args.poll)
            _wait(Wait(api, console, pace, field_manager=how.field_manager), watched, console)
    except BaseException as error:
        if applied and not how.dry_run and not getattr(error, "undone", ""):
            # Whatever happened, an interruption and a bug of ours included.
            vars(error)["undone"] = _partly(len(applied), len(manifests))
        raise
    return 0


def _how(args: Namespace, api: Api) -> How:
    return How(
        namespace=args.namespace or api.namespace or "default",
        field_manager=args.field_manager,
        force=args.force_conflicts,
        dry_run=args.dry_run,
    )


def _announce(manifests: Sequence[Manifest], api: Api, how: How, console: Console) -> None:
    applications = [one for one in manifests if one.kind == APPLICATION and _is_watched(one)]
    sets = [one for one in manifests if one.kind == APPLICATION_SET and _is_watched(one)]
    counts = [count(len(manifests), "object")]
    counts += [count(len(applications), APPLICATION)] if applications else []
    counts += [count(len(sets), APPLICATION_SET)] if sets else []
    console.say(f"{', '.join(counts)}: to {api.host}")
    homeless = [one for one in (*applications, *sets) if not one.namespace]
    if homeless:
        console.say(
            f"{homeless[0]}{' and others name' if len(homeless) > 1 else ' names'} no namespace: "
            f"'{how.namespace}' is taken (--namespace)"
        )


def _apply(
    applier: Applier, manifests: Sequence[Manifest], applied: list[Manifest], console: Console
) -> None:
    telling = threading.Lock()
    with console.progress("applying", len(manifests)) as bar:

        def apply(one: Manifest) -> None:
            is_there = applier.apply(one)
            with telling:
                if is_there:
                    applied.append(one)
                    console.say(f"{one}: {'would be applied' if applier.is_dry else 'applied'}")
                else:
                    console.warn(f"{one} cannot be tried before what it stands on is there")
                bar.advance(note=str(one))

        for wave in in_waves(manifests):
            each(apply, wave)


def _wait(wait: Wait, watched: Sequence[Key], console: Console) -> None:
    if watched:
        wait.until_ready(watched)
    else:
        console.say("No Argo CD Application is among them: there is nothing to wait for.")


def _partly(applied: int, total: int) -> str:
    if applied == total:
        return "everything was applied and stays so; whether it is healthy is not known"
    return f"{applied} of {count(total, 'object')} were applied and stay so; the others were not"


def _is_watched(manifest: Manifest) -> bool:
    return manifest.api_version == API_VERSION and manifest.kind in {APPLICATION, APPLICATION_SET}
