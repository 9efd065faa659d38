from imagelock.document.compose import Anchors
from imagelock.document.nodes import Node, Text

def compose(
    text: Text,
    content: str,
    base: int,
    anchors: Anchors,
    most_levels: int,
    most_scalars: int,
    /,
) -> list[Node] | None: ...
def use(path: str, /) -> bool: ...
def is_sound(content: str, most_levels: int, /) -> bool: ...
