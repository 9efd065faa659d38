from imagelock.document.nodes import Node, Text

def compose(
    text: Text, content: str, base: int, first: int, end: int, most_levels: int, /
) -> Node | None: ...
