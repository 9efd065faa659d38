"""What stands now: findings appear with the first object that holds them, and go with the last."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from imagelock.core.change import Change, Feed, Regarding
from imagelock.core.finding import Finding
from imagelock.core.place import ClusterPlace
from imagelock.decide.current import CurrentFindings
from imagelock.decide.objects import Judged

if TYPE_CHECKING:
    from collections.abc import Iterable

PODS, DEPLOYMENTS, NODES = Feed("Pod"), Feed("Deployment"), Feed("Node")


def found(
    kind: str = "Pod",
    name: str = "a",
    *,
    workload: str = "",
    image: str = "nginx:1",
) -> Finding:
    place = ClusterPlace(
        namespace="" if kind == "Node" else "shop",
        kind=kind,
        name=name,
        container="" if kind == "Node" else "container app",
        workload=workload,
    )
    rule_name = "unexplained-image" if kind == "Node" else "not-pulled-by-digest"
    return Finding.of(rule_name, place, "asked for without a digest", image=image)


def judged(kind: str, name: str, *findings: Finding, images: int = 1) -> Judged:
    namespace = "" if kind == "Node" else "shop"
    return Judged(
        kind=kind,
        namespace=namespace,
        name=name,
        uid=f"uid-{kind}-{name}",
        images=images,
        findings=findings,
    )


def pod_of_api(name: str, image: str = "nginx:1") -> Judged:
    return judged("Pod", name, found(name=name, workload="Deployment/api", image=image))


def api(image: str = "nginx:1") -> Judged:
    return judged("Deployment", "api", found("Deployment", "api", image=image))


def told(changes: Iterable[Change]) -> list[str]:
    return [f"{one.what} {one.finding.place} {one.finding.image}" for one in changes]


def test_a_finding_appears_and_goes_with_its_object() -> None:
    current = CurrentFindings()

    assert told(current.take(PODS, judged("Pod", "a", found()))) == [
        "appeared shop/Pod/a container app nginx:1"
    ]
    assert told(current.remove(PODS, "shop", "a")) == ["went shop/Pod/a container app nginx:1"]
    assert list(current.standing) == []


def test_the_same_object_again_is_no_news() -> None:
    current = CurrentFindings()
    list(current.take(PODS, judged("Pod", "a", found())))

    assert told(current.take(PODS, judged("Pod", "a", found()))) == []


def test_an_object_that_was_mended_is_news() -> None:
    current = CurrentFindings()
    list(current.take(PODS, judged("Pod", "a", found())))

    assert told(current.take(PODS, judged("Pod", "a"))) == ["went shop/Pod/a container app nginx:1"]


def test_a_deployment_and_its_pods_are_one_finding() -> None:
    current = CurrentFindings()

    assert told(current.take(DEPLOYMENTS, api())) == [
        "appeared shop/Deployment/api container app nginx:1"
    ]
    assert told(current.take(PODS, pod_of_api("api-1"))) == []
    assert told(current.take(PODS, pod_of_api("api-2"))) == []
    assert told(current.remove(PODS, "shop", "api-1")) == []
    assert told(current.take(DEPLOYMENTS, judged("Deployment", "api"))) == []
    assert told(current.remove(PODS, "shop", "api-2")) == [
        "went shop/Deployment/api container app nginx:1"
    ]


def test_a_rollout_from_one_wrong_image_to_another_tells_both() -> None:
    current = CurrentFindings()
    list(current.take(DEPLOYMENTS, api("nginx:1")))

    assert told(current.take(DEPLOYMENTS, api("nginx:2"))) == [
        "appeared shop/Deployment/api container app nginx:2",
        "went shop/Deployment/api container app nginx:1",
    ]


def test_an_image_on_many_nodes_is_one_finding() -> None:
    current = CurrentFindings()

    assert told(current.take(NODES, judged("Node", "m", found("Node", "m")))) == [
        "appeared Node/m nginx:1"
    ]
    assert told(current.take(NODES, judged("Node", "n", found("Node", "n")))) == []
    assert told(current.remove(NODES, "", "m")) == []
    assert told(current.remove(NODES, "", "n")) == ["went Node/m nginx:1"]


def test_what_a_whole_list_does_not_bring_is_gone() -> None:
    current = CurrentFindings()
    for name in ("a", "b"):
        list(current.take(PODS, judged("Pod", name, found(name=name))))

    current.begin(PODS)
    assert told(current.take(PODS, judged("Pod", "b", found(name="b")))) == []
    assert told(current.end(PODS)) == ["went shop/Pod/a container app nginx:1"]


def test_a_list_that_broke_off_takes_nothing_away() -> None:
    current = CurrentFindings()
    for name in ("a", "b"):
        list(current.take(PODS, judged("Pod", name, found(name=name))))

    current.begin(PODS)
    list(current.take(PODS, judged("Pod", "a", found(name="a"))))
    current.begin(PODS)
    list(current.take(PODS, judged("Pod", "b", found(name="b"))))

    assert told(current.end(PODS)) == ["went shop/Pod/a container app nginx:1"]
    assert len(list(current.standing)) == 1


def test_a_list_of_one_kind_says_nothing_about_another() -> None:
    current = CurrentFindings()
    list(current.take(DEPLOYMENTS, api()))

    current.begin(PODS)

    assert told(current.end(PODS)) == []
    assert len(list(current.standing)) == 1


def test_an_object_that_was_never_seen_can_go() -> None:
    assert told(CurrentFindings().remove(PODS, "shop", "a")) == []


def test_objects_and_their_images_are_counted() -> None:
    current = CurrentFindings()
    list(current.take(PODS, judged("Pod", "a", images=3)))
    list(current.take(PODS, judged("Pod", "b", images=2)))
    list(current.take(PODS, judged("Pod", "b", images=4)))

    assert (current.objects("Pod"), current.images) == (2, 7)

    list(current.remove(PODS, "shop", "a"))
    assert (current.objects("Pod"), current.objects("Node"), current.images) == (1, 0, 4)


def test_a_change_is_about_the_workload_where_that_was_seen() -> None:
    current = CurrentFindings()
    list(current.take(DEPLOYMENTS, judged("Deployment", "api")))

    (change,) = current.take(PODS, pod_of_api("api-1"))

    assert change.regarding == Regarding("Deployment", "shop", "api", "uid-Deployment-api")


def test_a_change_is_about_the_pod_where_its_workload_was_not_seen() -> None:
    (change,) = CurrentFindings().take(PODS, pod_of_api("api-1"))

    assert change.regarding == Regarding("Pod", "shop", "api-1", "uid-Pod-api-1")
    assert str(change.finding.place) == "shop/Deployment/api container app"


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["", "nginx:1", "nginx:2"]))))
def test_what_appeared_and_did_not_go_is_what_stands(steps: list[tuple[str, str]]) -> None:
    current = CurrentFindings()
    balance: Counter[str] = Counter()
    for name, image in steps:
        findings = [found(name=name, workload="Deployment/api", image=image)] if image else []
        for change in current.take(PODS, judged("Pod", name, *findings)):
            balance[change.finding.image] += 1 if change.what == "appeared" else -1

    standing = Counter(one.finding.image for one in current.standing)
    assert {image: count for image, count in balance.items() if count} == dict(standing)


class Machine(RuleBasedStateMachine):
    """Events and lists in any order: what stands is what the objects that are there hold."""

    def __init__(self) -> None:
        super().__init__()
        self.current = CurrentFindings()
        self.there: dict[str, str] = {}
        self.listed: set[str] | None = None

    @rule(name=st.sampled_from("abcd"), image=st.sampled_from(["", "nginx:1", "nginx:2"]))
    def take(self, name: str, image: str) -> None:
        findings = [found(name=name, workload="Deployment/api", image=image)] if image else []
        list(self.current.take(PODS, judged("Pod", name, *findings)))
        self.there[name] = image
        if self.listed is not None:
            self.listed.add(name)

    @rule(name=st.sampled_from("abcd"))
    def remove(self, name: str) -> None:
        list(self.current.remove(PODS, "shop", name))
        self.there.pop(name, None)

    @rule()
    def begin(self) -> None:
        self.current.begin(PODS)
        self.listed = set()

    @rule()
    def end(self) -> None:
        list(self.current.end(PODS))
        if self.listed is not None:
            self.there = {name: self.there[name] for name in self.listed if name in self.there}
        self.listed = None

    @invariant()
    def what_stands_is_what_is_held(self) -> None:
        standing = {one.finding.image for one in self.current.standing}
        assert standing == set(self.there.values()) - {""}
        assert self.current.images == len(self.there)


TestMachine = Machine.TestCase
TestMachine.settings = settings(max_examples=60, deadline=None)
