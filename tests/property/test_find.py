"""Laws of finding and overriding, on manifests whose truth is known because they are made.

A manifest is made as a text with marks: a mark stands where a digest belongs.
Without the marks it is what goes in, with digests in their place what must come
out, so a miss, a find too many and a byte too many all show.
"""

from __future__ import annotations

import json
import re
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imagelock import api
from imagelock.api import terms_of
from imagelock.core.config import Config
from imagelock.core.lock import Lock, LockEntry
from imagelock.core.place import FilePlace, Source
from imagelock.core.reference import Digest, ImageReference
from imagelock.decide.override import plan_override
from imagelock.document.splice import apply

if TYPE_CHECKING:
    from collections.abc import Callable

IMAGES = (
    ("docker.io", "library/nginx", "1.27"),
    ("quay.io", "prometheus/node-exporter", "v1.8.1"),
    ("registry.example:5000", "team/app", "2024-01-31T10-00-00Z"),
    ("ghcr.io", "example/with_under-score.dots", "latest"),
    ("public.ecr.aws", "docker/library/redis", "7.2"),
)
DIGESTS = [Digest("sha256", f"{number:x}" * 64) for number in range(10, 10 + len(IMAGES))]
LOCK = Lock(
    LockEntry(ImageReference.parse(f"{registry}/{path}:{tag}@{digest}"), FilePlace("lock", line))
    for line, ((registry, path, tag), digest) in enumerate(zip(IMAGES, DIGESTS, strict=True), 1)
)
# Private characters: marks for image 0, 1 …
APPENDED, FILLED, SPACED = 0xE000, 0xF000, 0xF800
MARKS = re.compile(r"[\ue000-\ue0ff\uf000-\uf0ff\uf800-\uf8ff]")
NOISE = (
    "plain",
    "gitea/gitea-ssh:22",
    "system:authenticated",
    "192.168.1.224/27",
    "kubernetes.io/os:linux",
    "rbac.authorization.k8s.io/v1",
    "https://example.invalid/icon.png",
    "yes",
    "~",
    "1.27",
    "it's",
    'a "quoted" word',
    "back\\slash",
    "nginx",
    "ümläut ✓ 🚀",
)

# Texts of these are seldom YAML and often nearly so.
PIECES = (
    *(
        "image: ",
        "image:\n",
        "- ",
        "\n",
        "\n  ",
        "\n    ",
        ": ",
        " ",
        "x: ",
        "a",
        "=",
        ",",
        "#",
        "\\",
    ),
    *("nginx:1.27", "docker.io/library/nginx:1.27", "nginx", "quay.io/prometheus/node-exporter"),
    *(
        "repository: nginx",
        "tag: ",
        "1.27",
        "'1.27'",
        "digest:",
        "digest: ''",
        "? digest",
        "sha: ",
        "null",
    ),
    *("containers:", "args: [", "]", "{", "}", "[", "'", '"', "|\n  ", ">-\n  ", "|2\n", "? "),
    *("&a ", "*a", "<<: *a", "!!str ", "--worker-image=", "WORKER_IMAGE=", "helm: ", "values: |\n"),
    *("{% if x %}", "{% endif %}", "{#", "#}", "${A}", "${A:-", "\r", "{{/* x */}}"),
    *("{{ x }}", "{{ if x }}", "{{ end }}", "{{", "}}", "---\n", "...\n", "[[a]]\n", "\t", "\r\n"),
    *("kustomize: ", "images: ", "name: nginx", "newTag: ", "op: add", "path: /image", "value: "),
    *(
        "parameters: [{name: image.tag, value: ",
        "valuesObject: ",
        "kind: Pod",
        "global: ",
        "é",
        "😀",
    ),
)


def appended(number: int) -> str:
    return chr(APPENDED + number)


def before(marked: str) -> str:
    return MARKS.sub("", marked)


def after(marked: str) -> str:
    def written(found: re.Match[str]) -> str:
        code = ord(found[0])
        if code >= SPACED:
            return f" {DIGESTS[code - SPACED]}"
        if code >= FILLED:
            return str(DIGESTS[code - FILLED])
        return f"@{DIGESTS[code - APPENDED]}"

    return MARKS.sub(written, marked)


# How a text may be written as a value on one line.
def single(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def double(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def escaped(text: str) -> str:
    return (
        '"' + "".join(char if MARKS.match(char) else f"\\U{ord(char):08x}" for char in text) + '"'
    )


def plain(text: str) -> str:
    return text


IMAGE_STYLES: tuple[Callable[[str], str], ...] = (plain, single, double, escaped)
QUOTED: tuple[Callable[[str], str], ...] = (single, double, escaped)


class Maker:
    """Draws a manifest, line by line; every key is new."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        self._draw = draw
        self._count = 0
        self.has_templates = False
        self._may_template = True

    def key(self, word: str = "key") -> str:
        self._count += 1
        return f"{word}{self._count}"

    def one_of(self, *choices: Any) -> Any:
        return self._draw(st.sampled_from(choices))

    def is_one_in(self, count: int) -> bool:
        return bool(self._draw(st.integers(1, count)) == count)

    def number(self) -> int:
        return int(self._draw(st.integers(0, len(IMAGES) - 1)))

    def document(self, depth: int) -> list[str]:
        """Return the lines of a mapping at the margin."""
        lines: list[str] = []
        for _ in range(self._draw(st.integers(1, 4))):
            make = self.one_of(
                self.noise,
                self.image,
                self.containers,
                self.split,
                self.variables,
                self.arguments,
                self.flow,
                self.anchored,
                *([self.embedded, self.application, self.nested] if depth else []),
            )
            made = make(depth)
            is_conditional = self._may_template and self.is_one_in(10)
            lines += self.conditional(made) if is_conditional else made
        return lines

    def conditional(self, lines: list[str]) -> list[str]:
        self.has_templates = True
        begin = self.one_of('{{- if eq .Values.x "y" }}', "{{ with .Values.x }}", "{% if x %}")
        end = self.one_of("{{- end }}", "{{ end }}{{/* why */}}", "{# so #}{{ end }}")
        if self.is_one_in(2):
            return [begin + lines[0], *lines[1:], end]
        return [begin, *lines, end]

    def reference(self) -> str:
        number = self.number()
        registry, path, tag = IMAGES[number]
        name = f"{registry}/{path}"
        if registry == "docker.io":
            name = self.one_of(name, "nginx", "library/nginx", "docker.io/nginx")
        return f"{name}:{tag}{appended(number)}"

    def value(self, marked: str) -> str:
        return str(self.one_of(*IMAGE_STYLES)(marked))

    def noise(self, _: int) -> list[str]:
        text = self.one_of(*NOISE)
        comment = self.one_of("", "  # a comment: it's here")
        return [f"{self.key()}: {self.one_of(*QUOTED)(text)}{comment}"]

    def image(self, _: int) -> list[str]:
        key = self.one_of("image", "proxyImage", "worker_image", "imageName")
        comment = self.one_of("", " ", "  # a comment")
        owner = self.key("owner")
        if self.is_one_in(3):
            style = self.one_of("|", "|-", "|+", ">", ">-", "|2-", ">2+")
            return [f"{owner}:", f"  {key}: {style}", f"    {self.reference()}"]
        if self.is_one_in(3):
            return [f"{owner}:", f"  {key}:", f"    {self.value(self.reference())}{comment}"]
        return [f"{owner}:", f"  {key}: {self.value(self.reference())}{comment}"]

    def containers(self, _: int) -> list[str]:
        key = self.one_of("containers", "initContainers", "ephemeralContainers")
        lines = [f"{self.key('spec')}:", f"  {key}:"]
        for _item in range(self.one_of(1, 2)):
            lines += [f"  - name: {self.one_of('nginx', 'redis')}"]
            lines += [f"    image: {self.value(self.reference())}"]
        return lines

    def split(self, _: int) -> list[str]:
        number = self.number()
        registry, path, tag = IMAGES[number]
        quote = self.one_of('"', "'")
        lines = [f"{self.key('chart')}:", "  image:"]
        lines += [f"    registry: {registry}", f"    repository: {path}"]
        ending = self.one_of("tag", "digest", "empty digest", "null digest")
        mark = "" if "digest" in ending and ending != "null digest" else appended(number)
        lines += [f"    tag: {quote}{tag}{mark}{quote}"]
        if ending == "digest":
            lines += [f"    digest: {quote}{chr(FILLED + number)}{quote}"]
        elif ending == "empty digest":
            lines += [f"    digest:{chr(SPACED + number)}"]
        elif ending == "null digest":
            lines += ["    digest: ~"]
        return lines

    def variables(self, _: int) -> list[str]:
        name = self.one_of("RELATED_IMAGE_X", "WORKER_IMAGE", "NOTHING")
        return [
            f"{self.key('pod')}:",
            "  env:",
            f"  - {{name: {name}, value: {self.one_of(*QUOTED)(self.reference())}}}",
        ]

    def arguments(self, _: int) -> list[str]:
        lines = [f"{self.key('pod')}:", "  args:"]
        for flag in ("--worker-image=", "--x=", "--list=a,"):
            lines += [f"  - {self.value(flag + self.reference())}"]
        return [*lines, "  - --worker-image", f"  - {self.value(self.reference())}"]

    def flow(self, _: int) -> list[str]:
        first, second = self.value(self.reference()), self.one_of(*QUOTED)(self.reference())
        return [f'{self.key()}: {{"image":{second}, list: [{{image: {first}}}, {{}}]}}']

    def anchored(self, _: int) -> list[str]:
        anchor = self.key("anchor")
        return [
            f"{self.key()}: {{image: &{anchor} {self.one_of(*QUOTED)(self.reference())}}}",
            f"{self.key()}: {{image: *{anchor}, other: [*{anchor}]}}",
        ]

    def nested(self, depth: int) -> list[str]:
        inner = self.document(depth - 1)
        return [f"{self.key()}:", *_indented(inner)]

    def embedded(self, depth: int) -> list[str]:
        if self.is_one_in(3):
            outside, self._may_template = self._may_template, False
            text = "\n".join([*self.document(depth - 1), ""])
            self._may_template = outside
            return [f"{self.key()}: {double(text)}"]
        text = "\n".join(self.document(depth - 1))
        header = self.one_of("|", "|-", "|+", "|2", "|2-")
        return [f"{self.key()}: {header}", *_indented(text.split("\n"))]

    def application(self, depth: int) -> list[str]:
        values = self.document(depth - 1)
        return [
            f"{self.key('app')}:",
            "  source:",
            "    helm:",
            "      values: |",
            *_indented(values, 8),
        ]


def _indented(lines: list[str], width: int = 2) -> list[str]:
    return [" " * width + line if line else line for line in "\n".join(lines).split("\n")]


@st.composite
def manifests(draw: Callable[[st.SearchStrategy[Any]], Any]) -> tuple[str, bool]:
    """Return a manifest with marks, and whether templates stand in it."""
    maker = Maker(draw)
    documents = ["\n".join(maker.document(3)) for _ in range(draw(st.integers(1, 2)))]
    text = "\n---\n".join(documents) + draw(st.sampled_from(["\n", ""]))
    if draw(st.booleans()):
        text = text.replace("\n", "\r\n")
    return text, maker.has_templates


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(manifests())
def test_every_image_is_pinned_at_its_place_and_nothing_else_changes(
    made: tuple[str, bool],
) -> None:
    marked, _ = made

    result = api.override(before(marked), LOCK)

    assert result.text == after(marked)
    assert not [finding.message for finding in result.report.findings]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(manifests())
def test_twice_is_once(made: tuple[str, bool]) -> None:
    marked, _ = made

    assert api.override(after(marked), LOCK).text == after(marked)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(manifests())
def test_a_parser_reads_the_same_but_for_the_digests(made: tuple[str, bool]) -> None:
    marked, has_templates = made
    if has_templates:
        return

    text = api.override(before(marked), LOCK).text

    assert without_digests(load(text)) == without_digests(load(before(marked)))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(manifests())
def test_a_plan_only_inserts_and_never_twice_at_one_place(made: tuple[str, bool]) -> None:
    source = Source("made.yaml", before(made[0]))
    found = api.find(source, LOCK)

    plan = plan_override(source, found, terms_of(Config(), LOCK, date.max))

    assert all(splice.start == splice.end for splice in plan.splices)
    assert len({splice.start for splice in plan.splices}) == len(plan.splices)


@pytest.mark.parametrize("text", ["", "\n", "---\n", "{{ x }}\n", "a: b\n", "- 1\n", "x\n"])
def test_a_text_without_images_has_no_sites(text: str) -> None:
    assert not api.find(text, LOCK).sites


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=24).map("".join))
def test_no_text_is_too_odd(text: str) -> None:
    source = Source("odd.yaml", text)
    found = api.find(source, LOCK)

    plan = plan_override(source, found, terms_of(Config(), LOCK, date.max))
    once = apply(text, plan.splices)

    assert all(splice.start == splice.end for splice in plan.splices)
    assert api.override(once, LOCK).text == once
    if "{{" not in text and (was := loaded(text)) is not None:
        assert without_digests(loaded(once)) == without_digests(was)


def load(text: str) -> list[Any]:
    return list(yaml.load_all(text, Loader=yaml.CBaseLoader))


def loaded(text: str) -> list[Any] | None:
    """Return the documents of a text, or ``None`` where it is no YAML, or not for Python."""
    try:
        return load(text)
    except (yaml.YAMLError, TypeError, ValueError):
        return None


def without_digests(value: Any) -> Any:
    if isinstance(value, dict):
        return {without_digests(key): without_digests(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [without_digests(inner) for inner in value]
    if not isinstance(value, str):
        return value
    for digest in DIGESTS:
        value = value.replace(f"@{digest}", "").replace(f": {digest}", ":")
        value = value.replace(str(digest), "")
    return value
