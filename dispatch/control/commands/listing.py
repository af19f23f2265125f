"""`list`: the destinations in force, with state and counters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from dispatch.balance import health
from dispatch.balance.destination import Destination
from dispatch.control import original_list
from dispatch.control.command import Argument, Column, Command, Control, Door, Form
from dispatch.control.text import to_text
from dispatch.errors import UnknownDestination


@dataclass(frozen=True, slots=True)
class Listed:
    """A destination.

    Attributes:
        set: id of its set.
        uri: as the list names it.
        state: two letters: A, I, D or T, then P when it is to be probed, or X.
        admin: what a person decided apart from that: ``drain``, ``drained``, ``maintenance``; empty for nothing.
        priority: highest first.
        selected: requests it was picked for, since it came into the list.
        failures: requests that failed there.
        last_failure: how the latest of them failed; empty when none did.
        attributes: as the list has them.
        kept_out: why live traffic keeps it out now; empty where it does not.
        address: what its name stands for, and how old that is when DNS fails; empty where it is an address.
        calls: how many are open there; -1 where they are not counted.
    """

    set: int
    uri: str
    state: str
    admin: str
    priority: int
    selected: int
    failures: int
    last_failure: str
    attributes: str
    kept_out: str = ""
    address: str = ""
    calls: int = -1


def run(control: Control, set: int | None = None) -> Iterator[Listed]:
    """The members as they are when each is asked for, of the list that is in force now."""
    groups = control.dispatcher.groups
    if set is None:
        members = (member for group in groups.values() for member in group.members)
        return (_listed(control, one) for one in members)
    if set not in groups:
        known = ", ".join(map(str, sorted(groups)[:20])) or "none"
        raise UnknownDestination(f"there is no set {set}; sets in force: {known}")
    return (_listed(control, one) for one in groups[set].members)


def _listed(control: Control, one: Destination) -> Listed:
    condition, calls = one.condition, control.dispatcher.calls_at(one)
    return Listed(
        one.group,
        to_text(one.uri),
        health.letters(condition.flags),
        condition.admin.word if condition.admin is not None else "",
        one.priority,
        condition.selected,
        condition.failures,
        condition.last_failure,
        to_text(one.attrs),
        condition.conduct.reason if condition.conduct is not None else "",
        control.standing(one),
        calls if calls is not None else -1,
    )


LIST: Final = Command(
    names={Door.AMP: "list", Door.CTL: "list", Door.RPC: "dispatcher.list", Door.MI: "ds_list"},
    help="show the destinations, their state and what went there",
    arguments=(Argument("set", int, "only this set", optional=True),),
    run=run,
    answer=Listed,
    is_listing=True,
    errors=(UnknownDestination,),
    columns=(
        Column("SET", lambda one: one.set),
        Column("DESTINATION", lambda one: one.uri),
        Column("STATE", lambda one: one.state, is_state=True),
        Column("ADMIN", lambda one: one.admin),
        Column("PRIORITY", lambda one: one.priority),
        Column("SELECTED", lambda one: one.selected),
        Column("FAILURES", lambda one: one.failures),
        Column("LAST FAILURE", lambda one: one.last_failure),
        Column("ATTRIBUTES", lambda one: one.attributes),
        Column("KEPT OUT", lambda one: one.kept_out),
        Column("ADDRESS", lambda one: one.address),
        Column("CALLS", lambda one: one.calls if one.calls >= 0 else ""),
    ),
    nothing="no destinations",
    forms={
        Door.RPC: Form("Return the content of dispatcher sets", original_list.view),
        Door.MI: Form("", original_list.nodes),
    },
)
