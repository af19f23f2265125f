"""`set_state`: a person decides about a destination."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from dispatch.balance import health
from dispatch.control.command import Argument, BadValue, Command, Control, Door, Right
from dispatch.control.finding import find
from dispatch.control.text import printable, to_bytes, to_text
from dispatch.errors import UnknownDestination


@dataclass(frozen=True, slots=True)
class StateSet:
    """What was done.

    Attributes:
        set: id of the set.
        uri: the destination, as the list names it.
        before: its state until now, two letters as in `list`.
        after: its state now.
    """

    set: int
    uri: str
    before: str
    after: str


def run(control: Control, set: int, uri: str, state: str) -> StateSet:
    """Give the first destination of that URI the state.

    Raises:
        BadValue: no such state.
        UnknownDestination: no such destination.
    """
    try:
        flags = health.commanded(to_bytes(state))
    except ValueError:
        raise BadValue(
            f"state '{printable(state[:40])}' is unknown; write a (active), i (inactive), d (disabled) or t (trying), "
            f"and p behind it for probing: 'ip'"
        ) from None
    destination = find(control, set, uri)
    before = health.letters(destination.flags)
    control.dispatcher.set_state(set, destination.uri, flags)
    return StateSet(set, to_text(destination.uri), before, health.letters(destination.flags))


SET_STATE: Final = Command(
    names={Door.AMP: "set_state", Door.CTL: "set-state"},
    help="make a destination active, inactive, disabled or trying",
    arguments=(
        Argument("set", int, "its set"),
        Argument("uri", str, "the destination as 'list' shows it; letters are compared without case"),
        Argument("state", str, "a active, i inactive, d disabled, t trying; p behind it asks for probing: ip"),
    ),
    run=run,
    answer=StateSet,
    right=Right.FULL,
    errors=(UnknownDestination,),
    sentence=lambda one: f"set {one.set} {printable(one.uri)}: {one.before} -> {one.after}",
)
