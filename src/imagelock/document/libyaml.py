"""Documents read by the system's libyaml in one call: the same nodes, sooner.

PyYAML hands over one event after the other, with two marks each, which costs
more than the parsing. libyaml's loader gives all nodes of a document at once,
in the order of the text, as an array in its memory; it is read from there.
Where there is no such library, and for every text that is not plain enough,
`load` answers ``None``, and PyYAML reads it, as it reads what is broken.
"""

from __future__ import annotations

import ctypes
import re
import struct
from functools import cache
from typing import TYPE_CHECKING

from imagelock.document.compose import behind_its_indicator, mapping_of
from imagelock.document.nodes import Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from imagelock.document.nodes import Node, Text

__all__ = ["has_properties", "load"]

_LIBRARY = "libyaml-0.so.2"  # a name that changes with its ABI
_VERSION = b"0.2."
_UTF8 = 1
_PARSER_SIZE, _DOCUMENT_SIZE = 2048, 1024  # bytes: they take 480 and 104

# yaml_node_t (yaml.h of libyaml 0.2) where pointers have 64 bits, little-endian:
# its type; the value, length and style of a scalar, or where the items of a
# collection start, end and are filled to; index and line of both marks.
_NODE = struct.Struct("<i12xQQQ8xQQ8xQQ8x")
_NODES = struct.Struct("<Q8xQ")  # from where to where, at the beginning of yaml_document_t
_SCALAR, _MAPPING = 1, 3
_POINTER = 8  # bytes
_INT = 4  # bytes: an item of a sequence is one int, a pair of a mapping two
_STYLE = 0xFFFFFFFF
_PLAIN, _QUOTED = 1, 3  # numbers of styles, up to these
_STYLES = ("", "", "'", '"', "|", ">")

# An anchor or a tag: the array does not have them, and repeats what an alias repeats.
_PROPERTY = re.compile(r"(?:\A|[-:?,\[{\r\n\x85\u2028\u2029\ufeff])[ \t]*(?:!|&[A-Za-z0-9_-])")
_MOST_OPENED = 2000  # brackets and braces: reading nested ones takes their number squared
_LONGEST = 8_000_000  # characters: the array takes three times the memory of the text


def load(text: Text, content: str, base: int, most_levels: int) -> list[Node] | None:
    """Read documents into their root nodes; ``None`` where PyYAML is to read them.

    Args:
        text: What the nodes stand in.
        content: The piece of it that is read.
        base: Where in the text the piece begins.
        most_levels: What is nested deeper is for PyYAML, which tells the place.
    """
    library = _library()
    if library is None or not _is_plain(content):
        return None
    try:
        encoded = content.encode()
        return [
            _shallow(_compose(text, content, base, first, end, most_levels))
            for first, end in _arrays(library, encoded)
        ]
    except (UnicodeEncodeError, _NotPlainError):
        return None


def has_properties(content: str, start: int = 0, end: int | None = None) -> bool:
    """Say whether a node may have an anchor or a tag; ``False`` is certain."""
    stop = len(content) if end is None else end
    may_have = content.find("!", start, stop) >= 0 or content.find("&", start, stop) >= 0
    return may_have and _PROPERTY.search(content, start, stop) is not None


def _is_plain(content: str) -> bool:
    if len(content) > _LONGEST or content.count("[") + content.count("{") > _MOST_OPENED:
        return False
    if has_properties(content):
        return False
    return not _opens_many_levels(content)


def _opens_many_levels(content: str) -> bool:
    """Say whether one line may open any number of levels."""
    # To look for one character takes a fiftieth of the time.
    if "\t" in content and ("-\t" in content or "?\t" in content):
        return True
    if "?" in content and any(levels in content for levels in ("? ? ", "- ? ", "? - ? ")):
        return True
    return "- - - - " in content


def _shallow(root: Node | None) -> Node:
    if root is None:
        raise _NotPlainError
    return root


class _NotPlainError(Exception):
    """What is read is broken, or nested too deeply; PyYAML says where."""


def _arrays(library: ctypes.CDLL, encoded: bytes) -> Iterator[tuple[int, int]]:
    """Yield from where to where the nodes of each document stand, until the next is read."""
    parser = ctypes.create_string_buffer(_PARSER_SIZE)
    document = ctypes.create_string_buffer(_DOCUMENT_SIZE)
    if not library.yaml_parser_initialize(parser):
        raise MemoryError
    try:
        library.yaml_parser_set_encoding(parser, _UTF8)
        library.yaml_parser_set_input_string(parser, encoded, len(encoded))
        while library.yaml_parser_load(parser, document):
            start, top = _NODES.unpack_from(document)
            try:
                if start == top:
                    return
                yield start, top
            finally:
                library.yaml_document_delete(document)
        raise _NotPlainError
    finally:
        library.yaml_parser_delete(parser)


def _compose_in_python(
    text: Text, content: str, base: int, first: int, end: int, most_levels: int
) -> Node | None:
    """Return the root of the nodes that libyaml wrote from address *first* to *end*.

    ``None`` where they are nested deeper than *most_levels*. Behind each
    collection stand the nodes in it, so that none of this needs recursion.
    """
    counts_dull = text.key_bits is not None
    array = ctypes.string_at(first, end - first)
    # A level is (start and kind of what is open, the nodes around it, how many more, dull).
    level: list[Node] = []
    roots, is_dull, left = level, counts_dull, 1
    levels: list[tuple[int, bool, list[Node], int, bool]] = []
    for kind, where, second, third, start, line, stop, last_line in _NODE.iter_unpack(array):
        left -= 1
        if kind == _SCALAR:
            number = third & _STYLE
            if line != last_line or number > _QUOTED:
                value = ctypes.string_at(where, second).decode()
            elif number <= _PLAIN:
                value = content[start:stop]
            else:
                value = content[start + 1 : stop - 1]
                if "\\" in value or "'" in value:
                    value = ctypes.string_at(where, second).decode()
            begin, last = base + start, base + stop
            if begin == last:
                begin = last = base + behind_its_indicator(content, start)
            level.append(Scalar(value, begin, last, _STYLES[number], text))
            if is_dull and (":" in value or "[" in value or "IMAGE" in value):
                is_dull = False  # as `is_dull_text` says, which would take a call
        else:
            if len(levels) >= most_levels:
                return None
            levels.append((start, kind == _MAPPING, level, left, is_dull))
            level, is_dull, left = [], counts_dull, (third - where) // _INT
        while not left and levels:
            opened, is_mapping, outer, left, outer_is_dull = levels.pop()
            node = (
                mapping_of(text, level, base + opened, is_dull)
                if is_mapping
                else Sequence(tuple(level), base + opened, None, is_dull)
            )
            outer.append(node)
            level, is_dull = outer, outer_is_dull and node.is_dull
    return roots[0]


def _fastest() -> Callable[[Text, str, int, int, int, int], Node | None]:
    try:
        from imagelock.document._nodes import compose
    except ImportError:  # there was no compiler
        return _compose_in_python
    return compose


_compose = _fastest()


@cache
def _library() -> ctypes.CDLL | None:
    """Load the library, if it reads a text into just what is expected."""
    if _NODES.pack(1, 0)[:1] != struct.pack("@P", 1)[:1] or struct.calcsize("@P") != _POINTER:
        return None
    try:
        library = ctypes.CDLL(_LIBRARY)
        _declare(library)
    except (OSError, AttributeError):
        return None
    return library if library.yaml_get_version_string().startswith(_VERSION) else None


def _declare(library: ctypes.CDLL) -> None:
    pointer, size = ctypes.c_void_p, ctypes.c_size_t
    library.yaml_get_version_string.restype = ctypes.c_char_p
    library.yaml_parser_initialize.argtypes = [pointer]
    library.yaml_parser_set_encoding.argtypes = [pointer, ctypes.c_int]
    library.yaml_parser_set_input_string.argtypes = [pointer, ctypes.c_char_p, size]
    library.yaml_parser_load.argtypes = [pointer, pointer]
    library.yaml_document_delete.argtypes = [pointer]
    library.yaml_parser_delete.argtypes = [pointer]
