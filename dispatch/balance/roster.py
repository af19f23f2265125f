"""The destinations of one load, wherever they were read: sets in order, and every problem on the way."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from dispatch.balance import avl
from dispatch.balance.destination import Destination, LocalSocket, Row, make
from dispatch.balance.oddities import Oddities
from dispatch.balance.pace import gently
from dispatch.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Roster:
    """What a load gave.

    Attributes:
        sets: members by set id, both in the order of listings; empty when there are `errors`.
        errors: what makes the load fail, so that the list before stays in force.
        warnings: what was left out, or not taken as written.
        away: the source did not answer; to ask again later may help.
    """

    sets: Mapping[int, tuple[Destination, ...]]
    errors: tuple[ConfigError, ...] = ()
    warnings: tuple[ConfigError, ...] = ()
    away: bool = False

    @property
    def problems(self) -> tuple[ConfigError, ...]:
        """Errors and warnings, in the order of the lines."""
        return tuple(sorted(self.errors + self.warnings, key=lambda problem: problem.line))


class RosterBuilder:
    """Takes rows one after the other, and goes on after a bad one so that all problems are told at once.

    Args:
        path: of the source, for the problems.
        sockets: what we listen on.
        strict: `ds_load_mode` 1: one bad destination makes the whole load fail.
    """

    def __init__(self, path: Path | str, sockets: Collection[LocalSocket], *, strict: bool = False) -> None:
        self._path = path
        self._sockets = sockets
        self._oddities = Oddities(sockets)
        self._strict = strict
        self._sets: dict[int, list[Destination]] = {}
        self._errors: list[ConfigError] = []
        self._warnings: list[ConfigError] = []

    def add(self, row: Row, label: str = "") -> None:
        """Make a destination of the row, or a problem.

        Args:
            row: as read.
            label: what names it in place of its line.
        """
        try:
            destination = make(row, self._sockets)
        except ValueError as error:
            self.refuse(row.line, str(error), label)
        else:
            self._sets.setdefault(row.group, []).append(destination)
            for remedy in self._oddities.of(destination, _unit(label)):
                self.warn(row.line, remedy, label)

    def refuse(self, line: int, remedy: str, label: str = "") -> None:
        """This destination is bad."""
        if self._strict:
            self.fail(line, f"{remedy}; ds_load_mode 1 allows no bad destination", label)
        else:
            self.warn(line, f"{remedy}; the {_unit(label)} is skipped", label)

    def fail(self, line: int, remedy: str, label: str = "") -> None:
        """The whole load is no good."""
        self._errors.append(ConfigError(self._path, line, remedy, label))

    def warn(self, line: int, remedy: str, label: str = "") -> None:
        """The operator should know."""
        self._warnings.append(ConfigError(self._path, line, remedy, label))

    def finish(self) -> Roster:
        """The whole: of equal priorities the one that was added last comes first."""
        sets: dict[int, tuple[Destination, ...]] = {}
        if not self._errors:
            for group in gently(avl.listed(self._sets)):
                members = self._sets[group]
                members.reverse()
                members.sort(key=lambda member: -member.priority)
                sets[group] = tuple(members)
        return Roster(sets, tuple(self._errors), tuple(self._warnings))


def _unit(label: str) -> str:
    """What a source is made of: rows have a label."""
    return "row" if label else "line"
