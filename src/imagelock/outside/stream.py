"""Read a stream of documents in batches, so that memory does not grow with it."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

from imagelock.core.place import FilePlace, Source
from imagelock.errors import InputError
from imagelock.outside.files import LARGEST_DOCUMENT, byte_order_mark, refuse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

__all__ = ["BATCH", "read_batches"]

BATCH = 512 * 1024  # characters: enough work to hand to another process
_BLOCK = 1024 * 1024  # bytes
_MARK = re.compile(r"\n---(?=[ \t\r\n])")
_END = re.compile(r"\n\.\.\.[ \t]*+\r?\n")
_LONGEST_MARK = 200  # characters of a line that begins or ends a document
_BLANK_OR_COMMENT = re.compile(r"[ \t\r]*(?:#.*)?")


def read_batches(
    file: BinaryIO, name: str, *, size: int = BATCH, limit: int = LARGEST_DOCUMENT
) -> Iterator[Source]:
    """Yield the documents of a stream in batches of about *size* characters.

    A batch ends where a document ends; one document larger than *size* is a
    batch of its own. Joined, the texts are the stream's. An empty stream is one
    empty batch.

    Raises:
        InputError: It is not text in UTF-8 (or, after a byte order mark, UTF-16
            or UTF-32), has a document of more than *limit* characters, or
            cannot be read.
        DiskError: The disk failed.
    """
    decoder = _Decoder(file, name)
    first_line = 1
    try:
        for text in _cut(decoder.texts(), size, limit):
            mark = decoder.mark if first_line == 1 else b""
            yield Source(name, text, encoding=decoder.encoding, bom=mark, first_line=first_line)
            first_line += text.count("\n")
    except _TooLargeError:
        raise InputError(
            f"this document has more than {limit:,} characters, which is more than one may have",
            place=FilePlace(name, first_line),
            hint="Split it at '---' into several documents, or leave it out of the call.",
        ) from None


class _TooLargeError(Exception):
    """What was read has no end within the limit."""


class _Decoder:
    """Decodes a file block by block, by its byte order mark or as UTF-8."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file = file
        self._name = name
        self._lines = 0
        self._columns = 0  # characters after the last line end
        head = self._read()
        self.mark, self.encoding = byte_order_mark(head)
        self._head = head[len(self.mark) :]

    def texts(self) -> Iterator[str]:
        decoder = codecs.getincrementaldecoder(self.encoding)()
        block = self._head
        while True:
            is_last = not block
            try:
                text = decoder.decode(block, final=is_last)
            except UnicodeDecodeError as error:
                raise self._not_text(error) from None
            self._lines += text.count("\n")
            self._columns = _after_last_line(text, self._columns)
            yield text
            if is_last:
                return
            block = self._read()

    def _read(self) -> bytes:
        try:
            return self._file.read(_BLOCK)
        except OSError as error:
            refuse(error, self._name, "read")

    def _not_text(self, error: UnicodeDecodeError) -> InputError:
        good = error.object[: error.start].decode(self.encoding, "replace")
        line = self._lines + good.count("\n") + 1
        column = _after_last_line(good, self._columns) + 1
        return InputError(
            f"this is not {self.encoding.upper()} text: "
            f"byte 0x{error.object[error.start]:02x} was not expected here",
            place=FilePlace(self._name, line, column),
            hint="Write it as UTF-8 (for a Latin-1 file: iconv -f latin1 -t utf-8).",
        )


def _after_last_line(text: str, before: int) -> int:
    """Count the characters after the last line end, where *before* stood after the one before."""
    newline = text.rfind("\n")
    return before + len(text) if newline < 0 else len(text) - newline - 1


def _cut(texts: Iterator[str], size: int, limit: int) -> Iterator[str]:
    """Join pieces of text and cut them again between documents."""
    held: list[str] = []
    length = 0
    searched = 0  # up to where no document ends
    for text in texts:
        held.append(text)
        length += len(text)
        # A mark may lie across two pieces: the piece before is searched again.
        if length >= size and _may_be_cut("".join(held[-2:])):
            joined = "".join(held)
            cut = _last_cut(joined, searched)
            searched = max(length - _LONGEST_MARK, 0)
            if cut:
                held, length, searched = [joined[cut:]], length - cut, 0
                whole = joined[:cut]
                del joined  # a large document is held once
                yield whole
                del whole
        if length > limit:
            raise _TooLargeError
    rest = "".join(held)
    held.clear()
    yield rest


def _may_be_cut(text: str) -> bool:
    return _MARK.search(text) is not None or _END.search(text) is not None


def _last_cut(text: str, start: int) -> int:
    """Return where the last document of a text begins, or 0 where there is no safe place.

    Directives stand before the mark of their document: no cut parts them. Behind
    the mark that ends a document there always is a safe place.
    """
    end = len(text)
    while (mark := text.rfind("\n---", start, end)) >= 0:
        if _MARK.match(text, mark) and not _follows_a_directive(text, mark):
            return mark + 1
        end = mark
    end = len(text)
    while (mark := text.rfind("\n...", start, end)) >= 0:
        if found := _END.match(text, mark):
            return found.end()
        end = mark
    return 0


def _follows_a_directive(text: str, end: int) -> bool:
    while end > 0:
        start = text.rfind("\n", 0, end) + 1
        line = text[start:end]
        if not _BLANK_OR_COMMENT.fullmatch(line):
            return line.startswith("%")
        end = start - 1
    return False
