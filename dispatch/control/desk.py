"""What a person at a Python prompt has at hand: every command as a function, and the sets as they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from twisted.python.failure import Failure

from dispatch.balance.group import Group
from dispatch.control.calling import call
from dispatch.control.command import BadValue, Caller, Command, Control, Door
from dispatch.control.text import printable, to_bytes
from dispatch.errors import DispatchError


class Records(list[Any]):
    """The records of a listing; at a prompt they are shown as a table.

    Args:
        row: the command that they are the answer of.
        records: they.
    """

    def __init__(self, row: Command, records: Any) -> None:
        super().__init__(records)
        self._row = row

    def __repr__(self) -> str:
        if not self:
            return self._row.nothing
        if not self._row.columns:
            return "\n".join(map(printable, "\n\n".join(map(self._row.sentence, self)).splitlines()))
        cells = [[column.title for column in self._row.columns]]
        cells += [[printable(str(column.cell(one))) for column in self._row.columns] for one in self]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in cells)


class Answer:
    """What a command says, in words; its fields are there as well.

    Args:
        row: the command.
        value: its answer.
    """

    def __init__(self, row: Command, value: Any) -> None:
        self._row = row
        self._value = value

    def __getattr__(self, name: str) -> Any:
        return getattr(self._value, name)

    def __repr__(self) -> str:
        return "\n".join(map(printable, self._row.sentence(self._value).splitlines()))


class Refusal:
    """What was not done, and why.

    Args:
        error: the reason.
    """

    def __init__(self, error: DispatchError) -> None:
        self.error = error

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "\n".join(map(printable, f"refused: {self.error}".splitlines()))


class Desk:
    """``d``: `d.list()`, `d.set_state(1, "sip:192.0.2.1", "d")`, `d.sets[1]` ...

    Args:
        control: what commands work on.
        caller: who sits there.
    """

    def __init__(self, control: Control, caller: Caller) -> None:
        self._control = control
        self._caller = caller
        self._rows = {
            row.names[Door.CTL].replace("-", "_"): row
            for row in control.commands
            if Door.CTL in row.names and not row.is_live  # a prompt waits for what follows
        }

    @property
    def sets(self) -> Mapping[int, Group]:
        """The sets in force, by id; those of `dispatch.balance.group`."""
        return self._control.dispatcher.groups

    def __getattr__(self, name: str) -> Callable[..., Any]:
        try:
            return partial(self._call, self._rows[name])
        except KeyError:
            raise AttributeError(f"there is no {name!r}; help() says what there is") from None

    def __dir__(self) -> list[str]:
        return ["help", "sets", *self._rows]

    def __repr__(self) -> str:
        return "the service; help() says what can be done"

    def help(self, name: str = "") -> None:
        """Say what there is, or what one command takes."""
        for known, row in self._rows.items():
            if name in ("", known):
                given = ", ".join(f"{one.name}=..." if one.optional else one.name for one in row.arguments)
                print(f"d.{known}({given})  {row.help}")
                for one in row.arguments if name else ():
                    print(f"    {one.name}: {one.help}")

    def _call(self, row: Command, *values: Any, **named: Any) -> Any:
        if len(values) > len(row.arguments):
            return Refusal(BadValue(f"it takes {len(row.arguments)} arguments, not {len(values)}"))
        given = dict(zip((one.name for one in row.arguments), values, strict=False)) | named
        written = {name: _written(value) for name, value in given.items() if value is not None}
        found: list[Any] = []
        done = call(row, self._control, self._caller, written).addCallbacks(_shown, _refused, callbackArgs=(row,))
        done.addCallback(found.append)
        return found[0] if found else done.addCallback(lambda _: found[0])


def _shown(answer: Any, row: Command) -> Any:
    return Records(row, answer) if row.is_listing else Answer(row, answer)


def _refused(failure: Failure) -> Any:
    error = failure.value
    return Refusal(error) if isinstance(error, DispatchError) else failure


def _written(value: Any) -> bytes:
    return value if isinstance(value, bytes) else to_bytes(str(value))
