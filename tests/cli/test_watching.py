"""When a replica works and when it waits, and what it tells the kubelet."""

from __future__ import annotations

import threading
from argparse import Namespace
from typing import TYPE_CHECKING, Any

import pytest

from imagelock.cli import watching
from imagelock.cli.console import Console
from imagelock.cli.gauges import Gauges
from imagelock.cli.inputs import Inputs
from imagelock.cli.session import Teller
from imagelock.cli.watching import Alone, Health, Replica, Rhythm
from imagelock.outside.refusals import ApiError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

A = "sha256:" + "a" * 64


class Scripted:
    """A leadership that does as it is told."""

    name = "ops/watch"
    identity = "this-one"

    def __init__(self, *, fault: BaseException | None = None, is_known: bool = False) -> None:
        self.term = 0
        self.holder = "another"
        self.is_known = is_known
        self.fault = fault
        self.is_held = False
        self.released = 0

    def holds(self, term: int | None = None) -> bool:
        return self.is_held and term in {None, self.term}

    def start(self) -> None:
        """Begin nothing."""

    def release(self) -> None:
        self.released += 1


class NoNews:
    """Feeds and a session in which nothing happens, until the replica is stopped."""

    waits_for = ""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self.is_stopped = False

    def next(self, _timeout: float) -> None:
        self._stop.set()

    def stop(self) -> None:
        self.is_stopped = True


@pytest.fixture
def inputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Inputs:
    monkeypatch.chdir(tmp_path)
    given: dict[str, object] = {
        **dict.fromkeys(("config", "lock", "policy", "preset", "image_indexes")),
        "app_of_apps": [],
    }
    return Inputs(Namespace(**given))


@pytest.fixture
def replica(inputs: Inputs) -> Callable[..., Any]:
    """Return what runs a replica until it is stopped."""

    def run(leadership: Any, *, health: Health | None = None, meanwhile: Any = None) -> NoNews:
        stop = threading.Event()
        quiet = NoNews(stop)
        it = Replica(
            leadership=leadership,
            inputs=inputs,
            teller=Teller(Console(), Gauges(), None, as_json=True),
            health=health or Health(),
            rhythm=Rhythm(resync=0),
            open_session=lambda: (quiet, quiet),  # type: ignore[arg-type,return-value]
        )
        if meanwhile is not None:
            threading.Timer(0.3, meanwhile, (stop,)).start()
        it.run(stop)
        return quiet

    return run


def test_a_replica_that_is_alone_works(replica: Callable[..., Any]) -> None:
    assert replica(Alone()).is_stopped


def test_a_replica_gives_the_lease_back_however_it_ends(replica: Callable[..., Any]) -> None:
    leadership = Scripted(fault=ZeroDivisionError())

    with pytest.raises(ZeroDivisionError):
        replica(leadership)

    assert leadership.released == 1


def test_a_replica_is_not_ready_before_it_knows_who_works(replica: Callable[..., Any]) -> None:
    health = Health()

    replica(Scripted(), health=health, meanwhile=threading.Event.set)

    assert health.readyz() == (503, "waiting for the lease ops/watch\n")


def test_a_replica_that_waits_for_another_is_ready(
    replica: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    health = Health()

    replica(Scripted(is_known=True), health=health, meanwhile=threading.Event.set)

    assert health.readyz() == (200, "ready\n")
    told = "waiting: the lease ops/watch is held by another\n"
    assert capsys.readouterr().err == told


def test_a_replica_that_lost_its_own_lease_says_so(
    replica: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    leadership = Scripted(is_known=True)
    leadership.holder = leadership.identity

    replica(leadership, meanwhile=threading.Event.set)

    assert "held by this-one, which is this replica: it was not renewed" in capsys.readouterr().err


@pytest.mark.parametrize(
    "fault",
    [
        ApiError("forbidden", code=403, status=None),
        UnreachableError("cannot connect"),
    ],
)
def test_a_lease_that_cannot_be_asked_for_ends_it(
    replica: Callable[..., Any], fault: BaseException
) -> None:
    with pytest.raises(type(fault)):
        replica(Scripted(fault=fault))


@pytest.mark.parametrize(
    "leadership",
    [
        Scripted(fault=ApiError("failed", code=503, status=None)),
        Scripted(fault=ApiError("forbidden", code=403, status=None), is_known=True),
        Scripted(fault=UnreachableError("cannot connect"), is_known=True),
    ],
)
def test_a_lease_that_may_be_had_later_is_waited_for(
    replica: Callable[..., Any], leadership: Scripted
) -> None:
    replica(leadership, meanwhile=threading.Event.set)


def test_files_that_changed_while_it_waited_are_read_before_it_works(
    replica: Callable[..., Any], inputs: Inputs, tmp_path: Path
) -> None:
    leadership = Scripted(is_known=True)

    def is_ours_now(_stop: threading.Event) -> None:
        (tmp_path / "images.lock").write_text(f"quay.io/shop/api:1@{A}\n")
        leadership.is_held = True

    replica(leadership, meanwhile=is_ours_now)

    assert inputs.entries == 1


def test_a_loop_that_does_not_turn_is_not_healthy(monkeypatch: pytest.MonkeyPatch) -> None:
    health = Health()
    health.turn("")
    assert health.healthz()[0] == 200

    monkeypatch.setattr(watching, "_STUCK", -1.0)

    assert health.healthz()[0] == 503


def test_a_replica_says_what_it_is_waiting_for() -> None:
    health = Health()
    assert health.readyz()[0] == 503

    health.turn("Node, Pod")
    assert health.readyz() == (503, "waiting for Node, Pod\n")

    health.turn("")
    assert health.readyz() == (200, "ready\n")
