"""Reading the values of a configuration: where a value stands, what is wrong with it, and readers for common kinds.

A reader takes the value of a key as TOML gave it, tells the place what is wrong with it, and returns it in our form.
What it returns for a wrong value is never used: all readers run, so that all problems are told at once, and then the
configuration is refused.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, TypeVar

from dispatch.errors import ConfigError
from dispatch.service import toml_lines

_Parsed = TypeVar("_Parsed")

_KINDS: Final[Mapping[type, str]] = {
    bool: "true or false",
    str: "a string",
    list: "a list",
    dict: "a table",
}


@dataclass(frozen=True, slots=True)
class Place:
    """A table or key of the file: knows its line, and collects what is wrong there.

    Attributes:
        file: the file.
        lines: see `toml_lines.lines`.
        path: the way from the top.
        depth: how many steps of the way are tables.
        problems: what is wrong, in the whole file.
        hints: what works, but hardly as it is meant.
    """

    file: Path
    lines: Mapping[toml_lines.Path, int]
    path: toml_lines.Path = ()
    depth: int = 0
    problems: list[ConfigError] = field(default_factory=list)
    hints: list[ConfigError] = field(default_factory=list)

    def at(self, *steps: str | int) -> Place:
        """A place further in; its problems are collected with ours."""
        return replace(self, path=self.path + steps)

    def table(self, *steps: str) -> Place:
        """A place further in that is a table of the configuration."""
        return replace(self, path=self.path + steps, depth=len(self.path) + len(steps))

    @property
    def is_written(self) -> bool:
        return self.path in self.lines

    @property
    def line(self) -> int:
        """Line of the innermost part of the way that is written in the file; 0 when nothing of it is."""
        path = self.path
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines[path] if path else 0

    def wrong(self, remedy: str) -> None:
        self.problems.append(ConfigError(self.file, self.line, remedy))

    def warn(self, remedy: str) -> None:
        self.hints.append(ConfigError(self.file, self.line, remedy))

    def __str__(self) -> str:
        """The table, and the key where there is one: ``[sip.timers] t1``."""
        table = ".".join(map(str, self.path[: self.depth]))
        key = ".".join(step for step in self.path[self.depth :] if isinstance(step, str))
        return f"[{table}] {key}" if key else f"[{table}]"


Reader = Callable[[Any, Place], Any]


def expected(what: str, value: object, place: Place) -> None:
    """Tell that something else was expected."""
    shown = str(value) if type(value) in (int, float) else _KINDS.get(type(value), type(value).__name__)
    place.wrong(f"{place} must be {what}, not {shown}")


def integer(low: int, high: int | None = None) -> Reader:
    what = f"a whole number of at least {low}" if high is None else f"a whole number from {low} to {high}"

    def read(value: object, place: Place) -> object:
        # A bool is an int to Python, and a mistake here.
        if not isinstance(value, int) or isinstance(value, bool) or value < low or (high is not None and value > high):
            expected(what, value, place)
        return value

    return read


def seconds(low: float) -> Reader:
    """Float seconds; a whole number will do."""

    def read(value: object, place: Place) -> float:
        if isinstance(value, int | float) and not isinstance(value, bool) and low <= value < float("inf"):
            return float(value)
        expected(f"seconds, a number of at least {low:g}", value, place)
        return low

    return read


def boolean(value: object, place: Place) -> object:
    if not isinstance(value, bool):
        expected("true or false", value, place)
    return value


def one_of(*names: str) -> Reader:
    def read(value: object, place: Place) -> object:
        if value not in names:
            place.wrong(f"{place} is {value!r}; {suggest(value, names)}")
        return value

    return read


def file_name(value: object, place: Place) -> Path:
    if not isinstance(value, str) or not value:
        expected("a file name", value, place)
        return place.file
    return Path(value)


def many(read_one: Reader, *, of: type) -> Reader:
    """A list of something; a single one may stand without brackets."""

    def read(value: object, place: Place) -> tuple[Any, ...]:
        if isinstance(value, list):
            return tuple(read_one(item, place.at(index)) for index, item in enumerate(value))
        if type(value) is of:
            return (read_one(value, place),)
        expected("a list", value, place)
        return ()

    return read


def text(parse: Callable[[str], _Parsed], example: str, value: object, place: Place) -> _Parsed | None:
    """What `parse` makes of a string; None, and the place knows why, where it can't."""
    if not isinstance(value, str):
        expected(f"a string like {example!r}", value, place)
        return None
    try:
        return parse(value)
    except ValueError as error:
        place.wrong(f"{place}: {error}; write e.g. {example!r}")
        return None


def near(name: object, known: Iterable[str]) -> str | None:
    """The name that was probably meant."""
    return next(iter(difflib.get_close_matches(str(name).lower(), known, 1)), None)


def suggest(name: object, known: Iterable[str]) -> str:
    """What to write instead of a name that nobody knows."""
    names = tuple(known)
    meant = near(name, names)
    return f"did you mean {meant!r}?" if meant else f"write {' or '.join(map(repr, names))}"
