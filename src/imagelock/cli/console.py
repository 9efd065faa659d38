"""stdout for results, stderr for people; colours, width, progress."""

from __future__ import annotations

import errno
import os
import sys
import time
from typing import TYPE_CHECKING

from imagelock.core.place import printable
from imagelock.errors import DiskError

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self, TextIO

__all__ = ["Console", "Progress", "stand_in_for_closed_streams", "styled", "why_not_written"]

_COLOURS = {"red": "31", "green": "32", "yellow": "33", "cyan": "36", "bold": "1", "dim": "2"}
_REASONS = {errno.ENOSPC: "the disk is full", errno.EBADF: "it is closed"}
_PATIENCE = 1.0  # seconds before progress is shown
_TERMINAL_PACE = 0.1  # seconds between two states of a progress line on a terminal
_LOG_PACE = 10.0  # seconds between two progress lines in a log


def why_not_written(error: OSError) -> str:
    """Say in our words why standard output takes nothing."""
    return _REASONS.get(error.errno or 0) or error.strerror or str(error)


class Console:
    """The terminal, or the log of a job."""

    def __init__(self) -> None:
        self.quiet = False
        self.verbose = False
        self._progress: Progress | None = None

    def configure(self, *, quiet: bool, verbose: bool) -> None:
        """Take over the options that every command has."""
        self.quiet = quiet
        self.verbose = verbose

    @property
    def result_is_terminal(self) -> bool:
        """Whether a person reads standard output as it is written."""
        return sys.stdout.isatty()

    @property
    def colour_results(self) -> bool:
        """Whether standard output takes colours (``NO_COLOR`` is honoured)."""
        return _takes_colour(sys.stdout.isatty())

    @property
    def colour_messages(self) -> bool:
        """Whether standard error takes colours."""
        return _takes_colour(sys.stderr.isatty())

    def result(self, text: str) -> None:
        """Write a result to standard output."""
        self.result_bytes(text.encode("utf-8", "backslashreplace"))

    def result_bytes(self, data: bytes) -> None:
        """Write a result to standard output, byte for byte.

        Raises:
            DiskError: It is closed, or a file on a disk that is full.
        """
        if not data:
            return  # an empty write fails too, where nothing can be written
        try:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            self.abandon_output()
            reason = why_not_written(error)
            raise DiskError(f"cannot write to standard output: {reason}") from error

    def say(self, text: str) -> None:
        """Tell a person something, unless they asked for quiet."""
        if not self.quiet:
            self._message(text)

    def detail(self, text: str) -> None:
        """Tell a person something that they asked for with ``--verbose``."""
        if self.verbose:
            self._message(self.styled(text, "dim"))

    def warn(self, text: str) -> None:
        """Warn, even when quiet."""
        self._message(f"{self.styled('warning:', 'yellow')} {text}")

    def error(self, text: str) -> None:
        """Say what went wrong."""
        self.end_progress()
        self._message(f"{self.styled('error:', 'red')} {text}")

    def last_line(self, command: str, undone: str) -> None:
        """Say what did not happen: the last line of a failure."""
        self._message(f"{f'imagelock {printable(command)}'.rstrip()}: {undone}")

    def our_fault(self, error: BaseException) -> None:
        """Show a bug of ours, with what is needed to mend it."""
        import traceback

        self.end_progress()
        self._message("".join(traceback.format_exception(error)).rstrip())
        self._message(
            f"{self.styled('error:', 'red')} this is a bug in imagelock, and no fault of yours: "
            "please report it with the lines above and the input"
        )

    def styled(self, text: str, *styles: str) -> str:
        """Return *text* with colours for standard error, if it takes them."""
        return styled(text, *styles) if self.colour_messages else text

    def progress(self, label: str, total: int | None = None) -> Progress:
        """Show how far long work is; use it as a context manager."""
        self._progress = Progress(self, label, total)
        return self._progress

    def end_progress(self) -> None:
        """Leave the progress line, so that a message can be written."""
        if self._progress is not None:
            self._progress.close()

    def abandon_output(self) -> None:
        """Give standard output up, so that Python does not complain about it at its end."""
        _abandon(sys.stdout)

    def raw(self, text: str) -> None:
        """Write to standard error as it is; for progress."""
        try:
            sys.stderr.write(text)
            sys.stderr.flush()
        except OSError:
            # Nobody reads the messages; the result and the status still count.
            _abandon(sys.stderr)

    def _message(self, text: str) -> None:
        if self._progress is not None:
            self._progress.clear()
        encoding = sys.stderr.encoding or "utf-8"
        self.raw(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")


class Progress:
    """One line that says how far long work is: redrawn on a terminal, repeated in a log."""

    def __init__(self, console: Console, label: str, total: int | None) -> None:
        self._console = console
        self._label = label
        self._total = total
        self._done = 0
        self._note = ""
        self._started = time.monotonic()
        self._shown = self._started
        self._on_line = False
        self._terminal = sys.stderr.isatty() and not _is_dumb()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def advance(self, count: int = 1, note: str = "") -> None:
        """Say that *count* more are done, and what is under way."""
        self._done += count
        self.show(note)

    def show(self, note: str = "") -> None:
        """Redraw, if it is time to."""
        self._note = note
        now = time.monotonic()
        pace = _TERMINAL_PACE if self._terminal else _LOG_PACE
        if self._console.quiet or now - self._started < _PATIENCE:
            return
        if self._on_line and now - self._shown < pace:
            return
        if not self._terminal and now - self._shown < pace:
            return
        self._shown = now
        self._draw(now)

    def clear(self) -> None:
        """Wipe the line, so that a message can be written."""
        if self._on_line and self._terminal:
            self._console.raw("\r\x1b[K")
        self._on_line = False

    def close(self) -> None:
        """End it."""
        self.clear()

    def _draw(self, now: float) -> None:
        count = f"{self._done:,}" + (f" of {self._total:,}" if self._total is not None else "")
        rate = self._done / max(now - self._started, 1e-9)
        line = f"{self._label}: {count}, {rate:,.0f}/s"
        if not self._done and self._total is None:
            line = f"{self._label}:"  # nothing is counted: the note says how far it is
        if self._note:
            line += f"  {self._note}"
        if self._terminal:
            width = os.get_terminal_size(sys.stderr.fileno()).columns or 80  # some say 0
            self._console.raw("\r\x1b[K" + printable(line)[: max(1, width - 1)])
            self._on_line = True
        else:
            self._console.raw(f"{printable(line)}\n")


def styled(text: str, *styles: str) -> str:
    """Return *text* in colours, as a terminal reads them."""
    codes = ";".join(_COLOURS[style] for style in styles)
    return f"\x1b[{codes}m{text}\x1b[0m"


def _abandon(stream: TextIO) -> None:
    """Let what a stream still holds go nowhere: Python's own try at its end would be an error."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, stream.fileno())
    os.close(null)


def stand_in_for_closed_streams() -> None:
    """Open something in the place of each standard stream that is closed (``>&-``).

    Otherwise the next file that is opened gets its number, and what a credential plugin
    writes lands in that file. Writing a result still fails, as it should; messages
    that nobody wants are dropped; standard input stays closed for those who ask.
    """
    # In the order of their numbers: a file gets the lowest that is free.
    if sys.stdin is None:
        os.open(os.devnull, os.O_RDONLY)
    if sys.stdout is None:
        sys.stdout = _writer(os.open(os.devnull, os.O_RDONLY))
    if sys.stderr is None:
        sys.stderr = _writer(os.open(os.devnull, os.O_WRONLY))


def _writer(descriptor: int) -> TextIO:
    return open(descriptor, "w", encoding="utf-8", closefd=False)


def _takes_colour(is_terminal: bool) -> bool:  # noqa: FBT001
    # NO_COLOR wins over FORCE_COLOR: whoever sets it cannot read the colours.
    if os.environ.get("NO_COLOR"):
        return False
    return (is_terminal and not _is_dumb()) or bool(os.environ.get("FORCE_COLOR"))


def _is_dumb() -> bool:
    return os.environ.get("TERM") == "dumb"
