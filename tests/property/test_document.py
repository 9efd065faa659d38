"""Laws of the document floor: what is written at a value's offset, and nothing else, changes.

The judge is PyYAML's own parser: the text with a word in it is parsed again,
and its events must be those of the text before, with the word in one value.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from imagelock.core.place import Source
from imagelock.document.nodes import Alias, Mapping, Node, Scalar, Sequence, Text
from imagelock.document.scalar import map_offsets
from imagelock.document.splice import Splice, apply
from imagelock.document.yaml import BrokenYamlError, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WORD = "@sha256:0a1b2c"
WHITE_SPACE = " \t\n\r\x85\u2028\u2029"

Events = list[tuple[Any, ...]]
Draw = st.DrawFn


# What stands in a text, written as people and programs write it.

_LETTERS = "ab0é😀\u00a0"
_PLAIN_WORDS = st.text(_LETTERS + "-:#'\"\\{}&*!|>%@`.~,[]?=\t", min_size=1, max_size=5)
_QUOTED_WORDS = st.text(_LETTERS + "-:#{}[],&*!|>%@` \t", max_size=5)
_LINE_WORDS = st.text(_LETTERS + "-:#'\"\\{}[],&*!|>%@` \t", max_size=6)
_ESCAPES = st.sampled_from(
    [f"\\{char}" for char in '0abt\tnvfre "/\\\\N_LP'] + ["\\x41", "\\u00e9", "\\U0001F600"]
)


class Style:
    """How one text is laid out: its line breaks, and how deep each level is indented."""

    def __init__(self, line_break: str, indentation: int) -> None:
        self.line_break = line_break
        self.indentation = indentation


_STYLES = st.builds(
    Style,
    st.sampled_from(["\n", "\n", "\n", "\r\n", "\r", "\x85", "\u2028"]),
    st.integers(1, 8),
)
_LF_STYLES = st.builds(Style, st.just("\n"), st.integers(1, 8))


@st.composite
def _fold(draw: Draw, style: Style, indent: int) -> str:
    """Draw a line break in a flow scalar, with the white space around it."""
    before = draw(st.sampled_from(["", "", " ", "  ", "\t"]))
    blank = draw(st.lists(st.sampled_from(["", "  ", " \t"]), max_size=2))
    lines = "".join(style.line_break + line for line in blank)
    after = draw(st.sampled_from(["", " ", "\t"]))
    return f"{before}{lines}{style.line_break}{' ' * indent}{after}"


@st.composite
def _plain(draw: Draw, style: Style, indent: int) -> str:
    words = draw(st.lists(_PLAIN_WORDS, min_size=1, max_size=4))
    text = words[0]
    for word in words[1:]:
        text += draw(st.one_of(st.sampled_from([" ", "  "]), _fold(style, indent))) + word
    return text


@st.composite
def _quoted(draw: Draw, style: Style, indent: int) -> str:
    quote = draw(st.sampled_from(["'", '"']))
    special = st.just("''")
    if quote == '"':
        escaped_break = _fold(style, indent).map(lambda fold: "\\" + fold.lstrip(" \t"))
        special = st.one_of(_ESCAPES, escaped_break)
    part = st.one_of(_QUOTED_WORDS, _fold(style, indent), special)
    return f"{quote}{''.join(draw(st.lists(part, max_size=6)))}{quote}"


@st.composite
def _block(draw: Draw, style: Style, indent: int) -> str:
    """Draw a literal or folded scalar, with its last line break or without."""
    chomping = draw(st.sampled_from(["", "-", "+"]))
    indicator = draw(st.sampled_from(["", str(style.indentation)]))
    header = draw(st.sampled_from(["|", ">"]))
    header += draw(st.sampled_from([indicator + chomping, chomping + indicator]))
    header += draw(st.sampled_from(["", "", " ", " # why"]))
    body = ""
    for line in draw(st.lists(_LINE_WORDS, max_size=6)):
        own = draw(st.sampled_from(["", "", "", " ", "  ", "\t"]))
        written = " " * indent + own + line
        body += style.line_break + draw(
            st.sampled_from([written, written, written, "", " " * min(indent, 2)])
        )
    return header + body


def _scalar(style: Style, indent: int) -> st.SearchStrategy[str]:
    short = st.sampled_from(["", "~", "quay.io/a/b:1", "*x", "a"])
    quoted, block = _quoted(style, indent), _block(style, indent)
    return st.one_of(short, _plain(style, indent), quoted, quoted, block, block)


@st.composite
def _flow(draw: Draw, style: Style, indent: int, depth: int) -> str:
    leaf = st.one_of(_quoted(style, indent), _PLAIN_WORDS, _plain(style, indent), st.just("*x"))
    item = leaf if depth > 1 else st.one_of(leaf, leaf, _flow(style, indent, depth + 1))
    items = draw(st.lists(item, max_size=3))
    gap = st.sampled_from(["", " ", f" # why{style.line_break}{' ' * indent}"])
    if draw(st.booleans()):
        return f"[{draw(gap)}{', '.join(items)}{draw(gap)}]"
    pairs = [f"{key}:{draw(gap)}{value}" for key, value in zip("abc", items, strict=False)]
    return f"{{{draw(gap)}{', '.join(pairs)}{draw(gap)}}}"


@st.composite
def _properties(draw: Draw, style: Style, indent: int) -> str:
    """Draw an anchor or a tag, or both, with what may follow them."""
    parts = draw(
        st.sampled_from(
            [["&x"], ["!!str"], ["!a,b"], ["!<tag:a,2000:b>"], ["&x", "!!str"], ["!", "&x"]]
        )
    )
    lines = [" ", "\t", f"{style.line_break}{' ' * indent}"]
    lines.append(
        f" # why{style.line_break}{style.line_break} # 'so'{style.line_break}{' ' * indent}"
    )
    return "".join(part + draw(st.sampled_from(lines)) for part in parts)


@st.composite
def _entry(draw: Draw, style: Style, indent: int, depth: int) -> str:
    """Draw what follows a colon or a dash, which stand at *indent* less one level."""
    kind = draw(st.integers(0, 9))
    properties = draw(_properties(style, indent)) if kind in {0, 1} else ""
    if kind >= 8 and depth < 3:
        return properties.rstrip(" \t") + draw(_collection(style, indent, depth + 1))
    if kind == 7:
        return " " + properties + draw(_flow(style, indent, 1))
    comment = draw(st.sampled_from(["", "", " # it's", "\t#"]))
    scalar = draw(_scalar(style, indent))
    if scalar.startswith(("|", ">")):
        return " " + properties.replace("\t", " ") + scalar
    return f" {properties}{scalar}{comment}"


@st.composite
def _collection(draw: Draw, style: Style, indent: int, depth: int) -> str:
    """Draw lines of a block mapping or sequence, each with a line break before it."""
    is_mapping = draw(st.booleans())
    lines = ""
    for number in range(draw(st.integers(1, 3))):
        key = draw(st.sampled_from([f"k{number}", f'"k{number}"', "<<", "image"]))
        lines += draw(st.sampled_from(["", "", "", f"{style.line_break}  # {key}"]))
        lines += style.line_break + " " * indent + (f"{key}:" if is_mapping else "-")
        lines += draw(_entry(style, indent + style.indentation, depth))
    return lines


@st.composite
def _texts(draw: Draw, styles: st.SearchStrategy[Style]) -> str:
    style = draw(styles)
    mark = draw(st.sampled_from(["", "", f"---{style.line_break}", f"# why{style.line_break}"]))
    anchor = f"anchor: &x 1{style.line_break}"
    body = draw(_collection(style, 0, 0)).removeprefix(style.line_break)
    body = anchor + body if body[:1] not in {"-", " "} else body.replace("*x", "x")
    return mark + body + draw(st.sampled_from(["", style.line_break]))


TEXTS = _texts(_STYLES)
_JSON_WORDS = st.text(
    st.characters(exclude_categories=("Cc", "Cs"), max_codepoint=0xFFFF), max_size=8
)
_JSON_TEXTS = st.builds(
    json.dumps,
    st.dictionaries(
        _JSON_WORDS, st.lists(_JSON_WORDS, min_size=1, max_size=3), min_size=1, max_size=3
    ),
    indent=st.sampled_from([None, 1]),
    ensure_ascii=st.booleans(),
)


def _literal(value: str) -> str:
    """Write a value as a literal block, two spaces deep."""
    chomping = "+" if value.endswith("\n\n") else "" if value.endswith("\n") else "-"
    return f"|2{chomping}\n" + "\n".join(f"  {line}" for line in value.split("\n"))


def _folded(value: str) -> str:
    """Write a value as a folded block: each fold is one more line break."""
    written = re.sub(r"(?<=\n)(?=[^\n])|^", "  ", value)
    return _literal(value).replace("|", ">", 1).split("\n")[0] + "\n" + _doubled_breaks(written)


def _doubled_breaks(lines: str) -> str:
    """Add a line break where folding takes one away: between lines that are not indented."""
    return re.sub(r"(?<=\S)(\n+)(?=  [^ \t\n])", r"\1\n", lines)


def _single_quoted(value: str) -> str:
    return "'" + value.replace("'", "''").replace("\n", "\n\n  ") + "'"


def _double_quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _folded_double_quoted(value: str) -> str:
    return _double_quoted(value).replace("\\n", "\\n\\\n  ").replace(" x", "\\x20\\u0078")


_WRITERS: list[Callable[[str], str]] = [
    _literal,
    _folded,
    _single_quoted,
    _double_quoted,
    _folded_double_quoted,
]


@st.composite
def _nested_texts(draw: Draw) -> tuple[str, list[str]]:
    """Draw a text, and the values that stand inside each other in it, the outermost first."""
    text = draw(st.one_of(_texts(_LF_STYLES), _texts(_LF_STYLES), _JSON_TEXTS))
    values: list[str] = []
    for _ in range(draw(st.integers(1, 3))):
        values.insert(0, text)
        text = _holding(text, draw(st.sampled_from(_WRITERS)))
    return text.replace("\n", draw(st.sampled_from(["\n", "\n", "\r\n"]))), values


def _holding(value: str, write: Callable[[str], str]) -> str:
    """Write a text in which another one is a value; not every style can hold every value."""
    text = f"a: 1\nk: {write(value)}\nz: 2\n"
    try:
        if _value(text, 3) == value:
            return text
    except yaml.YAMLError:
        pass
    return f"a: 1\nk: {_double_quoted(value)}\nz: 2\n"


def _parsed(text: str) -> list[Node]:
    return _parsed_nodes(Text(text, Source("a.yaml", text)))


def _parsed_nodes(text: Text) -> list[Node]:
    """Parse, and pass over what happens to be no YAML."""
    try:
        return parse(text)
    except BrokenYamlError:
        assume(condition=False)
        raise


# The judge.


def _events(text: str) -> Events:
    return [
        (
            type(event).__name__,
            getattr(event, "anchor", None),
            getattr(event, "tag", None),
            getattr(event, "value", None),
        )
        for event in yaml.parse(text, Loader=yaml.CBaseLoader)
    ]


def _values(events: Events) -> list[int]:
    return [index for index, event in enumerate(events) if event[0] == "ScalarEvent"]


def _value(text: str, number: int) -> str:
    events = _events(text)
    value: str = events[_values(events)[number]][3]
    return value


def _with_value(events: Events, number: int, value: str) -> Events:
    index = _values(events)[number]
    return [*events[:index], (*events[index][:3], value), *events[index + 1 :]]


def scalars(node: Node) -> Iterator[Scalar]:
    """Give the scalars of a document in their order, keys too."""
    match node:
        case Scalar():
            yield node
        case Mapping():
            for key, value in node.pairs:
                yield from scalars(key)
                yield from scalars(value)
        case Sequence():
            for item in node.items:
                yield from scalars(item)
        case Alias():
            pass


def _all_scalars(roots: list[Node]) -> list[Scalar]:
    return [scalar for root in roots for scalar in scalars(root)]


def places_behind(scalar: Scalar) -> list[int]:
    """Give the offsets at which a word may follow what stands before it."""
    return [i + 1 for i, char in enumerate(scalar.value) if char not in WHITE_SPACE]


def places_before(scalar: Scalar) -> list[int]:
    """Give the offsets at which a word may precede what stands behind it."""
    first = 0 if scalar.style else 1
    value = scalar.value
    return [index for index in range(first, len(value)) if value[index] not in WHITE_SPACE]


# The laws.


@given(TEXTS, st.data())
def test_a_word_written_behind_any_character_of_a_value_stands_there_and_changes_nothing_else(
    text: str, data: st.DataObject
) -> None:
    number, scalar, place = _drawn_place(_parsed(text), data, places_behind)

    offsets = map_offsets(scalar)
    assert offsets is not None
    position = offsets.end(place)
    written = apply(text, [Splice(position, position, WORD)])

    expected = scalar.value[:place] + WORD + scalar.value[place:]
    assert _events(written) == _with_value(_events(text), number, expected)
    assert apply(written, [Splice(position, position + len(WORD), "")]) == text


@given(TEXTS, st.data())
def test_a_word_written_before_any_character_of_a_value_stands_there_and_changes_nothing_else(
    text: str, data: st.DataObject
) -> None:
    number, scalar, place = _drawn_place(_parsed(text), data, places_before)

    offsets = map_offsets(scalar)
    assert offsets is not None
    position = offsets.start(place)
    written = apply(text, [Splice(position, position, WORD)])

    expected = scalar.value[:place] + WORD + scalar.value[place:]
    assert _events(written) == _with_value(_events(text), number, expected)


def _drawn_place(
    roots: list[Node], data: st.DataObject, places: Callable[[Scalar], list[int]]
) -> tuple[int, Scalar, int]:
    """Draw a scalar, by its number, and an offset of its value."""
    found = list(enumerate(_all_scalars(roots)))
    choices = [(number, scalar, place) for number, scalar in found for place in places(scalar)]
    assume(choices)
    return data.draw(st.sampled_from(choices))


@given(_nested_texts(), st.data())
def test_a_word_written_in_a_text_inside_a_text_stands_there_and_changes_nothing_else(
    nested: tuple[str, list[str]], data: st.DataObject
) -> None:
    written_text, values = nested
    text = Text(written_text, Source("a.yaml", written_text))
    for value in values:
        holder = _all_scalars(_parsed_nodes(text))[3]
        assume(holder.value == value)
        offsets = map_offsets(holder)
        assert offsets is not None
        text = Text(value, text.source, holder, offsets)
    number, scalar, place = _drawn_place(_parsed_nodes(text), data, places_behind)

    offsets = map_offsets(scalar)
    assert offsets is not None
    inner_position = offsets.end(place)
    position = text.root_end(inner_position)
    written = apply(written_text, [Splice(position, position, WORD)])

    before, after = written_text, written
    for value in values:
        expected = _with_value(_events(before), 3, _value(after, 3))
        assert _events(after) == expected
        before, after = value, _value(after, 3)
    assert after == before[:inner_position] + WORD + before[inner_position:]
    expected_value = scalar.value[:place] + WORD + scalar.value[place:]
    assert _events(after) == _with_value(_events(before), number, expected_value)
