"""The pages of a cluster, from what kubectl saved of it."""

from __future__ import annotations

import codecs
import sys
from itertools import chain
from typing import TYPE_CHECKING

from imagelock.core.place import FilePlace
from imagelock.errors import InputError
from imagelock.outside.files import STDIN, decode, open_binary, refuse
from imagelock.syntax.kubernetes import parse_page
from imagelock.syntax.pieces import LARGEST_WHOLE, PIECE, parse_in_pieces

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import BinaryIO

    from imagelock.core.cluster import Page
    from imagelock.syntax.pods import IsPlain
    from imagelock.syntax.selectors import Selector

__all__ = ["saved_pages"]

_STDIN = "-"
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def saved_pages(
    files: Sequence[str], *, selector: Selector | None = None, is_plain: IsPlain | None = None
) -> Iterator[Page]:
    """Yield the pages of files, of large ones several; ``-`` is standard input.

    Args:
        files: What kubectl saved as JSON.
        selector: Which pods and workloads are meant; without one, all of them.
        is_plain: Which pods are only counted; without it, none.

    Raises:
        InputError: A file cannot be read, or holds nothing of a cluster.
        DiskError: The disk failed.
    """
    if files.count(_STDIN) > 1:
        raise InputError("standard input can be read once only, and '-' was given more often")
    for path in files:
        name = STDIN if path == _STDIN else path
        with _open(path) as file:
            blocks = _blocks(file, name)
            first = next(blocks, b"")
            if first.startswith(_UTF_16):  # what a PowerShell writes with ">"
                text = decode(_joined(first, blocks, name), name=name).text
                yield parse_page(text.encode(), name=name, selector=selector, is_plain=is_plain)
            else:
                yield from parse_in_pieces(
                    chain((first,), blocks), name=name, selector=selector, is_plain=is_plain
                )


def _open(path: str) -> BinaryIO:
    if path != _STDIN:
        return open_binary(path)
    if sys.stdin is None:
        raise InputError("standard input is closed", place=STDIN)
    return sys.stdin.buffer


def _joined(first: bytes, blocks: Iterator[bytes], name: str) -> bytes:
    held, length = [first], len(first)
    for block in blocks:
        held.append(block)
        length += len(block)
        if length > LARGEST_WHOLE:
            raise InputError(
                f"this has more than {LARGEST_WHOLE:,} bytes in UTF-16",
                place=FilePlace(name),
                hint="Save it as UTF-8, which is read in pieces.",
            )
    return b"".join(held)


def _blocks(file: BinaryIO, name: str) -> Iterator[bytes]:
    try:
        while block := file.read(PIECE):
            yield block
    except OSError as error:
        refuse(error, name, "read")
