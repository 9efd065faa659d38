from __future__ import annotations

from datetime import date

import pytest

from imagelock.api import terms_of
from imagelock.core.config import Config
from imagelock.core.lock import Lock, LockEntry
from imagelock.core.place import FilePlace, Source
from imagelock.core.reference import Digest, ImageReference
from imagelock.decide.override import Plan, plan_override
from imagelock.find.charts import tags_used_otherwise
from imagelock.find.sites import Knowledge, find_sites

LOCK = Lock(
    (
        LockEntry(
            ImageReference.parse("nginx:1").pinned_to(Digest("sha256", "a" * 64)),
            FilePlace("lock", 1),
        ),
    )
)
LABEL = (
    "    app.kubernetes.io/version: {{ .Values.image.tag | default .Chart.AppVersion | quote }}\n"
)


def planned(values: str, template: str) -> Plan:
    unsafe = tags_used_otherwise([Source("templates/_helpers.tpl", template)])
    source = Source("values.yaml", values)
    found = find_sites(source, Knowledge(LOCK, unsafe=unsafe))
    return plan_override(source, found, terms_of(Config(), LOCK, date.max))


@pytest.mark.parametrize(
    ("template", "why"),
    [
        (LABEL, "its tag goes into a label too (templates/_helpers.tpl:1:5)"),
        ('{{ if semverCompare ">=1.2-0" .Values.image.tag }}', "is compared as a version"),
        (
            (
                '{{- define "app.tag" -}}\n{{ .Values.image.tag | default .Chart.AppVersion }}\n'
                '{{- end }}\n{{- define "app.labels" -}}\n'
                'app.kubernetes.io/version: {{ include "app.tag" . | quote }}\n{{- end }}\n'
            ),
            "its tag goes into a label too (templates/_helpers.tpl:5:1)",
        ),
        ("image: x:{{ .Values.image.tag }}-alpine\n", "is followed by more in the chart"),
        (
            'image: "x:{{ .Values.image.tag }}{{ .Values.variant }}"',
            "is followed by more in the chart",
        ),
        ("{{ $v := semver (.Values.image.tag | toString) }}", "is compared as a version"),
    ],
)
def test_a_tag_that_a_digest_would_break_is_told(template: str, why: str) -> None:
    plan = planned("image: {repository: nginx, tag: '1'}\n", template)

    assert not plan.splices
    assert plan.report.findings[0].rule.name == "cannot-pin-here"
    assert why in plan.report.findings[0].message
    assert "set the image as a whole" in plan.report.findings[0].message


@pytest.mark.parametrize(
    "template",
    [
        "image: {{ .Values.image.repository }}:{{ .Values.image.tag }}\n",
        'image: "x:{{ .Values.image.tag }}{{- if .Values.d }}@{{ .Values.d }}{{ end }}"\n',
        "app.kubernetes.io/version: {{ .Chart.AppVersion }}\n# {{ .Values.image.tag }}\n",
        '{{ semverCompare ">=1.2-0" .Capabilities.KubeVersion.Version }}{{ .Values.image.tag }}',
        LABEL.replace("image.tag", "other.tag"),
        LABEL.replace("| quote", '| regexReplaceAll "[^a-z0-9.]" "-"'),
        (
            '{{- define "app.tag" }}{{ .Values.image.tag | splitList "@" | first }}{{ end }}\n'
            'app.kubernetes.io/version: {{ include "app.tag" . }}\n'
        ),
    ],
)
def test_other_uses_of_a_tag_are_fine(template: str) -> None:
    assert planned("image: {repository: nginx, tag: '1'}\n", template).splices


def test_a_key_for_the_digest_is_the_other_way() -> None:
    assert planned("image: {repository: nginx, tag: '1', digest: ''}\n", LABEL).splices


def test_a_family_of_keys_is_known_by_its_tag() -> None:
    template = LABEL.replace("image.tag", "imageTag")

    assert not planned("image: nginx\nimageTag: '1'\n", template).splices


JOINED = [
    'image: "{{ .Values.api.image }}:{{ .Chart.AppVersion }}"\n',
    "image: {{ .Values.api.image }}:prod-{{ .Chart.AppVersion }}\n",
    'image: {{ printf "%s:%s" .Values.api.image (.Values.api.tag | default "1") | quote }}\n',
    'image: {{ printf "%s/%s:%s" .Values.registry .Values.api.image .Chart.AppVersion }}\n',
    '{{- with .Values.api }}\nimage: "{{ .image }}:{{ $.Chart.AppVersion }}"\n{{- end }}\n',
]


@pytest.mark.parametrize("template", JOINED)
def test_an_image_that_the_chart_joins_a_tag_to_is_told(template: str) -> None:
    plan = planned("api: {image: nginx}\n", template)

    assert not plan.splices
    assert "the chart joins a tag to it (templates/_helpers.tpl:" in plan.report.findings[0].message


@pytest.mark.parametrize(
    "template",
    [
        "image: {{ .Values.api.image }}\n",
        "{{ .Values.api.image }}: a key\n",
        'image: "{{ .Values.web.image }}:{{ .Chart.AppVersion }}"\n',
        'image: {{ printf "%s:%s" .Values.web.image .Values.api.image }}\n',
        'image: "{{ .Values.api.repository }}:{{ .Values.api.image }}"\n',
    ],
)
def test_an_image_that_the_chart_takes_as_it_is_is_pinned(template: str) -> None:
    assert planned("api: {image: nginx}\n", template).splices
