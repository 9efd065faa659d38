"""What the tests of the document floor share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

from imagelock.core.place import Source
from imagelock.document.events import FastestParser
from imagelock.document.nodes import Mapping, Scalar, Sequence, Text
from imagelock.document.pure import PurePythonParser
from imagelock.document.yaml import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from imagelock.document.nodes import Node

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"


class Read(Protocol):
    """Give the root nodes of a text."""

    def __call__(self, text: str) -> list[Node]: ...


@pytest.fixture(
    params=[None, FastestParser, PurePythonParser], ids=["default", "libyaml", "python"]
)
def parser(request: pytest.FixtureRequest) -> Callable[[str], Any] | None:
    chosen: Callable[[str], Any] | None = request.param
    return chosen


@pytest.fixture
def read(parser: Callable[[str], Any] | None) -> Read:
    return lambda text: parse(Text(text, Source("a.yaml", text)), parser=parser)


@pytest.fixture
def scalars() -> Callable[[list[Node]], list[Scalar]]:
    return lambda roots: [scalar for root in roots for scalar in _scalars(root)]


def _scalars(node: Node) -> Iterator[Scalar]:
    if isinstance(node, Scalar):
        yield node
    elif isinstance(node, Mapping):
        for key, value in node.pairs:
            yield from _scalars(key)
            yield from _scalars(value)
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from _scalars(item)


@pytest.fixture(scope="session")
def corpus() -> list[Source]:
    """Return the real files that lie beside the checkout, as they are."""
    if not CORPUS.is_dir():
        pytest.skip("needs ../shared/corpus, which is not beside this checkout")
    files = sorted(CORPUS.rglob("*.yaml"))
    return [
        Source(str(file.relative_to(CORPUS)), file.read_bytes().decode().removeprefix("\ufeff"))
        for file in files
    ]
