"""Image references against the rules of the distribution project's `reference` package."""

from __future__ import annotations

import pytest

from imagelock.core.reference import Digest, ImageReference, Repository
from imagelock.errors import InputError

A = "sha256:" + "a1" * 32
B = "sha512:" + "b2" * 64
HUB = "docker.io"

# text, registry, path, tag, digest
Valid = tuple[str, str, str, str | None, str | None]

SHORT_NAMES: list[Valid] = [
    ("nginx", HUB, "library/nginx", None, None),
    ("nginx:1.27", HUB, "library/nginx", "1.27", None),
    (f"nginx@{A}", HUB, "library/nginx", None, A),
    (f"nginx:1.27@{A}", HUB, "library/nginx", "1.27", A),
    ("docker.io/nginx", HUB, "library/nginx", None, None),
    ("docker.io/library/nginx", HUB, "library/nginx", None, None),
    ("library/nginx", HUB, "library/nginx", None, None),
    ("bitnami/redis", HUB, "bitnami/redis", None, None),
    ("docker.io/bitnami/redis:7", HUB, "bitnami/redis", "7", None),
    ("a/b/c/d", HUB, "a/b/c/d", None, None),
    ("library/a/b", HUB, "library/a/b", None, None),
    ("docker/docker", HUB, "docker/docker", None, None),
    ("x", HUB, "library/x", None, None),
    ("0", HUB, "library/0", None, None),
    ("d/t", HUB, "d/t", None, None),
]
LEGACY_HUB: list[Valid] = [
    ("index.docker.io/nginx", HUB, "library/nginx", None, None),
    ("index.docker.io/library/nginx:1", HUB, "library/nginx", "1", None),
    (f"index.docker.io/grafana/loki:3@{A}", HUB, "grafana/loki", "3", A),
    # Only the very name is the hub: a port, a sub-domain or capitals make another registry.
    ("docker.io:443/nginx", "docker.io:443", "nginx", None, None),
    ("registry-1.docker.io/nginx", "registry-1.docker.io", "nginx", None, None),
    ("Docker.io/nginx", "Docker.io", "nginx", None, None),
    ("index.docker.io:443/nginx", "index.docker.io:443", "nginx", None, None),
]
REGISTRIES: list[Valid] = [
    ("quay.io/argoproj/argocd:v2.14.2", "quay.io", "argoproj/argocd", "v2.14.2", None),
    ("quay.io/argocd", "quay.io", "argocd", None, None),
    ("localhost/app", "localhost", "app", None, None),
    ("localhost:5000/app", "localhost:5000", "app", None, None),
    (f"localhost:5000/app:1@{A}", "localhost:5000", "app", "1", A),
    ("registry:5000/app", "registry:5000", "app", None, None),
    ("registry:5000/app:5000", "registry:5000", "app", "5000", None),
    ("registry.acme.example:8443/a/b:c", "registry.acme.example:8443", "a/b", "c", None),
    ("sub-domain.acme.example/app", "sub-domain.acme.example", "app", None, None),
    ("xn--n3h.example/app:xn--n3h.example", "xn--n3h.example", "app", "xn--n3h.example", None),
    ("b.gcr.io/test.example.com/my-app", "b.gcr.io", "test.example.com/my-app", None, None),
    ("0101.example/app", "0101.example", "app", None, None),
    ("a--b.example/app", "a--b.example", "app", None, None),
    ("r:0/app", "r:0", "app", None, None),
    ("app:1/x", "app:1", "x", None, None),
    ("r:999999999/app", "r:999999999", "app", None, None),
]
# Without a slash, or without a dot, a colon or a capital before it, there is no registry.
NO_REGISTRY: list[Valid] = [
    ("localhost", HUB, "library/localhost", None, None),
    ("localhost:5000", HUB, "library/localhost", "5000", None),
    (f"localhost:8080@{A}", HUB, "library/localhost", "8080", A),
    ("quay.io", HUB, "library/quay.io", None, None),
    ("quay.io:443", HUB, "library/quay.io", "443", None),
    ("test_com/app", HUB, "test_com/app", None, None),
    ("foo_bar.com:8080", HUB, "library/foo_bar.com", "8080", None),
    ("foo/foo_bar.com:8080", HUB, "foo/foo_bar.com", "8080", None),
    ("localhosts/app", HUB, "localhosts/app", None, None),
    ("192.168.1.1", HUB, "library/192.168.1.1", None, None),
    ("192.168.1.1:5000", HUB, "library/192.168.1.1", "5000", None),
]
ADDRESSES: list[Valid] = [
    ("192.168.1.1/app", "192.168.1.1", "app", None, None),
    ("192.168.1.1:5000/app:5050", "192.168.1.1:5000", "app", "5050", None),
    ("[2001:db8::1]/app", "[2001:db8::1]", "app", None, None),
    ("[2001:db8::1]:5000/a/b:1", "[2001:db8::1]:5000", "a/b", "1", None),
    (f"[::1]:5000/app:1@{A}", "[::1]:5000", "app", "1", A),
    ("[2001:DB8:1:2:3:4:5:6]/app", "[2001:DB8:1:2:3:4:5:6]", "app", None, None),
    # The grammar does not count groups; whoever resolves the name does.
    ("[fd00123123123]:75050/app", "[fd00123123123]:75050", "app", None, None),
]
CAPITALS: list[Valid] = [
    ("Foo/bar", "Foo", "bar", None, None),
    ("GHCR.IO/acme/app", "GHCR.IO", "acme/app", None, None),
    ("registrY:5000/app", "registrY:5000", "app", None, None),
    ("app:V1-RC.2_x", HUB, "library/app", "V1-RC.2_x", None),
]
SEPARATORS: list[Valid] = [
    ("a.b/c", "a.b", "c", None, None),
    ("a-b/c.d", HUB, "a-b/c.d", None, None),
    ("a_b", HUB, "library/a_b", None, None),
    ("a__b", HUB, "library/a__b", None, None),
    ("a-b", HUB, "library/a-b", None, None),
    ("a---b", HUB, "library/a---b", None, None),
    ("r.example/a--b.c---d__e_f", "r.example", "a--b.c---d__e_f", None, None),
    ("r.example/some__where/a-1.2_3", "r.example", "some__where/a-1.2_3", None, None),
]
TAGS_AND_DIGESTS: list[Valid] = [
    ("app:_", HUB, "library/app", "_", None),
    ("app:0", HUB, "library/app", "0", None),
    ("app:a.-_.-", HUB, "library/app", "a.-_.-", None),
    ("app:" + "t" * 128, HUB, "library/app", "t" * 128, None),
    ("app:sha256", HUB, "library/app", "sha256", None),
    (f"app@{B}", HUB, "library/app", None, B),
    (f"r.example/app:1@{B}", "r.example", "app", "1", B),
    # A bare digest reads as the tag of a repository, as it does for `docker pull`.
    (A, HUB, "library/sha256", "a1" * 32, None),
]
LENGTHS_AND_IDENTIFIERS: list[Valid] = [
    ("r.example/" + "p" * 255, "r.example", "p" * 255, None, None),
    ("r.example/" + "p" * 255 + ":" + "t" * 128, "r.example", "p" * 255, "t" * 128, None),
    ("p" * 247, HUB, "library/" + "p" * 247, None, None),
    ("acme/" + "p" * 250, HUB, "acme/" + "p" * 250, None, None),
    (("h" * 60 + ".") * 5 + "example/app", ("h" * 60 + ".") * 5 + "example", "app", None, None),
    ("a1" * 31 + "a", HUB, "library/" + "a1" * 31 + "a", None, None),
    ("a1" * 32 + "a", HUB, "library/" + "a1" * 32 + "a", None, None),
    ("docker.io/" + "a1" * 32, HUB, "library/" + "a1" * 32, None, None),
    ("a1" * 32 + ":1", HUB, "library/" + "a1" * 32, "1", None),
    ("a1" * 32 + "@" + A, HUB, "library/" + "a1" * 32, None, A),
    ("g1" * 32, HUB, "library/" + "g1" * 32, None, None),
]
VALID = [
    *SHORT_NAMES,
    *LEGACY_HUB,
    *REGISTRIES,
    *NO_REGISTRY,
    *ADDRESSES,
    *CAPITALS,
    *SEPARATORS,
    *TAGS_AND_DIGESTS,
    *LENGTHS_AND_IDENTIFIERS,
]

# text, words of the message, column from 1 (the one after the end where something is missing)
Invalid = tuple[str, str, int]
EXPECTED_CHARACTERS = "lower-case letters and digits"

NAMES_THAT_ARE_NONE: list[Invalid] = [
    (":1", "name was expected here", 1),
    (f"@{A}", "name was expected here", 1),
    ("App", "lower case", 1),
    ("aPP:1", "lower case", 2),
    ("acme/App", "lower case", 6),
    ("Acme/App", "lower case", 6),
    ("registry:5000/App/x:1", "lower case", 15),
    ("my-App", "lower case", 4),
    ("-app", EXPECTED_CHARACTERS, 1),
    ("_app", EXPECTED_CHARACTERS, 1),
    (".app/x", "host name", 1),
    ("app-", EXPECTED_CHARACTERS, 4),
    ("app-/x", EXPECTED_CHARACTERS, 4),
    ("app_:1", EXPECTED_CHARACTERS, 4),
    ("acme/-app", EXPECTED_CHARACTERS, 6),
    ("acme/_app", EXPECTED_CHARACTERS, 6),
    ("a___b", EXPECTED_CHARACTERS, 2),
    ("a..b", EXPECTED_CHARACTERS, 2),
    ("a-.b", EXPECTED_CHARACTERS, 2),
    ("a.-b", EXPECTED_CHARACTERS, 2),
    ("a_-b", EXPECTED_CHARACTERS, 2),
    ("a_.b", EXPECTED_CHARACTERS, 2),
    ("r.example/a..b/c", EXPECTED_CHARACTERS, 12),
    ("acme/app$", EXPECTED_CHARACTERS, 9),
    ("aa/as$$^/aa", EXPECTED_CHARACTERS, 6),
    ("{{ .Values.image }}", "white space", 3),
    ("{{.Values.image}}", EXPECTED_CHARACTERS, 1),
    ("${IMAGE}", EXPECTED_CHARACTERS, 1),
    ("\\", EXPECTED_CHARACTERS, 1),
    ("a+b", EXPECTED_CHARACTERS, 2),
    ("a~b", EXPECTED_CHARACTERS, 2),
    ("/app", "one of them is missing", 1),
    ("app/", "one of them is missing", 5),
    ("a//b", "one of them is missing", 3),
    ("r.example/", "name was expected here", 11),
    ("r.example//a", "one of them is missing", 11),
    ("r.example/a/:1", "one of them is missing", 13),
]
HOSTS_THAT_ARE_NONE: list[Invalid] = [
    ("my_host.example/app", "host name", 1),
    ("bad_host.example:8080/app:1", "host name", 1),
    ("-r.example/app", "host name", 1),
    ("r-.example/app", "host name", 1),
    ("r.-example/app", "host name", 1),
    ("r.example-/app", "host name", 1),
    ("r..example/app", "host name", 1),
    ("r./app", "host name", 1),
    ("r:http/app", "host name", 1),
    ("r:/app", "host name", 1),
    ("r:1:2/app", "host name", 1),
    ("fd00:1:2::3:5000/app", "host name", 1),
    ("[::1/app", "host name", 1),
    ("[]/app", EXPECTED_CHARACTERS, 1),
    ("app:v1/x", "host name", 1),
    ("[fe80::1%eth0]:5000/app", "host name", 1),
    ("[::1]5000/app", "host name", 1),
    ("[::1]::5000/app", "host name", 1),
    ("[2001:db8::192.0.2.33]/app", "host name", 1),
    ("[2001:db8::1]", EXPECTED_CHARACTERS, 1),
    ("[2001:db8::1]:5000", EXPECTED_CHARACTERS, 1),
]
TAGS_THAT_ARE_NONE: list[Invalid] = [
    ("app:", "tag was expected", 5),
    (f"app:@{A}", "tag was expected", 5),
    ("app:-1", "begins with", 5),
    ("app:.1", "begins with", 5),
    ("app:1+2", "a tag is made of", 6),
    ("app:1~2", "a tag is made of", 6),
    ("app:1:2", "a tag is made of", 6),
    ("acme/app:1/2", "a tag is made of", 11),
    ("app:é", "a tag is made of", 5),
    ("r.example:1/app:1:2", "a tag is made of", 18),
    ("app:" + "t" * 129, "at most 128", 5),
    (f"r.example/app:{'t' * 129}@{A}", "at most 128", 15),
]
DIGESTS_THAT_ARE_NONE: list[Invalid] = [
    ("app@", "digest was expected", 5),
    ("app:1@", "digest was expected", 7),
    ("app@sha256", "begins with", 5),
    ("app@" + "a1" * 32, "begins with", 5),
    ("app@sha256:", "64 hex digits, and this one has 0", 12),
    ("app@sha256:" + "a1" * 31 + "a", "64 hex digits, and this one has 63", 12),
    ("app@sha256:" + "a1" * 32 + "a", "64 hex digits, and this one has 65", 12),
    ("app@sha256:" + "a1" * 64, "64 hex digits, and this one has 128", 12),
    ("app@sha512:" + "a1" * 32, "128 hex digits, and this one has 64", 12),
    ("app@sha512:" + "a1" * 64 + "a", "128 hex digits, and this one has 129", 12),
    ("app@sha256:" + "A1" * 32, "lower case", 12),
    ("app@sha256:" + "a1" * 31 + "aG", "lower case", 75),
    ("app@SHA256:" + "a1" * 32, "begins with", 5),
    ("app@sha384:" + "a1" * 48, "begins with", 5),
    ("app@sha1:" + "a1" * 20, "begins with", 5),
    ("app@sha256+b64:" + "a1" * 32, "begins with", 5),
    (f"app@{A}:1", "lower case", 76),
    (f"app@{A}@{A}", "lower case", 76),
    (f"app@@{A}", "begins with", 5),
    ("app@2bad", "begins with", 5),
]
LENGTHS_THAT_ARE_NONE: list[Invalid] = [
    ("r.example/" + "p" * 256, "at most 255", 11),
    ("p" * 248, "at most 255", 1),
    ("docker.io/" + "p" * 248, "at most 255", 11),
    ("index.docker.io/" + "p" * 248 + ":1", "at most 255", 17),
    ("acme/" + "p" * 251, "at most 255", 1),
    ("r.example/" + "a/" * 128 + "a", "at most 255", 11),
    ("a1" * 32, "an image's own ID", 1),
    ("0" * 64, "an image's own ID", 1),
]
FOREIGN_CHARACTERS: list[Invalid] = [
    (" app", "white space", 1),
    ("app ", "white space", 4),
    ("app :1", "white space", 4),
    ("app:1\n", "white space", 6),
    ("app:1\r", "white space", 6),
    (f"app@{A}\n", "white space", len(A) + 5),
    ("app\n\nx", "white space", 4),
    ("app\u00a0:1", "white space", 4),
    ("app\u2028", "white space", 4),
    ("app\t", "white space", 4),
    ("app\x00", EXPECTED_CHARACTERS, 4),
    ("app:1\x00", "a tag is made of", 6),
    ("app\u200b", EXPECTED_CHARACTERS, 4),
    ("app:1\u200b", "a tag is made of", 6),
    ("\ufeffapp", EXPECTED_CHARACTERS, 1),
    # Look-alikes: a Cyrillic a, an Arabic-Indic three, a full-width one.
    ("\u0430pp", EXPECTED_CHARACTERS, 1),
    ("qu\u0430y.io/app", "host name", 1),
    ("app:1.\u0663", "a tag is made of", 7),
    ("app³", EXPECTED_CHARACTERS, 4),
    ("app\u00c9", EXPECTED_CHARACTERS, 4),
    ("straße", EXPECTED_CHARACTERS, 5),
    ("app@sha256:" + "a1" * 31 + "a\uff11", "lower case", 75),
    ("\ud800", EXPECTED_CHARACTERS, 1),
    ("https://r.example/app:1", "scheme such as 'https://'", 1),
    ("docker://r.example/app", "scheme such as 'docker://'", 1),
    ("oci://r.example/app", "scheme such as 'oci://'", 1),
    ("docker-pullable://app", "scheme such as 'docker-pullable://'", 1),
    ("HTTP://r.example/app", "scheme such as 'HTTP://'", 1),
]
INVALID = [
    *NAMES_THAT_ARE_NONE,
    *HOSTS_THAT_ARE_NONE,
    *TAGS_THAT_ARE_NONE,
    *DIGESTS_THAT_ARE_NONE,
    *LENGTHS_THAT_ARE_NONE,
    *FOREIGN_CHARACTERS,
]


@pytest.mark.parametrize(("text", "registry", "path", "tag", "digest"), VALID)
def test_what_docker_reads_as_an_image_id_is_one(
    text: str, registry: str, path: str, tag: str | None, digest: str | None
) -> None:
    reference = ImageReference.parse(text)

    assert reference.repository == Repository(registry, path)
    assert reference.tag == tag
    assert reference.digest == (Digest.parse(digest) if digest else None)
    assert str(reference) == text
    assert reference.normalised == (
        f"{registry}/{path}" + (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")
    )
    assert ImageReference.try_parse(text) == reference


@pytest.mark.parametrize(("text", "words", "column"), INVALID)
def test_what_is_none_is_refused_with_the_column_and_the_reason(
    text: str, words: str, column: int
) -> None:
    assert ImageReference.try_parse(text) is None

    with pytest.raises(InputError) as caught:
        ImageReference.parse(text)

    assert words in caught.value.problem
    assert caught.value.place == f"column {column}"
    assert caught.value.excerpt.splitlines()[1].index("^") >= 4


def test_the_table_is_long_enough_and_says_nothing_twice() -> None:
    texts = [row[0] for row in VALID] + [row[0] for row in INVALID]

    assert len(texts) >= 200
    assert len(set(texts)) == len(texts)
