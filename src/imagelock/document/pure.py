"""PyYAML's parser in Python, made to read what libyaml reads; used where libyaml is missing."""

from __future__ import annotations

from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner, ScannerError

__all__ = ["PurePythonParser"]


class PurePythonParser(Reader, Scanner, Parser):
    """The same events as libyaml's parser, forty times slower.

    Where they differ, it refuses: a tab between the words of a plain scalar or
    behind the ``|`` of a block, a key that begins with ``?`` in a flow, and a
    byte order mark in the middle of a text. It takes unknown
    directives and a comma in a tag, and an empty value in a flow with a comment
    before it stands before the comment.
    """

    def __init__(self, stream: str) -> None:
        Reader.__init__(self, stream)
        Scanner.__init__(self)
        Parser.__init__(self)

    def scan_to_next_token(self) -> None:
        """Pass over blanks, tabs too, comments and line breaks, as libyaml does."""
        while True:
            while self.peek() == " " or (self.peek() == "\t" and self._may_pass_tabs()):
                self.forward()
            if self.peek() == "#":
                while self.peek() not in "\0\r\n\x85\u2028\u2029":
                    self.forward()
            if not self.scan_line_break():  # type: ignore[no-untyped-call]
                return
            if not self.flow_level:
                self.allow_simple_key = True

    def scan_flow_scalar_non_spaces(self, *context: object) -> list[str]:
        """Read a part of a quoted scalar, but no escape of what is no character."""
        try:
            parts: list[str] = super().scan_flow_scalar_non_spaces(*context)
            "".join(parts).encode()
        except (ValueError, OverflowError):
            raise ScannerError(
                None, None, "found invalid Unicode character escape code", self.get_mark()
            ) from None
        return parts

    def _may_pass_tabs(self) -> bool:
        return bool(self.flow_level or not self.allow_simple_key)
