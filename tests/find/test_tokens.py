from __future__ import annotations

import pytest

from imagelock.core.place import Source
from imagelock.document.nodes import Scalar, Text
from imagelock.document.template import mask_templates
from imagelock.find.tokens import tokens

HEX = "0123456789abcdef" * 4


def found(text: str) -> list[str]:
    source = Source("x", f"'{text}'")
    masked = Text(mask_templates(source.text), source)
    scalar = Scalar(masked.content[1:-1], 0, len(source.text), "'", masked)
    return [token.image.text for token in tokens(scalar)]


@pytest.mark.parametrize(
    ("text", "image"),
    [
        ("nginx:1.27", "nginx:1.27"),
        ("--x=quay.io/x/y:1", "quay.io/x/y:1"),
        ("4.2.0=quay.io/x/kafka:4.2.0", "quay.io/x/kafka:4.2.0"),
        ("a, quay.io/x/y:1, b", "quay.io/x/y:1"),
        ("see quay.io/x/y:1.2.", "quay.io/x/y:1.2"),
        ("(quay.io/x/y:1)", "quay.io/x/y:1"),
        ('"image":"quay.io/x/y:1"', "quay.io/x/y:1"),
        ("${IMAGE:-quay.io/x/y:1}", "quay.io/x/y:1"),
        ("registry.example:5000/x/y:1", "registry.example:5000/x/y:1"),
        ("localhost/x:1", "localhost/x:1"),
        (f"quay.io/x/y@sha256:{HEX}", f"quay.io/x/y@sha256:{HEX}"),
        (f"quay.io/x/y:1@sha256:{HEX}", f"quay.io/x/y:1@sha256:{HEX}"),
        ("x {{ .y }} nginx:1", "nginx:1"),
        ("{{ if .x }}nginx:1{{ end }}", "nginx:1"),
        ("nginx:1{{- end }}", "nginx:1"),
        ("nginx:1{{ if .x }}\n y: z{{ end }}", "nginx:1"),
        ("nginx:1{{/* why */}}", "nginx:1"),
        ("{% if x %}nginx:1{% endif %}", "nginx:1"),
        ("{% if x %}nginx:1{% else %}", "nginx:1"),
        ("nginx:1{% if x %}\n", "nginx:1"),
    ],
)
def test_an_image_id_that_is_a_word_of_its_own_is_found(text: str, image: str) -> None:
    assert found(text) == [image]


@pytest.mark.parametrize(
    "text",
    [
        "nginx",
        "quay.io/x/y",
        "https://quay.invalid/x/y:1",
        "oci://quay.io/x/y:1",
        "docker://quay.io/x/y:1",
        "$(REGISTRY)/nginx:1",
        "${REGISTRY}/nginx:1",
        "$REGISTRY/nginx:1",
        "${PREFIX}nginx:1",
        "<registry>nginx:1",
        "nginx:${TAG}",
        "nginx:$(TAG)",
        "nginx:<tag>",
        "nginx:1${SUFFIX}",
        "nginx:1*",
        "*nginx:1",
        "user@nginx:1",
        "nginx:1/path",
        "nginx:1:2",
        "Nginx:1",
        "nginx:{{ .tag }}",
        "nginx:1{{ .suffix }}",
        "{{ .prefix }}nginx:1",
        "nginx:1{{ if .x }}-alpine{{ end }}",
        "{{ if .x }}x{{ end }}nginx:1",
        "nginx:1{{ if .x -}}\n -y{{ end }}",
        "nginx:1{{/* why */}}{{ .suffix }}",
        "nginx:1{% if x %}-alpine{% endif %}",
        "{% if x %}x{% endif %}nginx:1",
        "nginx:1{% if x -%}\n -y",
        f"quay.io/x/y@sha256:{HEX}0",
        f"quay.io/x/y@sha256:{HEX[:-1]}",
        "quay.io/x/y:1@sha256:",
    ],
)
def test_what_is_joined_to_something_else_is_none(text: str) -> None:
    assert found(text) == []
