"""`set_state`: a person decides about a destination, or about all of a set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dispatch.balance import health
from dispatch.control import parameters as rpc
from dispatch.control.command import Argument, BadValue, Command, Control, Door, Form, Right
from dispatch.control.finding import find, find_duid
from dispatch.control.text import printable, to_bytes, to_text
from dispatch.control.values import Fault, Parameter, Value
from dispatch.errors import DispatchError, UnknownDestination

_ALL: Final = "all"
_DIGITS: Final = 10
_OK: Final = ("Ok. Dispatcher state updated.",)


@dataclass(frozen=True, slots=True)
class StateSet:
    """What was done.

    Attributes:
        set: id of the set.
        uri: the destination, as the list names it; ``all`` for all of the set.
        before: its state until now, two letters as in `list`; empty for ``all``.
        after: its state now.
    """

    set: int
    uri: str
    before: str
    after: str


def run(control: Control, set: int, uri: str, state: str) -> StateSet:
    """Give the first destination of that URI the state, or every destination of the set where the URI is ``all``.

    Raises:
        BadValue: no such state.
        UnknownDestination: no such destination.
    """
    return _give(control, set, uri, _flags(state))


def _give(control: Control, set: int, uri: str, flags: int) -> StateSet:
    if uri == _ALL:
        if set not in control.dispatcher.groups:
            raise UnknownDestination(f"there is no set {set}; 'list' shows what there is")
        control.dispatcher.set_states(set, flags)
        return StateSet(set, _ALL, "", health.letters(flags))
    destination = find(control, set, uri)
    before = health.letters(destination.flags)
    control.dispatcher.set_state(set, destination.uri, flags)
    return StateSet(set, to_text(destination.uri), before, health.letters(destination.flags))


def _run_duid(control: Control, set: int, duid: str, state: str) -> StateSet:
    flags = _flags(state)
    uri = _ALL if duid == _ALL else to_text(find_duid(control, set, duid).uri)
    return _give(control, set, uri, flags)


def _run_mi(control: Control, set: int, uri: str, state: str) -> StateSet:
    """The letters add up there, as those of `ds_mark_dst` do."""
    try:
        flags = health.marked(to_bytes(state))
    except ValueError as error:
        raise BadValue(str(error)) from None
    return _give(control, set, to_text(find(control, set, uri).uri), flags)


def _flags(state: str) -> int:
    try:
        return health.commanded(to_bytes(state))
    except ValueError:
        raise BadValue(
            f"state '{printable(state[:40])}' is unknown; write a (active), i (inactive), d (disabled) or t (trying), "
            f"and p behind it for probing: 'ip'"
        ) from None


def _read(name: str, parameters: Sequence[Parameter]) -> dict[str, bytes]:
    if len(parameters) < 3:
        raise rpc.invalid()
    state, group, address = rpc.text(parameters, 0, converts=True), rpc.integer(parameters, 1), rpc.text(parameters, 2)
    if not state:
        raise Fault(500, "Invalid State Parameter")
    return {"set": b"%d" % group, name: to_bytes(address), "state": to_bytes(state)}


def _failed(error: DispatchError, parameters: Sequence[Parameter]) -> tuple[Value, ...] | Fault:
    if isinstance(error, BadValue):
        return Fault(500, "Unknown State Value")
    # Of all destinations of no set each one has it now.
    return _OK if parameters[2] == _ALL else Fault(500, "State Update Failed")


def _read_mi(parameters: Sequence[Parameter]) -> dict[str, bytes]:
    if len(parameters) < 3:
        raise Fault(400, "Too few or too many arguments")
    state, group, address = map(str, parameters[:3])
    for value, fault in ((state, "bad state value"), (group, "group not found"), (address, "address not found")):
        if not value:
            raise Fault(500, fault)
    if not group.isascii() or not group.isdigit() or len(group) > _DIGITS:
        raise Fault(500, "bad group value")
    return {"set": group.encode(), "uri": to_bytes(address), "state": to_bytes(state)}


def _failed_mi(error: DispatchError, parameters: Sequence[Parameter]) -> Fault:
    if isinstance(error, BadValue):
        return Fault(500, "unknown state value")
    return Fault(404, "destination not found")


def _sentence(one: StateSet) -> str:
    return f"set {one.set} {printable(one.uri)}: {f'{one.before} -> ' if one.before else ''}{one.after}"


_STATE: Final = Argument("state", str, "a active, i inactive, d disabled, t trying; p behind it asks for probing: ip")

SET_STATE: Final = Command(
    names={Door.AMP: "set_state", Door.CTL: "set-state", Door.RPC: "dispatcher.set_state"},
    help="make a destination active, inactive, disabled or trying",
    arguments=(
        Argument("set", int, "its set"),
        Argument("uri", str, "the destination as 'list' shows it, letters compared without case; 'all' for the set"),
        _STATE,
    ),
    run=run,
    answer=StateSet,
    right=Right.FULL,
    errors=(UnknownDestination,),
    sentence=_sentence,
    forms={
        Door.RPC: Form(
            "Set the state of a destination by address",
            lambda control, answer, parameters: _OK,
            lambda parameters: _read("uri", parameters),
            _failed,
        )
    },
)
SET_DUID_STATE: Final = Command(
    names={Door.AMP: "set_duid_state", Door.CTL: "set-duid-state", Door.RPC: "dispatcher.set_duid_state"},
    help="the same for the destination with a duid",
    arguments=(
        Argument("set", int, "its set"),
        Argument("duid", str, "its unique id, letters compared without case; 'all' for the set"),
        _STATE,
    ),
    run=_run_duid,
    answer=StateSet,
    right=Right.FULL,
    errors=(UnknownDestination,),
    sentence=_sentence,
    forms={
        Door.RPC: Form(
            "Set the state of a destination by duid",
            lambda control, answer, parameters: _OK,
            lambda parameters: _read("duid", parameters),
            _failed,
        )
    },
)
DS_SET_STATE: Final = Command(
    names={Door.MI: "ds_set_state"},
    help="the same by letters that add up",
    arguments=(Argument("set", int, "its set"), Argument("uri", str, "the destination"), _STATE),
    run=_run_mi,
    answer=StateSet,
    right=Right.FULL,
    errors=(UnknownDestination,),
    sentence=_sentence,
    forms={Door.MI: Form("", lambda control, answer, parameters: (), _read_mi, _failed_mi)},
)
