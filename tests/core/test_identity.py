from __future__ import annotations

from imagelock.core.finding import Finding
from imagelock.core.identity import filed_under, fingerprints
from imagelock.core.place import ClusterPlace, FilePlace


def fingerprint(place: FilePlace | ClusterPlace, image: str = "", message: str = "wrong") -> str:
    return fingerprints([Finding.of("unpinned", place, message, image=image)])[0]


def test_a_fingerprint_stays_when_line_and_message_change() -> None:
    before = fingerprint(FilePlace("a.yaml", 1, 1, "$.image"), "nginx:1", "see line 1")
    after = fingerprint(FilePlace("a.yaml", 9, 1, "$.image"), "nginx:1", "see line 9")

    assert before == after


def test_file_key_path_and_image_tell_findings_apart() -> None:
    places = [
        fingerprint(FilePlace("a.yaml", 1, 1, "$.image"), "nginx:1"),
        fingerprint(FilePlace("b.yaml", 1, 1, "$.image"), "nginx:1"),
        fingerprint(FilePlace("a.yaml", 1, 1, "$.other"), "nginx:1"),
        fingerprint(FilePlace("a.yaml", 1, 1, "$.image"), "nginx:2"),
        fingerprint(FilePlace("a.yaml"), "", "broken"),
        fingerprint(FilePlace("a.yaml"), "", "not text"),
    ]

    assert len(set(places)) == len(places)


def test_findings_that_are_alike_are_told_apart_by_their_order() -> None:
    alike = [Finding.of("unpinned", FilePlace("a.yaml", n), "wrong") for n in (1, 2, 3)]

    assert len(set(fingerprints(alike))) == 3
    assert fingerprints(alike[:2]) == fingerprints(alike)[:2]


def test_an_object_of_a_cluster_is_filed_under_its_namespace_kind_and_name() -> None:
    pod = ClusterPlace(namespace="shop", kind="Pod", name="web-0", container="container app")

    assert filed_under(pod) == "cluster/shop/Pod/web-0"
    assert filed_under(ClusterPlace(kind="Node", name="n1")) == "cluster/Node/n1"
    assert filed_under(FilePlace("a.yaml", 3)) == "a.yaml"


def test_a_name_from_a_cluster_cannot_climb() -> None:
    pod = ClusterPlace(namespace="..", kind="Pod", name="../../etc")

    assert filed_under(pod) == "cluster/_/Pod/.._.._etc"
