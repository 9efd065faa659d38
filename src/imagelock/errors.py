"""Everything that imagelock raises on purpose.

    ImagelockError              exit status
    ├── InputError              2   the call, or a file that was given, is wrong
    ├── InputErrors             2   all the mistakes of one file together
    └── OutsideError            3   something outside failed
        ├── ClusterError            a Kubernetes API server
        ├── RegistryError           a container registry
        └── DiskError               the disk

An image that is not as it should be is none of these: it is a `Finding`.
Anything else that is raised is a bug of ours (exit status 70).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "ClusterError",
    "DiskError",
    "ImagelockError",
    "InputError",
    "InputErrors",
    "OutsideError",
    "RegistryError",
]


class ImagelockError(Exception):
    """An end that was foreseen: the message says what to do about it.

    Attributes:
        exit_status: What the command ends with.
        undone: What did not happen, where that is not what the command says itself.
    """

    exit_status = 2
    undone = ""


class InputError(ImagelockError):
    """The call, or a file that was given, is wrong."""

    def __init__(
        self, problem: str, *, place: object = None, hint: str = "", excerpt: str = ""
    ) -> None:
        """Say what is wrong, where, and what to do.

        Args:
            problem: What is wrong and what was expected, without a final full stop.
            place: Where; anything that prints itself, such as a `FilePlace`.
            hint: What to do about it.
            excerpt: The line in question, with the place underlined.
        """
        super().__init__(problem)
        self.problem = problem
        self.place = place
        self.hint = hint
        self.excerpt = excerpt

    def __str__(self) -> str:
        """Join the parts as they are shown to a person."""
        head = f"{self.place}: {self.problem}" if self.place is not None else self.problem
        parts = [head]
        if self.excerpt:
            parts.append(self.excerpt)
        if self.hint:
            parts.append(f"  {self.hint}")
        return "\n".join(parts)


class InputErrors(ImagelockError):
    """All the mistakes of one file, so that nobody runs ten times for ten typos."""

    def __init__(self, errors: Sequence[InputError]) -> None:
        super().__init__(f"{len(errors)} mistakes")
        self.errors = tuple(errors)

    def __str__(self) -> str:
        """Print every mistake below the other."""
        return "\n".join(str(error) for error in self.errors)


class OutsideError(ImagelockError):
    """Something outside failed: nothing can be said about what it would have shown."""

    exit_status = 3

    def __init__(self, problem: str, *, place: object = None, hint: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.place = place
        self.hint = hint

    def __str__(self) -> str:
        """Join the parts as they are shown to a person."""
        head = f"{self.place}: {self.problem}" if self.place is not None else self.problem
        return f"{head}\n  {self.hint}" if self.hint else head


class ClusterError(OutsideError):
    """A Kubernetes API server did not answer as it should."""


class RegistryError(OutsideError):
    """A container registry did not answer as it should."""


class DiskError(OutsideError):
    """The disk failed, or is full."""
