"""imagelock verify, as it is called."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.simulators.api_server import (
    RECORDINGS,
)

if TYPE_CHECKING:
    from collections.abc import Callable


A, B = "sha256:" + "a" * 64, "sha256:" + "b" * 64


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def recording(name: str) -> Path:
    path = RECORDINGS / name
    if not path.exists():
        pytest.skip(f"needs the recordings of a Kubernetes API server ({path})")
    return path


def save(name: str = "pods.json", image: str = f"redis:7@{A}", image_id: str = "") -> str:
    pod: dict[str, Any] = {
        "metadata": {"name": "a", "namespace": "shop"},
        "spec": {"containers": [{"name": "c", "image": image}]},
    }
    if image_id:
        status = {"name": "c", "imageID": image_id, "state": {"running": {}}}
        pod["status"] = {"containerStatuses": [status]}
    Path(name).write_text(json.dumps({"kind": "PodList", "items": [pod]}))
    return name


def rules(document: str) -> list[str]:
    return [finding["rule"] for finding in json.loads(document)["findings"]]


def test_a_clean_cluster_says_so_and_ends_with_0(verify: Any) -> None:
    status, out, _ = verify("--from", save(image_id=f"redis@{A}"))

    assert status == 0
    assert out.splitlines()[-1].startswith("clean: 1 pod looked at")


def test_an_image_without_a_digest_ends_with_1(verify: Any) -> None:
    status, out, _ = verify("--from", save(image="redis:7"))

    assert status == 1
    assert "shop/Pod/a container c: error: 'redis:7': asked for without a digest" in out


def test_the_recorded_cluster_in_pages_tells_the_truth(verify: Any) -> None:
    pages = [recording(f"pods-page-{number}.json") for number in (1, 2, 3)]

    status, out, _ = verify(
        *("--policy", "locked", "--lock", recording("images.lock"), "--preset", "gke"),
        *("--format", "json", "--from", *pages),
    )

    assert status == 1
    assert sorted(rules(out)) == [
        *(["cannot-compare"] * 2),
        "mirror-name",
        *(["not-pulled-by-digest"] * 5),
    ]
    assert json.loads(out)["exemptions"][0]["images"] == 1


def test_reports_are_written_beside(verify: Any) -> None:
    status, _, _ = verify("--from", save(image="redis:7"), "--report", "junit=report.xml")

    assert status == 1
    assert "not-pulled-by-digest" in Path("report.xml").read_text()


def test_standard_input_is_a_source(verify: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with Path(save()).open() as file:
        monkeypatch.setattr("sys.stdin", file)

        assert verify("--from", "-")[0] == 0


def test_policy_locked_wants_the_digest_of_the_lock(verify: Any) -> None:
    Path("images.lock").write_text(f"docker.io/library/redis:7@{B}\n")

    status, out, _ = verify("--policy", "locked", "--format", "json", "--from", save())

    assert status == 1
    assert rules(out) == ["not-in-lock"]
    assert verify("--from", "pods.json")[0] == 0


def test_policy_locked_without_a_lock_verifies_nothing(verify: Any) -> None:
    status, out, err = verify("--policy", "locked", "--from", save())

    assert (status, out) == (2, "")
    assert err.splitlines()[-1] == "imagelock verify: nothing was verified"


def test_strict_fails_for_what_cannot_be_compared(verify: Any) -> None:
    file = save(image_id=f"redis@{B}")

    assert verify("--from", file)[0] == 0
    assert verify("--strict", "--from", file)[0] == 1


def test_an_index_document_decides_what_could_not_be_compared(verify: Any) -> None:
    from hashlib import sha256

    index = json.dumps({"manifests": [{"digest": B}]}).encode()
    name = sha256(index).hexdigest()
    folder = Path("image_indexes")
    folder.mkdir()
    (folder / f"sha256-{name}.json").write_bytes(index)
    right = save("right.json", f"redis:7@sha256:{name}", f"redis@{B}")
    wrong = save("wrong.json", f"redis:7@sha256:{name}", f"redis@{A}")

    assert verify("--strict", "--from", right)[0] == 0
    status, out, _ = verify("--format", "json", "--from", wrong)
    assert (status, rules(out)) == (1, ["running-other-digest"])
    assert verify("--image-indexes", "nowhere", "--from", right)[0] == 2


def test_exemptions_of_the_settings_are_used_and_told(verify: Any) -> None:
    Path("imagelock.toml").write_text(
        "[[exemptions]]\n"
        'repository = "docker.io/library/redis"\n'
        'namespaces = ["shop"]\n'
        'reason = "it leaves in March"\n'
    )

    status, out, _ = verify("--from", save(image="redis:7"))

    assert status == 0
    assert "it leaves in March" in out


def test_a_namespace_that_is_left_out_is_printed(verify: Any) -> None:
    status, out, _ = verify("--exclude", "shop", "--from", save(image="redis:7"))

    assert status == 0
    assert "1 object in namespace shop" in out


def save_labelled() -> str:
    pods = [
        {
            "metadata": {"name": name, "namespace": "shop", "labels": {"app": name}},
            "spec": {"containers": [{"name": "c", "image": image}]},
        }
        for name, image in (("a", f"redis:7@{A}"), ("b", "redis:7"))
    ]
    Path("pods.json").write_text(json.dumps({"kind": "PodList", "items": pods}))
    return "pods.json"


def test_a_selector_chooses_and_what_it_leaves_out_is_printed(verify: Any) -> None:
    status, out, _ = verify("--selector", "app=a", "--from", save_labelled())

    assert status == 0
    assert "1 object: only labels of --selector 'app=a' were asked for" in out
    assert verify("-l", "app!=a", "--from", "pods.json")[0] == 1


@pytest.mark.parametrize("meant", [("--selector", "app=typo"), ("--namespace", "sohp")])
def test_a_call_that_meets_nothing_is_no_proof(verify: Any, meant: tuple[str, str]) -> None:
    status, out, _ = verify(*meant, "--from", save_labelled())

    assert status == 1
    assert "no pod and no workload was in what was read" in out


def test_nodes_alone_are_something_to_look_at(verify: Any) -> None:
    node = {"metadata": {"name": "n"}, "status": {"nodeInfo": {"architecture": "amd64"}}}
    Path("nodes.json").write_text(json.dumps({"kind": "NodeList", "items": [node]}))

    assert verify("--from", "nodes.json")[0] == 0
    assert verify("--from", "nodes.json", "--namespace", "shop")[0] == 1


def test_a_selector_that_is_none_verifies_nothing(verify: Any) -> None:
    status, out, err = verify("--selector", "app=a b", "--from", save_labelled())

    assert (status, out) == (2, "")
    assert "--selector, column 1: this is no label selector" in err


def test_namespaces_are_left_out_by_the_beginning_of_their_names(verify: Any) -> None:
    assert verify("--exclude", "sh*", "--from", save(image="redis:7"))[0] == 0


def test_policy_locked_accepts_what_the_app_of_apps_hardcodes(verify: Any) -> None:
    Path("images.lock").write_text(f"docker.io/library/redis:7@{B}\n")
    Path("apps").mkdir()
    Path("apps/redis.yaml").write_text(
        f"kind: Pod\nspec:\n  containers:\n  - image: redis:7@{A}\n  - image: nginx\n"
    )
    call = ("--policy", "locked", "--from", save())

    status, out, _ = verify(*call, "--app-of-apps", "apps", "--format", "json")

    assert (status, rules(out)) == (0, [])
    assert verify(*call, "--app-of-apps", "apps/redis.yaml")[0] == 0
    Path("apps/redis.yaml").write_text(f"image: nginx@{A}\n")
    status, out, _ = verify(*call, "--app-of-apps", "apps")
    assert status == 1
    assert "not hardcoded in the app-of-apps" in out


def test_an_app_of_apps_that_cannot_be_read_is_never_clean(verify: Any) -> None:
    Path("images.lock").write_text(f"docker.io/library/redis:7@{A}\n")
    Path("apps").mkdir()
    Path("apps/broken.yaml").write_text("a: [\n")
    call = ("--policy", "locked", "--from", save(), "--format", "json", "--app-of-apps")

    status, out, _ = verify(*call, "apps")

    assert (status, rules(out)) == (1, ["not-read"])
    assert verify(*call, "nowhere")[0] == 2


def test_an_app_of_apps_without_a_manifest_is_told(verify: Any) -> None:
    Path("images.lock").write_text(f"docker.io/library/redis:7@{A}\n")
    Path("apps").mkdir()

    _, out, _ = verify("--policy", "locked", "--from", save(), "--app-of-apps", "apps")

    assert "apps: no manifest is in this folder" in out


@pytest.mark.parametrize(
    "options",
    [
        ("--from", "-", "--app-of-apps", "-"),
        ("--from", "-", "-"),
        ("--app-of-apps", "-", "--app-of-apps", "-"),
    ],
)
def test_standard_input_cannot_be_two_things(verify: Any, options: tuple[str, ...]) -> None:
    status, out, err = verify(*options)

    assert (status, out) == (2, "")
    assert "standard input can be read only once" in err


def test_what_a_cluster_says_never_reaches_the_terminal_raw(verify: Any) -> None:
    _, out, err = verify("--from", save(image="\x1b]0;owned\x07", image_id="\x1b[2J"))

    assert "\x1b" not in out + err


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "this is empty"),
        ('{"kind":"PodList",', "cut off"),
        ("kind: PodList", "this is not JSON but YAML, which kubectl writes with '-o yaml'"),
        ("---\napiVersion: v1\nitems: []\n", "this is not JSON but YAML"),
        ("NAME READY STATUS", "this is not JSON"),
        ("\x1f\x8b\x08", "this is packed with gzip"),
        ('{"kind":"Status","message":"no"}', "answered: no"),
        ('{"kind":"SecretList","items":[]}', "'SecretList'"),
        ('{"kind":"PodList"}', "no 'items'"),
    ],
)
def test_a_file_that_holds_no_pods_verifies_nothing(
    verify: Any, content: str, problem: str
) -> None:
    Path("bad.json").write_text(content, encoding="latin-1")

    status, out, err = verify("--from", save(), "bad.json")

    assert (status, out) == (2, "")
    assert "bad.json" in err
    assert problem in err
    assert err.splitlines()[-1] == "imagelock verify: nothing was verified"


@pytest.mark.parametrize(
    "arguments",
    [
        ("--from", "missing.json"),
        ("--from", "."),
        ("--from",),
        ("--from", "-", "-"),
        ("--from", "pods.json", "--context", "c"),
        ("--from", "pods.json", "--preset", "gek"),
        ("--kubeconfig", "missing"),
    ],
)
def test_a_wrong_call_verifies_nothing(verify: Any, arguments: tuple[str, ...]) -> None:
    save()

    status, out, err = verify(*arguments)

    assert (status, out) == (2, "")
    assert "Traceback" not in err
    assert err.splitlines()[-1] == "imagelock verify: nothing was verified"


@pytest.mark.parametrize(
    "scope", [("--namespace", "shop-*"), ("--namespace", "Shop"), ("--exclude", "*-dev")]
)
def test_a_scope_that_no_namespace_can_have_is_a_wrong_call(
    verify: Callable[..., tuple[int, str, str]], scope: tuple[str, str]
) -> None:
    Path("pods.json").write_text('{"kind": "PodList", "apiVersion": "v1", "items": []}')

    status, _, told = verify("--from", "pods.json", *scope)

    assert status == 2
    assert f"'{scope[1]}' is no namespace" in told
    assert told.endswith("imagelock verify: nothing was verified\n")
