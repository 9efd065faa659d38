"""Answers of an API server, and what kubectl saved of them."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagelock.core.cluster import Page
from imagelock.core.place import FilePlace
from imagelock.errors import InputError
from imagelock.syntax.kubernetes import parse_page

RECORDINGS = Path(__file__).resolve().parents[3] / "shared" / "recordings" / "kubernetes-1.36"


def recording(name: str) -> bytes:
    path = RECORDINGS / name
    if not path.exists():
        pytest.skip(f"needs the recordings of a Kubernetes API server ({path})")
    return path.read_bytes()


def page(data: bytes | str) -> Page:
    return parse_page(data.encode() if isinstance(data, str) else data, name="pods.json")


def refused(data: bytes | str) -> InputError:
    with pytest.raises(InputError) as error:
        page(data)
    return error.value


POD = '{"metadata":{"name":"a"},"spec":{"containers":[{"name":"c","image":"redis:7"}]}}'


def test_a_recorded_list_is_the_same_whole_and_in_pages() -> None:
    whole = page(recording("pods-all.json"))
    parts = [page(recording(f"pods-page-{number}.json")) for number in (1, 2, 3)]

    assert len(whole.pods) == 37
    assert sum((part.pods for part in parts), ()) == whole.pods
    assert [part.remaining for part in parts] == [22, 7, 0]
    assert [bool(part.continue_token) for part in parts] == [True, True, False]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("deployments", "Deployment"),
        ("statefulsets", "StatefulSet"),
        ("daemonsets", "DaemonSet"),
        ("jobs", "Job"),
        ("cronjobs", "CronJob"),
    ],
)
def test_a_recorded_list_of_workloads_says_what_they_will_ask_for(name: str, kind: str) -> None:
    (workload,) = page(recording(f"{name}.json")).workloads

    assert workload.kind == kind
    assert workload.namespace
    assert workload.containers[0].image


def test_recorded_nodes_tell_their_architecture_and_their_images() -> None:
    nodes = page(recording("nodes.json")).nodes

    assert [(node.name, node.architecture) for node in nodes] == [
        ("node-a", "amd64"),
        ("node-b", "arm64"),
    ]
    assert len(nodes[0].images) == 11


def test_an_ephemeral_container_and_an_image_volume_are_read() -> None:
    containers = [one for pod in page(recording("pods-all.json")).pods for one in pod.containers]

    assert "ephemeral container debugger" in [one.path for one in containers]
    assert "volume v0" in [one.path for one in containers]


@pytest.mark.parametrize(
    "name", ["error-400-bad-continue", "error-401-unauthorized", "error-403-forbidden"]
)
def test_an_error_of_the_api_server_is_no_page(name: str) -> None:
    error = refused(recording(f"{name}.json"))

    assert "an error that the API server answered" in str(error)


def test_kubectls_list_of_several_kinds_is_read_and_its_other_kinds_are_counted() -> None:
    items = f'{{"kind":"Pod",{POD[1:]},{{"kind":"Service","spec":{{"template":3}}}},{{"x":1}}'

    read = page(f'{{"apiVersion":"v1","items":[{items}],"kind":"List"}}')

    assert [pod.name for pod in read.pods] == ["a"]
    assert read.others == (("(none)", 1), ("Service", 1))


def test_a_single_object_is_a_page() -> None:
    assert [pod.name for pod in page(f'{{"kind":"Pod",{POD[1:]}').pods] == ["a"]


@pytest.mark.parametrize("kind", ["PodList", "DeploymentList", "List"])
@pytest.mark.parametrize("items", ["null", "[]"])
def test_an_empty_list_is_a_page_with_nothing_on_it(kind: str, items: str) -> None:
    read = page(f'{{"kind":"{kind}","items":{items}}}')

    assert (read.pods, read.workloads, read.nodes) == ((), (), ())


def test_the_order_of_keys_and_white_space_and_a_byte_order_mark_do_not_matter() -> None:
    compact = page(f'{{"kind":"PodList","items":[{POD}]}}')

    assert page(f'\n{{ "items" : [ {POD} ],\r\n "kind" : "PodList" }}\n') == compact
    assert page(b"\xef\xbb\xbf" + f'{{"kind":"PodList","items":[{POD}]}}'.encode()) == compact


def test_what_a_node_mounted_as_an_image_volume_is_read() -> None:
    digest = "sha256:" + "a" * 64
    mount = {"name": "model", "volumeStatus": {"image": {"imageRef": f"quay.io/m@{digest}"}}}
    pod = {
        "kind": "Pod",
        "spec": {
            "containers": [{"name": "c", "image": "redis"}],
            "volumes": [
                {"name": "tmp", "emptyDir": {}},
                {"name": "model", "image": {"reference": "quay.io/m:1"}},
            ],
        },
        "status": {"containerStatuses": [{"name": "c", "volumeMounts": [mount]}]},
    }

    (read,) = page(msgspec.json.encode(pod)).pods

    assert [(one.path, one.image, one.image_id) for one in read.containers] == [
        ("container c", "redis", ""),
        ("volume model", "quay.io/m:1", f"quay.io/m@{digest}"),
    ]


def test_image_volumes_are_joined_with_their_own_pod_in_a_list() -> None:
    digest = "sha256:" + "a" * 64
    mounts = {"containerStatuses": [{"volumeMounts": [mount_of("m", f"quay.io/m@{digest}")]}]}
    pods = [
        {"metadata": {"name": "plain"}, "spec": {"volumes": [{"name": "m", "emptyDir": {}}]}},
        {
            "metadata": {"name": "mounting"},
            "spec": {"volumes": [{"name": "m", "image": {"reference": "quay.io/m:1"}}]},
            "status": mounts,
        },
    ]

    read = page(msgspec.json.encode({"kind": "PodList", "items": pods})).pods

    assert [[one.image_id for one in pod.containers] for pod in read] == [
        [],
        [f"quay.io/m@{digest}"],
    ]


def mount_of(volume: str, image: str) -> object:
    return {"name": volume, "volumeStatus": {"image": {"imageRef": image}}}


@pytest.mark.parametrize("first", ["", "quay.io/m@sha256:" + "a" * 64])
def test_every_container_that_mounts_an_image_is_asked_what_it_mounts(first: str) -> None:
    other = "evil.example/x@sha256:" + "e" * 64
    pod = {
        "kind": "Pod",
        "spec": {"volumes": [{"name": "m", "image": {"reference": "quay.io/m:1"}}]},
        "status": {
            "containerStatuses": [
                {"name": "a", "volumeMounts": [mount_of("m", first)]},
                {"name": "b", "volumeMounts": [mount_of("m", other), mount_of("m", other)]},
            ]
        },
    }

    (read,) = page(msgspec.json.encode(pod)).pods

    assert [one.image_id for one in read.containers] == [*filter(None, [first]), other]


@pytest.mark.parametrize("part", ["metadata", "spec", "status"])
def test_a_part_of_a_pod_that_is_null_is_not_there(part: str) -> None:
    pod = {"metadata": {"name": "p"}, "spec": {"nodeName": "n"}, "status": {"phase": "Running"}}
    without = {key: value for key, value in pod.items() if key != part}

    for form in ({"kind": "Pod"}, {"kind": "PodList"}, {"kind": "List"}):
        found = [
            page(msgspec.json.encode(one if form["kind"] == "Pod" else {**form, "items": [one]}))
            for one in ({"kind": "Pod", **pod, part: None}, {"kind": "Pod", **without})
        ]
        assert found[0] == found[1]


def test_an_image_volume_is_read_however_its_key_is_spelled() -> None:
    spelled = '{"name":"m","im\\u0061ge":{"reference":"quay.io/m:1"}}'
    (pod,) = page(f'{{"kind":"Pod","spec":{{"volumes":[{spelled}]}}}}').pods

    assert [one.image for one in pod.containers] == ["quay.io/m:1"]


def test_pods_that_look_alike_are_told_apart() -> None:
    spec = '"spec":{"containers":[{"name":"c","image":"redis:7"}]}'
    status = '"status":{"containerStatuses":[{"name":"c","imageID":"redis@sha256:%s"}]}'
    items = ",".join(f"{{{spec},{status % (letter * 64)}}}" for letter in "aab")

    read = page(f'{{"kind":"PodList","items":[{items}]}}').pods

    ids = [pod.containers[0].image_id[-1] for pod in read]
    assert ids == ["a", "a", "b"]


@pytest.mark.parametrize("wrapped", ["{}", '{{"kind":"List","items":[{}]}}'])
def test_a_rollout_and_a_workflow_template_are_workloads(wrapped: str) -> None:
    container = '{"name":"app","image":"shop:1"}'
    rollout = (
        '{"kind":"Rollout","apiVersion":"argoproj.io/v1alpha1","metadata":{"namespace":"shop"},'
        f'"spec":{{"template":{{"spec":{{"containers":[{container}]}}}}}}}}'
    )

    (workload,) = page(wrapped.format(rollout)).workloads

    assert (workload.kind, workload.namespace) == ("Rollout", "shop")
    assert [one.image for one in workload.containers] == ["shop:1"]


def test_a_namesake_of_another_group_is_not_read_as_ours() -> None:
    job = '{"kind":"Job","apiVersion":"batch.volcano.sh/v1alpha1","spec":{"tasks":[]}}'

    assert page(f'{{"kind":"List","items":[{job}]}}').others == (("Job.batch.volcano.sh", 1),)
    assert "'Job.batch.volcano.sh'" in str(refused(job))


def test_a_page_says_which_moment_it_shows() -> None:
    assert page('{"kind":"PodList","items":[],"metadata":{"resourceVersion":"7"}}').version == "7"


def test_a_kind_that_comes_twice_fools_nobody() -> None:
    data = '{"kind":"PodList","apiVersion":"v1","items":[],"kind":"SecretList"}'

    assert "'SecretList'" in str(refused(data))


def test_a_mirror_pod_is_owned_by_its_node() -> None:
    owner = '{"kind":"Node","name":"node-a","controller":true}'
    (pod,) = page(
        f'{{"kind":"Pod","metadata":{{"ownerReferences":[{owner}]}},"spec":{{"nodeName":"node-a"}}}}'
    ).pods

    assert pod.owner is not None
    assert (pod.owner.kind, pod.owner.name, pod.node) == ("Node", "node-a", "node-a")


@pytest.mark.parametrize("labels", ['{"pod-template-hash":"7c9","app":"api"}', "null", "{}"])
def test_the_label_of_its_template_is_read(labels: str) -> None:
    (pod,) = page(f'{{"kind":"Pod","metadata":{{"labels":{labels}}}}}').pods

    assert pod.template_hash == ("7c9" if "7c9" in labels else "")


@pytest.mark.parametrize("data", ["", " \n", "\ufeff"])
def test_an_empty_file_is_refused(data: str) -> None:
    error = refused(data)

    assert "this is empty" in str(error)
    assert error.place == FilePlace("pods.json")


def test_a_file_that_was_cut_off_is_refused_at_its_last_line() -> None:
    error = refused('{"kind":"PodList",\n"items":[\n' + POD[:30])

    assert "cut off" in str(error)
    assert error.place == FilePlace("pods.json", 3)


@pytest.mark.parametrize("cut", [1, 100, 5_000, 50_000, 87_000])
def test_a_recorded_list_that_was_cut_anywhere_is_refused(cut: int) -> None:
    assert "cut off" in str(refused(recording("pods-all.json")[:cut]))


def test_broken_json_is_refused_where_it_breaks() -> None:
    error = refused('{\n  "kind": "PodList",\n  "items": [,]\n}')

    assert error.place == FilePlace("pods.json", 3, 13)
    assert error.excerpt.splitlines()[0].endswith('"items": [,]')


def test_yaml_is_refused_with_what_to_do() -> None:
    error = refused("apiVersion: v1\nkind: PodList\n")

    assert error.place == FilePlace("pods.json", 1, 1)
    assert "-o json" in error.hint


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ('{"kind":"ConfigMapList","items":[]}', "this holds 'ConfigMapList'"),
        ('{"kind":"AdmissionReview"}', "this holds 'AdmissionReview'"),
        ('{"kind":"\\u001b[2J"}', r"this holds '\\x1b\[2J'"),
        ("{}", "this has no 'kind'"),
        ('{"kind":"PodList"}', "this list has no 'items'"),
        ("[]", "expected 'object', got 'array'"),
        ("null", "expected 'object', got 'null'"),
        ('"PodList"', "expected 'object', got 'str'"),
        ('{"kind":3}', r"got 'int' - at '\$.kind'"),
        ('{"kind":"PodList","items":{}}', "expected 'array.*', got 'object'"),
        (
            '{"kind":"PodList","items":[{"spec":{"containers":[{"image":3}]}}]}',
            r"at '\$.items\[0\].spec.containers\[0\].image'",
        ),
        (
            '{"kind":"List","items":[{"kind":"Job"},{"kind":"Job","spec":{"template":3}}]}',
            r"at '\$.spec.template' of Job number 2",
        ),
        ('{"kind":"Pod","spec":7}', "expected 'object | null', got 'int'"),
        ('{"kind":"PodList","items":[]} {}', "trailing characters"),
        ('{"kind":"Pod","x":' + "[" * 100_000, "nested more deeply"),
        (b'{"kind":"\xff"}', "not UTF-8"),
    ],
)
def test_what_is_no_page_is_refused_and_says_why(data: str | bytes, problem: str) -> None:
    assert re.search(problem, str(refused(data)))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("kind", "items", "metadata", "name", "namespace", "spec", "status", "image"),
                    *("containers", "initContainers", "volumes", "template", "jobTemplate"),
                    *("containerStatuses", "imageID", "state", "ownerReferences", "continue"),
                ]
            ),
            inner | st.sampled_from(["Pod", "PodList", "List", "Deployment", "NodeList", "Status"]),
            max_size=5,
        )
    ),
    max_leaves=20,
)


def ends_well(data: bytes) -> bool:
    try:
        return isinstance(parse_page(data, name="fuzz"), Page)
    except InputError as error:
        return str(error).startswith("fuzz")


@given(st.binary(max_size=200) | JSON.map(msgspec.json.encode))
def test_any_bytes_end_as_a_page_or_as_one_clear_error(data: bytes) -> None:
    assert ends_well(data)


@given(st.integers(0, 87_000), st.binary(min_size=1, max_size=4))
def test_a_recorded_list_with_any_byte_changed_ends_the_same_two_ways(
    at: int, change: bytes
) -> None:
    data = recording("pods-page-3.json")
    at %= len(data)

    assert ends_well(data[:at] + change + data[at + len(change) :])


def test_pods_that_are_plain_are_grouped_and_the_others_are_read() -> None:
    def pod(name: str, namespace: str, image: str) -> str:
        metadata = f'{{"name":"{name}","namespace":"{namespace}","uid":"u{name}"}}'
        return f'{{"metadata":{metadata},"spec":{{"containers":[{{"image":"{image}"}}]}}}}'

    pods = [pod("a", "x", "redis"), pod("b", "x", "redis"), pod("c", "y", "redis")]
    pods += [pod("d", "x", "nginx"), pod("e", "x", "redis")]
    data = f'{{"kind":"PodList","items":[{",".join(pods)}]}}'.encode()

    read = parse_page(data, name="x", is_plain=lambda _, asked: asked[0].image == "redis")

    assert [(alike.namespace, alike.uids) for alike in read.alike] == [
        ("x", ("ua", "ub", "ue")),
        ("y", ("uc",)),
    ]
    assert [pod.name for pod in read.pods] == ["d"]
    assert (read.pod_count, read.object_count) == (5, 5)


def test_pods_beside_one_that_mounts_an_image_are_read_one_by_one() -> None:
    mounting = '{"spec":{"volumes":[{"name":"m","image":{"reference":"quay.io/m:1"}}]}}'
    data = f'{{"kind":"PodList","items":[{POD},{mounting}]}}'.encode()

    read = parse_page(data, name="x", is_plain=lambda *_: True)

    assert (len(read.pods), read.alike) == (2, ())
