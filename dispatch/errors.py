"""The root of our exceptions: who is at fault decides the class."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


class DispatchError(Exception):
    """Anything that this project raises on purpose."""


class ParseError(DispatchError):
    """The peer sent what can't be understood.

    Attributes:
        offset: where in the message, in bytes.
        status: the response that fits a request with this fault (RFC 3261 §21.4).
    """

    def __init__(self, message: str, *, offset: int = 0, status: int = 400) -> None:
        super().__init__(message)
        self.offset = offset
        self.status = status


class ConfigError(DispatchError):
    """The operator's file can't be used as it is.

    Attributes:
        path: the file.
        line: line number from 1; 0 where the problem has no line.
        remedy: what is wrong, and what to write instead.
        row: what is shown in place of the line, where rows are no lines.
    """

    def __init__(self, path: Path | str, line: int, remedy: str, row: str = "") -> None:
        super().__init__(path, line, remedy, row)
        self.path = path
        self.line = line
        self.remedy = remedy
        self.row = row

    @property
    def place(self) -> str:
        """Where it is, for a person."""
        if self.row:
            return f"{self.path}: {self.row}"
        return f"{self.path}:{self.line}" if self.line else f"{self.path}"

    def __str__(self) -> str:
        return f"{self.place}: {self.remedy}"


class ConfigErrors(DispatchError):
    """Every problem found in one go, a line each.

    Attributes:
        problems: the single ones, in the order of the files.
    """

    def __init__(self, problems: Iterable[ConfigError]) -> None:
        self.problems = tuple(problems)
        super().__init__(*self.problems)

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))


class UnknownDestination(DispatchError, LookupError):
    """Control named a set or a destination that the list does not have."""


class TransportError(DispatchError):
    """The network refused: try the next destination."""
