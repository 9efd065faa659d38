"""What charts, ApplicationSets and alerts write between braces."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import yaml

from imagelock.core.place import Source
from imagelock.document.nodes import Mapping, Scalar, Text
from imagelock.document.template import has_templates, mask_templates
from imagelock.document.yaml import BrokenYamlError, chunks, file_text, parse

if TYPE_CHECKING:
    from imagelock.document.nodes import Node


def _loaded(text: str) -> object:
    masked = mask_templates(text)
    assert len(masked) == len(text)
    assert [found.start() for found in re.finditer("[\r\n]", masked)] == [
        found.start() for found in re.finditer("[\r\n]", text)
    ]
    return _shortened(yaml.load(masked, Loader=yaml.CBaseLoader))  # noqa: S506  (makes texts only)


def _shortened(data: object) -> object:
    """Write every masked word as one x, so that tables stay readable."""
    if isinstance(data, dict):
        return {_shortened(key): _shortened(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_shortened(item) for item in data]
    return re.sub(r"xx+", "x", data) if isinstance(data, str) else data


@pytest.mark.parametrize(
    ("text", "data"),
    [
        # What prints is a word.
        ("a: {{ .Values.a }}\n", {"a": "x"}),
        ("a: {{- .Values.a -}}\nb: 1\n", {"a": "x", "b": "1"}),
        ("a: b-{{ .c }}-d\n", {"a": "b-x-d"}),
        ("a: {{ .r }}/{{ .n }}:{{ .t }}\n", {"a": "x/x:x"}),
        ("{{ .k }}: {{ .v | quote }}\n", {"x": "x"}),
        ("- {{ $k }}: {{ $v }}\n- {{ . }}\n", [{"x": "x"}, "x"]),
        ("a: [{{ .b }}, {{ .c }}]\n", {"a": ["x", "x"]}),
        ("a: {b: {{ .c }}}\n", {"a": {"b": "x"}}),
        ("{a: {{ x }}}", {"a": "x"}),
        ("{{{ x }}}", {"x": ""}),
        ("a: {{path.basename}}\n", {"a": "x"}),
        ("a: '{{ .path.basename }}-{{path[0]}}'\n", {"a": "x-x"}),
        ("a: {{ .b }} # {{ .c }}\n", {"a": "x"}),
        # Strings may hold braces, and quotes of YAML are no strings of Go.
        ('a: {{ "{{" }} b {{ "}}" }}\n', {"a": "x b x"}),
        ("a: {{`{{ $labels.x }}`}}\n", {"a": "x"}),
        ("a: {{ `b\n  c }}` }}\nd: 1\n", {"a": "x", "d": "1"}),
        ('a: {{ "\\"}}" }}\n', {"a": "x"}),
        ('a: "{{ include "b" . }}"\n', {"a": "x"}),
        ('a: "{{ index .b \\"c }}\\" }}"\n', {"a": "x"}),
        ("a: '{{ .b | default \"it''s\" }}'\n", {"a": "x"}),
        ("a: \"it's {{ .b }}\"\nc: '{{ .d }}'\n", {"a": "it's x", "c": "x"}),
        # What steers is blank.
        ("a: {{ if .b }}c{{ end }}\n", {"a": "c"}),
        ("a: {{- if .b }} c {{- end }}\n", {"a": "c"}),
        ("a: {{ if .b }}c:{{ if .d }}1{{ else }}2{{ end }}{{ end }}\n", None),
        ('a: {{ if .b }}"c"{{ else }}"d"{{ end }}\n', {"a": 'x"c"x"d"x'}),
        ("a: {{ if .b }}[c]{{ else if .e }}[d]{{ end }}\n", {"a": "x[c]x[d]x"}),
        ("image: {{ .r }}:{{ if .t }}{{ .t }}{{ end }}\n", {"image": "x:x"}),
        ("a: 1 {{/* why */}}\n", {"a": "1"}),
        ("a: {{/* why }} */}}b\n", {"a": "b"}),
        ("a: {{ $x := .b }}c\n", {"a": "c"}),
        # What prints lines of its own is no value of the line that it stands on.
        ('a: {{- include "b" . | nindent 4 }}\nc: 1\n', {"a": "", "c": "1"}),
        ("a: {{ toYaml .b | indent 4 }}\n  c: 1\n", {"a": {"c": "1"}}),
        ('- {{- include "b" . | nindent 2 }}\n  c: 1\n', [{"c": "1"}]),
        # Alone on its line.
        ("{{- if .a }}\nb: 1\n{{- end }}\n", {"b": "1"}),
        ('{{ include "a" . }}\nb: 1\n', {"b": "1"}),
        ('{{ include "a" . }} # why\nb: 1\n', {"b": "1"}),
        ("{{- if .a }}{{ with .b }} {{/* c */}}\nb: 1\n{{- end }}{{ end }}\n", {"b": "1"}),
        ("a:\n{{ toYaml .b | indent 2 }}\n  c: 1\n", {"a": {"c": "1"}}),
        ("a:\n  {{- range .b }}\n  - {{ . }}\n  {{- end }}\n  - c\n", {"a": ["x", "c"]}),
        ("{{/*\na: b: c\n  {{ d }}\n*/}}\ne: 1\n", {"e": "1"}),
        ("{{- /* a: [\n*/ -}}\r\ne: 1\r\n", {"e": "1"}),
        ("a:\r\n{{- if .b }}\r\n  c: 1\r\n{{- end }}\r\n", {"a": {"c": "1"}}),
        ("a: b\n  {{ .c }}\n  d\n", {"a": "b\nd"}),
        ('a: "b\n  {{ .c }}\n  d"\n', {"a": "b\nd"}),
        ("a: [\n  b,\n  {{- if .c }}\n  d,\n  {{- end }}\n  {{ .e }}\n]\n", {"a": ["b", "d"]}),
        ("{{- if .a }}\n---\nb: 1\n{{- end }}\n", {"b": "1"}),
        ("a:\n{{- if .b }}\n  - c\n{{- else }} []\n{{- end }}\n", {"a": ["c"]}),
        (
            "a:\n  {{- range .b }}\n  c: d\n  {{- else }} {}{{ end }}\ne: 1\n",
            {"a": {"c": "d"}, "e": "1"},
        ),
        # A key or an item behind what steers.
        ("a:\n  b: 1\n  {{ if .c }}d: 2{{ end }}\n  e: 3\n", {"a": {"b": "1", "d": "2", "e": "3"}}),
        ("{{ if .c }}d: 2{{ end }}\ne: 3\n", {"d": "2", "e": "3"}),
        ("e: 3\n{{- if .c }}{{ with .d -}} d: 2{{ end }}{{ end }}\n", {"e": "3", "d": "2"}),
        ("a:\n- b\n{{ if .c }}- d{{ end }}\n", {"a": ["b", "d"]}),
        (
            "a:\n  {{- if .c }}- d: 1\n    e: 2{{ end }}\n  - f: 3\n",
            {"a": [{"d": "1", "e": "2"}, {"f": "3"}]},
        ),
        ("a:\n  - b: 1\n{{ end }}  - b: 2\n{{ end }}    c: 3\n", None),
        ("a:\n  - b: 1\n{{ end }}  - b: 2\n    c: 3\n", {"a": [{"b": "1"}, {"b": "2", "c": "3"}]}),
        ("a: 1\n{{ $x := 1 }}b: 2\n{{/* why */}}c: 3\n", {"a": "1", "b": "2", "c": "3"}),
        ("a: 1\n{{/* why\n */}}c: 3\n", {"a": "1", "c": "3"}),
        ("a:\n    b: 1\n    {{/* \n*/}}c: 3\n", None),
        ("a:\n  {{ if .b }}{{ .k }}: 1{{ end }}\n  c: 2\n", {"a": {"x": "1", "c": "2"}}),
        ('a:\n  {{ if .b }}"k": 1{{ end }}\n  c: 2\n', {"a": {"k": "1", "c": "2"}}),
        ("a:\n  {{ if .b }}- - d{{ end }}\n  - e\n", {"a": [["d"], "e"]}),
        ("a: &x 1\nb:\n  {{ if .b }}- *x{{ end }}\n", None),
        ("a:\n  {{ if .b }}&x k: 1{{ end }}\n  c: 2\n", {"a": {"k": "1", "c": "2"}}),
        ("a:\r  {{ if .b }}c: 1{{ end }}\r  d: 2\r", {"a": {"c": "1", "d": "2"}}),
        ("a:\n  - {{ if .b }}c: 1{{ end }}\n    d: 2\n", {"a": [{"c": "1", "d": "2"}]}),
        ("a:\n- - {{ if .b }} c: 1{{ end }}\n     d: 2\n", {"a": [[{"c": "1", "d": "2"}]]}),
        ("{\n{{ if .a }}b: 1,{{ end }}\nc: 2}\n", {"b": "1", "c": "2"}),
        ('{\n  {{ if .a }}"b": 1,{{ end }}\n  "c": 2\n}\n', {"b": "1", "c": "2"}),
        ("a: |\n  {{ if .b }}c: 1{{ end }}\n  d: 2\ne: 3\n", None),
        ("a: |\n  {{ if .b }}echo{{ end }}\n  b\ne: 3\n", None),
        # Jinja.
        ("{% if a %}\nb: 1\n{% else %}\nb: 2\n{%- endif -%}\n", {"b": "2"}),
        ("a: {% if b %}c{% endif %}\n", {"a": "c"}),
        ("a: 1\n{% if b %}c: 2{% endif %}\n", {"a": "1", "c": "2"}),
        ("a:\n  {% for b in c %}- {{ b }}\n  {% endfor %}- d\n", {"a": ["x", "d"]}),
        ("{# why: [ #}\na: 1 {# so #}\n", {"a": "1"}),
        ("{#\n a: [\n#}\na: 1\n", {"a": "1"}),
        ("a: b{% raw %}-c{% endraw %}\n", {"a": "b         -c"}),
        ("a: '${#x[@]} ${b#}'\n", {"a": "${#x[@]} ${b#}"}),
        ("a: '{% b'\nc: '%}'\n", {"a": "{% b", "c": "%}"}),
        ("a: '{%Y-%m-%d}'\n", {"a": "{%Y-%m-%d}"}),
        ("{# a comment of YAML\n a: 1}\n", {"a": "1"}),
        # Over several lines.
        ('a: {{ include "b" (dict\n  "c" 1\n) }}\nd: 1\n', {"a": "x", "d": "1"}),
        ('{{ include "b" (dict\n"c" 1) }}\nd: 1\n', {"d": "1"}),
        # In a block of text.
        ("a: |\n  b {{ .c }}\n  {{ .d }}\n  e\n", {"a": "b x\n        \ne\n"}),
        ("a: |\n  b\n{{- if .c }}\n  d\n{{- end }}\n  e\nf: 1\n", None),
        ("a: |\n  {{ .b }}\nc: 1\n", {"a": "#       \n", "c": "1"}),
        ("a: |\n{{ .b | indent 2 }}\nc: 1\n", {"a": "", "c": "1"}),
        ("a: |\n{{- if .b }}\n    c\n{{- end }}\n", {"a": "#       \nc\n      \n"}),
        ("a: |-\n  {{- if .b }}\n  {{ .c }}\n  {{- end }}\nd: 1\n", None),
        ("a: >- # why\n\n{{- with .b }}\n   c\n{{- end }}\nd: 1\n", None),
        ("- a: |\n    {{ .b }}\n  c: 1\n", [{"a": "#       \n", "c": "1"}]),
        ("- a: |\n  {{ .b | nindent 4 }}\n  c: 1\n", [{"a": "", "c": "1"}]),
        ("a: |\r\n{{- if .b }}\r\n    c\r\n{{- end }}\r\n", None),
        ("a: {{ .b }} |\n", {"a": "x |"}),
        ("{{ .k }}: |-\n  {{ .v }}\n", {"x": "#       "}),
        ('alert: down\nexpr: up{a="{{ .b }}"} == 0\n', {"alert": "down", "expr": 'up{a="x"} == 0'}),
        (
            "a: The {{ $labels.x }} of\n  {{ $labels.y }} is\n  {{ $value }}.\n",
            {"a": "The x of x is x."},
        ),
        # What is none.
        ("a: '{{ b'\nc: '{'\n", {"a": "{{ b", "c": "{"}),
        ("# {{ is never closed\na: 1\nb: {c: {d: 1}}\n", {"a": "1", "b": {"c": {"d": "1"}}}),
        ("# {{ a {{ b }}\nc: 1\n", {"c": "1"}),
        ("a: '}} {{'\n", {"a": "}} {{"}),
        ("a: {b: {c: 1}}\n", {"a": {"b": {"c": "1"}}}),
    ],
)
def test_yaml_with_templates_parses_and_nothing_moves(text: str, data: object) -> None:
    loaded = _loaded(text)

    if data is not None:
        assert loaded == data


def test_a_template_at_the_margin_leaves_the_block_around_it_whole() -> None:
    text = "a: |\n  b\n{{- if .c }}\n  d\n{{- end }}\n  e\nf: 1\n"

    loaded = _loaded(text)

    assert isinstance(loaded, dict)
    assert loaded["a"].split() == ["b", "d", "e"]
    assert loaded["f"] == "1"


def test_a_scalar_that_a_template_fills_says_so_and_its_neighbours_do_not() -> None:
    text = "a: {{ .b }}\nc: d\n{{- if .e }}\nf: |\n  {{ .g }}\n{{- end }}\nh: '{{ i }}'\n"

    [root] = parse(file_text(Source("a.yaml", text)))

    assert isinstance(root, Mapping)
    templated = {
        key.value: value.is_templated
        for key, value in root.pairs
        if isinstance(key, Scalar) and isinstance(value, Scalar)
    }
    assert templated == {"a": True, "c": False, "f": True, "h": True}


def test_a_text_without_templates_is_the_same_text() -> None:
    text = "a: {b: {c: 1}}\n"

    assert not has_templates(text)
    assert mask_templates(text) is not None
    assert mask_templates(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "{{ " * 200_000,
        "{" * 400_000,
        "{{/*" * 100_000,
        "{{/* */ " * 100_000,
        '{{ "' * 100_000,
        "{{ `" * 100_000,
        # Read from any of its actions, this one never ends.
        '{{"`"`\n' * 50_000,
        "{{ " + '\\"' * 200_000,
        "{{ " + '"a" ' * 100_000,
        "{{ a\n" + "b\n" * 200_000,
        "x {{ " + "|" * 200_000 + "}} y",
        "x {{ |" + " " * 200_000 + "}} y",
        "a" + " |" * 100_000 + "\n{{ x }}\n",
        "{% a " * 200_000,
        "{#" * 400_000,
        "{#\n" * 200_000,
        "{# a #" * 100_000,
        "{% " + "{" * 400_000,
        "{% a\n" + "b\n" * 200_000,
        "\n" * 100_000 + "{{ if a }}" + "-  " * 100_000 + "b" + ":" * 100_000,
        "{{ if a }}" * 50_000 + "b: c\n",
        "{{ if a }}b" + " " * 200_000 + "c\n",
        "{{ if a }}" + " " * 200_000 + "c\n",
        ("{{ if a }}" + " " * 100 + "c") * 5_000,
        "- " * 100_000 + "{{ if a }}b: c\n",
        "{{ if a }}'" * 50_000 + "b: c\n",
        "a: |\n" + "\n{{ if a }}b" * 50_000,
    ],
)
def test_braces_that_are_made_to_be_slow_are_passed_over(text: str) -> None:
    assert len(mask_templates(text)) == len(text)


def test_many_actions_are_all_masked() -> None:
    masked = mask_templates("a: {{ .b }}\n{{- if .c }}\n" * 20_000)

    assert "{{" not in masked
    assert masked.count("xxxxxxxx") == 20_000


# No YAML, with templates or without: a placeholder that another program replaces.
NOT_YAML = {"longhorn+longhorn/dev/scale-test/statefulset.yaml"}


def test_every_real_file_with_templates_parses(corpus: list[Source]) -> None:
    broken = set()
    templates = 0
    for source in corpus:
        text = file_text(source)
        templates += text.content != source.text
        try:
            _parse_all(text)
        except BrokenYamlError:
            broken.add(source.name)
    assert broken == NOT_YAML
    assert templates > 60


def _parse_all(text: Text) -> list[Node]:
    return [root for chunk in chunks(text.content) for root in parse(text, chunk)]
