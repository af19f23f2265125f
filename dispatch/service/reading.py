"""Reading the values of a configuration: where a value stands, what is wrong with it, and readers for common kinds.

A reader takes the value of a key as TOML gave it, tells the place what is wrong with it, and returns it in our form.
For a wrong value that is `WRONG`, and reading goes on, so that all problems are told at once.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from dispatch.errors import ConfigError
from dispatch.service import toml_lines

WRONG: Final[Any] = object()
"""What a reader returns for a value that is none."""

HIGHEST: Final = 2**31 - 1
"""Of numbers, where nothing else is said: what the original can hold."""
_DAY: Final = 86400  # seconds; nobody waits longer
_LONGEST: Final = 800  # characters of what is told of a value
_LONGEST_PATH: Final = 4095  # bytes (PATH_MAX)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")

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

    def wrong(self, remedy: str) -> Any:
        """Note a problem; returns `WRONG`."""
        self.problems.append(ConfigError(self.file, self.line, _cut(remedy)))
        return WRONG

    def warn(self, remedy: str) -> None:
        self.hints.append(ConfigError(self.file, self.line, _cut(remedy)))

    def __str__(self) -> str:
        """The table, and the key where there is one: ``[sip.timers] t1``."""
        table = ".".join(map(str, self.path[: self.depth]))
        key = ".".join(_shown(step) for step in self.path[self.depth :] if isinstance(step, str))
        return f"[{table}] {key}" if table and key else key or f"[{table}]"


def _shown(key: str) -> str:
    """As it may be written."""
    return key if key.isprintable() else repr(key)


def _cut(remedy: str) -> str:
    """Beginning and end of what would fill the screen: what is so long is the value in the middle."""
    half = _LONGEST // 2
    return remedy if len(remedy) <= _LONGEST else f"{remedy[:half]} ... {remedy[-half:]}"


Reader = Callable[[Any, Place], Any]


def expected(what: str, value: object, place: Place) -> Any:
    """Note that something else was expected; returns `WRONG`."""
    shown = str(value) if type(value) in (int, float) else _KINDS.get(type(value), type(value).__name__)
    return place.wrong(f"{place} must be {what}, not {shown}")


def integer(low: int, high: int = HIGHEST) -> Reader:
    what = f"a whole number from {low} to {high}"

    def read(value: object, place: Place) -> object:
        # A bool is an int to Python, and a mistake here.
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        return expected(what, value, place)

    return read


def seconds(low: float) -> Reader:
    """Float seconds; a whole number will do."""

    def read(value: object, place: Place) -> object:
        if isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= _DAY:
            return float(value)
        return expected(f"seconds, a number from {low:g} to {_DAY}", value, place)

    return read


def boolean(value: object, place: Place) -> object:
    return value if isinstance(value, bool) else expected("true or false", value, place)


def one_of(*names: str) -> Reader:
    def read(value: object, place: Place) -> object:
        return value if value in names else place.wrong(f"{place} is {value!r}; {suggest(value, names)}")

    return read


def file_name(value: object, place: Place) -> object:
    if not isinstance(value, str):
        return expected("a file name", value, place)
    path = Path(value)
    if _CONTROL.search(value) or len(os.fsencode(value)) > _LONGEST_PATH or not path.name or value.endswith("/"):
        return place.wrong(f"{place} is {value!r}, which names no file; write e.g. '/etc/dispatch/file'")
    return path


def optional(reader: Reader) -> Reader:
    """None for empty text."""
    return lambda value, place: None if value == "" else reader(value, place)


def many(read_one: Reader, *, of: type) -> Reader:
    """A list of something; a single one may stand without brackets."""

    def read(value: object, place: Place) -> object:
        if type(value) is of:
            value = [value]
        if not isinstance(value, list):
            return expected("a list", value, place)
        items = [read_one(item, place.at(index)) for index, item in enumerate(value)]
        return WRONG if any(item is WRONG for item in items) else tuple(items)

    return read


def text(parse: Callable[[str], object], example: str, value: object, place: Place) -> Any:
    """What `parse` makes of a string, a ValueError of it being a problem here."""
    if not isinstance(value, str):
        return expected(f"a string like {example!r}", value, place)
    try:
        return parse(value)
    except ValueError as error:
        return place.wrong(f"{place}: {error}; write e.g. {example!r}")


def near(name: object, known: Iterable[str]) -> str | None:
    """The name that was probably meant."""
    return next(iter(difflib.get_close_matches(str(name).lower(), known, 1)), None)


def suggest(name: object, known: Iterable[str]) -> str:
    """What to write instead of a name that nobody knows."""
    names = tuple(known)
    meant = near(name, names)
    return f"did you mean {meant!r}?" if meant else f"write {' or '.join(map(repr, names))}"
