"""imagelock watch: check every image of a cluster all the time, and tell what changes."""

from __future__ import annotations

import gc
import logging
import os
import signal
import threading
import time
from argparse import ArgumentTypeError
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from imagelock.cli.arguments import add_cluster, add_lock, add_policy, duration
from imagelock.cli.gauges import Gauges
from imagelock.cli.inputs import Inputs
from imagelock.cli.judging import (
    add_app_of_apps,
    add_image_indexes,
    add_scope,
    scope_of,
    selector_of,
)
from imagelock.cli.session import Session, Teller
from imagelock.cli.watching import Alone, Health, Leadership, Replica, Rhythm
from imagelock.decide.objects import Objects
from imagelock.errors import InputError
from imagelock.outside.feeds import Feeds
from imagelock.outside.kubernetes_api import Patience, connect

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator

    from imagelock.cli.console import Console
    from imagelock.outside.events import Events
    from imagelock.outside.kubernetes_api import Api

__all__ = ["DESCRIPTION", "EXAMPLES", "UNDONE", "add_arguments", "run"]

DESCRIPTION = """\
Check every image that a cluster is asked to run, all the time: list its pods,
workloads and nodes, watch them, and tell each finding when it appears and when
it goes. The questions are those of 'imagelock verify'.

It runs until it is stopped. The cluster is all the state that there is: killed
at any moment, it begins again and loses nothing."""
EXAMPLES = """\
examples:
  imagelock watch --preset gke
  imagelock watch --policy locked --app-of-apps rendered --selector team=shop
  imagelock watch --policy locked --format json | tee findings.jsonl
  imagelock watch --listen 0.0.0.0:8080 --lease imagelock/watch --events

Stopped by SIGTERM it ends with 0, by Ctrl-C with 130. See docs/watch.md."""
UNDONE = "nothing is watched any more"

# A lease is renewed in time or not at all, and an Event is not worth waiting for.
_IN_HASTE = Patience(tries=1, connect=4.0, read=4.0)
_IMPATIENT = 5.0  # seconds after which another Ctrl-C ends it however it stands
# Rare looks, as for commands that end, would let weeks of garbage pile up.
_ALLOCATIONS_BETWEEN_LOOKS = 10_000


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command's options."""
    add_cluster(parser)
    add_scope(parser)
    add_lock(parser)
    add_app_of_apps(parser, kinds="a file or a folder, read again when it changes")
    add_image_indexes(parser)
    add_policy(parser)
    group = parser.add_argument_group("telling")
    group.add_argument(
        "--format",
        choices=("text", "json"),
        default="text",
        help="how changes are printed: a line of text, or a line of JSON (default: text)",
    )
    group.add_argument(
        "--listen",
        metavar="ADDRESS:PORT",
        help="answer /metrics, /healthz and /readyz there, such as 0.0.0.0:8080 in a pod "
        "(default: nowhere)",
    )
    group.add_argument(
        "--events",
        action="store_true",
        help="tell each finding as an Event of Kubernetes, too, on the workload that has it",
    )
    _add_running(parser)


def _add_running(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("running")
    group.add_argument(
        "--lease",
        type=_lease,
        metavar="NAMESPACE/NAME",
        help="of several replicas, only the one that holds this Lease works; the others wait",
    )
    group.add_argument(
        "--resync",
        type=duration,
        default=3_600.0,
        metavar="TIME",
        help="the time after which everything is listed again (default: 1h; 0: never)",
    )


def run(args: Namespace, console: Console) -> int:
    """Watch until somebody stops it."""
    gc.set_threshold(_ALLOCATIONS_BETWEEN_LOOKS, 10, 10)
    # More watches than its pool keeps connections: that is meant, and no news for anybody.
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    selector_of(args)  # what is wrong with it is told before anything is read
    if "-" in args.app_of_apps:
        raise InputError(
            "--app-of-apps reads standard input, which can be read only once",
            hint="Name a file or a folder: it is read again when it changes.",
        )
    with ExitStack() as open_:
        stop = open_.enter_context(_stopped_by_sigterm())
        replica = _replica(args, console, open_)
        with _stopped_by_sigint(stop) as interrupted:
            replica.run(stop)
    if interrupted.is_set():
        raise KeyboardInterrupt
    console.say("stopped")
    return 0


def _replica(args: Namespace, console: Console, open_: ExitStack) -> Replica:
    inputs = Inputs(args)
    api = connect(args.kubeconfig, args.context, notice=console.warn)
    gauges, health = Gauges(), Health()
    gauges.loaded(inputs.entries)
    _serve(args, gauges, health, console, open_)
    events = _events(args, gauges, console)
    teller = Teller(console, gauges, events, as_json=args.format == "json")
    console.detail(f"asking {api.host}")
    return Replica(
        leadership=_leadership(args, console),
        inputs=inputs,
        teller=teller,
        health=health,
        rhythm=Rhythm(resync=args.resync),
        open_session=lambda: _session(args, api, inputs, teller),
    )


def _session(args: Namespace, api: Api, inputs: Inputs, teller: Teller) -> tuple[Feeds, Session]:
    feeds = Feeds(api, args.namespace, selector=selector_of(args))
    objects = Objects(
        inputs.terms,
        proofs=inputs.proofs,
        scope=scope_of(args),
        cluster=args.context or api.host,
        strict=inputs.config.strict,
    )
    return feeds, Session(feeds, objects, teller, inputs)


@contextmanager
def _stopped_by_sigterm() -> Iterator[threading.Event]:
    """Give what is set when the process is asked to end; a line that is being written is whole."""
    stop = threading.Event()
    before = signal.signal(signal.SIGTERM, lambda _number, _frame: stop.set())
    try:
        yield stop
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _stopped_by_sigint(stop: threading.Event) -> Iterator[threading.Event]:
    """Let Ctrl-C end it as SIGTERM does, and give what is then set.

    People press it twice: only one that comes later ends what may hang.
    """
    interrupted = threading.Event()
    first = time.monotonic()

    def interrupt(_number: int, _frame: object) -> None:
        nonlocal first
        if not interrupted.is_set():
            first = time.monotonic()
            interrupted.set()
            stop.set()
        elif time.monotonic() - first > _IMPATIENT:
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, before)


def _serve(
    args: Namespace, gauges: Gauges, health: Health, console: Console, open_: ExitStack
) -> None:
    if args.listen is None:
        return
    from imagelock.serve.metrics import CONTENT_TYPE
    from imagelock.serve.probes import PLAIN, Probes, parse_address

    pages = {
        "/metrics": lambda: (200, gauges.render(), CONTENT_TYPE),
        "/healthz": lambda: (*health.healthz(), PLAIN),
        "/readyz": lambda: (*health.readyz(), PLAIN),
    }
    probes = open_.enter_context(Probes(parse_address(args.listen), pages))
    console.say(f"listening on {probes.shown}: {', '.join(pages)}")


def _leadership(args: Namespace, console: Console) -> Leadership:
    if args.lease is None:
        return Alone()
    from imagelock.outside.lease import Lease

    namespace, name = args.lease
    api = connect(args.kubeconfig, args.context, notice=console.detail, patience=_IN_HASTE)
    return Lease(api, namespace, name, identity=_identity())


def _events(args: Namespace, gauges: Gauges, console: Console) -> Events | None:
    if not args.events:
        return None
    from imagelock.outside.events import Events

    api = connect(args.kubeconfig, args.context, notice=console.detail, patience=_IN_HASTE)
    gauges.events(0, 0)
    events = Events(api, instance=_identity(), notice=console.warn, counted=gauges.events)
    events.start()
    return events


def _identity() -> str:
    """Return a name that no other replica has, not even this one after a restart."""
    return f"{os.uname().nodename}_{os.urandom(4).hex()}"


def _lease(text: str) -> tuple[str, str]:
    namespace, slash, name = text.partition("/")
    if not (namespace and slash and name) or "/" in name:
        raise ArgumentTypeError(f"'{text}' is no NAMESPACE/NAME, such as imagelock/watch")
    return namespace, name
