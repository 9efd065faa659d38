"""imagelock verify: check every image that a cluster was asked to run, and what runs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from msgspec.structs import replace

from imagelock.cli.arguments import (
    add_cluster,
    add_lock,
    add_policy,
    add_reports,
    read_config,
)
from imagelock.cli.judging import (
    add_app_of_apps,
    add_image_indexes,
    add_scope,
    read_terms,
    scope_of,
    selector_of,
    the_proofs,
)
from imagelock.cli.overwriting import refuse_to_write_over
from imagelock.cli.provenance import described
from imagelock.cli.reporting import tell
from imagelock.core.finding import Coverage
from imagelock.decide.plain import Plain
from imagelock.decide.verify import verify_pages
from imagelock.errors import InputError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator

    from imagelock.cli.console import Console
    from imagelock.core.cluster import Page
    from imagelock.syntax.selectors import Selector

__all__ = ["DESCRIPTION", "EXAMPLES", "UNDONE", "add_arguments", "run"]

DESCRIPTION = """\
Check every image that a cluster was asked to run (pods, and the templates of
workloads that have not run yet), and that its nodes run what was asked for.

It asks the cluster of the kubeconfig's context, or reads files that kubectl
saved. Policy 'pinned' wants a digest, 'locked' wants one of images.lock, or one
that the app-of-apps names by hand."""
EXAMPLES = """\
examples:
  imagelock verify --preset gke
  imagelock verify --policy locked --context production --report junit=report.xml
  kubectl get pods -A -o json | imagelock verify --from -
  imagelock verify --from pods.json nodes.json --exclude 'sandbox-*'
  imagelock verify --policy locked --app-of-apps rendered --selector team=shop

Exit status 1: an image that may not run was asked for, or another one runs than
was asked for. What cannot be compared is a warning, and with --strict an error.
See docs/verify.md and docs/exemptions.md."""
UNDONE = "nothing was verified"

# Seconds after which a thread that computes lets another one go on: with Python's own 5 ms,
# the thread that gets pages would wait longer than a page takes to come.
_SWITCH = 0.0005
_NAMED = 3  # files that a report names as what it is of


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "--from",
        dest="sources",
        nargs="+",
        action="extend",
        metavar="FILE",
        help="read what 'kubectl get ... -o json' saved in place of a cluster; '-' is "
        "standard input",
    )
    add_cluster(parser)
    add_scope(parser)
    add_lock(parser)
    add_app_of_apps(parser, kinds="a file, a folder or '-'")
    add_image_indexes(parser)
    add_policy(parser)
    add_reports(parser)


def run(args: Namespace, console: Console) -> int:
    """Read, verify, say."""
    if args.sources and (args.kubeconfig or args.context):
        raise InputError(
            "--from reads files, and --kubeconfig and --context ask a cluster: one of them"
        )
    config = read_config(args)
    refuse_to_write_over(args, config)
    selector = selector_of(args)
    terms, of_manifests = read_terms(args, config, console)
    proofs, skipped = the_proofs(args.image_indexes)
    plain = Plain(terms)
    pages, cluster = _pages(args, selector, plain, console)
    report = verify_pages(
        _watched(pages, console),
        plain,
        proofs=proofs,
        scope=scope_of(args),
        cluster=cluster,
    )
    report = replace(
        report,
        findings=report.findings + of_manifests.findings,
        coverage=report.coverage + of_manifests.coverage + Coverage(0, "documents", skipped),
    )
    report = described(report, args, config, terms.lock, cluster or _named(args.sources))
    return tell(report, args, console, strict=config.strict)


def _pages(
    args: Namespace, selector: Selector | None, is_plain: Plain, console: Console
) -> tuple[Iterator[Page], str]:
    """Return the pages that are meant, and the cluster's name where it is known."""
    if args.sources:
        from imagelock.outside.saved import saved_pages

        return saved_pages(args.sources, selector=selector, is_plain=is_plain), ""
    sys.setswitchinterval(_SWITCH)
    from imagelock.outside.kubernetes_api import connect
    from imagelock.outside.pages import live_pages

    api = connect(args.kubeconfig, args.context, notice=console.warn)
    console.detail(f"asking {api.host}")
    pages = live_pages(api, args.namespace, selector=selector, is_plain=is_plain)
    return pages, args.context or api.host


def _named(sources: list[str]) -> str:
    more = len(sources) - _NAMED
    return ", ".join(sources[:_NAMED]) + (f" and {more:,} more" if more > 0 else "")


def _watched(pages: Iterator[Page], console: Console) -> Iterator[Page]:
    with console.progress("verifying pods") as progress:
        for page in pages:
            progress.advance(page.pod_count, note=_what_is_read(page.kind))
            yield page


def _what_is_read(kind: str) -> str:
    listed = kind.removesuffix("List")
    return f"reading {listed.lower()}s" if listed and listed != kind else ""
