"""Which keys, variables and flags name an image, told by their words."""

from __future__ import annotations

import re
from functools import wraps
from typing import TYPE_CHECKING

from imagelock.core.grammar import is_domain

if TYPE_CHECKING:
    from collections.abc import Callable

    from imagelock.core.reference import ImageReference

__all__ = [
    "SCHEME",
    "TRANSPORT",
    "begins_with_image",
    "is_beside_an_image",
    "is_image_flag",
    "is_image_key",
    "is_image_variable",
    "is_images_key",
    "is_joined_to_a_tag",
    "is_push_flag",
    "is_push_key",
    "is_transported",
    "looks_like_an_image",
    "looks_like_no_picture",
    "may_be_a_host",
    "may_be_a_word",
    "names_its_registry",
]

# image, imageName, fooImage, foo_image, foo-image, FOO_IMAGE, imageRef, foo.example/proxyImage
_IMAGE = re.compile(
    r"(?:(?:^|[_./-])image|[a-z0-9]Image|(?:^|[_./-])IMAGE)"
    r"(?:[_.-]?(?:name|ref|reference|url|uri)|Name|Ref|Reference|URL|Url|URI|_NAME|_REF|_URL)?$"
    # dindSidecarRepositoryAndTag, unifiedRepoTag
    r"|(?:[rR]epository|[rR]epo|[iI]mage)AndTag$|(?:^r|R)epo(?:sitory)?Tag$"
)
_IMAGES = re.compile(r"(?:(?:^|[_./-])images|[a-z0-9]Images)$")
_BEGINS = re.compile(r"image[A-Z]")
_PICTURE_KEY = re.compile(
    r"(?:avatar|background|banner|cover|favicon|hero|icon|logo|poster|preview|profile|splash"
    r"|thumb(?:nail)?)[_-]?image",
    re.IGNORECASE,
)
_PICTURE = re.compile(r"\.(?:png|jpe?g|gif|svg|webp|ico|bmp|avif|iso|qcow2|img|raw|vmdk)$")
_PORT = re.compile(r":(?:80|[0-9]{3,5})$")
# Words under `image` that are a choice, a version or a switch.
_NO_NAME = re.compile(
    r"v?[0-9]+(?:\.[0-9]+)*(?:-[a-z0-9.]+)?|any|auto|custom|default|disabled|enabled|latest|none"
)
# The disk image of a machine at Google: projects/<project>/global/images/<name>
_DISK = re.compile(r"projects/[^/]+/global/images/")

# RELATED_IMAGE_FOO, FOO_IMAGE, IMAGE_FOO
_VARIABLE = re.compile(r"(?:^|_)IMAGES?(?:_|$)")
# Less than a name: IMAGE_REGISTRY, IMAGE_TAG.
_BESIDE = re.compile(r"IMAGES?_(?:REGISTRY|PREFIX|HUB|ORG|NAMESPACE|PULL|PATH|HOST|TAG|VERSION)")
# Whoever reads these joins a tag or a version to them: IMAGE_REPOSITORY,
# --prometheus-default-base-image.
_JOINED = re.compile(r"IMAGES?_(?:REPO|BASE)|base[_-]?image$", re.IGNORECASE)
_PUSHED = re.compile(
    r"(?:^|[_.-])(?:(?:output|dest(?:ination)?|push)[_.-]?image|to[_.-]image|build-image[.]image)",
    re.IGNORECASE,
)
# sha256:… is a checksum, though the grammar reads it as a name and a tag.
_CHECKSUM = re.compile(r"(?:md5|sha(?:1|224|256|384|512)):")
# skopeo's, and those of buildah and podman: who copies names two, and writes the second.
SCHEME = "docker://"
_TRANSPORTS = (
    *(SCHEME, "dir:", "oci:"),
    *("docker-archive:", "docker-daemon:", "oci-archive:", "containers-storage:"),
)
TRANSPORT = re.compile(rf"(?<![A-Za-z0-9-])(?:{'|'.join(_TRANSPORTS)})(?=[A-Za-z0-9/.$\[])")
_LONGEST, _MOST = 128, 16_384  # characters of a text, and texts, that are remembered
# kaniko's, and those of docker, buildah, podman and crane
_PUSH_FLAGS = frozenset(("--destination", "-d", "--tag", "-t", "--cache-repo", "--push", "push"))


def remembered(ask: Callable[[str], bool]) -> Callable[[str], bool]:
    """Keep the answers for short texts: the same keys come again and again."""
    answers: dict[str, bool] = {}

    @wraps(ask)
    def remembering(text: str) -> bool:
        answer = answers.get(text)
        if answer is None:
            answer = ask(text)
            if len(text) <= _LONGEST and len(answers) < _MOST:
                answers[text] = answer
        return answer

    return remembering


@remembered
def is_image_key(key: str) -> bool:
    """Say whether a key, by its words, names one image and is read as one."""
    return (
        _IMAGE.search(key) is not None and not _PICTURE_KEY.search(key) and not _PUSHED.search(key)
    )


@remembered
def begins_with_image(key: str) -> bool:
    """Say whether a key is such as ``imageEnvoy``, which may name an image as well as a policy."""
    return _BEGINS.match(key) is not None


@remembered
def is_images_key(key: str) -> bool:
    """Say whether a key names several images."""
    return _IMAGES.search(key) is not None and not _PICTURE_KEY.search(key)


@remembered
def is_image_variable(name: str) -> bool:
    """Say whether an environment variable names an image."""
    return _VARIABLE.search(name) is not None and not _PUSHED.search(name)


def is_beside_an_image(name: str) -> bool:
    """Say whether a variable names a registry, a tag or the like, though it says image."""
    return _BESIDE.search(name) is not None


def is_joined_to_a_tag(name: str) -> bool:
    """Say whether a variable, a flag or a key names what a tag or a version is joined to."""
    return _JOINED.search(name) is not None


def is_image_flag(argument: str) -> bool:
    """Say whether an argument is a flag that takes an image: ``--solver-image``."""
    return argument.startswith("-") and is_image_key(argument.lstrip("-"))


def is_transported(argument: str) -> bool:
    """Say whether an argument is the place of an image, as skopeo has it: ``docker://…``."""
    return argument.startswith(_TRANSPORTS)


def is_push_flag(argument: str) -> bool:
    """Say whether an argument is a flag that takes where a build pushes to."""
    return argument in _PUSH_FLAGS or (
        argument.startswith("-") and _PUSHED.search(argument) is not None
    )


@remembered
def is_push_key(key: str) -> bool:
    """Say whether a key names where a build pushes to."""
    return _PUSHED.search(key) is not None


def looks_like_an_image(image: ImageReference) -> bool:
    """Say whether a text is an image ID and not just words that parse as one."""
    has_more_than_a_name = image.tag is not None or image.is_pinned or "/" in image.text
    return has_more_than_a_name and looks_like_no_picture(image)


def may_be_a_host(image: ImageReference) -> bool:
    """Say whether a text is rather a host and a port: ``image-service:8080``, ``redis:6379``."""
    return "/" not in image.text and _PORT.search(image.text) is not None


def may_be_a_word(image: ImageReference) -> bool:
    """Say whether a text under ``image`` itself may name one, though it is a single word."""
    return looks_like_no_picture(image) and not _NO_NAME.fullmatch(image.text)


def looks_like_no_picture(image: ImageReference) -> bool:
    """Say whether a text is no file of pixels, no disk of a machine, and no checksum."""
    return not (
        _PICTURE.search(image.text) or _DISK.match(image.text) or _CHECKSUM.match(image.text)
    )


def names_its_registry(image: ImageReference) -> bool:
    """Say whether an image ID is written with its registry."""
    first, slash, _ = image.text.partition("/")
    return bool(slash) and is_domain(first)
