"""A session: whatever the way to the cluster does, in the end it knows what `verify` knows."""

from __future__ import annotations

import json
import random
import time
from argparse import Namespace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from tests.simulators.api_server import without_proxies
from tests.simulators.kubeconfigs import write
from tests.simulators.live_cluster import LiveCluster, deployment, eventually, pod

from imagelock.cli.console import Console
from imagelock.cli.gauges import Gauges
from imagelock.cli.inputs import Inputs
from imagelock.cli.session import Session, Teller
from imagelock.core.change import Feed
from imagelock.core.place import ClusterPlace
from imagelock.decide.judge import Terms
from imagelock.decide.objects import Objects
from imagelock.decide.verify import verify_pages
from imagelock.outside.feeds import Feeds, News
from imagelock.outside.kubernetes_api import Patience, connect
from imagelock.outside.pages import live_pages
from imagelock.outside.watch import Alive, Pace, Trouble, Unseen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from imagelock.outside.kubernetes_api import Api

A = "sha256:" + "a" * 64
IMAGES = ("nginx:1", "redis:7", f"quay.io/shop/api:1@{A}", "not an image", "")
TERMS = Terms(policy="pinned", lock=None, exemptions=(), today=date(2026, 3, 1))
HASTE = Pace(first_pause=0.02, longest_pause=0.1, silence=2.0, unseen=0.1)
ONCE = Patience(tries=2, first_pause=0.005, longest_pause=0.01, connect=2.0, read=2.0)

Standing = set[tuple[str, str, str, str, str]]


class Listening(Console):
    """Keeps the lines of JSON, and what would be said."""

    def __init__(self) -> None:
        super().__init__()
        self.documents: list[dict[str, Any]] = []
        self.messages: list[str] = []

    def result(self, text: str) -> None:
        self.documents.append(json.loads(text))

    def say(self, text: str) -> None:
        self.messages.append(text)

    def warn(self, text: str) -> None:
        self.messages.append(f"warning: {text}")

    @property
    def standing(self) -> Standing:
        """What stands, made of the lines as docs/watch.md says."""
        standing: Standing = set()
        for document in self.documents:
            if document["change"] == "began":
                standing = set()
            elif document["change"] in {"appeared", "went"}:
                finding = document["finding"]
                place = ClusterPlace(**finding["location"])
                key = _key(finding["rule"], place, finding["image"])
                change = standing.add if document["change"] == "appeared" else standing.remove
                change(key)
        return standing


def _key(rule: str, place: ClusterPlace, image: str) -> tuple[str, str, str, str, str]:
    at = place.deployed
    return rule, at.namespace, f"{at.kind}/{at.name}", at.container, image


@pytest.fixture
def cluster() -> Iterator[LiveCluster]:
    with LiveCluster() as it:
        yield it


@pytest.fixture
def api(cluster: LiveCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Api:
    without_proxies(monkeypatch)
    return connect(write(tmp_path, cluster.url), None, notice=lambda _text: None, patience=ONCE)


@pytest.fixture
def console() -> Listening:
    return Listening()


def the_inputs() -> Inputs:
    given: dict[str, object] = {
        **dict.fromkeys(("config", "lock", "policy", "preset", "image_indexes")),
        "app_of_apps": [],
    }
    return Inputs(Namespace(**given))


class Followed:
    """A session that takes its news when a test asks it to."""

    def __init__(self, api: Api, console: Listening) -> None:
        self._console = console
        self._feeds = Feeds(api, pace=HASTE)
        teller = Teller(console, Gauges(), None, as_json=True)
        self.session = Session(self._feeds, Objects(TERMS), teller, the_inputs())

    def take_some(self) -> None:
        for _ in range(60):
            if news := self._feeds.next(0.002):
                self.session.take(news)

    def until(self, wanted: Standing) -> None:
        def is_so() -> bool:
            self.take_some()
            return self._console.standing == wanted

        eventually(is_so)

    def until_listed(self) -> None:
        def is_listed() -> bool:
            self.take_some()
            return not self.session.waits_for

        eventually(is_listed)

    def close(self) -> None:
        self._feeds.stop()


@pytest.fixture
def followed(api: Api, console: Listening) -> Iterator[Followed]:
    it = Followed(api, console)
    yield it
    it.close()


def verified(api: Api) -> Standing:
    """Return what `verify` finds, by workload."""
    return {
        _key(finding.rule.name, finding.place, finding.image)
        for finding in verify_pages(live_pages(api), TERMS).findings
        if isinstance(finding.place, ClusterPlace) and finding.severity != "note"
    }


def something_happens(cluster: LiveCluster, chance: random.Random) -> None:
    """Change the cluster, or what lies between."""
    name, image = f"p{chance.randrange(12)}", chance.choice(IMAGES)
    changes = (
        lambda: cluster.put("pods", pod(name, image)),
        lambda: cluster.put("pods", pod(f"api-7c9f-{name}", image, owner="api")),
        lambda: cluster.put("deployments", deployment("api", image)),
        lambda: some_go(cluster, chance),
        lambda: cluster.put("workflowtemplates", library(chance.choice(IMAGES))),
        lambda: cluster.put("cronworkflows", cron(f"c{chance.randrange(3)}", image)),
    )
    faults = (
        cluster.cut_watches,
        cluster.bookmark,
        lambda: forget_everything(cluster),
        lambda: setattr(cluster, "half", not cluster.half),
        lambda: setattr(cluster, "refusal", None if cluster.refusal else (503, "")),
    )
    chance.choice(changes if chance.random() < 0.7 else faults)()


def forget_everything(cluster: LiveCluster) -> None:
    cluster.forget_history()
    cluster.cut_watches()


def some_go(cluster: LiveCluster, chance: random.Random) -> None:
    for plural in ("pods", "workflowtemplates", "cronworkflows"):
        for namespace, name in list(cluster.objects.get(plural, {})):
            if chance.random() < 0.3:
                cluster.delete(plural, name, namespace)


def library(image: str) -> dict[str, Any]:
    """A WorkflowTemplate whose image is given by who runs it, or else this one."""
    build = {"name": "build", "container": {"image": "{{workflow.parameters.image}}"}}
    arguments = {"parameters": [{"name": "image", "value": image}] if image else []}
    spec = {"entrypoint": "build", "templates": [build], "arguments": arguments}
    return {"metadata": {"name": "lib", "namespace": "shop"}, "spec": spec}


def cron(name: str, image: str) -> dict[str, Any]:
    """A CronWorkflow that runs it."""
    arguments = {"parameters": [{"name": "image", "value": image}] if image else []}
    workflow = {"workflowTemplateRef": {"name": "lib"}, "arguments": arguments}
    return {
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"schedule": "@daily", "workflowSpec": workflow},
    }


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_on_the_way_in_the_end_it_says_what_verify_says(
    cluster: LiveCluster, api: Api, followed: Followed, console: Listening, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311  (the same every time)
    for _ in range(10):
        something_happens(cluster, chance)
    cluster.refusal, cluster.half = None, False
    followed.until_listed()

    for _ in range(150):
        something_happens(cluster, chance)
        if chance.random() < 0.3:
            followed.take_some()
    cluster.refusal, cluster.half = None, False

    followed.until(verified(api))
    assert len([one for one in console.documents if one["change"] == "whole"]) == 1


def test_a_template_that_is_listed_later_is_no_news_of_what_runs_it(
    cluster: LiveCluster, api: Api, console: Listening
) -> None:
    cluster.put("cronworkflows", cron("nightly", "nginx:1"))
    cluster.put("workflowtemplates", library(IMAGES[2]))
    followed = Followed(api, console)
    followed.until_listed()
    followed.close()

    told = [one["finding"] for one in console.documents if one["change"] == "appeared"]

    assert [(one["location"]["name"], one["image"]) for one in told] == [("nightly", "nginx:1")]
    assert not [one for one in console.documents if one["change"] == "went"]


def test_it_waits_for_every_list(cluster: LiveCluster, followed: Followed) -> None:
    cluster.put("pods", pod("a", "nginx:1"))
    assert "Pod" in followed.session.waits_for

    followed.until_listed()


def test_pods_are_listed_after_what_they_belong_to(
    cluster: LiveCluster, followed: Followed
) -> None:
    followed.until_listed()

    lists = [path for method, path, params in cluster.requests if "watch" not in params]
    assert lists[-1] == "/api/v1/pods"


def test_other_terms_judge_everything_again(
    cluster: LiveCluster, followed: Followed, console: Listening
) -> None:
    from msgspec.structs import replace

    from imagelock.core.exemption import Exemption

    cluster.put("pods", pod("a", "nginx:1"))
    followed.until_listed()
    assert console.standing
    inputs = the_inputs()
    exemption = Exemption(repository="docker.io", namespaces=("*",), reason="a test")
    inputs.terms = replace(TERMS, exemptions=(exemption,))

    followed.session.judge_by(inputs)

    followed.until(set())


def test_a_fault_of_ours_is_not_swallowed(followed: Followed) -> None:
    with pytest.raises(ZeroDivisionError):
        followed.session.take(News(Feed("Pod"), ZeroDivisionError(), 0.0))


def test_a_cluster_that_has_not_every_kind_answers_again_all_the_same(
    followed: Followed, console: Listening
) -> None:
    pods, rollouts = Feed("Pod"), Feed("Rollout")
    unknown = Unseen("this cluster has no such kind", expected=True)

    for _ in range(2):
        for feed, what in (
            (pods, Trouble("connection refused", 1.0, 3)),
            (rollouts, Trouble("connection refused", 1.0, 3)),
            (pods, Alive()),
            (rollouts, unknown),
        ):
            followed.session.take(News(feed, what, time.monotonic()))

    told = [one for one in console.messages if "refused" in one or "again" in one]
    warning = "warning: Pod: connection refused; again in 1.0 s"
    assert told == [warning, "the cluster answers again"] * 2
