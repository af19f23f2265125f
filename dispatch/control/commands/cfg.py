"""`cfg` and `cfg_set`: look at what can be changed while the service runs, and change it.

The original's own doors have more names for that, which take group and name of a variable apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from dispatch.control.command import Argument, BadValue, Column, Command, Control, Door, Form, Right
from dispatch.control.text import printable, to_bytes
from dispatch.control.values import Fault, Parameter, Struct, Value
from dispatch.control.variables import VARIABLES, Variable, find

_INTEGER: Final = re.compile(r"-?[0-9]{1,10}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Setting:
    """A variable.

    Attributes:
        name: as in the original, its group before it: ``dispatcher.probing_threshold``.
        value: in force.
        kind: ``int`` or ``str``.
        help: a line.
    """

    name: str
    value: str
    kind: str
    help: str


@dataclass(frozen=True, slots=True)
class SettingChanged:
    """What was done.

    Attributes:
        name: of the variable.
        before: its value until now.
        after: its value now.
        warnings: what is odd about it.
    """

    name: str
    before: str
    after: str
    warnings: tuple[str, ...]


def show(control: Control, variable: str | None = None) -> Iterator[Setting]:
    """All of them, or one.

    Raises:
        BadValue: there is none of that name.
    """
    wanted = VARIABLES if variable is None else (find(variable),)
    return (Setting(one.full_name, str(one.read(control)), one.kind.__name__, one.help) for one in wanted)


def change(control: Control, variable: str, value: str) -> SettingChanged:
    """Give one another value, until the service ends.

    Raises:
        BadValue: there is none of that name, or it takes no such value, and the one before stays.
    """
    found = find(variable)
    before = str(found.read(control))
    if found.kind is int and _INTEGER.fullmatch(value) is None:
        raise BadValue(f"{variable} is a whole number, not '{printable(value[:40])}'")
    warnings = found.write(control, found.kind(value))
    return SettingChanged(variable, before, str(found.read(control)), warnings)


def _sentence(one: SettingChanged) -> str:
    lines = [f"{one.name}: {printable(one.before) or 'nothing'} -> {printable(one.after)}"]
    return "\n".join((*lines, *(f"warning: {warning}" for warning in one.warnings)))


def _view_list(control: Control, answer: Iterator[Setting], parameters: Sequence[Parameter]) -> tuple[Value, ...]:
    return tuple(f"{one.group}: {one.name}" for one in VARIABLES if not parameters or one.group == parameters[0])


def _named(parameters: Sequence[Parameter], failed: str) -> list[Variable]:
    """Those of a group, or the one of it that is named."""
    group, name = parameters[0], parameters[1:2]
    found = [one for one in VARIABLES if one.group == group and (not name or one.name == name[0])]
    if not found:
        raise Fault(400, failed)
    return found


def _read_get(parameters: Sequence[Parameter]) -> dict[str, bytes]:
    if not parameters:
        raise Fault(500, "Failed to get the parameters")
    _named(parameters, "Failed to get the variable")
    return {}


def _view_get(control: Control, answer: Iterator[Setting], parameters: Sequence[Parameter]) -> tuple[Value, ...]:
    # An empty text is none there.
    values = tuple((one.name, one.read(control) or (0 if one.kind is int else None)) for one in _named(parameters, ""))
    return (Struct(values),) if len(parameters) == 1 else (values[0][1],)


def _read_set(kind: type[int] | type[str] | None, parameters: Sequence[Parameter]) -> dict[str, bytes]:
    for at, wanted in enumerate((str, str, kind or (int, str))):
        what = f"error at parameter {at}: expected {'integer' if wanted is int else 'string'} type but"
        if at >= len(parameters):
            raise Fault(400, f"{what} end of packet encountered")
        if not isinstance(parameters[at], wanted):
            raise Fault(400, f"{what} record doesn't match type")
    (variable,) = _named(parameters[:2], "Failed to set the variable")
    return {"variable": variable.full_name.encode(), "value": to_bytes(str(parameters[2]))}


def _set_now(name: str, kind: type[int] | type[str] | None) -> Command:
    """One that takes a value of that kind, or of any."""
    return Command(
        names={Door.RPC: name},
        help="change a variable, until the service ends",
        arguments=_CHANGE,
        run=change,
        answer=SettingChanged,
        right=Right.FULL,
        sentence=_sentence,
        forms={
            Door.RPC: Form(
                "Set the value of a configuration variable and commit the change immediately",
                lambda control, answer, parameters: (),
                lambda parameters: _read_set(kind, parameters),
                lambda error, parameters: Fault(400, str(error)),
            )
        },
    )


_CHANGE: Final = (Argument("variable", str, "as 'cfg' shows it"), Argument("value", str, "a number, or text"))
_ONE: Final = (Argument("variable", str, "only this one", optional=True),)

CFG: Final = Command(
    names={Door.AMP: "cfg", Door.CTL: "cfg", Door.RPC: "cfg.list"},
    help="show what can be changed while the service runs",
    arguments=_ONE,
    run=show,
    answer=Setting,
    is_listing=True,
    columns=(
        Column("NAME", lambda one: one.name),
        Column("VALUE", lambda one: one.value),
        Column("WHAT", lambda one: one.help),
    ),
    forms={Door.RPC: Form("List the configuration variables", _view_list)},
)
CFG_GET: Final = Command(
    names={Door.RPC: "cfg.get"},
    help="show a variable, or all of a group",
    arguments=_ONE,
    run=show,
    answer=Setting,
    is_listing=True,
    forms={Door.RPC: Form("Get the value of a configuration variable", _view_get, _read_get)},
)
CFG_SET: Final = Command(
    names={Door.AMP: "cfg_set", Door.CTL: "cfg-set"},
    help="change that, until the service ends",
    arguments=_CHANGE,
    run=change,
    answer=SettingChanged,
    right=Right.FULL,
    sentence=_sentence,
)
CFG_SET_NOW_INT: Final = _set_now("cfg.set_now_int", int)
CFG_SET_NOW_STRING: Final = _set_now("cfg.set_now_string", str)
CFG_SETI: Final = _set_now("cfg.seti", int)
CFG_SETS: Final = _set_now("cfg.sets", str)
CFG_SET_ANY: Final = _set_now("cfg.set", None)
