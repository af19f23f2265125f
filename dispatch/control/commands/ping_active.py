"""`ping_active`: stop probing for a while, or go on with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dispatch.control.command import Argument, Command, Control, Door, Form, Right
from dispatch.control.values import Parameter, Struct, Value


@dataclass(frozen=True, slots=True)
class PingState:
    """How it stands with probing: 0 is off, any other number on.

    Attributes:
        before: until now.
        after: from now on.
    """

    before: int
    after: int


def run(control: Control, state: int | None = None) -> PingState:
    """Set it, where a state is given."""
    before = control.probing.active
    if state is not None:
        control.probing.active = state
    return PingState(before, control.probing.active)


def _sentence(one: PingState) -> str:
    after = "on" if one.after else "off"
    return f"probing is {after}" if bool(one.before) == bool(one.after) else f"probing is {after} from now on"


def _read(parameters: Sequence[Parameter]) -> dict[str, bytes]:
    """What is no number, and -1, only asks."""
    state = parameters[0] if parameters else None
    return {"state": b"%d" % state} if isinstance(state, int) and state != -1 else {}


def _view(control: Control, answer: PingState, parameters: Sequence[Parameter]) -> tuple[Value, ...]:
    old = ("OldPingState", answer.before)
    return (Struct((("NewPingState", answer.after), old) if _read(parameters) else (old,)),)


PING_ACTIVE: Final = Command(
    names={Door.AMP: "ping_active", Door.CTL: "ping-active", Door.RPC: "dispatcher.ping_active"},
    help="stop probing (0) or go on with it (1); without a number, say how it stands",
    arguments=(Argument("state", int, "0 to stop, 1 to go on", optional=True),),
    run=run,
    answer=PingState,
    right=Right.FULL,
    only_looks=lambda given: "state" not in given,
    sentence=_sentence,
    forms={Door.RPC: Form("Manage setting on/off the pinging (keepalive) of destinations", _view, _read)},
)
